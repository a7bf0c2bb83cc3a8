"""Run the lessons and say what came out; `make execute`, `make results` and `make report` call it.

`execute` stores with each notebook how long it ran and how much memory it needed; `results` writes README's two tables
and its picture from the stored notebooks; `report` marks the lessons that are too slow or too large.
"""
import argparse
import base64
import collections
import json
import os
import pathlib
import re
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = pathlib.Path(__file__).resolve().parent.parent
MINUTES, MINUTES_OF = 4, {"03": 5, "08": 5}  # the longest that a lesson may run, and the exceptions
MINUTES_TOGETHER, GIBIBYTES = 30, 2
FRONT = "09_variational_autoencoders.ipynb", "A square of 30 by 30 digits"  # README's picture: where, and how its alt text begins

# The kernel's peak resident memory in bytes, as an expression the kernel itself evaluates. On Linux getrusage would
# count that of the process which started the kernel, too.
PEAK_MEMORY = {
    "linux": "int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) * 1024",
    "darwin": "__import__('resource').getrusage(0).ru_maxrss",
    "win32": "__import__('psutil').Process().memory_info().peak_wset",
}

# A line of `checks.expect` with a published number. Claim and source are free text, so what stands between them must be
# exact: ": value unit (bounds; published number, ".
NUMBER = r"-?[\d,]*\.?\d+(?:e[+-]\d+)?"
CLAIM = re.compile(
    rf"✓ (?P<quantity>.+): (?P<ours>{NUMBER})(?: (?P<unit>.+?))?"
    rf" \((?P<wanted>(?:at most|at least|equal to|from {NUMBER} to) {NUMBER}(?: within {NUMBER})?)"
    rf"; published (?P<published>{NUMBER}), (?P<source>.+?)"
    rf"(?:; trained in (?P<seconds>{NUMBER}) s)?(?:; (?P<parameters>[\d,]+) parameters)?\)"
)


def read(path):
    """The stored notebook, with its metadata["course"]: seconds and peak_gib, or empty if it was never measured."""
    book = json.loads(path.read_text(encoding="utf-8"))
    book["metadata"].setdefault("course", {})
    return book


def write(path, text):
    """Replace a file in one step, so that it is never half written."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8", newline="\n")
    os.replace(new, path)


def execute(path):
    """Run a notebook from top to bottom in a fresh kernel, store it, and return seconds and peak memory in GiB."""
    book = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(book, kernel_name="python3", timeout=600, record_timing=False, resources=where)
    start = time.perf_counter()
    with client.setup_kernel():
        client.execute(cleanup_kc=False)  # the kernel lives on, to be asked for its memory
        seconds = time.perf_counter() - start
        question = client.kc.execute("", silent=True, user_expressions={"peak": PEAK_MEMORY[sys.platform]})
        answer = client.wait_for_reply(question)["content"]["user_expressions"]["peak"]
    peak = int(answer["data"]["text/plain"]) / 2**30
    book.metadata["course"] = {"seconds": round(seconds), "peak_gib": round(peak, 2)}
    write(path, nbformat.writes(book).rstrip("\n") + "\n")
    return seconds, peak


def replace_block(text, name, make):
    """The text with what stands between the markers of that name replaced by `make(what stands there)`."""
    begin, end = f"<!-- {name}: begin (make results) -->\n", f"<!-- {name}: end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"README.md must hold {begin.strip()} and, later, {end}, each once and on a line of its own")
    before, rest = text.split(begin)
    block, after = rest.split(end)
    return f"{before}{begin}{make(block)}\n{end}{after}"


def row(*cells):
    return f"| {' | '.join(cells)} |"


def lessons_block(block, books):
    """The table of lessons: the first three columns as typed, minutes and memory as measured, and the sum below it."""
    table = [row("", "lesson", "what it is about", "minutes", "memory").replace("|  |", "| |"), "|---|---|---|---|---|"]
    names = []
    for line in [line for line in block.splitlines() if line.startswith("|")][2:]:
        typed = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:4]]
        link = re.search(r"\]\(notebooks/([^)]+)\)", line)
        if link is None or link[1] not in books:
            raise ValueError(f"a row of README's table of lessons links to no notebook that is there: {line}")
        names.append(link[1])
        course = books[link[1]]["metadata"]["course"]
        measured = (f"{course['seconds'] / 60:.1f}", f"{course['peak_gib']:.1f} GiB") if course else ("–", "–")
        table.append(row(*typed, *measured))
    if names != list(books):
        raise ValueError(f"README's table of lessons must list each notebook once, in order, got {names}")
    seconds = [book["metadata"]["course"]["seconds"] for book in books.values() if book["metadata"]["course"]]
    of = "" if len(seconds) == len(books) else f", {len(seconds)} of {len(books)} lessons measured"
    return "\n".join([*table, "", f"Together {sum(seconds) / 60:.1f} minutes{of}."])


def claims(name, book):
    """The claims with a published number that a stored notebook printed: one dictionary each, of CLAIM's groups."""
    found = []
    for cell in book["cells"]:
        # A line may be cut in two where the kernel flushed its output.
        printed = "".join("".join(o["text"]) for o in cell.get("outputs", ()) if o.get("name") == "stdout")
        for line in printed.splitlines():
            if line.startswith(("✓", "–")) and "published" in line:
                if not (match := CLAIM.fullmatch(line)):
                    raise ValueError(f"{name} prints a published number in a form that is not understood: {line}")
                found.append(match.groupdict())
    return found


def outcome(claim):
    """Whether the published number was met. Two-sided claims want the same number, one-sided ones one as good."""
    ours, published = (float(claim[key].replace(",", "")) for key in ("ours", "published"))
    if claim["wanted"].startswith("at most"):
        return "reached" if ours <= published else "**missed**"
    if claim["wanted"].startswith("at least"):
        return "reached" if ours >= published else "**missed**"
    return "reproduced" if abs(ours - published) <= 0.05 * abs(published) else "**missed**"


def results_block(books):
    """The table of what the lessons obtained against what was published, and above it how many met it."""
    table, counts = [], collections.Counter()
    for name, book in books.items():
        for claim in claims(name, book):
            met = outcome(claim)
            counts[met] += 1
            cell = {key: (text or "–").replace("|", r"\|") for key, text in claim.items()}
            shown = [cell[key] for key in ("quantity", "unit", "ours", "published", "source", "seconds", "parameters")]
            table.append(row(f"[{name[:2]}](notebooks/{name})", *shown[:4], met, *shown[4:]))
    of = ", ".join(f"{counts[met]} {met.strip('*')}" for met in ("reached", "reproduced", "**missed**"))
    header = row("lesson", "quantity", "unit", "ours", "published", "met?", "source", "seconds", "parameters")
    return "\n".join([f"{len(table)} published numbers: {of}.", "", header, "|---" * 9 + "|", *table])


def results(readme, paths):
    """The text of README.md with both tables written anew from the stored notebooks."""
    books = {path.name: read(path) for path in paths}
    readme = replace_block(readme, "lessons", lambda block: lessons_block(block, books))
    return replace_block(readme, "results", lambda _: results_block(books))


def front_picture(book):
    """README's picture, as bytes of a PNG: the figure of a stored notebook whose alternative text begins as FRONT says."""
    outputs = [output for cell in book["cells"] for output in cell.get("outputs", ())]
    for output in outputs:
        alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
        if alt.startswith(FRONT[1]):
            return base64.b64decode(output["data"]["image/png"])
    raise ValueError(f"{FRONT[0]} has no figure whose alternative text begins with {FRONT[1]!r}")


def report_line(name, seconds, peak, limit):
    words = ["slow"] * (seconds > 60 * limit) + ["large"] * (peak > GIBIBYTES)
    return f"{name:40} {seconds / 60:5.1f} min  {peak:5.2f} GiB  {', '.join(words)}".rstrip()


def report(paths):
    """Minutes and peak memory of each lesson and of all, with a word where one exceeds its limit."""
    lines, seconds, peaks = [], [], []
    for path in paths:
        course = read(path)["metadata"]["course"]
        if not course:
            lines.append(f"{path.stem:40} not measured")
            continue
        seconds.append(course["seconds"])
        peaks.append(course["peak_gib"])
        lines.append(report_line(path.stem, seconds[-1], peaks[-1], MINUTES_OF.get(path.name[:2], MINUTES)))
    lines.append(report_line("together, and the largest", sum(seconds), max(peaks, default=0), MINUTES_TOGETHER))
    return "\n".join(lines)


def main(arguments=None, readme=ROOT / "README.md", folder=ROOT / "notebooks"):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("execute").add_argument("notebooks", nargs="+", type=pathlib.Path)
    commands.add_parser("results")
    commands.add_parser("report")
    given = parser.parse_args(arguments)
    stored = sorted(folder.glob("*.ipynb"))
    if given.command == "report":
        print(report(stored))
    elif given.command == "results":
        try:
            write(readme, results(readme.read_text(encoding="utf-8"), stored))
            for path in stored:
                if path.name == FRONT[0]:
                    (readme.parent / "images" / "plane.png").write_bytes(front_picture(read(path)))
        except ValueError as error:
            sys.exit(str(error))
    for path in getattr(given, "notebooks", ()):
        if path.suffix != ".ipynb" or not path.is_file():
            sys.exit(f"NOTEBOOKS must name notebooks (.ipynb) that are there, got {path}")
        try:
            seconds, peak = execute(path)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            sys.exit(f"{path} failed and stays as it was: {error}")
        print(f"{path.name:45} {seconds:4.0f} s  {peak:.2f} GiB", flush=True)


if __name__ == "__main__":
    main()
