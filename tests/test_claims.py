"""`expect`: what it judges, what it shows in a terminal and in a notebook, what it records."""

import io
import json
import sys

import nbformat.v4
import numpy as np
import pytest
from nbclient import NotebookClient

from course_utils import claims
from course_utils.claims import expect


def test_a_claim_that_holds_prints_one_line(capsys):
    expect("error", 2.5, at_most=3.0, unit="SE", published=3.0, source="Somebody 2006")
    assert capsys.readouterr().out == "✓ error: 2.5 SE (at most 3; published 3, Somebody 2006)\n"


@pytest.mark.parametrize(
    "behind, words",
    [
        ({}, ""),
        ({"seconds": 54.3, "parameters": 1_069_864}, "; trained in 54 s; 1,069,864 parameters"),
        ({"seconds": np.float32(1234.5)}, "; trained in 1,234 s"),
        ({"seconds": 0.256}, "; trained in 0.26 s"),
        ({"parameters": np.int64(7)}, "; 7 parameters"),
    ],
)
def test_the_training_behind_a_value_is_told_last(monkeypatch, capsys, behind, words):
    claim = {
        "at_most": 97,
        "unit": "nats",
        "published": 106.7,
        "source": "a source, with a comma",
        "trained": True,
    }
    expect("test −ELBO", 96.2821, **claim, **behind)
    notes = "at most 97; published 106.7, a source, with a comma"
    assert capsys.readouterr().out == f"✓ test −ELBO: 96.282 nats ({notes}{words})\n"
    monkeypatch.setenv(
        "COURSE_BUDGET", "smoke"
    )  # a few steps of training: their seconds say nothing
    expect("test −ELBO", 96.2821, **claim, **behind)
    assert capsys.readouterr().out == f"– not judged at the smoke budget: test −ELBO ({notes})\n"
    monkeypatch.delenv("COURSE_BUDGET")
    with pytest.raises(AssertionError) as failure:
        expect("test −ELBO", 98, **claim, **behind)
    assert str(failure.value) == f"✗ test −ELBO: 98 nats, wanted {notes}"


PUBLISHED = {"published": 3.0, "source": "Somebody 2006"}


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"seconds": 54}, "seconds and parameters go with published, got seconds=54"),
        ({"parameters": 7}, "seconds and parameters go with published.* parameters=7"),
        *[
            (PUBLISHED | {"seconds": wrong}, "seconds must be a finite number above 0, got")
            for wrong in (0, -1.0, float("nan"), float("inf"), True, "54")
        ],
        *[
            (PUBLISHED | {"parameters": wrong}, "parameters must be a whole number above 0, got")
            for wrong in (0, -7, 7.0, True, "7")
        ],
    ],
)
def test_the_training_behind_a_value_must_be_told_right(arguments, message):
    with pytest.raises(ValueError, match=message):
        expect("error", 0.5, at_most=1.0, **arguments)


@pytest.mark.parametrize(
    "value, bounds",
    [
        (3.1, {"at_most": 3.0}),
        (2.9, {"at_least": 3.0}),
        (1.0, {"at_least": 2.0, "at_most": 3.0}),
        (4.0, {"at_least": 2.0, "at_most": 3.0}),
        (1.2, {"equals": 1.0, "within": 0.1}),
        (1.0000001, {"equals": 1.0}),
        (float("nan"), {"at_most": 3.0}),
        (float("nan"), {"at_least": -3.0}),
        (float("nan"), {"equals": 0.0, "within": 1.0}),
        (float("inf"), {"at_most": 1e9}),
        ((2, 3), {"equals": (3, 2)}),
        (False, {"equals": True}),
    ],
)
def test_a_claim_that_fails_raises(value, bounds):
    with pytest.raises(AssertionError, match="✗ error: .*, wanted "):
        expect("error", value, **bounds)


@pytest.mark.parametrize(
    "value, bounds",
    [
        (3.0, {"at_most": 3.0}),
        (np.float32(3.0), {"at_least": 3.0}),
        (1.05, {"equals": 1.0, "within": 0.1}),
        ((3, 2), {"equals": (3, 2)}),
        ("tensorflow", {"equals": "tensorflow"}),
        (np.int64(7), {"equals": 7}),
    ],
)
def test_bounds_are_included(value, bounds):
    expect("error", value, **bounds)


@pytest.mark.parametrize(
    "arguments, error",
    [
        ({}, ValueError),  # no bound: a claim that can't fail
        ({"at_most": 1.0, "equals": 1.0}, ValueError),
        ({"at_most": float("inf")}, ValueError),
        ({"at_most": float("nan")}, ValueError),
        ({"at_least": 3.0, "at_most": 2.0}, ValueError),
        ({"at_most": 1.0, "published": 3.0}, ValueError),  # a published number without its source
        ({"at_most": 1.0, "source": "Somebody"}, ValueError),
        ({"at_most": 1.0, "within": 0.1}, ValueError),  # a tolerance of nothing
        ({"equals": "text", "within": 0.1}, ValueError),
        ({"equals": 0.5, "within": -0.1}, ValueError),
        ({"equals": 0.5, "within": float("inf")}, ValueError),
        ({"equals": 0.5, "within": None}, ValueError),
    ],
)
def test_claims_that_test_nothing_are_refused(arguments, error):
    with pytest.raises(error):
        expect("error", 0.5, **arguments)


def test_an_array_is_no_measurement():
    for value in (np.ones(3), "text", None):
        with pytest.raises(TypeError, match="value must be one number"):
            expect("error", value, at_most=1.0)
        with pytest.raises(TypeError, match="value must be one number"):
            expect("error", value, equals=1.0)
    for claim in (" ", None):
        with pytest.raises(ValueError, match="claim must say what is claimed"):
            expect(claim, 1, equals=1)


def test_a_near_miss_shows_all_its_digits():
    with pytest.raises(AssertionError, match="✗ error: 3.00001, wanted at most 3"):
        expect("error", np.float64(3.00001), at_most=3.0)


@pytest.mark.parametrize("value", [0.5, 99.0])
def test_at_the_smoke_budget_a_trained_claim_is_not_judged(monkeypatch, capsys, value):
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    expect("error", value, at_most=1.0, trained=True)
    out = capsys.readouterr().out
    assert out.startswith("– not judged at the smoke budget: error") and "✓" not in out
    with pytest.raises(AssertionError):  # what needs no training is judged all the same
        expect("error", 99.0, at_most=1.0)


@pytest.mark.parametrize(
    "given",
    [
        {"published": float("nan"), "source": "A 2006"},
        {"published": "3", "source": "A 2006"},
        {"published": 3.0, "source": " "},
        {"published": 3.0, "source": "A\n2006"},
    ],
)
def test_a_published_number_that_names_no_number_or_no_source_is_refused(given):
    with pytest.raises(
        ValueError, match="^(published must be a finite number|source must say in one line)"
    ):
        expect("error", 2.5, at_most=3.0, **given)


def test_a_terminal_that_knows_no_tick_gets_words(monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", newline="\n")
    monkeypatch.setattr(sys, "stdout", terminal)
    expect("−ELBO", 1, at_most=2)
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    expect("error, Müller", 1, at_most=2, trained=True)
    terminal.flush()
    lines = terminal.buffer.getvalue().decode("cp1252").splitlines()
    assert lines == [
        "ok ?ELBO: 1 (at most 2)",
        "– not judged at the smoke budget: error, Müller (at most 2)",
    ]


FULL = {
    "claim": "test −ELBO",
    "value": 96.2821,
    "unit": "nats",
    "at_most": 97,
    "at_least": None,
    "equals": None,
    "within": 0.0,
    "verdict": "held",
    "published": 106.7,
    "source": "Kingma & Welling 2013, <b>",
    "seconds": 54.3,
    "parameters": 1_069_864,
    "trained": True,
}
NOTHING = dict.fromkeys(("at_most", "at_least", "equals", "published", "source"))
NOTHING |= {"unit": "", "within": 0.0, "seconds": None, "parameters": None, "trained": False}


def test_records_are_kept_in_the_file_that_is_named(monkeypatch, tmp_path):
    path = tmp_path / "claims.jsonl"
    monkeypatch.setenv("COURSE_CLAIMS", str(path))
    expect(**{key: value for key, value in FULL.items() if key != "verdict"})
    expect("shape", (np.int64(2), 3), equals=(2, 3))
    with pytest.raises(AssertionError):
        expect("error", np.float32("nan"), at_most=1)
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    given = {"published": 2, "source": "A", "seconds": 5, "trained": True}
    expect("four", np.float32(0.5), equals=0, within=0.1, **given)
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    told = [
        {"claim": "shape", "value": [2, 3], "equals": [2, 3], "verdict": "held"},
        {"claim": "error", "value": "nan", "at_most": 1, "verdict": "failed"},
        {"claim": "four", "value": 0.5, "equals": 0, "within": 0.1, "verdict": "not judged"},
    ]
    told[2] |= {"published": 2, "source": "A", "trained": True}  # a few steps' seconds say nothing
    assert records == [FULL] + [NOTHING | record for record in told]


@pytest.fixture(scope="module")
def cells():
    """The outputs of the cells of a notebook that a real kernel has run."""
    full = {key: value for key, value in FULL.items() if key != "verdict"}
    sources = [
        "from course_utils.claims import expect\nprint('before')\n"
        f"expect(**{full})\nprint('between')\nexpect('x < y | $z$', (2, 3), equals=(2, 3))",
        "1 + 1",
        "expect('held', 1, at_most=2)\nexpect('failed', 3, at_most=2)\n1 / 0  # is not reached",
        "import os; os.environ['COURSE_BUDGET'] = 'smoke'\n"
        "expect('open', 3, at_most=2, trained=True)",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in sources])
    NotebookClient(book, kernel_name="python3", allow_errors=True).execute()
    nbformat.validate(book)
    return [cell["outputs"] for cell in book["cells"]]


def test_the_claims_of_a_cell_are_one_output_below_what_it_prints(cells):
    printed, shown = cells[0]
    assert printed["text"] == "before\nbetween\n"
    other = {"claim": "x < y | $z$", "value": [2, 3], "equals": [2, 3], "verdict": "held"}
    assert shown["data"][claims.MIME] == {"claims": [FULL, NOTHING | other]}
    assert shown["data"]["text/plain"] == (
        "✓ test −ELBO: 96.282 nats (at most 97; published 106.7, Kingma & Welling 2013, <b>;"
        " trained in 54 s; 1,069,864 parameters)\n✓ x < y | $z$: (2, 3) (equal to (2, 3))"
    )
    assert [output["output_type"] for output in cells[1]] == ["execute_result"]


def rows(html):
    """The cells of a table, row by row, as a browser reads them."""
    from xml.etree import ElementTree

    return [[cell.text or "" for cell in row] for row in ElementTree.fromstring(html)]


def test_the_table_says_what_the_line_says(cells):
    assert rows(cells[0][1]["data"]["text/html"]) == [
        ["", "claim", "measured", "wanted", "published"],
        [
            "✓",
            "test −ELBO",
            "96.282 nats",
            "at most 97",
            "106.7, Kingma & Welling 2013, <b>; trained in 54 s; 1,069,864 parameters",
        ],
        ["✓", "x < y | $z$", "(2, 3)", "equal to (2, 3)", ""],
    ]


def test_a_claim_that_fails_stands_in_the_table_and_ends_the_cell(cells):
    error, shown = sorted(cells[2], key=lambda output: output["output_type"], reverse=True)
    assert error["evalue"] == "✗ failed: 3, wanted at most 2"
    assert rows(shown["data"]["text/html"]) == [
        ["", "claim", "measured", "wanted"],
        ["✓", "held", "1", "at most 2"],
        ["✗", "failed", "3", "at most 2"],
    ]
    verdicts = [record["verdict"] for record in shown["data"][claims.MIME]["claims"]]
    assert verdicts == ["held", "failed"]


def test_what_is_not_judged_shows_no_value(cells):
    assert rows(cells[3][0]["data"]["text/html"])[1:] == [
        ["–", "open", "not judged at the smoke budget", "at most 2"]
    ]
    assert "✓" not in cells[3][0]["data"]["text/plain"]
