"""The package as a whole: what importing it costs and brings in, and that the project's files
agree."""

import ast
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
import types

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
GROUND_FLOOR = (
    "datasets",
    "pca",
    "metrics",
    "latent",
    "plotting",
    "checks",
    "runtime",
    "_validate",
)
FIRST_FLOOR = ("layers", "models", "training")  # each may import those before it


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | environment,
    )


def test_importing_the_package_is_quick_and_light():
    code = (
        "import sys, time; start = time.perf_counter(); import course_utils; took = time.perf_counter() - start;"
        "print(took, 'numpy' in sys.modules)"
    )
    answers = [run_python(code).stdout.split() for _ in range(3)]
    assert min(float(seconds) for seconds, _ in answers) < 0.1
    assert {numpy_loaded for _, numpy_loaded in answers} == {"False"}


def test_the_ground_floor_loads_no_keras():
    imports = "; ".join(f"import course_utils.{name}" for name in GROUND_FLOOR)
    code = f"import sys; {imports}; print([m for m in ('keras', 'tensorflow', 'jax', 'torch') if m in sys.modules])"
    assert run_python(code).stdout.strip() == "[]"


def test_arrows_run_downwards_only():
    modules = {path.stem: path for path in (ROOT / "course_utils").glob("*.py")}
    assert set(modules) == {"__init__", *GROUND_FLOOR, *FIRST_FLOOR}
    allowed = {name: set(GROUND_FLOOR) for name in GROUND_FLOOR}
    allowed |= {name: {*GROUND_FLOOR, *FIRST_FLOOR[:i]} for i, name in enumerate(FIRST_FLOOR)}
    for name, below in allowed.items():
        tree = ast.parse(modules[name].read_text(encoding="utf-8"))
        ours = set()
        for node in ast.walk(tree):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, (ast.Import, ast.ImportFrom))
                else []
            )
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, (
                    f"{name} has a relative import, which this test does not follow"
                )
                names = [f"{node.module}.{alias}" for alias in names]
            ours |= {full.split(".")[1] for full in names if full.startswith("course_utils.")}
        assert ours <= below, f"{name} imports {ours - below}"


def imported(path):
    """The full names of all that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def those_that_import(names, paths):
    """The files among `paths` that import one of the modules called `names`, or something of it."""
    there = re.compile("|".join(rf"{re.escape(name)}(\.|$)" for name in names))
    return {path for path in paths if any(map(there.match, imported(path)))}


def test_what_depends_on_the_backend_runs_on_each_and_nothing_else_does():
    backends = ["keras", "tensorflow", "jax", "torch"]
    ours = those_that_import(backends, (ROOT / "course_utils").rglob("*.py"))
    rooms = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in ours
    ]
    wanted = ours | those_that_import(backends + rooms, (ROOT / "tests").glob("test_*.py"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    names = re.search("^BACKEND_TESTS := (.*)", makefile, re.MULTILINE)[1].split()
    listed = [ROOT / name.split("::")[0] for name in names]  # files and folders
    missing = {
        path for path in wanted if not any(place in (path, *path.parents) for place in listed)
    }
    assert not missing, "make test-backends forgets them: add them to BACKEND_TESTS in the Makefile"
    needless = [
        place for place in listed if not any(place in (path, *path.parents) for path in wanted)
    ]
    assert not needless, (
        "no backend matters to them: take them out of BACKEND_TESTS in the Makefile"
    )


def test_tensorflow_starts_quietly_with_onednn_on():
    # A plain environment, as a student has it who starts Python without make.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    code = "import course_utils, tensorflow as tf, os; tf.ones(3) + 1; print(os.environ.get('TF_ENABLE_ONEDNN_OPTS'))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stderr == ""
    assert done.stdout.strip() == "1"


def test_an_environment_variable_that_is_set_stays():
    code = "import course_utils, os; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert run_python(code, TF_CPP_MIN_LOG_LEVEL="0").stdout.strip() == "0"


def test_constraints_pin_every_dependency_and_name_no_index():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    pinned = {
        line.split("==")[0].lower() for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    assert {re.match(r"[\w.-]+", requirement).group().lower() for requirement in wanted} <= pinned


def conda_environment():
    """(conda requirements, pip requirements) of environment.yml, read line by line: its form is
    that simple."""
    conda, pip = [], []
    for line in (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"^( +)- (.+?)\s*(?:#.*)?$", line):
            (pip if len(match[1]) > 2 else conda).append(match[2])
    return conda, pip


def test_environment_yml_and_pyproject_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    conda, pip = conda_environment()
    python = next(requirement for requirement in conda if requirement.startswith("python"))
    assert python == "python" + project["requires-python"]
    assert "--constraint constraints.txt" in pip
    groups = re.search(r"--editable \.\[(.+)\]", "\n".join(pip))[1].split(",")
    assert set(groups) == set(project["optional-dependencies"]) - {"lock", "backends", "grading"}
    assert "pip:" in conda and any(requirement == "pip" for requirement in conda)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not here")
def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)", makefile, re.MULTILINE)[1].split())
    told = subprocess.run(
        ["make", "help"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert {line.split()[0] for line in told.splitlines() if not line.startswith("make")} == targets
    assert {
        "lab",
        "test",
        "test-lessons",
        "test-backends",
        "install",
        "help",
        "lock",
        "bench",
        "execute",
    } <= targets


@pytest.mark.parametrize(
    "budget, judged",
    [
        ("smoke", "1 claims judged (1 held, 0 failed), 1 NOT judged."),
        ("quick", "2 claims judged (1 held, 1 failed), 0 NOT judged."),
    ],
)
def test_the_last_line_of_a_run_counts_its_claims(tmp_path, budget, judged):
    import nbformat.v4 as nbformat

    book = nbformat.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    )
    book.cells.append(
        nbformat.new_code_cell(
            "from course_utils.checks import expect\nexpect('exact', 1, equals=1)"
        )
    )
    book.cells.append(nbformat.new_code_cell("expect('trained', 2, equals=1, trained=True)"))
    (tmp_path / "lesson.ipynb").write_text(json.dumps(book))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "conftest",
        "--nbval-lax",
        "--nbval-current-env",
        "-q",
        str(tmp_path),
    ]
    environment = os.environ | {"COURSE_BUDGET": budget, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == f"Budget {budget}: {judged}"
    assert done.returncode == (0 if budget == "smoke" else 1)


def test_a_misspelt_budget_ends_a_run_with_one_sentence(tmp_path):
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "--nbval-lax", str(tmp_path)]
    environment = os.environ | {"COURSE_BUDGET": "fast", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 4 and "INTERNALERROR" not in done.stdout + done.stderr
    assert "COURSE_BUDGET must be one of smoke, quick, full, got 'fast'" in done.stderr


def test_the_longest_lesson_runs_first(tmp_path):
    spec = importlib.util.spec_from_file_location("conftest_of_the_course", ROOT / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, metadata in (
        ("a", {"course": {"seconds": 5}}),
        ("b", {"course": {"seconds": 60}}),
        ("c", {}),
    ):
        (tmp_path / f"{name}.ipynb").write_text(
            json.dumps({"metadata": metadata}), encoding="utf-8"
        )
    items = [
        types.SimpleNamespace(path=tmp_path / f"{name}.ipynb", cell=cell)
        for name in "abc"
        for cell in (0, 1)
    ]
    module.pytest_collection_modifyitems(items)
    # One that was never measured might be the longest. A lesson's cells stay together and in order.
    assert [(item.path.stem, item.cell) for item in items] == [
        (name, cell) for name in "cba" for cell in (0, 1)
    ]
