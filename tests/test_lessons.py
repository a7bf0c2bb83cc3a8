"""README's tables against the stored notebooks, and the script that writes them."""
import json
import pathlib
import re

import lessons
import nbformat.v4
import pytest

from course_utils.checks import expect

README = lessons.ROOT / "README.md"
NOTEBOOKS = sorted((lessons.ROOT / "notebooks").glob("*.ipynb"))

TABLES = """Typed above.
<!-- lessons: begin (make results) -->
| | lesson | what it is about | seconds | memory |
|---|---|---|---|---|
| 00 | [Start](notebooks/00_start.ipynb) | a \\| b, as typed | 8 | 1.4 GiB |
| 03 | [Deep](notebooks/03_deep.ipynb) | and more | 9 | 1.5 GiB |
<!-- lessons: end -->
Typed between.
<!-- results: begin (make results) -->
<!-- results: end -->
Typed below.
"""


def save(path, *printed, course=None):
    """Store an invented notebook of one cell, whose output came in these pieces."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("work()"), nbformat.v4.new_markdown_cell("prose")])
    book.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in printed]
    if course:
        book.metadata["course"] = dict(zip(("seconds", "peak_gib"), course, strict=True))
    path.write_text(nbformat.writes(book), encoding="utf-8")
    return path


def claimed(line):
    return lessons.CLAIM.fullmatch(line).groupdict()


def cells(table):
    """The rows below a table's header, as lists of cells."""
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in rows]


def test_the_tables_of_readme_are_those_of_the_stored_notebooks():
    text = README.read_text(encoding="utf-8")
    assert lessons.results(text, NOTEBOOKS) == text, "run `make results`"


WORDS = ["no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def told_seconds(prose):
    """The least and the most that the prose says a lesson runs, or None if it says so in another form."""
    form = r"\*\*It runs\*\* in (about|under|\w+ to) (\w+)( and a half)? (second|minute)s?( and a half)?\b"
    if (match := re.search(form, prose)) is None:
        return None
    unit = 60 if match[4] == "minute" else 1
    first, last = (WORDS.index(word) if word in WORDS else int(word) if word.isdecimal() else None
                   for word in (match[1].removesuffix(" to"), match[2]))  # fmt: skip
    most = unit * (last + 0.5 * bool(match[3] or match[5]))
    return {"about": most, "under": 0}.get(match[1], unit * (first or 0)), most


@pytest.mark.parametrize("prose, seconds", [
    ("about a minute and a half.", (90, 90)), ("about three and a half minutes on", (210, 210)),
    ("about ten seconds.", (10, 10)),
    ("about a minute.", (60, 60)), ("under 15 seconds.", (0, 15)), ("10 to 20 seconds.", (10, 20)),
    ("two to three minutes", (120, 180)), ("no time.", None),
])  # fmt: skip
def test_what_a_lesson_says_is_understood(prose, seconds):
    assert told_seconds(f"**It runs** in {prose}") == seconds


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_lesson_runs_as_long_as_it_says(path):
    book = lessons.read(path)
    told = told_seconds("\n".join("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "markdown"))
    assert told is not None
    if book["metadata"]["course"]:
        # The same lesson has taken up to 1.5 times as long on the same machine at another hour: README has what was measured.
        assert 0.65 * told[0] <= book["metadata"]["course"]["seconds"] <= 1.6 * told[1]


def test_what_expect_prints_is_read_back(capsys):
    expect("error: a (b), c; d", 1234, equals=1230, within=5, unit="% (of all)", published=1200.5,
           source="A; k = 5: 8.4 (x), y", seconds=1234, parameters=1_069_864)  # fmt: skip
    assert claimed(capsys.readouterr().out.rstrip("\n")) == {
        "quantity": "error: a (b), c; d", "ours": "1,234", "unit": "% (of all)", "wanted": "equal to 1,230 within 5",
        "published": "1200.5", "source": "A; k = 5: 8.4 (x), y", "seconds": "1,234", "parameters": "1,069,864",
    }  # fmt: skip


@pytest.mark.parametrize("line, wanted", [
    ("✓ 60 faces, first 5: error: 11 % (from 9 to 12; published 10.5, Lawrence, five each)",
     {"quantity": "60 faces, first 5: error", "ours": "11", "unit": "%", "wanted": "from 9 to 12", "published": "10.5",
      "source": "Lawrence, five each", "seconds": None, "parameters": None}),
    ("✓ class 3: 4 (at most 5): -1.5e-07 (at least -2e-05; published -3, Y; trained in 0.26 s)",
     {"quantity": "class 3: 4 (at most 5)", "ours": "-1.5e-07", "unit": None, "wanted": "at least -2e-05",
      "published": "-3", "source": "Y", "seconds": "0.26", "parameters": None}),
    ("✓ x: .5 (at most 1; published 3, V (three, fine-tuned); 7 parameters)",
     {"source": "V (three, fine-tuned)", "seconds": None, "parameters": "7"}),
    ("✓ x: 5 (at most 6; published 3, trained in 5 s, then 6; trained in 54 s; 7 parameters)",
     {"source": "trained in 5 s, then 6", "seconds": "54", "parameters": "7"}),
])  # fmt: skip
def test_tricky_lines_are_taken_apart(line, wanted):
    assert claimed(line) | wanted == claimed(line)


@pytest.mark.parametrize("line", [
    "✓ x: 5 (at most 6; published yes, Y)", "✓ x: 5 (at most 6; published 3)", "✓ x: 5 (published 3, Y)",
    "✓ our published number: 5 (at most 6)", "– not judged at the smoke budget: x (at most 6; published 3, Y)",
])  # fmt: skip
def test_a_line_that_is_not_understood_leaves_readme_as_it_was(tmp_path, line):
    save(tmp_path / "00_start.ipynb", line + "\n")
    save(tmp_path / "03_deep.ipynb")
    (tmp_path / "README.md").write_text(TABLES, encoding="utf-8")
    with pytest.raises(SystemExit, match="00_start.ipynb prints a published number in a form that is not"):
        lessons.main(["results"], tmp_path / "README.md", tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == TABLES


@pytest.mark.parametrize("ours, wanted, published, outcome", [
    ("3", "at most 4", "3", "reached"), ("2.9", "at most 4", "3", "reached"), ("3.001", "at most 4", "3", "**missed**"),
    ("3", "at least 2", "3", "reached"), ("3.1", "at least 2", "3", "reached"), ("2", "at least 2", "3", "**missed**"),
    ("104.9", "equal to 105 within 2", "100", "reproduced"), ("95.1", "equal to 95 within 2", "100", "reproduced"),
    ("105.1", "from 1 to 200", "100", "**missed**"), ("94.9", "from 1 to 200", "100", "**missed**"),
    ("95.1", "from 1 to 200", "100", "reproduced"), ("-104.9", "equal to -105", "-100", "reproduced"),
    ("1,000", "at most 2,000", "999.5", "**missed**"), ("999", "at most 2,000", "1,000", "reached"),
])  # fmt: skip
def test_reached_reproduced_or_missed(ours, wanted, published, outcome):
    assert lessons.outcome({"ours": ours, "wanted": wanted, "published": published}) == outcome


def test_both_tables_are_written(tmp_path):
    save(tmp_path / "00_start.ipynb", course=(8, 1.44))
    save(
        tmp_path / "03_deep.ipynb",
        "name  published  seconds\n✓ unpublished: 3 (at most 4; pub",
        "lished 3, a|b)\n✓ y: 2 SE (at least 1; published 3, Z)\n",
        "✓ z: 2.9 SE (equal to 2.9; published 3, Z; trained in 54 s; 1,064 parameters)\n✓ w: 3 (at most 4)\n",
    )  # fmt: skip
    (tmp_path / "README.md").write_text(TABLES, encoding="utf-8")
    lessons.main(["results"], tmp_path / "README.md", tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert re.findall("^Typed .*", text, re.MULTILINE) == ["Typed above.", "Typed between.", "Typed below."]
    first, second = text.split("Typed between.")
    assert cells(first) == [
        ["00", "[Start](notebooks/00_start.ipynb)", r"a \| b, as typed", "0.1", "1.4 GiB"],
        ["03", "[Deep](notebooks/03_deep.ipynb)", "and more", "–", "–"],
    ]
    assert "| | lesson | what it is about | minutes | memory |\n" in first
    assert "\nTogether 0.1 minutes, 1 of 2 lessons measured.\n" in first
    link = "[03](notebooks/03_deep.ipynb)"
    assert cells(second) == [
        [link, "unpublished", "–", "3", "3", "reached", r"a\|b", "–", "–"],
        [link, "y", "SE", "2", "3", "**missed**", "Z", "–", "–"],
        [link, "z", "SE", "2.9", "3", "reproduced", "Z", "54", "1,064"],
    ]
    assert "\n3 published numbers: 1 reached, 1 reproduced, 1 missed.\n" in second
    save(tmp_path / "03_deep.ipynb", course=(292, 1.94))
    again = lessons.results(text, sorted(tmp_path.glob("*.ipynb")))
    assert "| and more | 4.9 | 1.9 GiB |\n" in again
    assert "\nTogether 5.0 minutes.\n" in again and "\n0 published numbers: 0 reached" in again
    assert lessons.results(again, sorted(tmp_path.glob("*.ipynb"))) == again


@pytest.mark.parametrize("old, new, message", [
    ("<!-- lessons: begin (make results) -->\n", "", "README.md must hold <!-- lessons: begin"),
    ("<!-- results: end -->", "", "README.md must hold <!-- results: begin .* <!-- results: end -->"),
    ("<!-- results: end -->", "<!-- results: end -->\n" * 2, "each once"),
    ("<!-- lessons: end -->", "<!-- lessons: begin (make results) -->\n<!-- lessons: end -->", "each once"),
    ("notebooks/03_deep", "notebooks/04_deep", r"links to no notebook that is there: \| 03 "),
    ("| 03 | [Deep](notebooks/03_deep.ipynb) | and more | 9 | 1.5 GiB |\n", "", "must list each notebook once"),
])  # fmt: skip
def test_a_readme_without_its_places_is_left_as_it_was(tmp_path, old, new, message):
    save(tmp_path / "00_start.ipynb")
    save(tmp_path / "03_deep.ipynb")
    broken = TABLES.replace(old, new)
    (tmp_path / "README.md").write_text(broken, encoding="utf-8")
    with pytest.raises(SystemExit, match=message):
        lessons.main(["results"], tmp_path / "README.md", tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == broken


def test_the_report_marks_what_is_slow_or_large(tmp_path, capsys):
    measured = {"01": (240, 2.0), "02": (241, 2.0), "03": (300, 2.01), "04": (242, 2.5), "08": (300, 1), "09": (478, 1)}
    for number, course in (measured | {"10": None}).items():
        save(tmp_path / f"{number}_lesson.ipynb", course=course)
    lessons.main(["report"], folder=tmp_path)
    lines = {line.split()[0][:2]: line for line in capsys.readouterr().out.splitlines()}
    words = {number: re.sub(r".* GiB ?", "", line).strip() for number, line in lines.items()}
    assert words.pop("10") == "10_lesson                                not measured"
    both = "slow, large"
    assert words == {"01": "", "02": "slow", "03": "large", "04": both, "08": "", "09": "slow", "to": both}
    assert "4.0 min   2.00 GiB" in lines["01"] and "30.0 min   2.50 GiB" in lines["to"]
    save(tmp_path / "09_lesson.ipynb", course=(477, 1.0))  # thirty minutes together, to the second
    assert lessons.report(sorted(tmp_path.glob("*.ipynb"))).endswith("GiB  large")


def two_cells(path, *sources):
    path.parent.mkdir(exist_ok=True)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    path.write_text(nbformat.writes(book) + "\n", encoding="utf-8")
    return path


def test_executing_stores_outputs_time_and_memory_and_no_other_trace(tmp_path, capsys):
    path = two_cells(
        tmp_path / "folder" / "lesson.ipynb",
        "import pathlib, time; time.sleep(1.6); big = b'x' * 300_000_000; del big; pathlib.Path.cwd().name",
        "_, len(In)",
    )
    before = json.loads(path.read_text(encoding="utf-8"))
    lessons.main(["execute", str(path)])
    text = path.read_text(encoding="utf-8")
    after = json.loads(text)
    assert text == nbformat.writes(nbformat.read(path, as_version=4)) + "\n"
    course = after["metadata"].pop("course")
    assert 2 <= course["seconds"] < 60 and isinstance(course["seconds"], int)
    assert 0.3 < course["peak_gib"] < 0.6  # the peak, although it was freed; and not that of the tests' own process
    assert after["metadata"].keys() - before["metadata"].keys() == {"language_info"}
    for count, (old, new) in enumerate(zip(before["cells"], after["cells"], strict=True), start=1):
        assert new | {"outputs": [], "execution_count": None} == old  # no times, no tags
        assert new["execution_count"] == count
    assert [cell["outputs"][0]["data"]["text/plain"] for cell in after["cells"]] == [["'folder'"], ["('folder', 3)"]]
    assert [file.name for file in path.parent.iterdir()] == ["lesson.ipynb"]
    assert re.fullmatch(r"lesson\.ipynb +\d+ s  0\.\d\d GiB\n", capsys.readouterr().out)


def test_a_notebook_that_fails_stays_as_it_was(tmp_path):
    path = two_cells(tmp_path / "lesson.ipynb", "print('so far')", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(SystemExit, match=r"(?s)lesson\.ipynb failed .*1 / 0.*division by zero") as failure:
        lessons.main(["execute", str(path), str(tmp_path / "never_reached.ipynb")])
    assert isinstance(failure.value.code, str)  # which Python prints, and exits with 1
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["lesson.ipynb"]


@pytest.mark.parametrize("name", ["missing.ipynb", "README.md"])
def test_what_is_no_notebook_is_named_in_one_sentence(tmp_path, name):
    (tmp_path / "README.md").write_text("words", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"NOTEBOOKS must name notebooks \(.ipynb\) that are there, got .*" + name):
        lessons.main(["execute", str(tmp_path / name)])
