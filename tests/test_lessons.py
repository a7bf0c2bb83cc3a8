"""Running notebooks and tabulating what came out; README's tables against the stored notebooks."""

import json
import pathlib
import re

import nbformat.v4
import pytest

from course_utils import claims, lessons
from course_utils.lessons import __main__, execution, minutes, stored, tables

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

TABLES = """Typed above.
<!-- lessons: begin (make results) -->
| | lesson | what it is about | minutes | memory |
|---|---|---|---|---|
| 00 | [Start](notebooks/00_start.ipynb) | a \\| b, as typed | 8 | 1.4 GiB |
| 03 | [Deep](notebooks/03_deep.ipynb) | and more | 9 | 1.5 GiB |
<!-- lessons: end -->
Typed between.
<!-- results: begin (make results) -->
<!-- results: end -->
Typed below.
"""


FAST = {"float32": 60, "bfloat16": 126, "epoch": 4.5}  # the slow machine takes three times as long


def save(path, *records, course=None):
    """Store an invented notebook of one cell, which judged these claims."""
    prose = nbformat.v4.new_markdown_cell(
        "# Title\n\n**It runs** in no time. More is\nsaid. **It runs** and runs.\n"
        "**It runs** here, too."
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("work()"), prose])
    data = {"text/plain": "some", claims.MIME: {"claims": list(records)}}
    book.cells[0].outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="✓ no claim: 3 (published 3, Z)"),
        nbformat.v4.new_output("display_data", data=data),
    ]
    if course:
        keys = ("seconds", "peak_gib", "slowest_cell", "speed")
        book.metadata["course"] = dict(zip(keys, course, strict=False))
    path.write_text(nbformat.writes(book) + "\n", encoding="utf-8")
    return path


def claimed(value=3, **given):
    """A record as `expect` makes it."""
    record = {"claim": "x", "unit": "", "verdict": "held", "within": 0.0, "trained": False}
    record |= dict.fromkeys(("at_most", "at_least", "equals", "published", "source"))
    return record | {"value": value, "seconds": None, "parameters": None} | given


def main(command, readme, folder):
    __main__.main([command, "--readme", str(readme), "--folder", str(folder)])


def cells(table):
    """The rows below a table's header, as lists of cells."""
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in rows]


def test_the_tables_of_readme_are_those_of_the_stored_notebooks():
    text = README.read_text(encoding="utf-8")
    assert lessons.results(text, NOTEBOOKS) == text, "run `make results`"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_lesson_says_how_long_it_ran(path):
    assert lessons.tell(path) == path.read_text(encoding="utf-8"), "run `make results`"


@pytest.mark.parametrize(
    "course, told",
    [
        (
            {"seconds": 44, "speed": FAST | {"epoch": 13.6}},
            "in less than a minute** STORED (and on a slow one).",
        ),
        (
            {"seconds": 44, "speed": FAST},
            "in less than a minute** STORED (about 2 minutes on a slow one).",
        ),
        (
            {"seconds": 89, "speed": FAST | {"epoch": 20}},
            "in about a minute** STORED (and on a slow one).",
        ),
        (
            {"seconds": 91, "speed": FAST},
            "in about 2 minutes** STORED (about 5 minutes on a slow one).",
        ),
        ({"seconds": 240}, "in about 4 minutes** STORED."),
        ({}, "for a time not yet measured** by `make execute`."),
    ],
)
def test_how_long_a_lesson_runs_is_told_in_words(course, told):
    told = "**It runs " + told.replace("STORED", "on the machine on which it was stored")
    assert minutes.sentence(course) == told
    assert (
        minutes.TOLD.sub("", f"Before.\n\n{told} After.") == "Before.\n\n After."
    )  # to be replaced the next time


def test_results_tells_it_in_the_notebook_and_keeps_the_rest(tmp_path):
    path = save(tmp_path / "00_start.ipynb", course=(240, 1.5, 60, FAST))
    save(tmp_path / "03_deep.ipynb")
    (tmp_path / "README.md").write_text(TABLES, encoding="utf-8")
    before = json.loads(path.read_text(encoding="utf-8"))
    main("results", tmp_path / "README.md", tmp_path)
    after = json.loads(path.read_text(encoding="utf-8"))
    where = "on the machine on which it was stored (about 12 minutes on a slow one)."
    before["cells"][1]["source"][2] = f"**It runs in about 4 minutes** {where} More is\n"
    assert after == before
    once = path.read_bytes()
    main("results", tmp_path / "README.md", tmp_path)
    assert path.read_bytes() == once


def test_a_notebook_that_does_not_say_it_is_named_and_nothing_is_written(tmp_path):
    save(tmp_path / "00_start.ipynb", course=(240, 1.5))
    two_cells(tmp_path / "03_deep.ipynb", "1")
    (tmp_path / "README.md").write_text(TABLES, encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(
        SystemExit, match="03_deep.ipynb must have a sentence that begins a line with .*It runs"
    ):
        main("results", tmp_path / "README.md", tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


NUMBER = (
    r"(?:\d[\d,.]*|half an?|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen"
    r"|twenty|thirty|forty|few|some|many)(?: and a half)?"
)
TYPED = re.compile(
    rf"\b{NUMBER}[\s-](?:seconds|minutes?|hours?)\b|\b\d[\d.,]* s\b(?! ?\^)|\bof an? second\b",
    re.IGNORECASE,
)


def typed_durations(prose):
    """Durations in prose, without the sentences that `make results` writes; "a second network" is
    none."""
    prose = re.sub(r"^Together .*$", "", minutes.TOLD.sub("", prose), flags=re.MULTILINE)
    return [" ".join(found.split()) for found in TYPED.findall(prose)]


@pytest.mark.parametrize(
    "prose, found",
    [
        (
            "**It runs in about 4 minutes** where it was stored. It takes 40 seconds.",
            ["40 seconds"],
        ),
        (
            "It takes a minute and a half to two\nminutes, or half an hour.",
            ["a minute", "two minutes", "half an hour"],
        ),
        (
            "two and a half minutes, a fraction of a second, 1.5 s",
            ["two and a half minutes", "of a second", "1.5 s"],
        ),
        ("A ten-minute wait", ["ten-minute"]),
        ("Together 43.8 minutes.", []),
        ("Ten minutes together", ["Ten minutes"]),
        ("Train a second network, in minutes; every second row; the 90s; $2 s^2$", []),
    ],
)
def test_typed_durations_are_found(prose, found):
    assert typed_durations(prose) == found


ALLOWED = {"03_deep_autoencoders.ipynb": {"many hours"}}  # those of 2006


@pytest.mark.parametrize(
    "path", [*NOTEBOOKS, README, ROOT / "CONTRIBUTING.md"], ids=lambda path: path.stem
)
def test_no_duration_is_typed(path):
    """How long the course runs depends on the machine and on the next change: it is measured, never
    typed."""
    cells = lessons.read(path)["cells"] if path.suffix == ".ipynb" else []
    prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    text = "\n\n".join(prose or [path.read_text(encoding="utf-8")])
    # What an exercise takes a person, "(●○○, 5 minutes)", is no duration of the machine's.
    found = typed_durations(re.sub(r"\([●○]{3}, \d+ minutes", "", text))
    assert set(found) <= ALLOWED.get(path.name, set())


def test_what_is_claimed_in_a_notebook_is_read_back(tmp_path):
    records = [claimed(0.5, at_most=1), claimed("nan", equals=0, verdict="failed")]
    assert lessons.claims(lessons.read(save(tmp_path / "00_start.ipynb", *records))) == records


@pytest.mark.parametrize(
    "ours, bounds, published, outcome",
    [
        (3, {"at_most": 4}, 3, "reached"),
        (2.9, {"at_most": 4}, 3, "reached"),
        (3.001, {"at_most": 4}, 3, "**missed**"),
        (3.00001, {"at_most": 4}, 3, "reached"),  # the table says 3
        (3, {"at_least": 2}, 3, "reached"),
        (3.1, {"at_least": 2}, 3, "reached"),
        (2, {"at_least": 2}, 3, "**missed**"),
        (104.9, {"equals": 105, "within": 2}, 100, "reproduced"),
        (95.1, {"equals": 95, "within": 2}, 100, "reproduced"),
        (105.1, {"at_least": 1, "at_most": 200}, 100, "**missed**"),
        (94.9, {"at_least": 1, "at_most": 200}, 100, "**missed**"),
        (95.1, {"at_least": 1, "at_most": 200}, 100, "reproduced"),
        (-104.9, {"equals": -105}, -100, "reproduced"),
        (1000, {"at_most": 2000}, 999.5, "**missed**"),
    ],
)
def test_reached_reproduced_or_missed(ours, bounds, published, outcome):
    assert tables.outcome(claimed(ours, published=published, **bounds)) == outcome


def test_both_tables_are_written(tmp_path):
    save(tmp_path / "00_start.ipynb", course=(8, 1.44))
    z = {"published": 3, "source": "Z"}
    save(
        tmp_path / "03_deep.ipynb",
        claimed(claim="a|b", at_most=4, published=3, source="A | B"),
        claimed(2, claim="y", unit="SE", at_least=1, **z),
        claimed(2.9, claim="z", unit="SE", equals=2.9, **z, seconds=54.3, parameters=1064),
        claimed(claim="unpublished", at_most=4),
        claimed(claim="failed", at_most=2, **z, verdict="failed"),
        claimed(claim="smoke", at_most=4, **z, verdict="not judged"),
    )
    (tmp_path / "README.md").write_text(TABLES, encoding="utf-8")
    main("results", tmp_path / "README.md", tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    typed = re.findall("^Typed .*", text, re.MULTILINE)
    assert typed == ["Typed above.", "Typed between.", "Typed below."]
    first, second = text.split("Typed between.")
    assert cells(first) == [
        ["00", "[Start](notebooks/00_start.ipynb)", r"a \| b, as typed", "0.1", "–", "1.4 GiB"],
        ["03", "[Deep](notebooks/03_deep.ipynb)", "and more", "–", "–", "–"],
    ]
    assert "| | lesson | what it is about | minutes | on a slow machine | memory |\n" in first
    assert "\nTogether 0.1 minutes, 1 of 2 lessons measured.\n" in first
    link = "[03](notebooks/03_deep.ipynb)"
    assert cells(second) == [
        [link, r"a\|b", "–", "3", "3", "reached", r"A \| B", "–", "–"],
        [link, "y", "SE", "2", "3", "**missed**", "Z", "–", "–"],
        [link, "z", "SE", "2.9", "3", "reproduced", "Z", "54", "1,064"],
    ]
    assert "\n3 published numbers: 1 reached, 1 reproduced, 1 missed.\n" in second


def test_the_sums_below_the_table_of_lessons(tmp_path):
    save(tmp_path / "00_start.ipynb", course=(8, 1.44))
    save(tmp_path / "03_deep.ipynb", course=(292, 1.94, 60, FAST))
    text = lessons.results(TABLES, sorted(tmp_path.glob("*.ipynb")))
    assert "| and more | 4.9 | 14.6 | 1.9 GiB |\n" in text
    # One of the two has no estimate, so the two together have none.
    assert "\nTogether 5.0 minutes. The machine" in text
    assert lessons.results(text, sorted(tmp_path.glob("*.ipynb"))) == text
    save(tmp_path / "00_start.ipynb", course=(8, 1.44, 2, FAST | {"float32": 55.2, "epoch": 4.8}))
    assert (
        "\nTogether 5.0 minutes, and 15.0 on a slow machine. The machine on which they were stored"
        " multiplies matrices at 55 to 60 GFLOP/s in float32 and 126 in bfloat16; a plain epoch of"
        " the 784-1000-500-250-30 network takes 4.5 to 4.8 s on it, and 13.5 s on the slow one.\n"
    ) in lessons.results(text, sorted(tmp_path.glob("*.ipynb")))


def test_a_picture_is_taken_from_the_notebook_that_is_named(tmp_path):
    path = save(tmp_path / "00_start.ipynb")
    book = nbformat.read(path, as_version=4)
    figure = {"image/png": "UE5H"}  # the letters PNG
    for alt in ("Another.", "A square of digits, and more."):
        shown = nbformat.v4.new_output(
            "display_data", data=figure, metadata={"image/png": {"alt": alt}}
        )
        book.cells[0].outputs.append(shown)
        figure = {"image/png": "Z29vZA=="}  # the letters good
    path.write_text(nbformat.writes(book), encoding="utf-8")
    assert lessons.picture(path, "A square") == b"good"
    with pytest.raises(ValueError, match="00_start.ipynb has no figure whose alternative text"):
        lessons.picture(path, "A circle")


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("<!-- lessons: begin (make results) -->\n", "", "README.md must hold <!-- lessons: begin"),
        (
            "<!-- results: end -->",
            "",
            "README.md must hold <!-- results: begin .* <!-- results: end -->",
        ),
        ("<!-- results: end -->", "<!-- results: end -->\n" * 2, "each once"),
        (
            "<!-- lessons: end -->",
            "<!-- lessons: begin (make results) -->\n<!-- lessons: end -->",
            "each once",
        ),
        ("notebooks/03_deep", "notebooks/04_deep", r"links to no notebook that is there: \| 03 "),
        (
            "| 03 | [Deep](notebooks/03_deep.ipynb) | and more | 9 | 1.5 GiB |\n",
            "",
            "must list each notebook once",
        ),
    ],
)
def test_a_readme_without_its_places_is_left_as_it_was(tmp_path, old, new, message):
    save(tmp_path / "00_start.ipynb")
    save(tmp_path / "03_deep.ipynb")
    broken = TABLES.replace(old, new)
    (tmp_path / "README.md").write_text(broken, encoding="utf-8")
    with pytest.raises(SystemExit, match=message):
        main("results", tmp_path / "README.md", tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == broken


def test_the_report_marks_what_is_slow_or_large_on_the_slow_machine(tmp_path, capsys):
    equal = FAST | {"epoch": 30}  # an even slower machine is not made faster than it was
    measured = {
        "01": (120, 2.0, 50, FAST),
        "02": (121, 2.0, 50, FAST),
        "03": (120, 2.01, 51, FAST),
        "04": (121, 2.5, 51, FAST),
        "05": (360, 1, 150, equal),
        "06": (361, 1, 151, equal),
        "07": (500, 2.5),
    }
    for number, course in (measured | {"10": None}).items():
        save(tmp_path / f"{number}_lesson.ipynb", course=course)
    __main__.main(["report", "--folder", str(tmp_path)])
    lines = {line.split()[0][:2]: line for line in capsys.readouterr().out.splitlines()}
    words = {
        number: re.sub(r".* cell +[\d–]+ s", "", line).strip() for number, line in lines.items()
    }
    assert words.pop("10") == "10_lesson                                not measured"
    assert words == {
        "01": "",
        "02": "slow",
        "03": "slow cell, large",
        "04": "slow, slow cell, large",
        "05": "",
        "06": "slow, slow cell",
        "07": "large",
        "to": "large",
    }
    assert lines["01"].endswith(
        "2.0 min   2.00 GiB  on a slow machine   6.0 min, slowest cell 150 s"
    )
    assert "8.3 min   2.50 GiB  on a slow machine     – min, slowest cell   – s" in lines["07"]
    assert "28.4 min   2.50 GiB  on a slow machine     – min, slowest cell   – s" in lines["to"]


@pytest.mark.parametrize("seconds, words", [(1200, ""), (1201, "slow")])
def test_the_report_marks_an_hour_together(tmp_path, seconds, words):
    save(tmp_path / "01_lesson.ipynb", course=(seconds, 1.0, 1, FAST))
    assert (
        lessons.report(tmp_path.glob("*.ipynb")).splitlines()[-1].split(" 3 s")[1].strip() == words
    )


def two_cells(path, *sources):
    path.parent.mkdir(exist_ok=True)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    path.write_text(nbformat.writes(book) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def measured(monkeypatch):
    """Measuring the machine takes seconds: once, below, is enough."""
    monkeypatch.setattr(execution, "measure", lambda: FAST)


def test_this_machine_is_measured_at_any_budget(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    speed = lessons.measure()
    assert set(speed) == set(FAST) and all(rate > 0 for rate in speed.values())
    # Six operations for each of 2.8 million weights and 256 images: about two there and four back,
    # 235 times.
    assert 0.2 < speed["epoch"] / (235 * 6 * 2.8e-3 * 256 / speed["float32"]) < 20


def test_executing_stores_outputs_time_and_memory_and_no_other_trace(tmp_path, capsys, measured):
    path = two_cells(
        tmp_path / "folder" / "lesson.ipynb",
        "import pathlib, time; time.sleep(1.6); big = b'x' * 300_000_000; del big\n"
        "pathlib.Path.cwd().name",
        "_, len(In)",
    )
    before = json.loads(path.read_text(encoding="utf-8"))
    __main__.main(["execute", str(path)])
    text = path.read_text(encoding="utf-8")
    after = json.loads(text)
    assert text == nbformat.writes(nbformat.read(path, as_version=4)) + "\n"
    course = after["metadata"].pop("course")
    assert 2 <= course["seconds"] < 60 and isinstance(course["seconds"], int)
    assert 1.6 <= course["slowest_cell"] <= course["seconds"] and course["speed"] == FAST
    assert (
        0.3 < course["peak_gib"] < 0.6
    )  # the peak, although it was freed; and not that of the tests' own process
    assert after["metadata"].keys() - before["metadata"].keys() == {"language_info"}
    for count, (old, new) in enumerate(zip(before["cells"], after["cells"], strict=True), start=1):
        assert new | {"outputs": [], "execution_count": None} == old  # no times, no tags
        assert new["execution_count"] == count
    assert [cell["outputs"][0]["data"]["text/plain"] for cell in after["cells"]] == [
        ["'folder'"],
        ["('folder', 3)"],
    ]
    assert [file.name for file in path.parent.iterdir()] == ["lesson.ipynb"]
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"This machine: {FAST}"
    assert re.fullmatch(r"lesson\.ipynb +\d+ s  slowest cell +\d+\.\d s  0\.\d\d GiB", printed[1])


def test_a_notebook_that_fails_stays_as_it_was_and_the_next_is_not_run(tmp_path, measured):
    path = two_cells(tmp_path / "lesson.ipynb", "print('so far')", "1 / 0")
    never = two_cells(tmp_path / "never" / "reached.ipynb", "1")
    before = path.read_bytes()
    with pytest.raises(
        SystemExit, match=r"(?s)lesson\.ipynb failed .*1 / 0.*division by zero"
    ) as failure:
        __main__.main(["execute", str(path), str(never)])
    assert isinstance(failure.value.code, str)  # which Python prints, and exits with 1
    assert path.read_bytes() == before and {file.name for file in tmp_path.iterdir()} == {
        "lesson.ipynb",
        "never",
    }
    assert '"execution_count": null' in never.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["missing.ipynb", "README.md"])
def test_what_is_no_notebook_is_named_in_one_sentence(tmp_path, name):
    (tmp_path / "README.md").write_text("words", encoding="utf-8")
    with pytest.raises(
        SystemExit, match=r"NOTEBOOKS must name notebooks \(.ipynb\) that are there, got .*" + name
    ):
        __main__.main(["execute", str(tmp_path / name)])


def test_a_question_is_stored_as_text_and_a_slider_as_it_was():
    view, state = (f"application/vnd.jupyter.widget-{what}+json" for what in ("view", "state"))
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("ask()") for _ in "ab"])
    question = {view: {"model_id": "a"}, "text/html": "<p>Which?</p>", "text/plain": "Which?"}
    slider = {view: {"model_id": "s"}, "text/plain": "slider"}
    for cell, data in zip(book.cells, (question, slider), strict=True):
        cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    states = {
        "a": {"children": ["IPY_MODEL_b"]},
        "b": {"layout": "IPY_MODEL_c"},
        "c": {},
        "s": {"layout": "IPY_MODEL_l"},
        "l": {},
    }
    book.metadata["widgets"] = {state: {"state": states}}
    stored.without_live_forms(book)
    assert book.cells[0].outputs[0].data == {"text/html": "<p>Which?</p>", "text/plain": "Which?"}
    assert book.cells[1].outputs[0].data == slider
    assert book.metadata["widgets"][state]["state"].keys() == {"s", "l"}
