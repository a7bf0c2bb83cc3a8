"""Run notebooks, and say what came out: how long, how large, which claims, which published numbers.

`python -m course_utils.lessons` does it from the command line, on this course's notebooks or on
others: `execute` stores notebooks from one clean run, with how long it and its slowest cell took,
how much memory it needed, and how fast the machine was; `results` writes README's tables and each
notebook's sentence "It runs in ..." from what is stored; `report` marks what is too slow or too
large; `speed` measures the machine. `plugin` counts the claims of a run of pytest.
"""

from course_utils.lessons.execution import execute, machine, measure
from course_utils.lessons.minutes import report, tell
from course_utils.lessons.stored import claims, picture, read
from course_utils.lessons.tables import results

__all__ = [
    "claims",
    "execute",
    "machine",
    "measure",
    "picture",
    "read",
    "report",
    "results",
    "tell",
]
