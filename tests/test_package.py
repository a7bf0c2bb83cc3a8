"""The package as a whole: what importing it costs and brings in, and that the project's files agree."""
import ast
import os
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
GROUND_FLOOR = ("datasets", "pca", "metrics", "plotting", "checks", "runtime", "_validate")


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=os.environ | environment
    )


def test_importing_the_package_is_quick_and_light():
    code = (
        "import sys, time; start = time.perf_counter(); import course_utils; took = time.perf_counter() - start;"
        "print(took, 'numpy' in sys.modules)"
    )
    seconds, numpy_loaded = min(run_python(code).stdout.split() for _ in range(3))
    assert float(seconds) < 0.1
    assert numpy_loaded == "False"


def test_the_ground_floor_loads_no_keras():
    imports = "; ".join(f"import course_utils.{name}" for name in GROUND_FLOOR)
    code = f"import sys; {imports}; print([m for m in ('keras', 'tensorflow', 'jax', 'torch') if m in sys.modules])"
    assert run_python(code).stdout.strip() == "[]"


def test_arrows_run_downwards_only():
    modules = {path.stem: path for path in (ROOT / "course_utils").glob("*.py")}
    for name in GROUND_FLOOR:
        tree = ast.parse(modules[name].read_text(encoding="utf-8"))
        ours = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "course_utils":
                ours |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("course_utils."):
                ours.add(node.module.split(".")[1])
        assert ours <= set(GROUND_FLOOR), f"{name} imports {ours}"


def test_tensorflow_starts_quietly_with_onednn_on():
    # A plain environment, as a student has it who starts Python without make.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    code = "import course_utils, tensorflow as tf, os; tf.ones(3) + 1; print(os.environ.get('TF_ENABLE_ONEDNN_OPTS'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() == "None"


def test_an_environment_variable_that_is_set_stays():
    code = "import course_utils, os; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert run_python(code, TF_CPP_MIN_LOG_LEVEL="0").stdout.strip() == "0"


def test_constraints_pin_every_dependency_and_name_no_index():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    pinned = {line.split("==")[0].lower() for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    assert {re.match(r"[\w.-]+", requirement).group().lower() for requirement in wanted} <= pinned


def conda_environment():
    """(conda requirements, pip requirements) of environment.yml, read line by line: its form is that simple."""
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
    assert set(groups) == set(project["optional-dependencies"]) - {"lock"}
    assert "pip:" in conda and any(requirement == "pip" for requirement in conda)


@pytest.mark.parametrize("target", ["lab", "test", "test-lessons", "install", "execute", "bench", "lock"])
def test_make_help_lists_the_target(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:.*## \S", makefile, re.MULTILINE)
