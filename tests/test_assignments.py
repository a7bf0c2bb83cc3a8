"""The problem sets, walked through as an instructor does: built, handed in, graded, read. Scores
come from the gradebook."""

import html
import os
import pathlib
import re
import shutil
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from course_utils import datasets, metrics

pytest.importorskip("nbgrader", reason="nbgrader is not here: `make test` installs it")
from submissions import (
    ROOT,
    SETS,
    SOURCE,
    copy_of_the_course,
    grades,
    lines,
    mark,
    nbgrader_cells,
    points,
    read,
    table,
)
from wrong_submissions import WRONG

PAGE = (ROOT / "assignments" / "README.md").read_text(encoding="utf-8")
REGION = re.compile(
    r"^ *### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)^ *### END \1", re.MULTILINE | re.DOTALL
)


# What can be read off the files.


def test_the_sets_are_there_and_their_tables_add_up():
    assert SETS == ["set1_pca", "set2_denoising", "set3_vae"] and set(WRONG) == set(SETS)
    for name in SETS:
        text = read(name).cells[0].source
        rows = dict(re.findall(r"^\| (\d) \| .* \| (\d+) \|$", text, re.MULTILINE))
        tests, answers = points(name, True), points(name, False)
        assert sum(map(int, rows.values())) == sum(tests.values()) + sum(answers.values()) == 40
        assert len(answers) == 1 and f"| 40 | {sum(tests.values())} |" in next(
            row for row in PAGE.splitlines() if f"| [{name}]" in row
        )
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
def test_a_line_of_code_fits_a_window(name):
    for cell in read(name).cells:
        if cell.cell_type == "code":
            assert max(map(len, cell.source.splitlines()), default=0) <= 88, cell.source


@pytest.mark.parametrize("name", SETS)
def test_each_test_is_failed_by_a_wrong_submission(name):
    assert len(WRONG[name]) >= 2
    assert set().union(*(fails for _, fails in WRONG[name].values())) == set(points(name, True))


def test_the_baseline_that_a_visible_test_of_set_2_states():
    told = float(
        re.search(
            r"^baseline = ([\d.]+)",
            nbgrader_cells(read("set2_denoising"))["denoiser_visible"].source,
            re.MULTILINE,
        )[1]
    )
    images = datasets.load_fashion_mnist()[0][0].reshape(-1, 784).astype(float)
    mean, c = images[:20000].mean(axis=0), np.cov(images[:20000], rowvar=False, bias=True)
    x = images[55000:57000]
    noise = np.random.default_rng(4).normal(0, 0.5, size=x.shape).astype("float32")
    x_hat = mean + (x + noise - mean) @ np.linalg.solve(c + 0.25 * np.eye(784), c)
    assert metrics.squared_error(x, x_hat) == pytest.approx(told, abs=1e-3)


# The page, from the first command to the last. Over ten seconds: it has eight notebooks graded, in
# kernels that import TensorFlow and, most of them, train.


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """A clone in which the page's commands have been run; the environment, which took minutes to
    make, is this one."""
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
        done = subprocess.run(
            ["bash", "-euc", block], cwd=clone, capture_output=True, text=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answers.append((block, done.stdout))
    commands = ["make rehearse\n", "make assignments\n", "mkdir", "make grade\n", "make grade\n"]
    assert len(answers) == 5
    blocks = [block for block, _ in answers]
    assert all(map(str.startswith, blocks, commands))
    return clone / "assignments", [told for _, told in answers]


makes = pytest.mark.skipif(
    shutil.which("make") is None or pathlib.Path(sys.prefix) != ROOT / ".venv",
    reason="not in the environment that make creates",
)


@makes
def test_the_solutions_get_full_marks_and_the_untouched_student_version_none(walk):
    _, answers = walk
    table = re.findall(
        r"^(reference|untouched) +(\w+) +(\S+) +(\S+) +(\S+)$", answers[0], re.MULTILINE
    )
    wanted = {("reference", name, "35", "40", "5") for name in SETS} | {
        ("untouched", name, "0", "40", "0") for name in SETS
    }
    assert set(table) == wanted
    seconds = [
        int(number)
        for number in re.findall(r"^grading \w+, \w+ \.\.\. (\d+) s$", answers[0], re.MULTILINE)
    ]
    # A minute on two cores; here other tests run on them, too.
    assert len(seconds) == 6 and max(seconds) < 120


@makes
def test_the_page_leads_from_a_clone_to_graded_feedback(walk):
    course, answers = walk
    assert sorted(path.name for path in (course / "release").iterdir()) == SETS
    first, last = answers[3:]
    for row in ("ada +set1_pca +35 +40 +5", "bob +set1_pca +0 +40 +0"):
        assert re.search(f"^{row}$", first, re.MULTILINE), first
    assert re.search(r"^ada +set1_pca +39 +40 +0$", last, re.MULTILINE), last
    assert "grading " not in last, "nothing had changed, and yet it was graded again"
    assert (
        sum(grades(course, "ada", "set1_pca").values()) == 39
        and sum(grades(course, "bob", "set1_pca").values()) == 0
    )
    for student, score in (("ada", "39.0"), ("bob", "0.0")):
        page = html.unescape(
            (course / "feedback" / student / "set1_pca" / "set1_pca.html").read_text(
                encoding="utf-8"
            )
        )
        assert f"(Score: {score} / 40.0)" in page
        assert ("Which angle did you measure?" in page) == (student == "ada")
    assert table(course) == [
        ["ada", "set1_pca", "39.0", "40.0", "0", ""],
        ["bob", "set1_pca", "0.0", "40.0", "0", ""],
    ]


@makes
def test_files_of_an_lms_are_collected(walk):
    course, _ = walk
    archive = course / "downloaded" / "set1_pca" / "archive"
    archive.mkdir(parents=True)
    for file in (
        "ada lovelace_77_assignsubmission_file_set1_pca.ipynb",
        "bell_12_34_set1_pca-2.ipynb",
        "cox_LATE_5_set1_pca (1).ipynb",
    ):
        shutil.copy(SOURCE / "set1_pca" / "set1_pca.ipynb", archive / file)
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "zip_collect", "set1_pca"],
        cwd=course,
        check=True,
        capture_output=True,
    )
    for student in ("ada lovelace", "bell", "cox"):
        assert (course / "submitted" / student / "set1_pca" / "set1_pca.ipynb").exists()


@makes
@pytest.mark.parametrize("name", SETS)
def test_the_student_version_holds_no_solution_and_no_hidden_test(walk, name):
    student_version = nbformat.read(walk[0] / "release" / name / f"{name}.ipynb", as_version=4)
    secret, in_the_open = set(), {""}
    for cell in read(name).cells:
        cut = "".join(region for _, region in REGION.findall(cell.source))
        whole = not cut and cell.metadata.get("nbgrader", {}).get("solution", False)
        secret |= lines(cell.source if whole else cut)
        in_the_open |= set() if whole else lines(REGION.sub("", cell.source))
    secret -= in_the_open
    told = set().union(*(lines(cell.source) for cell in student_version.cells))
    assert len(secret) > 40 and not secret & told
    assert not any(
        "SOLUTION" in line or "BEGIN HIDDEN" in line or "END HIDDEN" in line for line in told
    )
    assert not any(cell.get("outputs") for cell in student_version.cells)
    stubs = [
        cell.source
        for cell in student_version.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    ]
    assert (
        all("raise NotImplementedError" in stub or stub == "YOUR ANSWER HERE" for stub in stubs)
        and len(stubs) >= 5
    )


def test_the_exercise_on_the_page_runs():
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names = {}
    exec(code, names)  # it ends with an audit
    check = names["check_grey"]
    lines = code.split("check_grey = ")[1].split("\nassert")[0].splitlines()
    assert len(lines) <= 10
    assert check(lambda images: [image.mean() for image in images])
    wrong = [
        lambda images: images.mean(),
        lambda images: images.mean(axis=0),
        lambda images: images.sum(axis=(1, 2)),
        lambda images: images[:, 0, 0],
        lambda images: None,
    ]
    hints = [check(function) for function in wrong]
    assert not any(hints) and len({str(hint) for hint in hints}) == len(wrong)
