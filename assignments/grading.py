"""Build the student versions of the problem sets, grade what was handed in, and try a set before it
is released.

    python assignments/grading.py release     `make assignments`
    python assignments/grading.py grade       `make grade`
    python assignments/grading.py rehearse    `make rehearse`

nbgrader does the work. It reports success when a student's tests fail, and skips what it has graded
before, so this script reads the scores from the gradebook, and compares files to see what is new.
README.md is the page to read.
"""

import argparse
import contextlib
import csv
import dataclasses
import glob
import hashlib
import os
import pathlib
import re
import shutil
import sqlite3
import sys
import tempfile
import time
import warnings

import nbformat
from alembic.script import ScriptDirectory
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.utils import rmtree
from sqlalchemy.exc import OperationalError, SAWarning
from traitlets.config import PyFileConfigLoader

HERE = pathlib.Path(__file__).resolve().parent
# Beside an autograded notebook: a fingerprint of what it was made of, the points that its tests
# gave, and notes on how.
STAMP = "graded.txt"
IN_USE = (
    "gradebook.db is in use by another program: close Formgrader and whatever else grades or marks "
    "in it, and run this again"
)
LOST = (
    "graded anew, since gradebook.db held nothing of it: were there marks by hand, the feedback of "
    "before has them, feedback/STUDENT/SET-before-1.html"
)


class GradingError(Exception):
    """Something that whoever runs the command can mend, said in one sentence."""


@dataclasses.dataclass(frozen=True)
class Score:
    """What the gradebook holds of one submission; `unread` is how many of the points wait for a
    person."""

    student: str
    problem_set: str
    points: float
    out_of: float
    unread: float
    note: str = ""


def release(course=HERE, problem_sets=None):
    """Write the student version of each problem set to `release/`, and its tests and points to the
    gradebook."""
    nbgrader = _nbgrader(course)
    for name in _problem_sets(course, problem_sets):
        _build(nbgrader, name)
        print(f"release/{name}/{name}.ipynb")


def grade(course=HERE, problem_sets=None):
    """Autograde each submission that is new or changed, write feedback for all, and return scores
    and failures.

    Returns:
        (scores, failures): a list of Score for what lies in submitted/, and a dictionary from
        (student, set) to a sentence on why there is none.
    """
    nbgrader, scores, failures = _nbgrader(course), [], _misplaced(course)
    for name in _problem_sets(course, problem_sets):
        notebooks = sorted(course.glob(f"submitted/*/{name}/{name}.ipynb"))
        if notebooks:
            _build(nbgrader, name)  # the tests may have changed
        for notebook in notebooks:
            student = notebook.parent.parent.name
            try:
                scores.append(_grade_one(nbgrader, course, student, name))
            except GradingError as error:
                failures[student, name] = str(error)
            except OperationalError as error:
                if "locked" not in str(error):
                    raise
                failures[student, name] = IN_USE
    return scores, failures


def rehearse(course=HERE, problem_sets=None):
    """Grade the source itself and the untouched student version, in a folder of their own; return
    scores and failures.

    What must come out: every autograded point for the student "reference", none for the student
        "untouched".
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
            problem = (
                f"{score.points:g} points, wanted {wanted:g}: look at the tests and at the "
                "solutions"
            )
            failures[score.student, score.problem_set] = problem
    return scores, failures


def _problem_sets(course, wanted):
    there = sorted(
        path.parent.name
        for path in course.glob("source/*/*.ipynb")
        if path.stem == path.parent.name
    )
    for name in wanted or ():
        if name not in there:
            raise GradingError(
                f"there is no problem set {name!r} in source/, only {', '.join(there)}"
            )
    return list(wanted or there)


def _nbgrader(course):
    if glob.escape(str(course)) != str(course):
        raise GradingError(
            f"nbgrader can't work in a folder with one of *, ? and [ in its path, got {course}"
        )
    # It looks for its tool alembic on the PATH; its kernels must be this environment's, whatever
    # the user has elsewhere.
    os.environ["PATH"] = os.pathsep.join(
        [os.path.dirname(sys.executable), os.environ.get("PATH", "")]
    )
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    # About its own objects: nothing one could do.
    warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")
    _check_gradebook(course / "gradebook.db")
    config = PyFileConfigLoader("nbgrader_config.py", str(course)).load_config()
    config.NbGraderAPI.log_level = "WARN"
    return NbGraderAPI(config=config)


def _check_gradebook(path):
    """GradingError, with what to do, if nbgrader could not work with what is there; none is all
    right, and so is an empty file."""
    if not path.exists():
        return
    versions = "SELECT version_num FROM alembic_version"
    try:
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("BEGIN IMMEDIATE")  # as whoever writes: it fails if somebody else does
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
            marked = db.execute(versions).fetchall() if "alembic_version" in tables else []
            db.rollback()
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise GradingError(IN_USE) from None
        raise GradingError(
            f"gradebook.db can't be used ({error}): put a copy of it back, or move it away and "
            "grade anew, without the marks that were given by hand"
        ) from None
    if tables and marked != [(ScriptDirectory(ALEMBIC_DIR).get_current_head(),)]:
        raise GradingError(
            "gradebook.db is of another version of nbgrader than the one installed here. Is it of "
            f'an older one, run this in {path.parent}: "{sys.executable}" -m nbgrader db upgrade. '
            "(It keeps a copy.)"
        )


def _points_of_tests(course, student, name):
    """What the gradebook holds of one submission, from each test to its points, as text; None if
    it holds nothing."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        try:
            notebook = gradebook.find_submission_notebook(name, name, student)
        except MissingEntry:
            return None
        scores = {grade.name: grade.auto_score or 0 for grade in notebook.grades}
    return f"points: {sum(scores.values()):g} {scores}"


def _build(nbgrader, name):
    done = nbgrader.generate_assignment(name)
    if "Cannot add or remove cells" in done.get("log", ""):
        raise GradingError(
            f"{name}: graded cells were added or removed after submissions had been graded, "
            "and the gradebook can't follow: "
            "give the changed set a new name, or move gradebook.db and autograded/ away and grade "
            "anew"
        )
    if not done["success"]:
        raise GradingError(f"{name}: nbgrader could not build the student version: {_reason(done)}")


def _misplaced(course):
    """From (student, the rest of the path) to a sentence, for each notebook that is not where a
    submission belongs."""
    names, submitted = _problem_sets(course, None), course / "submitted"
    found = sorted(
        path.relative_to(submitted).parts for path in submitted.rglob("*.ipynb") if path.is_file()
    )
    found = [parts for parts in found if ".ipynb_checkpoints" not in parts]
    wrong = [
        parts
        for parts in found
        if len(parts) != 3 or parts[1] not in names or parts[2] != f"{parts[1]}.ipynb"
    ]
    where = f"it belongs at submitted/STUDENT/SET/SET.ipynb, where SET is one of {', '.join(names)}"
    failures = {
        (parts[0], "/".join(parts[1:])): f"this file was not looked at: {where}" for parts in wrong
    }
    for folder in submitted.glob("*/*/"):
        student, name = folder.relative_to(submitted).parts
        if name in names and not any(folder.glob("*.ipynb")):
            failures[student, name] = "there is no notebook in this folder"
    return failures


def _grade_one(nbgrader, course, student, name):
    """The Score of one submission, graded anew if need be; GradingError if it can't be graded."""
    folder, autograded = (
        course / "submitted" / student / name,
        course / "autograded" / student / name,
    )
    digest = _digest(folder, course / "source" / name, course / "nbgrader_config.py")
    stamp = (
        (autograded / STAMP).read_text(encoding="utf-8").splitlines()
        if (autograded / STAMP).exists()
        else []
    )
    points, notes = _points_of_tests(course, student, name), stamp[2:]
    if stamp[:2] != [digest, points]:
        lost = [LOST] if points is None and _keep(course / "feedback" / student, name) else []
        print(f"grading {student}, {name} ...", end=" ", flush=True)
        start = time.monotonic()
        try:
            notes = _autograde(nbgrader, folder / f"{name}.ipynb", student, name)
        except GradingError:
            print("no score")
            for old in (autograded, course / "feedback" / student / name):  # of an earlier version
                if old.exists():
                    rmtree(str(old))
            raise
        print(f"{time.monotonic() - start:.0f} s")
        stamp = [digest, _points_of_tests(course, student, name), *notes, *lost]
        (autograded / STAMP).write_text("\n".join(stamp), encoding="utf-8")
        notes = stamp[2:]
    done = nbgrader.generate_feedback(name, student)
    if not done["success"]:
        raise GradingError(f"nbgrader could not write the feedback: {_reason(done)}")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission(name, student)
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        unread = sum(grade.max_score for grade in grades if grade.needs_manual_grade)
        return Score(
            student, name, submission.score, submission.max_score, unread, "; ".join(notes)
        )


def _keep(folder, name):
    """Whether there was feedback of before. It is kept under a name where no later one is written
    over it: it may be the only place left where somebody's marks stand."""
    page = folder / name / f"{name}.html"
    if page.exists():
        number = 1 + len(list(folder.glob(f"{name}-before-*.html")))
        page.replace(folder / f"{name}-before-{number}.html")
        return True
    return False


def _autograde(nbgrader, notebook, student, name):
    """Notes on what was mended; GradingError if there is no score."""
    if glob.escape(student) != student or student != student.strip():
        raise GradingError(
            "nbgrader can't work with a folder whose name has one of *, ? and [ in it, "
            "or a blank at an end"
        )
    try:
        nbformat.read(notebook, as_version=4)
    except Exception as error:  # JSON cut short, another file of that name, an unknown format, ...
        raise GradingError(
            f"{name}.ipynb can't be read as a notebook ({type(error).__name__})"
        ) from None
    done = nbgrader.autograde(name, student)
    log = done.get("log", "")
    if "KeyboardInterrupt" in done.get("error", ""):  # nbgrader catches it
        raise KeyboardInterrupt
    if "Timeout waiting for IOPub output" in log:
        raise GradingError(
            "a cell ran on after it was interrupted: look for a loop that catches every exception"
        )
    if not done["success"]:
        raise GradingError(f"nbgrader gave up: {_reason(done)}")
    return [
        f"{grade_id} was missing, and was put back"
        for grade_id in re.findall(r"(\S+) was missing from the submission", log)
    ]


def _reason(done):
    """The last exception that nbgrader logged, or that ended it, in one line."""
    if "database is locked" in f"{done.get('log')} {done.get('error')}":
        return IN_USE
    for told in (done.get("log", ""), done.get("error", "")):
        raised = re.findall(r"^\s*([\w.]*(?:Error|Exception)\b.*)", told, flags=re.M)
        if raised:
            return raised[-1]
    return "it does not say why"


def _digest(*paths):
    """A fingerprint of files and folders: names and contents."""
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and ".ipynb_checkpoints" not in file.parts:
                digest.update(f"{file.relative_to(path.parent).as_posix()}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _write_table(path, scores, failures):
    # With a byte order mark, by which Excel knows UTF-8, and Müller stays Müller.
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(["student", "set", "points", "of", "to read", "note"])
        table.writerows(dataclasses.astuple(score) for score in scores)
        table.writerows(
            [student, name, "", "", "", problem] for (student, name), problem in failures.items()
        )


def main():
    parser = argparse.ArgumentParser(
        description="The problem sets; README.md in this folder says how."
    )
    parser.add_argument("command", choices=("release", "grade", "rehearse"))
    parser.add_argument(
        "problem_sets",
        nargs="*",
        metavar="SET",
        help="a folder of source/; all of them if none is named",
    )
    options = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        # A name may hold letters that a terminal does not know.
        stream.reconfigure(errors="replace")
    try:
        if options.command == "release":
            release(HERE, options.problem_sets)
            return 0
        scores, failures = (grade if options.command == "grade" else rehearse)(
            HERE, options.problem_sets
        )
    except GradingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; run it again to go on", file=sys.stderr)
        return 130
    print(f"\n{'student':20} {'set':20} {'points':>7} {'of':>7} {'to read':>8}")
    for score in scores:
        note = f"  {score.note}" if score.note else ""
        print(
            f"{score.student:20} {score.problem_set:20} {score.points:7g} {score.out_of:7g} "
            f"{score.unread:8g}{note}"
        )
    for (student, name), problem in failures.items():
        print(f"\nNot right: {', '.join(filter(None, (student, name)))}: {problem}")
    if options.command == "grade" and not options.problem_sets:
        _write_table(HERE / "grades.csv", scores, failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
