"""What the plotters share: the figure that carries its alternative text, colours, and the checks of
their arguments."""

import base64
import io
import itertools
import sys

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from PIL import Image  # Matplotlib needs Pillow, too

from course_utils import _validate

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


# ---- the figure


class AltFigure(Figure):
    """A Matplotlib figure that a notebook stores together with its alternative text, `alt`.

    `figure` makes one, and so does every plotter.
    """

    alt = ""

    def _repr_mimebundle_(self, include=None, exclude=None):
        png = base64.b64encode(self._png()).decode("ascii")
        return {"image/png": png, "text/plain": f"<Figure: {self.alt}>"}, {
            "image/png": {"alt": self.alt}
        }

    def _png(self):
        drawn, small = io.BytesIO(), io.BytesIO()
        self.savefig(drawn, format="png", dpi=90, bbox_inches="tight", facecolor="white")
        picture = _one_byte_a_pixel(Image.open(drawn).convert("RGB"))
        picture.save(small, format="png", optimize=True)
        return small.getvalue()


def _one_byte_a_pixel(picture):
    """The picture in grey levels, or with a palette of 256 colours, where that looks the same: so
    notebooks stay small."""
    pixels = np.asarray(picture).astype(int)
    if (pixels == pixels[..., :1]).all():
        return picture.convert("L")
    palette = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    return palette if np.abs(np.asarray(palette.convert("RGB")) - pixels).max() <= 16 else picture


def take_precedence(shell):
    """Register our picture with a notebook's shell: the `interact` of ipywidgets registers
    Matplotlib's own for all figures."""
    if shell is not None:
        shell.display_formatter.formatters["image/png"].for_type(AltFigure, AltFigure._png)


take_precedence(sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None)


def figure(alt, rows=1, columns=1, width=None, height=None, **options):
    """An empty figure with axes, as from `plt.subplots`, that carries an alternative text.

    Args:
        alt: what the figure shows, in words, for a reader who can't see it.
        rows, columns: how many axes stand one under another, and side by side.
        width, height: of the whole figure in inches; 4.5 by 3.2 for each of the axes if not given.
        options: passed on to `matplotlib.figure.Figure.subplots`.

    Returns:
        (fig, axes): axes is one Axes, or an array of them as from `plt.subplots`.

    Raises:
        TypeError, ValueError: if `alt` is no text or empty, or the other arguments will not do.

    >>> fig, ax = figure("A parabola.")
    >>> line = ax.plot([-1, 0, 1], [1, 0, 1])
    >>> fig.alt
    'A parabola.'
    """
    alt = _alternative_text(alt)
    rows, columns = _validate.integer("rows", rows, 1), _validate.integer("columns", columns, 1)
    width = 4.5 * columns if width is None else _validate.real("width", width)
    height = 3.2 * rows if height is None else _validate.real("height", height)
    fig = AltFigure(figsize=(width, height), layout="constrained")
    fig.alt = alt
    return fig, fig.subplots(rows, columns, **options)


def _alternative_text(alt):
    if not isinstance(alt, str):
        raise TypeError(
            f"alt must be text that says what the figure shows, got {type(alt).__name__}"
        )
    if not alt.strip():
        raise ValueError("alt must say what the figure shows, got empty text")
    return alt


def axes(ax, alt, told, width, height):
    """(figure, axes) to draw into: those of `ax`, or new ones of that size in inches.

    The figure's alternative text is `alt`, or `told` where that is None. A figure that has one
    keeps it: what several plotters draw into, its maker describes.
    """
    alt = told if alt is None else _alternative_text(alt)
    if ax is None:
        return figure(alt, width=width, height=height)
    if not isinstance(ax, Axes):
        raise TypeError(
            f"ax must be Matplotlib axes, got {type(ax).__name__}: "
            "of several, pass one, such as axes[0]"
        )
    fig = ax.figure.figure  # of a subfigure's axes the figure around it, which is what is displayed
    if not getattr(fig, "alt", ""):
        fig.alt = alt
    return fig, ax


# ---- what is drawn


def counted(n, noun):
    """How many, in words for an alternative text: 1 row, 2 rows."""
    return f"{n} {noun}{'s' * (n != 1)}"


def outlines(ax, histograms):
    """Histograms as outlines, each in a colour of its own.

    `histograms` leads from labels to (heights, edges), as `np.histogram` returns them.
    """
    for (label, (heights, edges)), colour in zip(histograms.items(), itertools.cycle(COLOURS)):
        ax.stairs(heights, edges, color=colour, label=label, linewidth=1.5)


def thumbnail(ax, image, place, height, cmap, **options):
    """A small image at a place of the axes; its height is in points, 1/72 inch.

    `options` are those of Matplotlib's `AnnotationBbox`, the frame around it.
    """
    scale = {"cmap": cmap, "norm": Normalize(0, 1)}
    box = OffsetImage(np.clip(image, 0, 1), zoom=height / image.shape[0], **scale)
    ax.add_artist(AnnotationBbox(box, place, **options))


# ---- the arguments


def images(name, value, unit):
    """`value` as images to draw: in [0, 1] if `unit`, else any values on that scale. The usual
    slips get a hint."""
    array = _validate.number_array(name, value)
    if array.ndim == 2 and array.shape[1] in (784, 4096):
        side = round(array.shape[1] ** 0.5)
        raise ValueError(
            f"{name} must be images, got flat ones of shape {array.shape}: "
            f"use reshape(-1, {side}, {side})"
        )
    if array.dtype.kind == "b":  # a mask: what is marked is white
        array = array.astype(np.float32)
    array = _validate.unit_images(name, array) if unit else _validate.images(name, array)
    if array.ndim == 4 and array.shape[3] not in (1, 3):
        raise ValueError(f"{name} must have 1 or 3 channels, got shape {array.shape}")
    return array[..., 0] if array.ndim == 4 and array.shape[3] == 1 else array


def image_pair(name, x, x_hat):
    """Images in [0, 1], called `name`, and their reconstructions `x_hat`, of the same shape."""
    x, x_hat = images(name, x, unit=True), images("x_hat", x_hat, unit=False)
    _validate.same_shape(name, x, "x_hat", x_hat)
    refuse_bytes("x_hat", x_hat)
    return x, x_hat


def refuse_bytes(name, array):
    """Reconstructions overshoot [0, 1] a little; those of a network trained on bytes overshoot it a
    hundredfold."""
    largest = np.abs(array).max()
    if largest > 10:
        raise ValueError(
            f"{name} must be on the scale of the originals, [0, 1], "
            f"got values up to {largest:.4g}: divide by 255"
        )


def two_columns(name, value):
    """`value` as points of the plane or arrows in it: floats of shape (n, 2)."""
    # As floats, for differences of bytes would wrap.
    array = _validate.number_array(name, value, ndim=2).astype(float)
    if array.shape[1] != 2:
        hint = ": is it transposed?" if array.shape[0] == 2 else ""
        raise ValueError(f"{name} must have 2 columns, got shape {array.shape}{hint}")
    return array


def listed(name, values):
    """`values` as a list; text and single values are refused."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise TypeError(f"{name} must be a list, got {values!r} of type {type(values).__name__}")
    return list(values)


def one_for_each(name, values, others, what):
    """Raise ValueError unless there are as many `values` as `others`, which are `what`."""
    if len(values) != len(others):
        raise ValueError(
            f"{name} must be one for each of the {len(others)} {what}, got {len(values)}"
        )


def labelled(name, value, what):
    """Raise TypeError or ValueError unless `value` is a dictionary and holds something."""
    wanted = f"{name} must be a dictionary from labels to {what}"
    if not isinstance(value, dict):
        raise TypeError(f"{wanted}, got {type(value).__name__}")
    if not value:
        raise ValueError(f"{wanted}, got an empty one")


def labelled_arrays(name, value, ndim, what="arrays"):
    """`value` as a dictionary from labels to arrays of floats of that rank."""
    labelled(name, value, what)
    # As floats: 32 bits are too coarse for the bins of a histogram over a narrow range.
    return {
        label: _validate.number_array(f"{name}[{label!r}]", array, ndim).astype(float)
        for label, array in value.items()
    }


def labelled_numbers(name, value):
    """`value` as a dictionary from labels to floats, an empty one for None."""
    if value is None:
        return {}
    labelled(name, value, "numbers")
    return {label: _validate.real(f"{name}[{label!r}]", number) for label, number in value.items()}
