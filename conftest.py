"""When notebooks run through nbval, count the claims that they judged and say so in the last line."""
import collections
import json
import os
import pathlib
import tempfile

import pytest

from course_utils import runtime

_CLAIMS = "COURSE_CLAIMS"
_PATH = pytest.StashKey[str]()


def pytest_configure(config):
    runs_notebooks = config.getoption("nbval", False) or config.getoption("nbval_lax", False)
    if not runs_notebooks or _CLAIMS in os.environ:  # a worker of pytest-xdist finds it set, and leaves the sum to the first
        return
    try:
        runtime.current_budget()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    handle, path = tempfile.mkstemp(suffix=".jsonl")
    os.close(handle)
    os.environ[_CLAIMS] = path  # the kernels inherit it
    config.stash[_PATH] = path


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
