"""A README's two tables, written from stored notebooks: what each takes, and what it reproduces."""

import collections
import re

from course_utils.claims import seconds_text, text
from course_utils.lessons.minutes import SLOW_EPOCH, on_slow, tenths, total
from course_utils.lessons.stored import claims, read


def results(readme, paths):
    """The text of a README with both tables written anew.

    Args:
        readme: its text. Between the lines `<!-- lessons: begin (make results) -->` and
            `<!-- lessons: end -->` it holds a table whose first three columns are typed: a number,
            a link `[title](notebooks/name.ipynb)`, and what the lesson is about. Likewise marked,
            `results` is the place of the other table.
        paths: of all notebooks, in the order of that table.

    Returns:
        The new text.

    Raises:
        ValueError: if the README lacks a marker, or lists other notebooks.
    """
    books = {path.name: read(path) for path in paths}
    readme = replace_block(readme, "lessons", lambda block: lessons_block(block, books))
    return replace_block(readme, "results", lambda _: results_block(books))


def replace_block(readme, name, make):
    """The text with `make(what stands there)` between the markers of that name."""
    begin, end = f"<!-- {name}: begin (make results) -->\n", f"<!-- {name}: end -->"
    once = readme.count(begin) == 1 and readme.count(end) == 1
    if not once or readme.index(begin) > readme.index(end):
        raise ValueError(
            f"README.md must hold {begin.strip()} and, later, {end}, each once and on a line of"
            " its own"
        )
    before, rest = readme.split(begin)
    block, after = rest.split(end)
    return f"{before}{begin}{make(block)}\n{end}{after}"


def row(*cells):
    """A line of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def lessons_block(block, books):
    """The table of lessons, and below it the sums and the machine."""
    header = ("lesson", "what it is about", "minutes", "on a slow machine", "memory")
    table, names = ["| " + row(*header), "|---" * 6 + "|"], []
    for line in [line for line in block.splitlines() if line.startswith("|")][2:]:
        link = re.search(r"\]\(notebooks/([^)]+)\)", line)
        if link is None or link[1] not in books:
            raise ValueError(
                f"a row of README's table of lessons links to no notebook that is there: {line}"
            )
        names.append(link[1])
        typed = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:4]]
        table.append(row(*typed, *_measured(books[link[1]]["metadata"]["course"])))
    if names != list(books):
        raise ValueError(
            f"README's table of lessons must list each notebook once, in order, got {names}"
        )
    return "\n".join([*table, "", _sums(books)])


def _measured(course):
    if not course:
        return "–", "–", "–"
    return tenths(course["seconds"]), tenths(on_slow(course)), f"{course['peak_gib']:.1f} GiB"


def _sums(books):
    courses = [book["metadata"]["course"] for book in books.values()]
    measured = [course for course in courses if course]
    slow = total([on_slow(course) for course in measured])
    of = (
        "" if len(measured) == len(books) else f", {len(measured)} of {len(books)} lessons measured"
    )
    and_slow = "" if slow is None else f", and {tenths(slow)} on a slow machine"
    minutes = tenths(sum(course["seconds"] for course in measured))
    speeds = [course["speed"] for course in measured if "speed" in course]
    return " ".join([f"Together {minutes} minutes{and_slow}{of}.", *_machine(speeds)])


def _machine(speeds):
    """A sentence on the machine, or the machines, that ran the notebooks; none if unknown."""
    if not speeds:
        return []
    float32, bfloat16, epoch = (
        _span([speed[key] for speed in speeds], form)
        for key, form in (("float32", ".0f"), ("bfloat16", ".0f"), ("epoch", ".1f"))
    )
    return [
        f"The machine on which they were stored multiplies matrices at {float32} GFLOP/s in"
        f" float32 and {bfloat16} in bfloat16; a plain epoch of the 784-1000-500-250-30 network"
        f" takes {epoch} s on it, and {SLOW_EPOCH} s on the slow one."
    ]


def _span(values, form):
    """The number that all are, or the least and the greatest: hours differ in speed."""
    return " to ".join(dict.fromkeys(f"{value:{form}}" for value in (min(values), max(values))))


def outcome(record):
    """Whether a claim met its published number.

    A claim with two sides wants the same number, one with one side a number as good.
    """
    published = record["published"]
    ours = float(f"{record['value']:.5g}")  # as the table shows it
    if record["equals"] is not None or None not in (record["at_most"], record["at_least"]):
        return "reproduced" if abs(ours - published) <= 0.05 * abs(published) else "**missed**"
    reached = ours >= published if record["at_most"] is None else ours <= published
    return "reached" if reached else "**missed**"


def results_block(books):
    """The table of what was obtained against what was published, and how many met it."""
    header = ("lesson", "quantity", "unit", "ours", "published", "met?", "source")
    header += ("seconds", "parameters")
    table, counts = [row(*header), "|---" * len(header) + "|"], collections.Counter()
    for name, book in books.items():
        for record in claims(book):
            if record["published"] is not None and record["verdict"] == "held":
                met = outcome(record)
                counts[met] += 1
                table.append(row(f"[{name[:2]}](notebooks/{name})", *_result(record, met)))
    of = ", ".join(
        f"{counts[met]} {met.strip('*')}" for met in ("reached", "reproduced", "**missed**")
    )
    return "\n".join([f"{counts.total()} published numbers: {of}.", "", *table])


def _result(record, met):
    seconds, parameters = record["seconds"], record["parameters"]
    cells = (
        record["claim"],
        record["unit"] or "–",
        text(record["value"]),
        text(record["published"]),
        met,
        record["source"],
        "–" if seconds is None else seconds_text(seconds),
        "–" if parameters is None else text(parameters),
    )
    return [cell.replace("|", r"\|") for cell in cells]
