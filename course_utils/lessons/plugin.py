"""A plugin of pytest, which knows it wherever this package is installed: it counts claims.

Where notebooks run through nbval, the longest run first (so that of two at a time none is left to
run alone for long), and the last line says how many claims were judged, held, failed and left open.
"""

import collections
import json
import os
import pathlib
import tempfile

import pytest

from course_utils import runtime

_CLAIMS = "COURSE_CLAIMS"  # names the file to which `claims.expect` adds its records
_PATH = pytest.StashKey[str]()


def _runs_notebooks(config):
    return config.getoption("nbval", False) or config.getoption("nbval_lax", False)


def pytest_configure(config):
    # A worker of pytest-xdist finds the variable set, and leaves the sum to the first process.
    if not _runs_notebooks(config) or _CLAIMS in os.environ:
        return
    try:
        runtime.current_budget()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    handle, path = tempfile.mkstemp(suffix=".jsonl")
    os.close(handle)
    os.environ[_CLAIMS] = path  # the kernels inherit it
    config.stash[_PATH] = path


def pytest_collection_modifyitems(config, items):
    if _runs_notebooks(config):
        seconds = {path: _seconds(path) for path in {item.path for item in items}}
        items.sort(key=lambda item: -seconds[item.path])


def _seconds(path):
    """How long a notebook ran when it was stored, infinity if nobody knows; other files 0."""
    if path.suffix != ".ipynb":
        return 0
    metadata = json.loads(path.read_text(encoding="utf-8")).get("metadata", {})
    return metadata.get("course", {}).get("seconds", float("inf"))


def pytest_unconfigure(config):
    path = config.stash.get(_PATH, None)
    if path is None:
        return
    del os.environ[_CLAIMS]
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    pathlib.Path(path).unlink()
    verdicts = collections.Counter(json.loads(line)["verdict"] for line in lines)
    judged = verdicts["held"] + verdicts["failed"]
    print(
        f"Budget {runtime.current_budget()}: {judged} claims judged ({verdicts['held']} held,"
        f" {verdicts['failed']} failed), {verdicts['not judged']} NOT judged."
    )
