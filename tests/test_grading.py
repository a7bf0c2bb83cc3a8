"""How submissions are graded that are wrong, or not what they should be; scores come from the
gradebook."""

import contextlib
import copy
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys

import nbformat
import pytest

pytest.importorskip("nbgrader", reason="nbgrader is not here: `make test` installs it")
import grading
from sqlalchemy.exc import OperationalError
from submissions import (
    ROOT,
    SETS,
    copy_of_the_course,
    grades,
    hand_in,
    mark,
    points,
    read,
    table,
    with_cells,
)
from wrong_submissions import WRONG

# One folder for all the wrong submissions of all the sets, graded in one go. Over ten seconds: six
# kernels that import TensorFlow and train, some 20 seconds of one core each.


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    course = copy_of_the_course(tmp_path_factory.mktemp("wrong"))
    for name in SETS:
        book = read(name)
        # Without the cells that only show something: they train networks at which no test looks.
        book.cells = [
            cell for cell in book.cells if cell.cell_type != "code" or "nbgrader" in cell.metadata
        ]
        for student, (changed, _) in WRONG[name].items():
            hand_in(course, student, name, with_cells(book, changed))
    scores, failures = grading.grade(course)
    assert not failures and len(scores) == sum(map(len, WRONG.values()))
    return course


@pytest.mark.parametrize(
    "name, student", [(name, student) for name in SETS for student in WRONG[name]]
)
def test_a_wrong_submission_gets_the_points_it_deserves(graded, name, student):
    fails = WRONG[name][student][1]
    wanted = {test: 0 if test in fails else worth for test, worth in points(name, True).items()}
    # The answers differ from the stub: somebody must read them.
    wanted |= dict.fromkeys(points(name, False))
    assert grades(graded, student, name) == wanted


# Odd submissions, and what the script refuses: on a set of one line a problem, without TensorFlow.
# Over ten seconds: some fifteen kernels, of which two must run into a time limit.


SMALL = [
    ("setup", "one = 1", "given"),
    ("x", "### BEGIN SOLUTION\nx = one\n### END SOLUTION", "solution"),
    ("x_test", "assert x == 1", 2),
    ("f", "def f(n):\n    ### BEGIN SOLUTION\n    return n + 1\n    ### END SOLUTION", "solution"),
    ("f_small", "assert f(1) == 2", 3),
    ("f_large", "### BEGIN HIDDEN TESTS\nassert f(1000) == 1001\n### END HIDDEN TESTS", 4),
]


def small_course(folder, answer=None, **changed):
    """A course with the set "small", 9 points, and 5 for an `answer`; `changed` cells hold other
    text."""
    course = folder / "assignments"
    (course / "source" / "small").mkdir(parents=True)
    shutil.copy(ROOT / "assignments" / "grading.py", course)
    config = (ROOT / "assignments" / "nbgrader_config.py").read_text(encoding="utf-8")
    for setting, quick in (("Execute.timeout = 60", 5), ("Execute.iopub_timeout = 10", 4)):
        assert setting in config
        config = config.replace(setting, f"{setting.split(' =')[0]} = {quick}")
    (course / "nbgrader_config.py").write_text(config, encoding="utf-8")
    book = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        }
    )
    for grade_id, source, kind in SMALL:
        test = isinstance(kind, int)
        nbgrader = {
            "grade_id": grade_id,
            "schema_version": 3,
            "task": False,
            "grade": test,
            "solution": kind == "solution",
        }
        nbgrader |= {"locked": kind != "solution"} | ({"points": kind} if test else {})
        book.cells.append(
            nbformat.v4.new_code_cell(
                changed.get(grade_id, source), metadata={"nbgrader": nbgrader}
            )
        )
    if answer:  # for a person to read, 5 points
        nbgrader = {
            "grade_id": "answer",
            "schema_version": 3,
            "task": False,
            "grade": True,
            "solution": True,
            "locked": False,
            "points": 5,
        }
        book.cells.append(nbformat.v4.new_markdown_cell(answer, metadata={"nbgrader": nbgrader}))
    nbformat.write(book, course / "source" / "small" / "small.ipynb")
    return course


def run(course, *arguments):
    return subprocess.run(
        [sys.executable, str(course / "grading.py"), *arguments],
        capture_output=True,
        text=True,
        cwd=course.parent,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    course = small_course(tmp_path_factory.mktemp("odd"))
    book = nbformat.read(course / "source" / "small" / "small.ipynb", as_version=4)
    written = {
        "right": {},
        "endless": {"f": "def f(n):\n    while n > 100:\n        pass\n    return n + 1"},
        "stubborn": {
            "x": (
                "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except "
                "BaseException:\n        pass"
            )
        },
        "deadly": {"f": "import os\nos._exit(1)"},
        "noisy": {
            "f": "import warnings\ndef f(n):\n    warnings.warn('deprecated')\n    return n + 1"
        },
        "asking": {"x": "x = int(input())"},
        # A value shown, for partial credit.
        "shower": {"x": "x = 0", "f": "def f(n):\n    get_ipython().displayhook(3)"},
        "all": {
            "x": (
                "from IPython import get_ipython\nget_ipython().ast_node_interactivity = 'all'\nx "
                "= one"
            )
        },
    }
    for student, changed in written.items():
        hand_in(course, student, "small", with_cells(book, changed))
    for student, gone in (
        ("deleter", {"x_test", "f_small", "f_large"}),
        ("eraser", {"setup", "f", "f_small", "f_large"}),
        ("blank", None),
    ):
        copied = copy.deepcopy(book)
        copied.cells = [
            cell for cell in copied.cells if gone and cell.metadata.nbgrader.grade_id not in gone
        ]
        hand_in(course, student, "small", copied)
    # Nothing solved; every test emptied, doubled and worth 100 points.
    cheat = with_cells(book, {"x": "pass", "f": "pass"})
    for test in [cell for cell in cheat.cells if cell.metadata.nbgrader.grade]:
        test.source, test.metadata.nbgrader.points = "pass", 100
        cheat.cells.append(nbformat.v4.new_code_cell("pass", metadata=copy.deepcopy(test.metadata)))
    hand_in(course, "cheat", "small", cheat)
    skipper, stripped, stranger = (
        with_cells(book, {"x": "pass", "f": "pass"}),
        copy.deepcopy(book),
        copy.deepcopy(book),
    )
    for cell in skipper.cells:
        cell.metadata.tags = ["skip-execution"]
    hand_in(course, "skipper", "small", skipper)
    for cell in stripped.cells:
        cell.metadata.clear()
    hand_in(course, "stripped", "small", stripped)
    for cell in stranger.cells:
        cell.metadata.nbgrader.grade_id += "_of_another_set"
    hand_in(course, "stranger", "small", stranger)
    for student in ("torn", "renamed"):
        hand_in(course, student, "small", book)
    hand_in(course, "elsewhere", "smal", book)
    torn = course / "submitted" / "torn" / "small" / "small.ipynb"
    torn.write_bytes(torn.read_bytes()[:500])
    renamed = course / "submitted" / "renamed" / "small" / "small.ipynb"
    renamed.rename(renamed.with_name("small (1).ipynb"))
    shutil.copy(torn, course / "submitted" / "loose.ipynb")
    (course / "submitted" / "empty" / "small").mkdir(parents=True)
    for kept in (
        course / "submitted" / "right" / ".ipynb_checkpoints",
        course / "submitted" / "right" / "small" / ".ipynb_checkpoints",
    ):
        kept.mkdir()
        shutil.copy(torn, kept / "small-checkpoint.ipynb")
    before = {path: path.read_bytes() for path in course.rglob("submitted/**/*.ipynb")}
    done = run(course, "grade")
    assert {path: path.read_bytes() for path in course.rglob("submitted/**/*.ipynb")} == before
    return course, done


@pytest.mark.parametrize(
    "student, failed",
    [
        ("right", set()),
        ("endless", {"f_large"}),  # it loops for large numbers only, and costs only that
        ("noisy", set()),
        ("asking", {"x_test"}),
        ("deleter", set()),  # the tests come back
        # They and the given cell come back; the answer does as its stub.
        ("eraser", {"f_small", "f_large"}),
        ("cheat", {"x_test", "f_small", "f_large"}),
        ("skipper", {"x_test", "f_small", "f_large"}),
        ("shower", {"x_test", "f_small", "f_large"}),
        ("all", set()),
    ],
)
def test_an_odd_submission_gets_the_points_it_deserves(odd, student, failed):
    course, done = odd
    assert grades(course, student, "small") == {
        name: 0 if name in failed else kind for name, _, kind in SMALL if isinstance(kind, int)
    }
    total = sum(grades(course, student, "small").values())
    assert re.search(rf"^{student} +small +{total:g} +9 +0(  |$)", done.stdout, re.MULTILINE), (
        done.stdout
    )


def test_what_was_put_back_is_told_each_time(odd, tmp_path):
    course, done = odd
    note = "; ".join(
        f"{cell} was missing, and was put back" for cell in ("x_test", "f_small", "f_large")
    )
    assert re.search(rf"^deleter +small +9 +9 +0  {note}$", done.stdout, re.MULTILINE), done.stdout
    assert ["deleter", "small", "9.0", "9.0", "0", note] in table(course)
    alone = small_course(tmp_path)
    shutil.copytree(course / "submitted" / "deleter", alone / "submitted" / "deleter")
    for _ in range(2):  # graded, and found graded
        assert grading.grade(alone) == ([grading.Score("deleter", "small", 9, 9, 0, note)], {})


@pytest.mark.parametrize(
    "student, name, reason",
    [
        (
            "stubborn",
            "small",
            "a cell ran on after it was interrupted: look for a loop that catches every exception",
        ),
        ("deadly", "small", "nbgrader gave up: .*Kernel died"),
        ("torn", "small", r"small.ipynb can't be read as a notebook \(NotJSONError\)"),
        (
            "blank",
            "small",
            "nbgrader gave up: ValueError: no answer of the released notebook is in it",
        ),
        (
            "stripped",
            "small",
            "nbgrader gave up: ValueError: no answer of the released notebook is in it",
        ),
        (
            "stranger",
            "small",
            "nbgrader gave up: ValueError: no answer of the released notebook is in it",
        ),
        (
            "renamed",
            "small/small (1).ipynb",
            "this file was not looked at: it belongs at submitted/STUDENT/SET/SET.ipynb",
        ),
        (
            "elsewhere",
            "smal/smal.ipynb",
            "this file was not looked at: .*, where SET is one of small",
        ),
        ("loose.ipynb", "", "this file was not looked at"),
        ("empty", "small", "there is no notebook in this folder"),
    ],
)
def test_what_cannot_be_graded_is_named_with_the_reason_and_stops_nobody_else(
    odd, student, name, reason
):
    course, done = odd
    assert done.returncode == 1 and "Traceback" not in done.stderr
    whose = re.escape(f"{student}, {name}" if name else student)
    assert re.search(rf"^Not right: {whose}: {reason}", done.stdout, re.MULTILINE), done.stdout
    assert not re.search(rf"^{student} ", done.stdout, re.MULTILINE)  # no row in the table
    assert not (course / "autograded" / student / "small").exists()
    (row,) = [row for row in table(course) if row[:2] == [student, name]]
    assert row[2:5] == ["", "", ""] and re.match(reason, row[5])


def test_nothing_else_is_called_wrong(odd):
    _, done = odd
    assert done.stdout.count("Not right: ") == 10


def test_a_mark_outlives_a_regrade_and_a_torn_file_leaves_no_old_feedback(tmp_path):
    course = small_course(tmp_path, answer="An answer.")
    book = nbformat.read(course / "source" / "small" / "small.ipynb", as_version=4)
    hand_in(course, "ada", "small", book)
    assert grading.grade(course) == ([grading.Score("ada", "small", 9, 14, 5)], {})
    mark(course, "ada", "small", 4, "Good.", answer="answer")
    assert grading.grade(course) == ([grading.Score("ada", "small", 13, 14, 0)], {})
    path = course / "submitted" / "ada" / "small" / "small.ipynb"
    nbformat.write(with_cells(book, {"x": "x = 2"}), path)
    # The mark counts, and asks to be confirmed.
    assert grading.grade(course) == ([grading.Score("ada", "small", 11, 14, 5)], {})
    feedback = course / "feedback" / "ada" / "small" / "small.html"
    assert feedback.exists()
    path.write_bytes(path.read_bytes()[:100])
    scores, failures = grading.grade(course)
    assert scores == [] and list(failures) == [("ada", "small")] and not feedback.exists()


@pytest.mark.parametrize(
    "changed, failures",
    [
        (
            {"x_test": "assert x == 2"},
            {("reference", "small"): "7 points, wanted 9: look at the tests and at the solutions"},
        ),
        (
            {"x_test": "pass"},
            {("untouched", "small"): "2 points, wanted 0: look at the tests and at the solutions"},
        ),
    ],
)
def test_a_rehearsal_finds_a_wrong_solution_and_a_test_that_cannot_fail(
    tmp_path, changed, failures
):
    assert grading.rehearse(small_course(tmp_path, **changed))[1] == failures


def test_a_set_that_changes_after_grading(tmp_path):
    course = small_course(tmp_path)
    path = course / "source" / "small" / "small.ipynb"
    book = nbformat.read(path, as_version=4)
    hand_in(course, "ada", "small", book)
    assert grading.grade(course) == ([grading.Score("ada", "small", 9, 9, 0)], {})
    book.cells[2].source = "assert x == 2"  # another test: everybody is graded again
    nbformat.write(book, path)
    assert grading.grade(course) == ([grading.Score("ada", "small", 7, 9, 0)], {})
    book.cells = book.cells[:-1]  # a test less: the gradebook can't follow
    nbformat.write(book, path)
    with pytest.raises(
        grading.GradingError,
        match="^small: graded cells were added or removed after submissions had been graded",
    ):
        grading.grade(course)


def test_a_set_that_is_not_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(grading, "HERE", small_course(tmp_path))
    monkeypatch.setattr(sys, "argv", ["grading.py", "release", "smal"])
    assert grading.main() == 1
    assert (
        capsys.readouterr()
        .err.strip()
        .endswith("error: there is no problem set 'smal' in source/, only small")
    )


def test_a_folder_that_nbgrader_cannot_work_in(tmp_path):
    (tmp_path / "term [4]").mkdir()
    with pytest.raises(
        grading.GradingError,
        match=r"^nbgrader can't work in a folder with one of \*, \? and \[ in its path, "
        r"got .*term \[4\]",
    ):
        grading.grade(small_course(tmp_path / "term [4]"))


# A gradebook that is gone, old, in use or none


@pytest.fixture
def told(monkeypatch, capsys):
    """A function that grades a course, in this process, and returns what was printed."""

    def grade(course):
        monkeypatch.setattr(grading, "HERE", course)
        monkeypatch.setattr(sys, "argv", ["grading.py", "grade"])
        grading.main()
        return "".join(capsys.readouterr())

    return grade


@pytest.fixture(scope="module")
def marked_once(tmp_path_factory):
    course = small_course(tmp_path_factory.mktemp("marked"), answer="An answer.")
    book = nbformat.read(course / "source" / "small" / "small.ipynb", as_version=4)
    for student in ("ada", "bob"):
        hand_in(course, student, "small", book)
    grading.grade(course)
    mark(course, "ada", "small", 4, "Good angle.", answer="answer")
    assert grading.grade(course)[0][0] == grading.Score("ada", "small", 13, 14, 0)
    return course


@pytest.fixture
def marked(marked_once, tmp_path):
    """Two submissions, graded; one was marked by hand."""
    return shutil.copytree(marked_once, tmp_path / "assignments")


@pytest.mark.parametrize("gone", ["deleted", "empty"])
def test_what_the_gradebook_lacks_is_graded_anew(marked, gone):
    (marked / "gradebook.db").unlink()
    if gone == "empty":
        (marked / "gradebook.db").touch()
    scores, failures = grading.grade(marked)
    assert not failures and [(s.points, s.unread) for s in scores] == [(9, 5), (9, 5)]
    assert all("gradebook.db held nothing of it" in s.note for s in scores)
    kept = marked / "feedback" / "ada" / "small-before-1.html"
    assert "Good angle." in kept.read_text(encoding="utf-8")
    written = (marked / "autograded" / "ada" / "small" / "small.ipynb").stat().st_mtime_ns
    assert grading.grade(marked) == (scores, {}) and kept.exists()
    again = (marked / "autograded" / "ada" / "small" / "small.ipynb").stat().st_mtime_ns
    assert again == written, "nothing was missing, and yet it was graded again"


def test_a_gradebook_of_before_is_noticed(marked, tmp_path):
    shutil.copy(marked / "gradebook.db", tmp_path / "copy.db")
    book = nbformat.read(marked / "source" / "small" / "small.ipynb", as_version=4)
    handed_in = marked / "submitted" / "ada" / "small" / "small.ipynb"
    nbformat.write(with_cells(book, {"x": "x = 2"}), handed_in)
    hand_in(marked, "cyd", "small", book)
    assert [score.points for score in grading.grade(marked)[0]] == [11, 9, 9]
    shutil.copy(tmp_path / "copy.db", marked / "gradebook.db")
    scores, failures = grading.grade(marked)
    # Of ada it held what she had handed in first, of cyd nothing.
    assert not failures and [score.points for score in scores] == [11, 9, 9]
    assert [bool(score.note) for score in scores] == [False, False, True]


def test_an_old_gradebook_says_what_to_run(marked, told):
    with contextlib.closing(sqlite3.connect(marked / "gradebook.db")) as old, old:
        # As nbgrader 0.6 left it.
        old.execute("ALTER TABLE student DROP COLUMN lms_user_id")
        old.execute("UPDATE alembic_version SET version_num = '167914646830'")
    before = (marked / "gradebook.db").read_bytes()
    answer = told(marked)
    assert "error: gradebook.db is of another version of nbgrader" in answer
    assert (marked / "gradebook.db").read_bytes() == before
    (command,) = re.findall(r'("\S+" -m nbgrader db upgrade)\.', answer)
    environment = os.environ | {
        "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
    }
    subprocess.run(command, shell=True, cwd=marked, env=environment, check=True)
    assert grading.grade(marked)[0][0] == grading.Score("ada", "small", 13, 14, 0)


def test_a_gradebook_in_use_says_what_to_close(marked, told):
    with contextlib.closing(sqlite3.connect(marked / "gradebook.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "error: gradebook.db is in use by another program: close Form" in told(marked)
    assert grading.grade(marked)[0][0] == grading.Score("ada", "small", 13, 14, 0)


def test_a_gradebook_that_is_taken_while_grading_stops_nobody_else(marked, monkeypatch):
    def taken(course, student, name):
        raise OperationalError("", {}, sqlite3.OperationalError("database is locked"))

    with monkeypatch.context() as patch:
        patch.setattr(grading, "_points_of_tests", taken)
        scores, failures = grading.grade(marked)
    assert scores == [] and set(failures.values()) == {grading.IN_USE} and len(failures) == 2
    assert grading.grade(marked)[0][0] == grading.Score("ada", "small", 13, 14, 0)


@pytest.mark.parametrize("there", ["text", "folder"])
def test_what_is_no_gradebook_is_left_alone(tmp_path, there, told):
    course = small_course(tmp_path)
    path = course / "gradebook.db"
    path.mkdir() if there == "folder" else path.write_text("no gradebook" * 100, encoding="utf-8")
    answer = told(course)
    assert "error: gradebook.db can't be used" in answer and "move it away" in answer
    assert path.is_dir() or path.read_text(encoding="utf-8") == "no gradebook" * 100
