"""The plugin of pytest that counts the claims of a run of notebooks."""

import json
import os
import subprocess
import sys
import types

import nbformat.v4
import pytest

from course_utils.lessons import plugin

NBVAL = [sys.executable, "-m", "pytest", "-q", "--nbval-lax", "--nbval-current-env"]


def run(folder, command, **environment):
    return subprocess.run(
        command + [str(folder)],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        cwd=folder,
    )


@pytest.fixture
def lesson(tmp_path):
    kernel = {"name": "python3", "display_name": "", "language": "python"}
    sources = (
        "from course_utils.claims import expect\nexpect('exact', 1, equals=1)",
        "expect('trained', 2, equals=1, trained=True)",
    )
    book = nbformat.v4.new_notebook(
        metadata={"kernelspec": kernel},
        cells=[nbformat.v4.new_code_cell(source) for source in sources],
    )
    (tmp_path / "lesson.ipynb").write_text(json.dumps(book), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "budget, judged, status",
    [
        ("smoke", "1 claims judged (1 held, 0 failed), 1 NOT judged.", 0),
        ("quick", "2 claims judged (1 held, 1 failed), 0 NOT judged.", 1),
    ],
)
def test_the_last_line_of_a_run_counts_its_claims(lesson, budget, judged, status):
    done = run(lesson, NBVAL, COURSE_BUDGET=budget)
    assert done.stdout.splitlines()[-1] == f"Budget {budget}: {judged}"
    assert done.returncode == status


def test_a_misspelt_budget_ends_a_run_with_one_sentence(tmp_path):
    done = run(tmp_path, NBVAL, COURSE_BUDGET="fast")
    assert done.returncode == 4 and "INTERNALERROR" not in done.stdout + done.stderr
    assert "COURSE_BUDGET must be one of smoke, quick, full, got 'fast'" in done.stderr


def test_a_run_without_notebooks_is_left_alone(tmp_path):
    (tmp_path / "test_theirs.py").write_text("def test_b(): pass\ndef test_a(): pass\n")
    done = run(tmp_path, [sys.executable, "-m", "pytest", "-v"], COURSE_BUDGET="fast")
    assert done.returncode == 0 and "claims judged" not in done.stdout
    assert done.stdout.index("::test_b") < done.stdout.index("::test_a")


def ordered(folder, nbval):
    """The items of five files, in the plugin's order."""
    for name, course in (("a", {"seconds": 5}), ("b", {"seconds": 60}), ("c", None)):
        metadata = {"course": course} if course else {}
        text = json.dumps({"metadata": metadata})
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
    paths = [folder / name for name in ("0.py", "a.ipynb", "b.ipynb", "c.ipynb", "d.py")]
    items = [types.SimpleNamespace(path=path, cell=cell) for path in paths for cell in (0, 1)]
    config = types.SimpleNamespace(getoption=lambda name, default: nbval and name == "nbval_lax")
    plugin.pytest_collection_modifyitems(config, items)
    return [(item.path.stem, item.cell) for item in items]


def test_the_longest_lesson_runs_first(tmp_path):
    # One that was never measured might be the longest. A lesson's cells stay together and in order.
    assert ordered(tmp_path, True) == [(name, cell) for name in "cba0d" for cell in (0, 1)]
    assert ordered(tmp_path, False) == [(name, cell) for name in "0abcd" for cell in (0, 1)]
