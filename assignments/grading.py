"""Build the student versions of the problem sets, grade what was handed in, and try a set before it is released.

    python assignments/grading.py release     `make assignments`
    python assignments/grading.py grade       `make grade`
    python assignments/grading.py rehearse    `make rehearse`

nbgrader does the work. It reports success when a student's tests fail, and skips what it has graded before, so this script
reads the scores from the gradebook, and compares files to see what is new. README.md is the page to read.
"""
import argparse
import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import sys
import tempfile
import warnings

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from sqlalchemy.exc import SAWarning
from traitlets.config import PyFileConfigLoader

HERE = pathlib.Path(__file__).resolve().parent
STAMP = "graded.sha256"  # beside an autograded notebook: what it was made of


class GradingError(Exception):
    """Something that whoever runs the command can mend, said in one sentence."""


@dataclasses.dataclass(frozen=True)
class Score:
    """What the gradebook holds of one submission; `unread` is how many of the points wait for a person."""

    student: str
    problem_set: str
    points: float
    out_of: float
    unread: float


def release(course=HERE, problem_sets=None):
    """Write the student version of each problem set to `release/`, and its tests and points to the gradebook."""
    nbgrader = _nbgrader(course)
    for name in _problem_sets(course, problem_sets):
        _build(nbgrader, name)
        print(f"release/{name}/{name}.ipynb")


def grade(course=HERE, problem_sets=None):
    """Autograde each submission that is new or changed, write feedback, and return scores and failures.

    Returns:
        (scores, failures): a list of Score, and a dictionary from (student, set) to a sentence on why it has none.
    """
    nbgrader, failures = _nbgrader(course), {}
    for name in _problem_sets(course, problem_sets):
        submissions = sorted(folder for folder in course.glob(f"submitted/*/{name}") if folder.is_dir())
        if submissions:
            _build(nbgrader, name)  # the tests may have changed
        for folder in submissions:
            student = folder.parent.name
            stamp = course / "autograded" / student / name / STAMP
            digest = _digest(folder, course / "source" / name, course / "nbgrader_config.py")
            if stamp.exists() and stamp.read_text() == digest:
                continue
            print(f"grading {student}, {name} ...", flush=True)
            problem = _autograde(nbgrader, folder / f"{name}.ipynb", student, name)
            if problem:
                shutil.rmtree(stamp.parent, ignore_errors=True)
                failures[student, name] = problem
            else:
                stamp.write_text(digest)
        if any(course.glob(f"autograded/*/{name}")):
            done = nbgrader.generate_feedback(name)
            if not done["success"]:
                raise GradingError(f"{name}: nbgrader could not write the feedback: {_reason(done)}")
    for folder in course.glob("submitted/*/*"):
        if folder.is_dir() and not (course / "source" / folder.name).exists():
            failures[folder.parent.name, folder.name] = "there is no problem set of this name in source/"
    return [score for score in _scores(course, problem_sets) if (score.student, score.problem_set) not in failures], failures


def rehearse(course=HERE, problem_sets=None):
    """Grade the source itself and the untouched student version, in a folder of their own; return scores and failures.

    What must come out: every autograded point for the student "reference", none for the student "untouched".
    """
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch).resolve()
        shutil.copytree(course / "source", copy / "source")
        shutil.copy(course / "nbgrader_config.py", copy)
        release(copy, problem_sets)
        for name in _problem_sets(copy, problem_sets):
            for student, version in (("reference", "source"), ("untouched", "release")):
                shutil.copytree(copy / version / name, copy / "submitted" / student / name)
        scores, failures = grade(copy, problem_sets)
    for score in scores:
        wanted = score.out_of - score.unread if score.student == "reference" else 0
        if score.points != wanted:
            problem = f"{score.points:g} points, wanted {wanted:g}: look at the tests and at the solutions"
            failures[score.student, score.problem_set] = problem
    return scores, failures


def _problem_sets(course, wanted):
    there = sorted(path.parent.name for path in course.glob("source/*/*.ipynb") if path.stem == path.parent.name)
    for name in wanted or ():
        if name not in there:
            raise GradingError(f"there is no problem set {name!r} in source/, only {', '.join(there)}")
    return list(wanted or there)


def _nbgrader(course):
    # It looks for its tool alembic on the PATH; its kernels must be this environment's, whatever the user has elsewhere.
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")  # about its own objects: nothing one could do
    config = PyFileConfigLoader("nbgrader_config.py", str(course)).load_config()
    config.NbGraderAPI.log_level = "WARN"
    return NbGraderAPI(config=config)


def _build(nbgrader, name):
    done = nbgrader.generate_assignment(name)
    if "Cannot add or remove cells" in done.get("log", ""):
        raise GradingError(
            f"{name}: graded cells were added or removed after submissions had been graded, and the gradebook can't follow: "
            "give the changed set a new name, or move gradebook.db and autograded/ away and grade anew"
        )
    if not done["success"]:
        raise GradingError(f"{name}: nbgrader could not build the student version: {_reason(done)}")


def _autograde(nbgrader, notebook, student, name):
    """None, or in one sentence why there is no score."""
    if not notebook.exists():
        return f"there is no {name}.ipynb in submitted/{student}/{name}"
    try:
        nbformat.read(notebook, as_version=4)
    except Exception as error:  # JSON cut short, another file of that name, an unknown format, ...
        return f"submitted/{student}/{name}/{name}.ipynb can't be read as a notebook ({type(error).__name__})"
    done = nbgrader.autograde(name, student)
    log = done.get("log", "")
    if "KeyboardInterrupt" in done.get("error", ""):  # nbgrader catches it
        raise KeyboardInterrupt
    if "Timeout waiting for IOPub output" in log:
        return "a cell ran on after it was interrupted: look for a loop that catches every exception"
    if not done["success"]:
        return f"nbgrader gave up: {_reason(done)}"
    for grade_id in re.findall(r"(\S+) was missing from the submission", log):
        print(f"  {grade_id} was missing, and was put back")
    return None


def _reason(done):
    """The last exception that nbgrader logged, or that ended it, in one line."""
    for told in (done.get("log", ""), done.get("error", "")):
        raised = re.findall(r"^\s*([\w.]*(?:Error|Exception)\b.*)", told, flags=re.M)
        if raised:
            return raised[-1]
    return "it does not say why"


def _scores(course, problem_sets):
    if not (course / "gradebook.db").exists():
        return []
    scores = []
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for name in _problem_sets(course, problem_sets):
            try:
                submissions = gradebook.assignment_submissions(name)
            except MissingEntry:
                continue
            for submission in submissions:
                grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
                unread = sum(grade.max_score for grade in grades if grade.needs_manual_grade)
                scores.append(Score(submission.student.id, name, submission.score, submission.max_score, unread))
    return sorted(scores, key=lambda score: (score.problem_set, score.student))


def _digest(*paths):
    """A fingerprint of files and folders: names and contents."""
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and ".ipynb_checkpoints" not in file.parts:
                digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description="The problem sets; README.md in this folder says how.")
    parser.add_argument("command", choices=("release", "grade", "rehearse"))
    parser.add_argument("problem_sets", nargs="*", metavar="SET", help="a folder of source/; all of them if none is named")
    options = parser.parse_args()
    try:
        if options.command == "release":
            release(HERE, options.problem_sets)
            return 0
        scores, failures = (grade if options.command == "grade" else rehearse)(HERE, options.problem_sets)
    except GradingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"\n{'student':20} {'set':20} {'points':>7} {'of':>7} {'to read':>8}")
    for score in scores:
        print(f"{score.student:20} {score.problem_set:20} {score.points:7g} {score.out_of:7g} {score.unread:8g}")
    for (student, name), problem in failures.items():
        print(f"\nNot right: {student}, {name}: {problem}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
