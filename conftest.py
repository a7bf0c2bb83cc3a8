"""When notebooks run through nbval, count the claims that they judged and say so in the last line."""
import collections
import json
import os
import pathlib
import tempfile

from course_utils import runtime

_CLAIMS = "COURSE_CLAIMS"


def pytest_configure(config):
    if config.getoption("nbval", False) or config.getoption("nbval_lax", False):
        runtime.current_budget()  # a misspelt budget ends the run here, with its sentence
        handle, path = tempfile.mkstemp(suffix=".jsonl")
        os.close(handle)
        os.environ[_CLAIMS] = path  # the kernels inherit it


def pytest_unconfigure(config):
    path = os.environ.pop(_CLAIMS, None)
    if path is None:
        return
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    pathlib.Path(path).unlink()
    outcomes = collections.Counter(json.loads(line)["outcome"] for line in lines)
    judged = outcomes["held"] + outcomes["failed"]
    print(
        f"Budget {runtime.current_budget()}: {judged} claims judged ({outcomes['held']} held, {outcomes['failed']} "
        f"failed), {outcomes['not judged']} NOT judged."
    )
