"""The notebooks as they are stored: what nbval, which only runs them, does not guard."""

import base64
import json
import pathlib
import re

import pytest

from course_utils import lessons

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def book(path):
    return json.loads(path.read_text(encoding="utf-8"))


def text(cell):
    return "".join(cell["source"])


def code_cells(book):
    return [cell for cell in book["cells"] if cell["cell_type"] == "code"]


def markdown(book):
    return "\n".join(text(cell) for cell in book["cells"] if cell["cell_type"] == "markdown")


def outputs(book):
    return [output for cell in code_cells(book) for output in cell["outputs"]]


def test_there_are_lessons_in_reading_order():
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{i:02d}" for i in range(len(NOTEBOOKS))]
    assert len(NOTEBOOKS) >= 3


def test_stored_from_one_clean_run(book):
    counts = [cell["execution_count"] for cell in code_cells(book)]
    assert counts == list(range(1, len(counts) + 1))


def test_the_kernel_is_the_environments_own(book):
    assert book["metadata"]["kernelspec"]["name"] == "python3"


def test_no_errors_and_nothing_on_stderr(book):
    for output in outputs(book):
        assert output["output_type"] != "error"
        assert output.get("name") != "stderr"


def test_every_claim_was_judged_and_held(book):
    verdicts = [record["verdict"] for record in lessons.claims(book)]
    assert verdicts and set(verdicts) == {"held"}
    calls = sum(len(re.findall(r"\bexpect\(", text(cell))) for cell in code_cells(book))
    assert len(verdicts) >= calls


def test_what_nbval_compares_claims_nothing(book):
    """A claim holds within bounds; what is compared is equal on any machine."""
    for cell in code_cells(book):
        if "nbval-check-output" in cell["metadata"].get("tags", []):
            assert "expect(" not in text(cell)


def test_a_cell_fits_a_window(book):
    for cell in code_cells(book):
        lines = text(cell).splitlines()
        assert len(lines) <= 25, text(cell)
        assert max(map(len, lines), default=0) <= 88, text(cell)


def test_there_is_something_that_nbval_compares(book):
    tagged = [
        cell
        for cell in code_cells(book)
        if "nbval-check-output" in cell["metadata"].get("tags", [])
    ]
    assert tagged and all(cell["outputs"] for cell in tagged)


def test_every_figure_has_alternative_text(book):
    for output in outputs(book):
        if "image/png" in output.get("data", {}):
            assert len(output["metadata"]["image/png"]["alt"]) > 15
    assert not re.search(r"!\[\s*\]\(", markdown(book))


def test_no_path_of_a_machine(book):
    for output in outputs(book):
        printed = "".join(output.get("text", "")) + "".join(
            output.get("data", {}).get("text/plain", "")
        )
        assert not re.search(r"(?<![\w.])/(?:home|root|tmp|work|Users|opt)/|[A-Z]:\\\\", printed)


def test_small_enough_for_a_repository(path):
    assert path.stat().st_size < 2_000_000


def test_the_parts_of_a_lesson(book):
    prose = markdown(book)
    assert len(re.findall(r"^# ", prose, re.MULTILINE)) == 1
    for part in ("After this lesson you will be able to", "You need to know", "It runs"):
        assert f"**{part}" in prose
    for heading in ("What could go wrong", "Exercises", "What to remember", "References"):
        assert f"## {heading}\n" in prose
    assert "**Next:**" in prose


def test_exercises_have_a_stub_a_check_and_a_folded_solution(book):
    sources = [text(cell) for cell in code_cells(book)]
    # Folded where they are defined; the lesson goes on from some of them, in the open.
    solutions = [cell for cell in code_cells(book) if re.search(r"def \w+_solution\(", text(cell))]
    checked = set(re.findall(r"assert checks\.(check_\w+)\(", "\n".join(sources)))
    stubs = [source for source in sources if "...  # your code" in source]
    assert len(checked) == len(stubs) >= 2
    for check in checked:
        assert any(f"checks.{check}(" in stub for stub in stubs)
    assert all(cell["metadata"].get("jupyter", {}).get("source_hidden") for cell in solutions)


def test_prose_outweighs_code(book):
    # Counted in words, without the cells that are folded away.
    code = " ".join(
        text(c)
        for c in code_cells(book)
        if not c["metadata"].get("jupyter", {}).get("source_hidden")
    )
    assert len(markdown(book).split()) > len(code.split())


def test_links_lead_somewhere(path, book):
    attached = {
        f"attachment:{name}" for cell in book["cells"] for name in cell.get("attachments", ())
    }
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", markdown(book)):
        if "://" not in target:
            assert target in attached or (path.parent / target).exists(), target


def test_attached_pictures_are_those_in_the_repository(path, book):
    for cell in book["cells"]:
        for name, formats in cell.get("attachments", {}).items():
            (encoded,) = formats.values()
            assert base64.b64decode(encoded) == (path.parent.parent / "images" / name).read_bytes()


def test_course_utils_is_imported_before_keras(book):
    joined = "\n".join(text(cell) for cell in code_cells(book))
    ours = re.search(r"^(from|import) course_utils", joined, re.MULTILINE)
    keras = re.search(r"^(from|import) (keras|tensorflow)", joined, re.MULTILINE)
    assert ours and (keras is None or ours.start() < keras.start())


def test_cells_have_stable_ids(book):
    identifiers = [cell["id"] for cell in book["cells"]]
    assert len(set(identifiers)) == len(identifiers)
