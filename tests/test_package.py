"""The package as a whole: what importing it costs and brings in, and that the project's files
agree."""

import ast
import importlib
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
# From the ground up: each room, a file or a folder, imports none but those before it.
GROUND_FLOOR = ("runtime", "_validate", "claims", "exercises", "checks", "datasets", "latent")
GROUND_FLOOR += ("pca", "metrics", "plotting")
ROOMS = (*GROUND_FLOOR, "layers", "models", "training", "lessons")
# Over 400 lines: `pca` is one class and its docstring.
LARGE = {"pca"}


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
        "import sys, time; start = time.perf_counter(); import course_utils;"
        "print(time.perf_counter() - start, 'numpy' in sys.modules)"
    )
    answers = [run_python(code).stdout.split() for _ in range(3)]
    assert min(float(seconds) for seconds, _ in answers) < 0.1
    assert {numpy_loaded for _, numpy_loaded in answers} == {"False"}


def test_the_ground_floor_loads_no_keras():
    imports = "; ".join(f"import course_utils.{name}" for name in GROUND_FLOOR)
    heavy = ("keras", "tensorflow", "jax", "torch")
    code = f"import sys; {imports}; print([m for m in {heavy} if m in sys.modules])"
    assert run_python(code).stdout.strip() == "[]"


def imported(path):
    """The full names of all that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def files(room):
    """The files of a room, by what they are called in an import."""
    paths = [ROOT / "course_utils" / f"{room}.py", *(ROOT / "course_utils" / room).glob("*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    found = dict(zip((name.removesuffix(".__init__") for name in names), paths, strict=True))
    return {name: path for name, path in found.items() if path.is_file()}


def test_every_file_of_the_package_is_in_a_room():
    everything = set((ROOT / "course_utils").rglob("*.py")) - {ROOT / "course_utils/__init__.py"}
    assert everything == {path for room in ROOMS for path in files(room).values()}


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_run_downwards_only(room):
    """Between rooms, and within a folder, from file to file."""
    below = {name for lower in ROOMS[: ROOMS.index(room)] for name in files(lower)}
    arrows = {}
    for name, path in files(room).items():
        ours = {full for full in imported(path) if full.startswith("course_utils.")}
        known = {full: prefixes(full) & (below | files(room).keys()) for full in ours}
        assert all(known.values()), f"{name} imports what is not below: {known}"
        targets = {max(found, key=len) for found in known.values()}
        arrows[name] = targets - below - {name}
    while arrows:  # take away those that need none of the rest
        free = {name for name, targets in arrows.items() if not targets & arrows.keys()}
        assert free, f"these import each other: {arrows}"
        arrows = {name: targets for name, targets in arrows.items() if name not in free}


def prefixes(full):
    parts = full.split(".")
    return {".".join(parts[:i]) for i in range(1, len(parts) + 1)}


@pytest.mark.parametrize("room", ROOMS)
def test_no_file_outgrows_its_room(room):
    lines = {
        name.removeprefix("course_utils."): len(path.read_text(encoding="utf-8").splitlines())
        for name, path in files(room).items()
    }
    assert {name for name, count in lines.items() if count > 400} <= LARGE


def test_no_public_name_is_lost():
    """Names that a release has had: assignments and other people's notebooks use them."""
    listed = (ROOT / "tests" / "public_names.txt").read_text(encoding="utf-8").split()
    assert len(listed) > 100
    for full in listed:
        room, name = full.rsplit(".", 1)
        assert hasattr(importlib.import_module(f"course_utils.{room}"), name), full
    public = {full for room in ROOMS if room[0] != "_" for full in public_names(room)}
    missing = public - set(listed)
    assert not missing, f"add them to tests/public_names.txt: {sorted(missing)}"


def public_names(room):
    module = importlib.import_module(f"course_utils.{room}")
    for name, value in vars(module).items():
        if name.startswith("_") or isinstance(value, types.ModuleType):
            continue
        if getattr(value, "__module__", module.__name__).startswith(module.__name__):
            yield f"{room}.{name}"


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
    code = (
        "import course_utils, tensorflow as tf, os; tf.ones(3) + 1;"
        "print(os.environ.get('TF_ENABLE_ONEDNN_OPTS'))"
    )
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


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not here")
@pytest.mark.parametrize("moved", [True, False])
def test_make_notices_that_the_folder_was_moved(tmp_path, moved):
    shutil.copy(ROOT / "Makefile", tmp_path)
    script, python = (tmp_path / ".venv" / "bin" / name for name in ("pip", "python3"))
    script.parent.mkdir(parents=True)
    python.touch()
    place = "/somewhere/else/.venv/bin/python3" if moved else python
    script.write_text(f"#!{place}\n", encoding="utf-8")
    told = subprocess.run(
        ["make", "help"], capture_output=True, text=True, check=True, cwd=tmp_path
    ).stdout
    assert ("was moved or renamed" in told) == moved
    assert script.exists() != moved
