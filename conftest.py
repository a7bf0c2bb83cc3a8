"""When notebooks run through nbval, run the longest first, count the claims judged and say so in
the last line."""

import collections
import json
import os
import pathlib
import tempfile

import pytest

from course_utils import runtime

_CLAIMS = "COURSE_CLAIMS"
_PATH = pytest.StashKey[str]()
_LONG = {
    "test_grading.py": 100,
    "test_assignments.py": 99,
}  # seconds, roughly; no other file of tests comes near


def pytest_configure(config):
    runs_notebooks = config.getoption("nbval", False) or config.getoption("nbval_lax", False)
    if (
        not runs_notebooks or _CLAIMS in os.environ
    ):  # a worker of pytest-xdist finds it set, and leaves the sum to the first
        return
    try:
        runtime.current_budget()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    handle, path = tempfile.mkstemp(suffix=".jsonl")
    os.close(handle)
    os.environ[_CLAIMS] = path  # the kernels inherit it
    config.stash[_PATH] = path


def _seconds(path):
    """About how long a file takes: a notebook as long as when it was stored, and infinity if nobody
    knows."""
    if path.suffix == ".ipynb":
        metadata = json.loads(path.read_text(encoding="utf-8")).get("metadata", {})
        return metadata.get("course", {}).get("seconds", float("inf"))
    return _LONG.get(path.name, 0)


def pytest_collection_modifyitems(items):
    """The longest files first: where two run at once, none should be left to run alone for long."""
    seconds = {path: _seconds(path) for path in {item.path for item in items}}
    items.sort(key=lambda item: -seconds[item.path])


def pytest_unconfigure(config):
    path = config.stash.get(_PATH, None)
    if path is None:
        return
    del os.environ[_CLAIMS]
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    pathlib.Path(path).unlink()
    outcomes = collections.Counter(json.loads(line)["outcome"] for line in lines)
    judged = outcomes["held"] + outcomes["failed"]
    print(
        f"Budget {runtime.current_budget()}: {judged} claims judged ({outcomes['held']} held, {outcomes['failed']} "
        f"failed), {outcomes['not judged']} NOT judged."
    )
