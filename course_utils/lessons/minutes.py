"""How long lessons run: on the machine that stored them, on a slow one, in words, and in a report.

The course must hold on a slow machine: two virtual cores without 16-bit arithmetic, on which a
plain epoch of Hinton & Salakhutdinov's network takes SLOW_EPOCH seconds. The limits are for it.
"""

import re

from course_utils.lessons.stored import read, text_of

SLOW_EPOCH = 13.5
# In seconds: a lesson, a cell, and all lessons one after the other. Memory in GiB.
LESSON, CELL, TOGETHER, GIBIBYTES = 6 * 60, 150, 60 * 60, 2

# How each notebook says how long it runs: the sentence that `results` writes anew.
TOLD = re.compile(r"^\*\*It runs\b[^.]*\.", re.MULTILINE)


def on_slow(course, key="seconds"):
    """Seconds on the slow machine, estimated, or None if it is unknown how fast the other was."""
    if "speed" not in course:
        return None
    return course[key] * max(1, SLOW_EPOCH / course["speed"]["epoch"])


def duration(seconds):
    """A time as a reader would say it: in whole minutes."""
    minutes = round(seconds / 60)
    if seconds < 45:
        return "less than a minute"
    return "about a minute" if minutes == 1 else f"about {minutes} minutes"


def sentence(course):
    """How long a lesson runs, in the form that TOLD finds."""
    if not course:
        return "**It runs for a time not yet measured** by `make execute`."
    told, slow = duration(course["seconds"]), on_slow(course)
    if slow is None:
        aside = ""
    elif duration(slow) == told:
        aside = " (and on a slow one)"
    else:
        aside = f" ({duration(slow)} on a slow one)"
    return f"**It runs in {told}** on the machine on which it was stored{aside}."


def tell(path):
    """The text of a notebook's file in which the notebook says how long it runs, as measured.

    Args:
        path: a `pathlib.Path` of a stored notebook with a line that begins with "**It runs".

    Returns:
        The whole text of the file, with that sentence written anew.

    Raises:
        ValueError: if the notebook has no such line.
    """
    book = read(path)
    course = book["metadata"]["course"]
    if not course:
        del book["metadata"]["course"]
    for cell in book["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and TOLD.search(source):
            cell["source"] = TOLD.sub(sentence(course), source, count=1)
            return text_of(book)
    raise ValueError(
        f"{path.name} must have a sentence that begins a line with '**It runs', to be written anew"
    )


def tenths(seconds):
    """Minutes with one decimal, or a dash if they are not known."""
    return "–" if seconds is None else f"{seconds / 60:.1f}"


def total(values, combine=sum):
    """What they come to, or None if one of them is not known."""
    return None if None in values else combine(values)


def report(paths):
    """Time and memory of stored notebooks, with a word where one exceeds its limit.

    Args:
        paths: of notebooks that `execute` has stored.

    Returns:
        Text, a line a notebook and one for all together: minutes and GiB as stored; minutes and the
        slowest cell's seconds as estimated for the slow machine, for which the limits are; then
        "slow" (over six minutes, or an hour together), "slow cell" (over 150 s), "large" (over
        2 GiB).

    >>> print(report([]).partition("  ")[0])
    together, and the largest
    """
    lines, courses = [], []
    for path in paths:
        if not (course := read(path)["metadata"]["course"]):
            lines.append(f"{path.stem:40} not measured")
            continue
        slow = {"slow": on_slow(course), "slow_cell": on_slow(course, "slowest_cell")}
        courses.append(course | slow)
        lines.append(_report_line(path.stem, courses[-1], LESSON))
    all_of = {
        key: [course[key] for course in courses]
        for key in ("seconds", "slow", "slow_cell", "peak_gib")
    }
    together = {key: total(all_of[key]) for key in ("seconds", "slow")}
    together |= {key: total(all_of[key], _largest) for key in ("slow_cell", "peak_gib")}
    return "\n".join([*lines, _report_line("together, and the largest", together, TOGETHER)])


def _largest(values):
    return max(values, default=0)


def _report_line(name, course, limit):
    slow, cell = course["slow"], course["slow_cell"]
    words = ["slow"] * ((slow or 0) > limit) + ["slow cell"] * ((cell or 0) > CELL)
    words += ["large"] * (course["peak_gib"] > GIBIBYTES)
    longest = "–" if cell is None else f"{cell:.0f}"
    stored = f"{tenths(course['seconds']):>5} min  {course['peak_gib']:5.2f} GiB"
    estimate = f"on a slow machine {tenths(slow):>5} min, slowest cell {longest:>3} s"
    return f"{name:40} {stored}  {estimate}  {', '.join(words)}".rstrip()
