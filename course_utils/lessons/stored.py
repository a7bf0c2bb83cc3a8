"""Notebooks as they are stored: reading what runs have left in them, and writing them whole."""

import base64
import json
import os
import re

from course_utils import claims as claims_room


def read(path):
    """A stored notebook.

    Args:
        path: a `pathlib.Path` of an .ipynb file.

    Returns:
        The notebook as a dictionary of nbformat 4. Its ["metadata"]["course"] is what `execute`
        measured, or empty if it was never measured.
    """
    book = json.loads(path.read_text(encoding="utf-8"))
    book["metadata"].setdefault("course", {})
    return book


def write(path, text):
    """Replace a file in one step, so that it is never half written."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8", newline="\n")
    os.replace(new, path)


def text_of(book):
    """The text of a notebook's file, as Jupyter would write it."""
    import nbformat  # here: whoever only reads notebooks need not have it

    return nbformat.writes(nbformat.from_dict(book)).rstrip("\n") + "\n"


def without_live_forms(book):
    """Leave out widgets that have another form to be stored in, as a question's buttons have.

    Without a kernel they would stand there, and do nothing. (A slider's picture stays.)
    """
    states = book["metadata"].get("widgets", {}).get(_STATE, {}).get("state", {})
    for output in outputs(book):
        data = output.get("data", {})
        if _VIEW in data and "text/html" in data:
            _forget(data.pop(_VIEW)["model_id"], states)


_STATE = "application/vnd.jupyter.widget-state+json"
_VIEW = "application/vnd.jupyter.widget-view+json"


def _forget(model, states):
    """Take a widget's state out of `states`, and those of the widgets that it holds."""
    state = json.dumps(states.pop(model, {}))
    for held in re.findall(r"IPY_MODEL_(\w+)", state):
        _forget(held, states)


def outputs(book):
    """All outputs of a notebook, from the top."""
    return [output for cell in book["cells"] for output in cell.get("outputs", ())]


def claims(book):
    """The records of the claims that a notebook's last run judged, from the top.

    Args:
        book: a notebook, as `read` returns it.

    Returns:
        A list of dictionaries: "claim", "value", "unit", "at_most", "at_least", "equals", "within",
        "verdict" ("held", "failed" or "not judged"), "published", "source", "seconds",
        "parameters", "trained", as `claims.expect` got them. What was not given is None.

    >>> claims({"cells": [{"cell_type": "markdown", "source": "nothing claimed"}]})
    []
    """
    kept = [output.get("data", {}).get(claims_room.MIME) for output in outputs(book)]
    return [record for data in kept if data for record in data["claims"]]


def picture(path, beginning):
    """A figure of a stored notebook.

    Args:
        path: a `pathlib.Path` of the notebook.
        beginning: how the figure's alternative text begins.

    Returns:
        Bytes of a PNG file: the first such figure.

    Raises:
        ValueError: if there is none.
    """
    for output in outputs(read(path)):
        alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
        if alt.startswith(beginning):
            return base64.b64decode(output["data"]["image/png"])
    raise ValueError(f"{path.name} has no figure whose alternative text begins with {beginning!r}")
