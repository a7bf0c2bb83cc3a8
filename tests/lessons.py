"""Run the lessons and say what came out; `make execute`, `make results` and `make report` call it.

`execute` stores with each notebook how long it and its slowest cell ran, how much memory it needed,
and how fast the machine was; `results` writes README's two tables, its picture and each notebook's
sentence "It runs in ..." from the stored notebooks; `report` marks the lessons that are too slow or
too large; `speed` measures the machine.
"""

import argparse
import base64
import collections
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The course must hold on a slow machine: two virtual cores without 16-bit arithmetic, on which a
# plain epoch of Hinton & Salakhutdinov's network takes this many seconds. The limits, in seconds,
# are for that machine.
SLOW_EPOCH = 13.5
LESSON, CELL, TOGETHER, GIBIBYTES = 6 * 60, 150, 60 * 60, 2

# How each notebook says how long it runs: the sentence that `results` writes anew.
TOLD = re.compile(r"^\*\*It runs\b[^.]*\.", re.MULTILINE)

FRONT = (
    "09_variational_autoencoders.ipynb",
    "A square of 30 by 30 digits",
)  # README's picture: where, and how its alt text begins

# The kernel's peak resident memory in bytes, as an expression the kernel itself evaluates. On Linux
# getrusage would count that of the process which started the kernel, too.
PEAK_MEMORY = {
    "linux": "int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) * 1024",
    "darwin": "__import__('resource').getrusage(0).ru_maxrss",
    "win32": "__import__('psutil').Process().memory_info().peak_wset",
}

# A line of `checks.expect` with a published number. Claim and source are free text, so what stands
# between them must be exact: ": value unit (bounds; published number, ".
NUMBER = r"-?[\d,]*\.?\d+(?:e[+-]\d+)?"
CLAIM = re.compile(
    rf"✓ (?P<quantity>.+): (?P<ours>{NUMBER})(?: (?P<unit>.+?))?"
    rf" \((?P<wanted>(?:at most|at least|equal to|from {NUMBER} to) {NUMBER}(?: within {NUMBER})?)"
    rf"; published (?P<published>{NUMBER}), (?P<source>.+?)"
    rf"(?:; trained in (?P<seconds>{NUMBER}) s)?(?:; (?P<parameters>[\d,]+) parameters)?\)"
)


def read(path):
    """The stored notebook, with its metadata["course"], as `execute` wrote it, or empty if it was
    never measured."""
    book = json.loads(path.read_text(encoding="utf-8"))
    book["metadata"].setdefault("course", {})
    return book


def write(path, text):
    """Replace a file in one step, so that it is never half written."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8", newline="\n")
    os.replace(new, path)


def machine():
    """How fast this machine is: the rates of `runtime.speed`, and the seconds of one plain epoch in
    float32."""
    import numpy as np  # here, with what imports Keras, so that the other commands start at once

    from course_utils import models, runtime

    x = np.random.default_rng(0).random((256, 784), dtype="float32")
    model = models.dense_autoencoder(
        [784, 1000, 500, 250, 30], activation="silu", dtype="float32", seed=0
    )
    model.compile("adam", models.SquaredError())
    steps = []
    for _ in range(35):
        start = time.perf_counter()
        model.train_on_batch(x, x)
        steps.append(time.perf_counter() - start)
    # The first steps trace and warm up. An epoch of MNIST is 235 batches of 256.
    return runtime.speed() | {"epoch": round(235 * statistics.median(steps[5:]), 1)}


def measure():
    """What `machine` says, in a process of its own, whose memory is free again before a notebook
    starts."""
    command = [sys.executable, __file__, "speed"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def execute(path, speed):
    """Run a notebook from top to bottom in a fresh kernel, and store it with what
    `metadata["course"]` then holds."""
    book = nbformat.read(path, as_version=4)
    times = []  # when each code cell began and ended, in turn

    def note_time(**_):
        times.append(time.perf_counter())

    client = NotebookClient(
        book,
        kernel_name="python3",
        timeout=600,
        record_timing=False,
        on_cell_execute=note_time,
        on_cell_executed=note_time,
        resources={"metadata": {"path": str(path.parent)}},
    )
    start = time.perf_counter()
    with client.setup_kernel():
        client.execute(cleanup_kc=False)  # the kernel lives on, to be asked for its memory
        seconds = time.perf_counter() - start
        question = client.kc.execute(
            "", silent=True, user_expressions={"peak": PEAK_MEMORY[sys.platform]}
        )
        answer = client.wait_for_reply(question)["content"]["user_expressions"]["peak"]
    peak = int(answer["data"]["text/plain"]) / 2**30
    slowest = max(
        (end - begin for begin, end in zip(times[::2], times[1::2], strict=True)), default=0
    )
    course = {
        "seconds": round(seconds),
        "slowest_cell": round(slowest, 1),
        "peak_gib": round(peak, 2),
        "speed": speed,
    }
    book.metadata["course"] = course
    write(path, text_of(book))
    return course


def text_of(book):
    return nbformat.writes(book).rstrip("\n") + "\n"


def on_slow(course, key="seconds"):
    """An estimate of these seconds on the slow machine, or None if the machine that took them was
    not measured."""
    if "speed" not in course:
        return None
    return course[key] * max(1, SLOW_EPOCH / course["speed"]["epoch"])


def duration(seconds):
    minutes = round(seconds / 60)
    return (
        "less than a minute"
        if seconds < 45
        else "about a minute"
        if minutes == 1
        else f"about {minutes} minutes"
    )


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
    """The text of a stored notebook that says how long it runs, as it was measured."""
    book = nbformat.read(path, as_version=4)
    for cell in book.cells:
        if cell.cell_type == "markdown" and TOLD.search(cell.source):
            cell.source = TOLD.sub(sentence(book.metadata.get("course")), cell.source, count=1)
            return text_of(book)
    raise ValueError(
        f"{path.name} must have a sentence that begins a line with '**It runs', to be written anew"
    )


def replace_block(text, name, make):
    """The text with what stands between the markers of that name replaced by `make(what stands
    there)`."""
    begin, end = f"<!-- {name}: begin (make results) -->\n", f"<!-- {name}: end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(
            f"README.md must hold {begin.strip()} and, later, {end}, each once and on a line of its own"
        )
    before, rest = text.split(begin)
    block, after = rest.split(end)
    return f"{before}{begin}{make(block)}\n{end}{after}"


def row(*cells):
    return f"| {' | '.join(cells)} |"


def tenths(seconds):
    return "–" if seconds is None else f"{seconds / 60:.1f}"


def total(values, combine=sum):
    """What they come to, or None if one of them is not known."""
    return None if None in values else combine(values)


def largest(values):
    return max(values, default=0)


def span(values, form):
    """The one number that they all are, or the least and the greatest: notebooks can be stored at
    different hours."""
    return " to ".join(dict.fromkeys(f"{value:{form}}" for value in (min(values), max(values))))


def machine_line(speeds):
    """What the speeds stored with the notebooks say of the machine, or of the machines, that ran
    them."""
    float32, bfloat16, epoch = (
        span([speed[key] for speed in speeds], form)
        for key, form in (("float32", ".0f"), ("bfloat16", ".0f"), ("epoch", ".1f"))
    )
    return (
        f"The machine on which they were stored multiplies matrices at {float32} GFLOP/s in float32 and {bfloat16}"
        f" in bfloat16; a plain epoch of the 784-1000-500-250-30 network takes {epoch} s on it, and {SLOW_EPOCH} s on"
        f" the slow one."
    )


def lessons_block(block, books):
    """The table of lessons: the first three columns as typed, minutes and memory as measured, and
    the sums below it."""
    header = row(
        "", "lesson", "what it is about", "minutes", "on a slow machine", "memory"
    ).replace("|  |", "| |")
    table, names = [header, "|---" * 6 + "|"], []
    for line in [line for line in block.splitlines() if line.startswith("|")][2:]:
        typed = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:4]]
        link = re.search(r"\]\(notebooks/([^)]+)\)", line)
        if link is None or link[1] not in books:
            raise ValueError(
                f"a row of README's table of lessons links to no notebook that is there: {line}"
            )
        names.append(link[1])
        course = books[link[1]]["metadata"]["course"]
        minutes = (tenths(course["seconds"]), tenths(on_slow(course))) if course else ("–", "–")
        table.append(row(*typed, *minutes, f"{course['peak_gib']:.1f} GiB" if course else "–"))
    if names != list(books):
        raise ValueError(
            f"README's table of lessons must list each notebook once, in order, got {names}"
        )
    measured = [book["metadata"]["course"] for book in books.values() if book["metadata"]["course"]]
    slow = total([on_slow(course) for course in measured])
    of = (
        "" if len(measured) == len(books) else f", {len(measured)} of {len(books)} lessons measured"
    )
    and_slow = "" if slow is None else f", and {tenths(slow)} on a slow machine"
    together = (
        f"Together {tenths(sum(course['seconds'] for course in measured))} minutes{and_slow}{of}."
    )
    speeds = [course["speed"] for course in measured if "speed" in course]
    return "\n".join(
        [*table, "", " ".join([together, machine_line(speeds)] if speeds else [together])]
    )


def claims(name, book):
    """The claims with a published number that a stored notebook printed: one dictionary each, of
    CLAIM's groups."""
    found = []
    for cell in book["cells"]:
        # A line may be cut in two where the kernel flushed its output.
        printed = "".join(
            "".join(o["text"]) for o in cell.get("outputs", ()) if o.get("name") == "stdout"
        )
        for line in printed.splitlines():
            if line.startswith(("✓", "–")) and "published" in line:
                if not (match := CLAIM.fullmatch(line)):
                    raise ValueError(
                        f"{name} prints a published number in a form that is not understood: {line}"
                    )
                found.append(match.groupdict())
    return found


def outcome(claim):
    """Whether the published number was met. Two-sided claims want the same number, one-sided ones
    one as good."""
    ours, published = (float(claim[key].replace(",", "")) for key in ("ours", "published"))
    if claim["wanted"].startswith("at most"):
        return "reached" if ours <= published else "**missed**"
    if claim["wanted"].startswith("at least"):
        return "reached" if ours >= published else "**missed**"
    return "reproduced" if abs(ours - published) <= 0.05 * abs(published) else "**missed**"


def results_block(books):
    """The table of what the lessons obtained against what was published, and above it how many met
    it."""
    table, counts = [], collections.Counter()
    for name, book in books.items():
        for claim in claims(name, book):
            met = outcome(claim)
            counts[met] += 1
            cell = {key: (text or "–").replace("|", r"\|") for key, text in claim.items()}
            shown = [
                cell[key]
                for key in (
                    "quantity",
                    "unit",
                    "ours",
                    "published",
                    "source",
                    "seconds",
                    "parameters",
                )
            ]
            table.append(row(f"[{name[:2]}](notebooks/{name})", *shown[:4], met, *shown[4:]))
    of = ", ".join(
        f"{counts[met]} {met.strip('*')}" for met in ("reached", "reproduced", "**missed**")
    )
    header = row(
        "lesson", "quantity", "unit", "ours", "published", "met?", "source", "seconds", "parameters"
    )
    return "\n".join(
        [f"{len(table)} published numbers: {of}.", "", header, "|---" * 9 + "|", *table]
    )


def results(readme, paths):
    """The text of README.md with both tables written anew from the stored notebooks."""
    books = {path.name: read(path) for path in paths}
    readme = replace_block(readme, "lessons", lambda block: lessons_block(block, books))
    return replace_block(readme, "results", lambda _: results_block(books))


def front_picture(book):
    """README's picture, as bytes of a PNG: the figure of a stored notebook whose alternative text
    begins as FRONT says."""
    outputs = [output for cell in book["cells"] for output in cell.get("outputs", ())]
    for output in outputs:
        alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
        if alt.startswith(FRONT[1]):
            return base64.b64decode(output["data"]["image/png"])
    raise ValueError(f"{FRONT[0]} has no figure whose alternative text begins with {FRONT[1]!r}")


def report_line(name, course, limit):
    """Minutes and memory of a lesson as stored, its minutes and its slowest cell on the slow
    machine, and warnings."""
    slow, cell = course["slow"], course["slow_cell"]
    words = ["slow"] * ((slow or 0) > limit) + ["slow cell"] * ((cell or 0) > CELL)
    words += ["large"] * (course["peak_gib"] > GIBIBYTES)
    longest = "–" if cell is None else f"{cell:.0f}"
    stored = f"{tenths(course['seconds']):>5} min  {course['peak_gib']:5.2f} GiB"
    estimate = f"on a slow machine {tenths(slow):>5} min, slowest cell {longest:>3} s"
    return f"{name:40} {stored}  {estimate}  {', '.join(words)}".rstrip()


def report(paths):
    """Time and memory of each lesson and of all, with a word where one exceeds its limit on the
    slow machine."""
    lines, courses = [], []
    for path in paths:
        if not (course := read(path)["metadata"]["course"]):
            lines.append(f"{path.stem:40} not measured")
            continue
        courses.append(
            course | {"slow": on_slow(course), "slow_cell": on_slow(course, "slowest_cell")}
        )
        lines.append(report_line(path.stem, courses[-1], LESSON))
    all_of = {
        key: [course[key] for course in courses]
        for key in ("seconds", "slow", "slow_cell", "peak_gib")
    }
    together = {key: total(all_of[key]) for key in ("seconds", "slow")}
    together |= {key: total(all_of[key], largest) for key in ("slow_cell", "peak_gib")}
    return "\n".join([*lines, report_line("together, and the largest", together, TOGETHER)])


def main(arguments=None, readme=ROOT / "README.md", folder=ROOT / "notebooks"):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("execute").add_argument("notebooks", nargs="+", type=pathlib.Path)
    for name in ("results", "report", "speed"):
        commands.add_parser(name)
    given = parser.parse_args(arguments)
    stored = sorted(folder.glob("*.ipynb"))
    if given.command == "speed":
        print(json.dumps(machine()))
    elif given.command == "report":
        print(report(stored))
    elif given.command == "results":
        try:
            new = {path: tell(path) for path in stored}  # all of it before anything is written
            new[readme] = results(readme.read_text(encoding="utf-8"), stored)
            pictures = [front_picture(read(path)) for path in stored if path.name == FRONT[0]]
        except ValueError as error:
            sys.exit(str(error))
        for path, text in new.items():
            if text != path.read_text(encoding="utf-8"):
                write(path, text)
        for picture in pictures:
            (readme.parent / "images" / "plane.png").write_bytes(picture)
    elif given.command == "execute":
        execute_all(given.notebooks)


def execute_all(paths):
    for path in paths:
        if path.suffix != ".ipynb" or not path.is_file():
            sys.exit(f"NOTEBOOKS must name notebooks (.ipynb) that are there, got {path}")
    speed = measure()
    print(f"This machine: {speed}", flush=True)
    for path in paths:
        try:
            course = execute(path, speed)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            sys.exit(f"{path} failed and stays as it was: {error}")
        slowest, peak = course["slowest_cell"], course["peak_gib"]
        print(
            f"{path.name:45} {course['seconds']:4} s  slowest cell {slowest:5.1f} s  {peak:.2f} GiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
