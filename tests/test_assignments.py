"""The problem sets, walked through as an instructor does: built, handed in, graded, read. Scores come from the gradebook."""
import copy
import csv
import html
import os
import pathlib
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

pytest.importorskip("nbgrader", reason="nbgrader is not here: `make test` installs it")
import grading  # noqa: E402
from nbgrader.api import Gradebook  # noqa: E402
from wrong_submissions import WRONG  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "assignments" / "source"
SETS = sorted(path.name for path in SOURCE.iterdir())
PAGE = (ROOT / "assignments" / "README.md").read_text(encoding="utf-8")
REGION = re.compile(r"^ *### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)^ *### END \1", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif("KERAS_BACKEND" in os.environ, reason="graded once, by `make test`, and not for each backend")


def read(name):
    return nbformat.read(SOURCE / name / f"{name}.ipynb", as_version=4)


def nbgrader_cells(book):
    return {cell.metadata.nbgrader.grade_id: cell for cell in book.cells if "nbgrader" in cell.metadata}


def points(name, by_tests):
    """From the id of each test (or of each answer that a person reads) to its points."""
    cells = nbgrader_cells(read(name)).items()
    return {i: c.metadata.nbgrader.points for i, c in cells if c.metadata.nbgrader.grade and c.metadata.nbgrader.locked == by_tests}


def hand_in(course, student, name, book):
    folder = course / "submitted" / student / name
    folder.mkdir(parents=True)
    nbformat.write(book, folder / f"{name}.ipynb")


def with_cells(book, changed):
    """A copy of the notebook in which a student has written `changed`, from ids of cells to their text."""
    book = copy.deepcopy(book)
    cells = nbgrader_cells(book)
    for grade_id, source in changed.items():
        assert cells[grade_id].metadata.nbgrader.solution
        cells[grade_id].source = source.strip()
    return book


def run(course, *arguments):
    return subprocess.run(
        [sys.executable, str(course / "grading.py"), *arguments], capture_output=True, text=True, cwd=course.parent, encoding="utf-8"
    )


def grades(course, student, name):
    """From the id of each graded cell to its points, None where a person has to read; of the gradebook."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        notebook = gradebook.find_submission_notebook(name, name, student)
        return {grade.name: None if grade.needs_manual_grade else grade.score for grade in notebook.grades}


def lines(text):
    return {line.strip() for line in text.splitlines()}


def copy_of_the_course(folder):
    course = folder / "assignments"
    ours = shutil.ignore_patterns("release", "submitted", "autograded", "feedback", "downloaded", "gradebook.db", "grades.csv", ".*")
    shutil.copytree(ROOT / "assignments", course, ignore=ours)
    return course


# What can be read off the files.


def test_the_sets_are_there_and_their_tables_add_up():
    assert SETS == ["set1_pca", "set2_denoising", "set3_vae"] and set(WRONG) == set(SETS)
    for name in SETS:
        text = read(name).cells[0].source
        rows = dict(re.findall(r"^\| (\d) \| .* \| (\d+) \|$", text, re.MULTILINE))
        tests, answers = points(name, True), points(name, False)
        assert sum(map(int, rows.values())) == sum(tests.values()) + sum(answers.values()) == 40
        assert len(answers) == 1 and f"| 40 | {sum(tests.values())} |" in next(row for row in PAGE.splitlines() if f"| [{name}]" in row)
        assert "debug this" in text.lower()


@pytest.mark.parametrize("name", SETS)
def test_a_source_is_stored_without_outputs_and_says_what_its_tests_are_worth(name):
    book = read(name)
    nbformat.validate(book)
    assert not any(cell.get("outputs") for cell in book.cells)
    cells = nbgrader_cells(book)
    for test, worth in points(name, True).items():
        source = cells[test].source
        assert source.startswith(f"# {worth} points"), test
        assert ("Hidden tests: " in source.split("\n")[0]) == ("BEGIN HIDDEN TESTS" in source), test
        imported = set(re.findall(r"^(?:import|from) ", source, re.MULTILINE))
        assert imported, f"{test} must import what it uses: students overwrite names"
    assert any("BEGIN HIDDEN TESTS" in cells[test].source for test in points(name, True))
    assert any("BEGIN HIDDEN TESTS" not in cells[test].source for test in points(name, True))


@pytest.mark.parametrize("name", SETS)
def test_each_test_is_failed_by_a_wrong_submission(name):
    assert len(WRONG[name]) >= 2
    assert set().union(*(fails for _, fails in WRONG[name].values())) == set(points(name, True))


# One folder for all the wrong submissions of all the sets, graded in one go.


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    course = copy_of_the_course(tmp_path_factory.mktemp("wrong"))
    for name in SETS:
        for student, (changed, _) in WRONG[name].items():
            hand_in(course, student, name, with_cells(read(name), changed))
    scores, failures = grading.grade(course)
    assert not failures and len(scores) == sum(map(len, WRONG.values()))
    return course


@pytest.mark.xdist_group("wrong submissions")
@pytest.mark.parametrize("name, student", [(name, student) for name in SETS for student in WRONG[name]])
def test_a_wrong_submission_gets_the_points_it_deserves(graded, name, student):
    fails = WRONG[name][student][1]
    wanted = {test: 0 if test in fails else worth for test, worth in points(name, True).items()}
    wanted |= dict.fromkeys(points(name, False))  # the answers differ from the stub: somebody must read them
    assert grades(graded, student, name) == wanted


@pytest.mark.xdist_group("wrong submissions")
@pytest.mark.parametrize("name", SETS)
def test_the_student_version_holds_no_solution_and_no_hidden_test(graded, name):
    student_version = nbformat.read(graded / "release" / name / f"{name}.ipynb", as_version=4)
    secret, in_the_open = set(), {""}
    for cell in read(name).cells:
        cut = "".join(region for _, region in REGION.findall(cell.source))
        whole = not cut and cell.metadata.get("nbgrader", {}).get("solution", False)
        secret |= lines(cell.source if whole else cut)
        in_the_open |= set() if whole else lines(REGION.sub("", cell.source))
    secret -= in_the_open
    told = set().union(*(lines(cell.source) for cell in student_version.cells))
    assert len(secret) > 40 and not secret & told
    assert not any("SOLUTION" in line or "BEGIN HIDDEN" in line or "END HIDDEN" in line for line in told)
    assert not any(cell.get("outputs") for cell in student_version.cells)
    stubs = [cell.source for cell in student_version.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    assert all("raise NotImplementedError" in stub or stub == "YOUR ANSWER HERE" for stub in stubs) and len(stubs) >= 5


# The page, from the first command to the last.


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """A clone in which the page's commands have been run; the environment, which took minutes to make, is this one."""
    clone = tmp_path_factory.mktemp("clone")
    copy_of_the_course(clone)
    for file in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / file, clone)
        os.utime(clone / file, (0, 0))  # older than the environment, or make would renew that
    (clone / ".venv").symlink_to(sys.prefix)
    answers = []
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        if len(answers) == 4:  # what the page does in a browser, by `make formgrader`
            mark(clone / "assignments", "ada", "set1_pca", 4, "Which angle did you measure?")
        done = subprocess.run(["bash", "-euc", block], cwd=clone, capture_output=True, text=True, encoding="utf-8")
        assert done.returncode == 0, done.stdout + done.stderr
        answers.append((block, done.stdout))
    commands = ["make rehearse\n", "make assignments\n", "mkdir", "make grade\n", "make grade\n"]
    assert len(answers) == 5 and all(block.startswith(command) for (block, _), command in zip(answers, commands))
    return clone / "assignments", [told for _, told in answers]


def mark(course, student, name, marks, comment, answer="explanation"):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade(answer, name, name, student)
        grade.manual_score, grade.needs_manual_grade = marks, False
        gradebook.find_comment(answer, name, name, student).manual_comment = comment
        gradebook.db.commit()


makes = pytest.mark.skipif(
    shutil.which("make") is None or pathlib.Path(sys.prefix) != ROOT / ".venv", reason="not in the environment that make creates"
)


@makes
@pytest.mark.xdist_group("the page")
def test_the_solutions_get_full_marks_and_the_untouched_student_version_none(walk):
    _, answers = walk
    table = re.findall(r"^(reference|untouched) +(\w+) +(\S+) +(\S+) +(\S+)$", answers[0], re.MULTILINE)
    wanted = {("reference", name, "35", "40", "5") for name in SETS} | {("untouched", name, "0", "40", "0") for name in SETS}
    assert set(table) == wanted
    seconds = [int(number) for number in re.findall(r"^grading \w+, \w+ \.\.\. (\d+) s$", answers[0], re.MULTILINE)]
    assert len(seconds) == 6 and max(seconds) < 120  # a minute on two cores; here other tests run on them, too


@makes
@pytest.mark.xdist_group("the page")
def test_the_page_leads_from_a_clone_to_graded_feedback(walk):
    course, answers = walk
    assert sorted(path.name for path in (course / "release").iterdir()) == SETS
    first, last = answers[3:]
    for row in ("ada +set1_pca +35 +40 +5", "bob +set1_pca +0 +40 +0"):
        assert re.search(f"^{row}$", first, re.MULTILINE), first
    assert re.search(r"^ada +set1_pca +39 +40 +0$", last, re.MULTILINE), last
    assert "grading " not in last, "nothing had changed, and yet it was graded again"
    assert sum(grades(course, "ada", "set1_pca").values()) == 39 and sum(grades(course, "bob", "set1_pca").values()) == 0
    for student, score in (("ada", "39.0"), ("bob", "0.0")):
        page = html.unescape((course / "feedback" / student / "set1_pca" / "set1_pca.html").read_text(encoding="utf-8"))
        assert f"(Score: {score} / 40.0)" in page
        assert ("Which angle did you measure?" in page) == (student == "ada")
    assert table(course) == [["ada", "set1_pca", "39.0", "40.0", "0", ""], ["bob", "set1_pca", "0.0", "40.0", "0", ""]]


def table(course):
    with open(course / "grades.csv", encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["student", "set", "points", "of", "to read", "note"]
    return rows


@makes
@pytest.mark.xdist_group("the page")
def test_files_of_an_lms_are_collected(walk):
    course, _ = walk
    archive = course / "downloaded" / "set1_pca" / "archive"
    archive.mkdir(parents=True)
    for file in (
        "ada lovelace_77_assignsubmission_file_set1_pca.ipynb", "bell_12_34_set1_pca-2.ipynb", "cox_LATE_5_set1_pca (1).ipynb",
    ):  # fmt: skip
        shutil.copy(SOURCE / "set1_pca" / "set1_pca.ipynb", archive / file)
    subprocess.run([sys.executable, "-m", "nbgrader", "zip_collect", "set1_pca"], cwd=course, check=True, capture_output=True)
    for student in ("ada lovelace", "bell", "cox"):
        assert (course / "submitted" / student / "set1_pca" / "set1_pca.ipynb").exists()


# Odd submissions, and what the script refuses: on a set of one line a problem, without TensorFlow.


SMALL = [
    ("setup", "one = 1", "given"),
    ("x", "### BEGIN SOLUTION\nx = one\n### END SOLUTION", "solution"),
    ("x_test", "assert x == 1", 2),
    ("f", "def f(n):\n    ### BEGIN SOLUTION\n    return n + 1\n    ### END SOLUTION", "solution"),
    ("f_small", "assert f(1) == 2", 3),
    ("f_large", "### BEGIN HIDDEN TESTS\nassert f(1000) == 1001\n### END HIDDEN TESTS", 4),
]


def small_course(folder, answer=None, **changed):
    """A course with the set "small", 9 points, and 5 for an `answer`; `changed` cells hold other text."""
    course = folder / "assignments"
    (course / "source" / "small").mkdir(parents=True)
    shutil.copy(ROOT / "assignments" / "grading.py", course)
    config = (ROOT / "assignments" / "nbgrader_config.py").read_text(encoding="utf-8")
    for setting, quick in (("Execute.timeout = 60", 5), ("Execute.iopub_timeout = 10", 4)):
        assert setting in config
        config = config.replace(setting, f"{setting.split(' =')[0]} = {quick}")
    (course / "nbgrader_config.py").write_text(config, encoding="utf-8")
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    for grade_id, source, kind in SMALL:
        test = isinstance(kind, int)
        nbgrader = {"grade_id": grade_id, "schema_version": 3, "task": False, "grade": test, "solution": kind == "solution"}
        nbgrader |= {"locked": kind != "solution"} | ({"points": kind} if test else {})
        book.cells.append(nbformat.v4.new_code_cell(changed.get(grade_id, source), metadata={"nbgrader": nbgrader}))
    if answer:  # for a person to read, 5 points
        nbgrader = {"grade_id": "answer", "schema_version": 3, "task": False, "grade": True, "solution": True, "locked": False, "points": 5}
        book.cells.append(nbformat.v4.new_markdown_cell(answer, metadata={"nbgrader": nbgrader}))
    nbformat.write(book, course / "source" / "small" / "small.ipynb")
    return course


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    course = small_course(tmp_path_factory.mktemp("odd"))
    book = nbformat.read(course / "source" / "small" / "small.ipynb", as_version=4)
    written = {
        "right": {},
        "endless": {"f": "def f(n):\n    while n > 100:\n        pass\n    return n + 1"},
        "stubborn": {"x": "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass"},
        "deadly": {"f": "import os\nos._exit(1)"},
        "noisy": {"f": "import warnings\ndef f(n):\n    warnings.warn('deprecated')\n    return n + 1"},
        "asking": {"x": "x = int(input())"},
        "shower": {"x": "x = 0", "f": "def f(n):\n    get_ipython().displayhook(3)"},  # a value shown, for partial credit
        "all": {"x": "from IPython import get_ipython\nget_ipython().ast_node_interactivity = 'all'\nx = one"},
    }
    for student, changed in written.items():
        hand_in(course, student, "small", with_cells(book, changed))
    for student, gone in (("deleter", {"x_test", "f_small", "f_large"}), ("eraser", {"setup", "f", "f_small", "f_large"}), ("blank", None)):
        copied = copy.deepcopy(book)
        copied.cells = [cell for cell in copied.cells if gone and cell.metadata.nbgrader.grade_id not in gone]
        hand_in(course, student, "small", copied)
    cheat = with_cells(book, {"x": "pass", "f": "pass"})  # nothing solved; every test emptied, doubled and worth 100 points
    for test in [cell for cell in cheat.cells if cell.metadata.nbgrader.grade]:
        test.source, test.metadata.nbgrader.points = "pass", 100
        cheat.cells.append(nbformat.v4.new_code_cell("pass", metadata=copy.deepcopy(test.metadata)))
    hand_in(course, "cheat", "small", cheat)
    skipper, stripped, stranger = with_cells(book, {"x": "pass", "f": "pass"}), copy.deepcopy(book), copy.deepcopy(book)
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
    for kept in (course / "submitted" / "right" / ".ipynb_checkpoints", course / "submitted" / "right" / "small" / ".ipynb_checkpoints"):
        kept.mkdir()
        shutil.copy(torn, kept / "small-checkpoint.ipynb")
    before = {path: path.read_bytes() for path in course.rglob("submitted/**/*.ipynb")}
    done = run(course, "grade")
    assert {path: path.read_bytes() for path in course.rglob("submitted/**/*.ipynb")} == before
    return course, done


@pytest.mark.xdist_group("odd submissions")
@pytest.mark.parametrize("student, failed", [
    ("right", set()),
    ("endless", {"f_large"}),  # it loops for large numbers only, and costs only that
    ("noisy", set()),
    ("asking", {"x_test"}),
    ("deleter", set()),  # the tests come back
    ("eraser", {"f_small", "f_large"}),  # they and the given cell come back; the answer does as its stub
    ("cheat", {"x_test", "f_small", "f_large"}),
    ("skipper", {"x_test", "f_small", "f_large"}),
    ("shower", {"x_test", "f_small", "f_large"}),
    ("all", set()),
])  # fmt: skip
def test_an_odd_submission_gets_the_points_it_deserves(odd, student, failed):
    course, done = odd
    assert grades(course, student, "small") == {name: 0 if name in failed else kind for name, _, kind in SMALL if isinstance(kind, int)}
    total = sum(grades(course, student, "small").values())
    assert re.search(rf"^{student} +small +{total:g} +9 +0(  |$)", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.xdist_group("odd submissions")
def test_what_was_put_back_is_told_each_time(odd):
    course, done = odd
    note = "; ".join(f"{cell} was missing, and was put back" for cell in ("x_test", "f_small", "f_large"))
    assert re.search(rf"^deleter +small +9 +9 +0  {note}$", done.stdout, re.MULTILINE), done.stdout
    assert ["deleter", "small", "9.0", "9.0", "0", note] in table(course)
    scores, _ = grading.grade(course)
    assert grading.Score("deleter", "small", 9, 9, 0, note) in scores


@pytest.mark.xdist_group("odd submissions")
@pytest.mark.parametrize("student, name, reason", [
    ("stubborn", "small", "a cell ran on after it was interrupted: look for a loop that catches every exception"),
    ("deadly", "small", "nbgrader gave up: .*Kernel died"),
    ("torn", "small", r"small.ipynb can't be read as a notebook \(NotJSONError\)"),
    ("blank", "small", "nbgrader gave up: ValueError: no answer of the released notebook is in it"),
    ("stripped", "small", "nbgrader gave up: ValueError: no answer of the released notebook is in it"),
    ("stranger", "small", "nbgrader gave up: ValueError: no answer of the released notebook is in it"),
    ("renamed", "small/small (1).ipynb", "this file was not looked at: it belongs at submitted/STUDENT/SET/SET.ipynb"),
    ("elsewhere", "smal/smal.ipynb", "this file was not looked at: .*, where SET is one of small"),
    ("loose.ipynb", "", "this file was not looked at"),
    ("empty", "small", "there is no notebook in this folder"),
])  # fmt: skip
def test_what_cannot_be_graded_is_named_with_the_reason_and_stops_nobody_else(odd, student, name, reason):
    course, done = odd
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert re.search(rf"^Not right: {student}, {re.escape(name)}: {reason}", done.stdout, re.MULTILINE), done.stdout
    assert not re.search(rf"^{student} ", done.stdout, re.MULTILINE)  # no row in the table
    assert not (course / "autograded" / student / "small").exists()
    (row,) = [row for row in table(course) if row[:2] == [student, name]]
    assert row[2:5] == ["", "", ""] and re.match(reason, row[5])


@pytest.mark.xdist_group("odd submissions")
def test_nothing_else_is_called_wrong(odd):
    _, done = odd
    assert done.stdout.count("Not right: ") == 10


@pytest.mark.xdist_group("odd submissions")
def test_a_mark_outlives_a_regrade_and_a_torn_file_leaves_no_old_feedback(tmp_path):
    course = small_course(tmp_path, answer="An answer.")
    book = nbformat.read(course / "source" / "small" / "small.ipynb", as_version=4)
    hand_in(course, "ada", "small", book)
    assert grading.grade(course) == ([grading.Score("ada", "small", 9, 14, 5)], {})
    mark(course, "ada", "small", 4, "Good.", answer="answer")
    assert grading.grade(course) == ([grading.Score("ada", "small", 13, 14, 0)], {})
    path = course / "submitted" / "ada" / "small" / "small.ipynb"
    nbformat.write(with_cells(book, {"x": "x = 2"}), path)
    assert grading.grade(course) == ([grading.Score("ada", "small", 11, 14, 5)], {})  # the mark counts, and asks to be confirmed
    feedback = course / "feedback" / "ada" / "small" / "small.html"
    assert feedback.exists()
    path.write_bytes(path.read_bytes()[:100])
    scores, failures = grading.grade(course)
    assert scores == [] and list(failures) == [("ada", "small")] and not feedback.exists()


@pytest.mark.xdist_group("odd submissions")
@pytest.mark.parametrize("changed, failures", [
    ({"x_test": "assert x == 2"}, {("reference", "small"): "7 points, wanted 9: look at the tests and at the solutions"}),
    ({"x_test": "pass"}, {("untouched", "small"): "2 points, wanted 0: look at the tests and at the solutions"}),
])  # fmt: skip
def test_a_rehearsal_finds_a_wrong_solution_and_a_test_that_cannot_fail(tmp_path, changed, failures):
    assert grading.rehearse(small_course(tmp_path, **changed))[1] == failures


@pytest.mark.xdist_group("odd submissions")
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
    with pytest.raises(grading.GradingError, match="^small: graded cells were added or removed after submissions had been graded"):
        grading.grade(course)


def test_a_set_that_is_not_there(tmp_path):
    done = run(small_course(tmp_path), "release", "smal")
    assert done.returncode == 1 and done.stderr.strip().endswith("error: there is no problem set 'smal' in source/, only small")


def test_a_folder_that_nbgrader_cannot_work_in(tmp_path):
    (tmp_path / "term [4]").mkdir()
    with pytest.raises(grading.GradingError, match=r"^nbgrader can't work in a folder with one of \*, \? and \[ in its path, got .*term \[4\]"):
        grading.grade(small_course(tmp_path / "term [4]"))


def test_the_self_check_on_the_page_runs():
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names = {}
    exec(code, names)
    check = names["check_grey"]
    assert check(lambda images: images.mean(axis=(1, 2)))
    wrong = [
        lambda images: images.mean(), lambda images: images.mean(axis=0), lambda images: images.sum(axis=(1, 2)),
        lambda images: images[:, 0, 0], lambda images: None,
    ]  # fmt: skip
    hints = [check(function) for function in wrong]
    assert not any(hints) and len({str(hint) for hint in hints}) == len(wrong)
