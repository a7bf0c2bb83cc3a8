"""What the lessons claim: judged, shown, and recorded as data beside what is shown."""

import html
import json
import math
import numbers
import os
import sys

import numpy as np

from course_utils import runtime

# Under this type a notebook's output carries the claims: {"claims": [record, ...]}.
MIME = "application/vnd.course.claims.v1+json"

_SIGNS = {"held": "✓", "failed": "✗", "not judged": "–"}
_unshown = []  # records of the cell that runs


def expect(
    claim,
    value,
    *,
    at_most=None,
    at_least=None,
    equals=None,
    within=0.0,
    unit="",
    published=None,
    source=None,
    seconds=None,
    parameters=None,
    trained=False,
):
    """Test a claim of the lesson and show the outcome.

    In a notebook the claims of a cell become one table below it, and its output also holds them as
    data, of the MIME type `claims.MIME`. Anywhere else, each is a line of text.

    Args:
        claim: what is claimed, in words: "30-component test squared error".
        value: what was measured: a number, or a bool, string or shape (tuple) to compare with
            `equals`.
        at_most, at_least: bounds, included. Both may be given.
        equals: the value wanted; numbers may differ by up to `within`.
        within: the tolerance of `equals`, in the units of `value`.
        unit: the unit, shown behind the value.
        published: the published number, shown beside ours, not tested.
        source: where it was published. Needed with `published`.
        seconds: how long the training behind the value took. Shown beside `published`, not tested.
        parameters: how many trainable parameters are behind the value. Shown beside `published`,
            not tested.
        trained: True if the claim is about a trained model. At the smoke budget such a claim is not
            judged.

    Returns:
        None.

    Raises:
        AssertionError: if the claim does not hold. NaN never holds.
        TypeError, ValueError: if the arguments make no testable claim.

    >>> expect("share of variance in the first component", 0.92, at_least=0.9)
    ✓ share of variance in the first component: 0.92 (at least 0.9)
    """
    bounds = {"at_most": at_most, "at_least": at_least, "equals": equals, "within": within}
    _refuse_bounds_that_test_nothing(**bounds)
    if not isinstance(claim, str) or not claim.strip():
        raise ValueError(f"claim must say what is claimed, got {claim!r}")
    _refuse_half_a_source(published, source, seconds, parameters)
    if (equals is None or _is_number(equals)) and not isinstance(value, numbers.Real):
        raise TypeError(f"value must be one number, got {type(value).__name__}: {value!r}")
    value = value.item() if isinstance(value, np.generic) else value

    unjudged = trained and runtime.current_budget() == "smoke"
    verdict = "not judged" if unjudged else "held" if _holds(value, **bounds) else "failed"
    record = {"claim": claim, "value": value, "unit": unit, **bounds, "verdict": verdict}
    record |= {"published": published, "source": source}
    # A few steps of training: their seconds say nothing.
    record |= {"seconds": None if unjudged else seconds, "parameters": parameters}
    record = {key: _plain(part) for key, part in record.items()} | {"trained": bool(trained)}
    _append(record)
    _show(record)
    if verdict == "failed":  # with all its digits: a near miss must not look like a hit
        measured = f"{claim}: {value!r}{unit and ' ' + unit}"
        raise AssertionError(f"✗ {measured}, wanted {_notes(record)}")


def text(value):
    """A measured value as the lessons show it.

    Args:
        value: a number, bool, string or tuple.

    Returns:
        A string: numbers to five significant digits, whole numbers in full with commas, "yes" or
        "no" for a bool, anything else as it prints.

    >>> text(3.14159265), text(1_069_864), text(True)
    ('3.1416', '1,069,864', 'yes')
    """
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, numbers.Integral):
        return f"{value:,}"
    if isinstance(value, numbers.Real):
        return f"{value:.5g}"
    return str(tuple(value) if isinstance(value, list) else value)  # a shape, as JSON keeps it


def wanted(record):
    """The bounds of a claim in words.

    Args:
        record: a claim's record, or any dictionary with "at_most", "at_least", "equals", "within".

    Returns:
        A string.

    >>> wanted({"at_most": 3.0, "at_least": None, "equals": None, "within": 0.0})
    'at most 3'
    """
    low, high, equals, within = (record[key] for key in ("at_least", "at_most", "equals", "within"))
    if equals is not None:
        return f"equal to {text(equals)}" + (f" within {text(within)}" if within else "")
    if low is not None and high is not None:
        return f"from {text(low)} to {text(high)}"
    return f"at most {text(high)}" if low is None else f"at least {text(low)}"


def seconds_text(seconds):
    """A training's duration: whole seconds, below ten of them two significant digits.

    Args:
        seconds: a number above 0.

    Returns:
        A string without the unit.

    >>> seconds_text(1234.5), seconds_text(0.256)
    ('1,234', '0.26')
    """
    return f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.2g}"


def _refuse_bounds_that_test_nothing(at_most, at_least, equals, within):
    for name, bound in (("at_most", at_most), ("at_least", at_least), ("within", within)):
        if bound is None and name != "within":
            continue
        if not isinstance(bound, numbers.Real) or not math.isfinite(bound):
            raise ValueError(f"{name} must be a finite number, got {bound!r}")
    if (equals is None) == (at_most is None and at_least is None):
        raise ValueError(
            "give either equals, or at_most, at_least or both: a claim needs a bound that it can"
            " miss"
        )
    if within < 0 or (within and not _is_number(equals)):
        raise ValueError(
            "within is a tolerance, at least 0, of a number that equals names, got"
            f" {within} and {equals!r}"
        )
    if at_most is not None and at_least is not None and at_least > at_most:
        raise ValueError(f"at_least must not exceed at_most, got {at_least} and {at_most}")


def _refuse_half_a_source(published, source, seconds, parameters):
    if (published is None) != (source is None):
        raise ValueError(
            f"published and source go together, got published={published!r} and source={source!r}"
        )
    if published is None and (seconds is not None or parameters is not None):
        raise ValueError(
            "seconds and parameters go with published, got"
            f" seconds={seconds!r}, parameters={parameters!r}"
        )
    if published is not None and not (_is_number(published) and math.isfinite(published)):
        raise ValueError(f"published must be a finite number, got {published!r}")
    if source is not None and not (
        isinstance(source, str) and source.strip() and "\n" not in source
    ):
        raise ValueError(f"source must say in one line where it was published, got {source!r}")
    if seconds is not None and not (_is_number(seconds) and math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"seconds must be a finite number above 0, got {seconds!r}")
    if parameters is not None and not (
        _is_number(parameters) and isinstance(parameters, numbers.Integral) and parameters > 0
    ):
        raise ValueError(f"parameters must be a whole number above 0, got {parameters!r}")


def _holds(value, at_most, at_least, equals, within):
    if equals is None:
        return bool(
            (at_most is None or value <= at_most) and (at_least is None or value >= at_least)
        )
    if _is_number(equals):
        return bool(abs(value - equals) <= within)
    return bool(value == equals)


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def _plain(value):
    """The value as JSON can hold it. JSON has no NaN and no infinity: they become words."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    known = value is None or isinstance(value, (bool, int, float, str))
    return value if known else float(value) if isinstance(value, numbers.Real) else str(value)


def _append(record):
    """Add the record to the file that COURSE_CLAIMS names, if it is set: so runs count claims."""
    path = os.environ.get("COURSE_CLAIMS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def _show(record):
    if shell := _notebook():
        if _show_all not in shell.events.callbacks["post_execute"]:
            shell.events.register("post_execute", _show_all)
        _unshown.append(record)
    elif record["verdict"] != "failed":  # a failure is told by the exception
        print(printable(_line(record)))


def printable(text):
    """A text as the terminal can show it: one of another age, or a file, gets words for signs.

    Args:
        text: a string.

    Returns:
        The text, or what is nearest to it in the encoding of `sys.stdout`.

    >>> printable("✓ right")
    '✓ right'
    """
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
        return text
    except UnicodeEncodeError:
        for sign, word in (("✓", "ok"), ("✗", "no"), ("–", "--")):
            text = text.replace(sign, word)
        return text.encode(encoding, "replace").decode(encoding)


def _notebook():
    """The shell of a notebook's kernel, or None: a terminal can't show a table."""
    if "IPython" not in sys.modules:
        return None
    shell = sys.modules["IPython"].get_ipython()
    return shell if hasattr(shell, "kernel") else None


def _show_all():
    """Show the claims of the cell that has just run, as one output; IPython calls it."""
    if not _unshown:
        return
    records, _unshown[:] = list(_unshown), []
    from IPython.display import display

    bundle = {
        "text/plain": "\n".join(map(_line, records)),
        "text/html": _table(records),
        MIME: {"claims": records},
    }
    display(bundle, raw=True)


def _line(record):
    """A claim in one line of text."""
    sign, claim, notes = _SIGNS[record["verdict"]], record["claim"], _notes(record)
    if record["verdict"] == "not judged":
        return f"{sign} not judged at the smoke budget: {claim} ({notes})"
    return f"{sign} {claim}: {_measured(record)} ({notes}{_behind(record)})"


def _measured(record):
    return f"{text(record['value'])} {record['unit']}".rstrip()


def _notes(record):
    if record["published"] is None:
        return wanted(record)
    return f"{wanted(record)}; published {text(record['published'])}, {record['source']}"


def _behind(record):
    """The training behind a value in words, "" if nothing is told of it."""
    seconds, parameters = record["seconds"], record["parameters"]
    words = "" if seconds is None else f"; trained in {seconds_text(seconds)} s"
    return words if parameters is None else f"{words}; {parameters:,} parameters"


def _table(records):
    """The claims as a table of HTML, without colours of its own: any theme shows it."""
    columns = ["", "claim", "measured", "wanted"]
    if any(record["published"] is not None for record in records):
        columns.append("published")
    rows = [_row("th", columns)]
    for record in records:
        judged = record["verdict"] != "not judged"
        cells = [
            _SIGNS[record["verdict"]],
            record["claim"],
            _measured(record) if judged else "not judged at the smoke budget",
            wanted(record),
        ]
        if record["published"] is not None:
            cells.append(f"{text(record['published'])}, {record['source']}{_behind(record)}")
        rows.append(_row("td", cells + [""] * (len(columns) - len(cells))))
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _row(tag, cells):
    style = ' style="text-align: left"'  # JupyterLab's own is to the right
    return f"<tr>{''.join(f'<{tag}{style}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"
