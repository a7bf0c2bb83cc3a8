"""Figures from arrays, never from models.

Every plotter returns the figure and shows nothing: as the last line of a cell it is displayed once.
    Pass `ax` to draw
into axes of your own, best those of `figure`: a notebook shows a figure of pyplot's a second time
    by itself, and stores
no alternative text with it. Each plotter sets an alternative text, which the notebook stores with
    the picture for readers who can't
see it; `figure` makes an empty figure that does the same. Images are drawn from 0 (black) to 1
    (white), always, so
that two of them can be compared. Lines and points use Okabe & Ito's colours, which colour-blind
    readers can tell apart.
"""

import base64
import io
import sys

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from PIL import Image  # Matplotlib needs Pillow, too
from sklearn.metrics import roc_curve

from course_utils import _validate, metrics

# Ten classes need ten: Paul Tol's "muted" set.
_CLASSES = (
    "#332288",
    "#88CCEE",
    "#44AA99",
    "#117733",
    "#999933",
    "#DDCC77",
    "#CC6677",
    "#882255",
    "#AA4499",
    "#BBBBBB",
)
_MARKERS = ("o", "s", "^", "D")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_PAD = 2  # pixels between the images of a grid


class AltFigure(Figure):
    """A Matplotlib figure with an alternative text, `alt`, that a notebook displays and stores
    together."""

    alt = ""

    def _repr_mimebundle_(self, include=None, exclude=None):
        png = base64.b64encode(self._png()).decode("ascii")
        return {"image/png": png, "text/plain": f"<Figure: {self.alt}>"}, {
            "image/png": {"alt": self.alt}
        }

    def _png(self):
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=90, bbox_inches="tight", facecolor="white")
        small = io.BytesIO()
        _one_byte_a_pixel(Image.open(buffer).convert("RGB")).save(
            small, format="png", optimize=True
        )
        return small.getvalue()


def _take_precedence(shell):
    """Register our picture with a notebook's shell: ipywidgets' `interact` registers Matplotlib's
    own for all figures."""
    if shell is not None:
        shell.display_formatter.formatters["image/png"].for_type(AltFigure, AltFigure._png)


_take_precedence(sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None)


def figure(alt, rows=1, columns=1, width=None, height=None, **options):
    """An empty figure with axes, like `plt.subplots`, that carries an alternative text.

    Args:
        alt: what the figure shows, in words, for a reader who can't see it.
        rows, columns: of axes.
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
    if not isinstance(alt, str):
        raise TypeError(
            f"alt must be text that says what the figure shows, got {type(alt).__name__}"
        )
    if not alt.strip():
        raise ValueError("alt must say what the figure shows, got empty text")
    rows, columns = _validate.integer("rows", rows, 1), _validate.integer("columns", columns, 1)
    width = 4.5 * columns if width is None else _validate.real("width", width)
    height = 3.2 * rows if height is None else _validate.real("height", height)
    fig = AltFigure(figsize=(width, height), layout="constrained")
    fig.alt = alt
    return fig, fig.subplots(rows, columns, **options)


def image_grid(images, n_columns=10, titles=None, signed=False, alt=None, ax=None):
    """Images side by side, row after row.

    Args:
        images: floating point, shape (n, height, width) or (n, height, width, 3), in [0, 1]. With
            `signed`, any values, shape (n, height, width): weights or components, drawn blue below
            0, white at 0, red above.
        n_columns: images in a row.
        titles: n texts, one above each image.
        signed: see `images`.
        alt: alternative text; by default it says how many images there are, and the titles.
        ax: Matplotlib axes to draw into.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do; images of 0 to 255 are refused.

    >>> fig = image_grid(np.zeros((12, 28, 28), "float32"), n_columns=6)
    >>> fig.alt
    '12 images in 2 rows.'
    """
    images = _images("images", images, unit=not signed)
    titles = None if titles is None else _listed("titles", titles)
    n_columns = min(_validate.integer("n_columns", n_columns, 1), len(images))
    if titles is not None and len(titles) != len(images):
        raise ValueError(
            f"titles must have one text for each of the {len(images)} images, got {len(titles)}"
        )
    n_rows = -(-len(images) // n_columns)
    if alt is None:
        alt = f"{len(images)} images in {n_rows} row{'s' * (n_rows > 1)}"
        alt += "." if titles is None else ": " + ", ".join(map(str, titles)) + "."
    top = 0 if titles is None else round(0.3 * images.shape[1])  # room for a title
    height, width = images.shape[1] + _PAD + top, images.shape[2] + _PAD
    canvas = np.full((n_rows * height, n_columns * width) + images.shape[3:], np.nan, np.float32)
    corners = [
        (top + row * height, column * width) for row in range(n_rows) for column in range(n_columns)
    ]
    for image, (y, x) in zip(images, corners):
        canvas[y : y + image.shape[0], x : x + image.shape[1]] = image
    fig, ax = _axes(ax, alt, 0.85 * n_columns, 0.85 * n_columns * canvas.shape[0] / canvas.shape[1])
    limit = float(np.abs(images).max()) or 1.0
    _draw(ax, canvas, signed, limit)
    for title, (y, x) in zip(titles or (), corners):
        ax.text(x + images.shape[2] / 2, y - 0.2 * top, title, ha="center", va="bottom", fontsize=8)
    return fig


def image_rows(rows, signed=False, alt=None, ax=None):
    """Rows of images under one another, each with a label at its left: originals and what became of
    them.

    Args:
        rows: a dictionary from labels to images, each floating point of one shape (n, height,
            width) or (n, height, width, 3). Values outside [0, 1] (reconstructions have them) are
            drawn as the nearest of 0 and 1.
        signed, alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do; the first row must lie in [0, 1] unless
            `signed`.

    >>> x = np.zeros((10, 28, 28), "float32")
    >>> image_rows({"original": x, "reconstruction": x + 0.1}).alt
    '10 images a row, from top to bottom: original, reconstruction.'
    """
    _labelled("rows", rows, "images")
    stacks = [
        _images(f"rows[{label!r}]", x, unit=not signed and i == 0)
        for i, (label, x) in enumerate(rows.items())
    ]
    for label, stack in zip(rows, stacks):
        if stack.shape != stacks[0].shape:
            raise ValueError(
                f"all rows must have one shape, got {stacks[0].shape} for {next(iter(rows))!r} and {stack.shape} for {label!r}"
            )
        if not signed:
            _refuse_bytes(f"rows[{label!r}]", stack)
    n, height, width = stacks[0].shape[:3]
    stride = height + _PAD
    canvas = np.full(
        (len(stacks) * stride, n * (width + _PAD)) + stacks[0].shape[3:], np.nan, np.float32
    )
    for i, stack in enumerate(stacks):
        for j, image in enumerate(stack):
            canvas[
                i * stride : i * stride + height, j * (width + _PAD) : j * (width + _PAD) + width
            ] = image
    if alt is None:
        alt = f"{n} images a row, from top to bottom: {', '.join(map(str, rows))}."
    # 1.5 inches beside the images for the labels
    fig, ax = _axes(ax, alt, 1.5 + 0.85 * n, 0.85 * n * canvas.shape[0] / canvas.shape[1])
    _draw(ax, canvas, signed, float(max(np.abs(stack).max() for stack in stacks)) or 1.0)
    for i, label in enumerate(rows):
        ax.text(-_PAD, i * stride + height / 2, label, ha="right", va="center", fontsize=9)
    return fig


def plane(images, alt=None, ax=None):
    """A square or rectangle of images without a gap between them: what a decoder makes of a grid of
    latents.

    Args:
        images: floating point in [0, 1], shape (rows, columns, height, width): the grid's first row
            on top.
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do; images of 0 to 255 are refused.

    >>> plane(np.zeros((3, 5, 28, 28), "float32")).alt
    'A plane of 3 by 5 images.'
    """
    images = _validate.number_array("images", images, ndim=4, floating=True)
    rows, columns, height, width = images.shape
    canvas = _images("images", images.reshape(-1, height, width), unit=True).reshape(images.shape)
    canvas = canvas.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
    fig, ax = _axes(
        ax,
        alt or f"A plane of {rows} by {columns} images.",
        7,
        7 * canvas.shape[0] / canvas.shape[1],
    )
    _draw(ax, canvas, False, 1.0)
    return fig


def latent_histograms(z, bins=60, alt=None, ax=None):
    """How the samples of each latent are spread, beside the standard normal density, the prior's.

    Args:
        z: samples from q(z | x), one for each of n images, shape (n, n_latents), at most five
            latents.
        bins: how many, from the least value to the largest.
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> latent_histograms(np.array([[-1.0, 0.0], [1.0, 0.0]])).alt
    'Histograms of 2 latents and the standard normal density: latent 1, mean 0, deviation 1; latent 2, mean 0, deviation 0.'
    """
    z = _validate.number_array("z", z, ndim=2).astype(
        float
    )  # 32 bits are too coarse for bins in a narrow range
    bins = _validate.integer("bins", bins, 1)
    if z.shape[1] > 5:
        raise ValueError(
            f"z must have at most 5 latents, got {z.shape[1]}: choose some of the columns"
        )
    told = "; ".join(
        f"latent {i + 1}, mean {m:.2g}, deviation {s:.2g}"
        for i, (m, s) in enumerate(zip(z.mean(axis=0), z.std(axis=0)))
    )
    fig, ax = _axes(
        ax,
        alt or f"Histograms of {z.shape[1]} latents and the standard normal density: {told}.",
        5.5,
        3.2,
    )
    at = np.linspace(min(-4, z.min()), max(4, z.max()), 300)
    ax.plot(
        at,
        np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi),
        color="black",
        linestyle="--",
        label="standard normal",
    )
    for i, colour in zip(range(z.shape[1]), _cycle()):
        ax.stairs(
            *np.histogram(z[:, i], bins=bins, density=True),
            color=colour,
            label=f"latent {i + 1}",
            linewidth=1.5,
        )
    ax.set(xlabel="value of a latent", ylabel="density")
    ax.legend(fontsize=8)
    return fig


def reconstructions(x, x_hat, n=10, labels=("original", "reconstruction"), alt=None, ax=None):
    """The first n images above their reconstructions.

    Args:
        x: floating point in [0, 1], shape (m, height, width) or (m, height, width, 3).
        x_hat: the reconstructions, of the same shape; values outside [0, 1] are drawn as the
            nearest of 0 and 1.
        n: how many; fewer if there are fewer.
        labels: of the two rows.
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> x = np.zeros((20, 28, 28), "float32")
    >>> fig = reconstructions(x, x, labels=("digit", "PCA"))
    """
    x, x_hat = _images("x", x, unit=True), _images("x_hat", x_hat, unit=False)
    _validate.same_shape("x", x, "x_hat", x_hat)
    _refuse_bytes("x_hat", x_hat)
    n = _validate.integer("n", n, 1)
    labels = _listed("labels", labels)
    if len(labels) != 2 or labels[0] == labels[1]:
        raise ValueError(f"labels must be two different texts, got {labels!r}")
    return image_rows(dict(zip(labels, (x[:n], x_hat[:n]))), alt=alt, ax=ax)


def faces(images, persons, chosen=None, n=10, alt=None, ax=None):
    """Pictures of people, a row for each person.

    Args:
        images: floating point in [0, 1], shape (m, height, width) or (m, height, width, 3).
        persons: shape (m,), integers: who is on the picture.
        chosen: a list of the persons to show, in this order; by default all, in theirs.
        n: pictures of each, the first; as few as the person with the fewest has.
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do, or there is no picture of someone chosen.

    >>> faces(np.zeros((6, 64, 64), "float32"), np.array([3, 3, 3, 7, 7, 7])).alt
    'Pictures of 2 people, 3 of each, a row for each person: 3, 7.'
    """
    images = _images("images", images, unit=True)
    persons = _validate.number_array("persons", persons, ndim=1)
    if persons.dtype.kind not in "ui":
        raise TypeError(f"persons must be integers, got {persons.dtype}")
    if len(persons) != len(images):
        raise ValueError(
            f"persons must be one for each of the {len(images)} images, got {len(persons)}"
        )
    n = _validate.integer("n", n, 1)
    chosen = (
        np.unique(persons).tolist()
        if chosen is None
        else [_validate.integer("chosen", p, 0) for p in _listed("chosen", chosen)]
    )
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"chosen must be one person or more, nobody twice, got {chosen}")
    rows = {f"person {person}": images[persons == person] for person in chosen}
    for label, pictures in rows.items():
        if not len(pictures):
            raise ValueError(
                f"chosen must be among persons, got {label}, of whom there is no picture"
            )
    n = min(n, *map(len, rows.values()))
    alt = (
        alt
        or f"Pictures of {len(rows)} people, {n} of each, a row for each person: {', '.join(map(str, chosen))}."
    )
    return image_rows({label: pictures[:n] for label, pictures in rows.items()}, alt=alt, ax=ax)


def codes(x, code, x_hat, code_shape, n=10, alt=None, ax=None):
    """Originals, their codes as small images, and their reconstructions, one under another.

    Args:
        x: floating point in [0, 1], shape (m, height, width) or (m, height, width, 3).
        code: shape (m, units), of any values, drawn as blocks of the image's size: blue below 0,
            white at 0, red above, all codes on one scale.
        x_hat: the reconstructions, of the shape of `x`.
        code_shape: (rows, columns) of blocks, with rows * columns = units.
        n: how many; fewer if there are fewer.
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> x = np.zeros((20, 64, 64), "float32")
    >>> codes(x, np.ones((20, 32)), x, code_shape=(4, 8)).alt
    '10 images, their codes of 32 numbers as images of 4 x 8, and their reconstructions.'
    """
    x, x_hat = _images("x", x, unit=True), _images("x_hat", x_hat, unit=False)
    _validate.same_shape("x", x, "x_hat", x_hat)
    _refuse_bytes("x_hat", x_hat)
    code = _validate.number_array("code", code, ndim=2).astype(float)
    height, width = _validate.image_shape("code_shape", code_shape)
    if height > x.shape[1] or width > x.shape[2]:
        raise ValueError(
            f"code_shape must be at most the images' {x.shape[1]} x {x.shape[2]}, got {height} x {width}"
        )
    if code.shape != (len(x), height * width):
        raise ValueError(
            f"code must have shape {(len(x), height * width)}, a row of {height} x {width} numbers for each image, got {code.shape}"
        )
    n = min(_validate.integer("n", n, 1), len(x))
    alt = (
        alt
        or f"{n} images, their codes of {height * width} numbers as images of {height} x {width}, and their reconstructions."
    )
    rows, columns = (
        np.arange(side) * blocks // side for side, blocks in zip(x.shape[1:3], (height, width))
    )
    blocks = code[:n].reshape(n, height, width)[:, rows][:, :, columns]
    limit = float(np.abs(blocks).max()) or 1.0
    coloured = matplotlib.colormaps["RdBu_r"](0.5 + 0.5 * blocks / limit)[..., :3]
    shown = {"original": x[:n], "code": coloured, "reconstruction": np.clip(x_hat[:n], 0, 1)}
    in_colour = {
        label: a if a.ndim == 4 else np.repeat(a[..., np.newaxis], 3, axis=3)
        for label, a in shown.items()
    }
    return image_rows(in_colour, alt=alt, ax=ax)


def unit_maxima(code, threshold=1e-2, alt=None, ax=None):
    """How far from 0 each unit of a code ever goes, as bars in descending order; units that stay
    near 0 are dead.

    Args:
        code: shape (n, units): the codes of many examples.
        threshold: a unit none of whose values lies further from 0 than this is called dead; at
            least 0, in the units of the code.
        alt, ax: as in `image_grid`.

    Returns:
        The figure; the title counts the dead units.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> unit_maxima(np.array([[0.0, 0.5], [0.0, -2.0]])).alt
    'The largest magnitude of each of 2 units over 2 examples, from 0 to 2; 1 unit is dead.'
    """
    code = _validate.number_array("code", code, ndim=2).astype(
        float
    )  # so that the magnitude of a byte doesn't wrap
    threshold = _validate.real("threshold", threshold, 0)
    largest = np.sort(np.abs(code).max(axis=0))[::-1]
    dead = int((largest <= threshold).sum())
    counted = f"{dead or 'no'} unit{'s are' if dead > 1 else ' is'} dead"
    alt = alt or (
        f"The largest magnitude of each of {len(largest)} unit{'s' * (len(largest) > 1)} over {len(code)} examples, "
        f"from {largest[-1]:.3g} to {largest[0]:.3g}; {counted}."
    )
    fig, ax = _axes(ax, alt, 6.5, 2.6)
    ax.bar(np.arange(len(largest)), largest, width=0.8, color=COLOURS[0])
    ax.plot(
        np.flatnonzero(largest <= threshold), np.zeros(dead), "x", color=COLOURS[1], clip_on=False
    )  # a bar that can't be seen
    ax.set(
        xlabel="unit, in descending order",
        ylabel="largest magnitude",
        title=counted,
        xlim=(-1, len(largest)),
    )
    ax.xaxis.get_major_locator().set_params(integer=True)
    return fig


def filters(kernel, image_shape=None, n_columns=20, alt=None, ax=None):
    """The weights of a dense layer's units as images, each on a scale of its own: blue below 0,
    white at 0, red above.

    Args:
        kernel: shape (n_inputs, units), as `keras.layers.Dense.kernel` has it: a column for each
            unit. To show some units, or to sort them, index the columns: `kernel[:, order]`. (For
            what a decoder's unit draws, pass its kernel transposed.)
        image_shape: (height, width) of the layer's input; by default it is square.
        n_columns, alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> filters(np.ones((784, 40), "float32")).alt
    'The weights of 40 units as images of 28 x 28 pixels.'
    """
    kernel = _validate.number_array("kernel", kernel, ndim=2).astype(np.float32)
    n_inputs, units = kernel.shape
    square = (round(n_inputs**0.5),) * 2
    height, width = (
        square if image_shape is None else _validate.image_shape("image_shape", image_shape)
    )
    if height * width != n_inputs:
        raise ValueError(
            f"kernel must have a row for each pixel, {height} x {width} = {height * width}, got shape {kernel.shape}: "
            "is it transposed, or is image_shape another?"
        )
    largest = np.maximum(np.abs(kernel).max(axis=0), np.finfo(np.float32).tiny)
    images = (kernel / largest).T.reshape(units, height, width)
    alt = alt or f"The weights of {units} units as images of {height} x {width} pixels."
    return image_grid(images, n_columns, signed=True, alt=alt, ax=ax)


def activations(codes, bins=50, alt=None, ax=None):
    """How often a unit takes which value: a histogram for each code, all units and examples
    together, on a logarithmic scale.

    Args:
        codes: a dictionary from labels to arrays of shape (n, units).
        bins: how many, over the range of all codes.
        alt, ax: as in `image_grid`.

    Returns:
        The figure: the share of all values that falls into each bin.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> activations({"plain": np.full((5, 3), 0.5), "sparse": np.zeros((5, 3))}).alt
    'Histograms of the activations: plain, mean 0.5; sparse, mean 0.'
    """
    _labelled("codes", codes, "arrays")
    codes = {
        label: _validate.number_array(f"codes[{label!r}]", code, ndim=2)
        for label, code in codes.items()
    }
    bins = _validate.integer("bins", bins, 1)
    limits = min(c.min() for c in codes.values()), max(c.max() for c in codes.values())
    alt = (
        alt
        or f"Histograms of the activations: {'; '.join(f'{k}, mean {c.mean():.3g}' for k, c in codes.items())}."
    )
    fig, ax = _axes(ax, alt, 5.5, 3.2)
    for (label, code), colour in zip(codes.items(), _cycle()):
        counts, edges = np.histogram(code, bins=bins, range=limits)
        ax.stairs(
            counts / code.size,
            edges,
            color=colour,
            label=f"{label}, mean {code.mean():.3g}",
            linewidth=1.5,
        )
    ax.set(xlabel="activation of a unit", ylabel="share of all activations", yscale="log")
    ax.legend(fontsize=8)
    return fig


def score_histograms(scores, threshold=None, bins=60, alt=None, ax=None):
    """How the scores of a detector are spread: a histogram for each group, each with its own area
    of 1, and the threshold.

    Args:
        scores: a dictionary from labels to arrays of shape (n,), the higher the odder.
        threshold: drawn as a vertical line; None for none.
        bins: how many, from the least score to the 99.5th percentile of the group that reaches
            farthest; the last bin also holds what lies beyond.
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> score_histograms({"normal": np.array([1.0, 2.0]), "anomalous": np.array([3.0, 4.0, 5.0])}, threshold=2.5).alt
    'Histograms of scores: normal, median 1.5, 0% above the threshold of 2.5; anomalous, median 4, 100% above the threshold of 2.5.'
    """
    _labelled("scores", scores, "arrays")
    scores = {
        k: _validate.number_array(f"scores[{k!r}]", v, ndim=1).astype(float)
        for k, v in scores.items()
    }
    bins = _validate.integer("bins", bins, 1)
    told = {k: f"{k}, median {np.median(v):.3g}" for k, v in scores.items()}
    if threshold is not None:
        threshold = _validate.real("threshold", threshold)
        told = {
            k: f"{t}, {(scores[k] > threshold).mean():.0%} above the threshold of {threshold:.3g}"
            for k, t in told.items()
        }
    fig, ax = _axes(ax, alt or f"Histograms of scores: {'; '.join(told.values())}.", 5.5, 3.2)
    limits = (
        min(v.min() for v in scores.values()),
        max(np.percentile(v, 99.5) for v in scores.values()),
    )
    for (label, values), colour in zip(scores.items(), _cycle()):
        heights, edges = np.histogram(
            np.clip(values, *limits), bins=bins, range=limits, density=True
        )
        ax.stairs(heights, edges, color=colour, label=label, linewidth=1.5)
    if threshold is not None:
        ax.axvline(threshold, color="black", linestyle="--", label="threshold")
    ax.set(xlabel="score", ylabel="density")
    ax.legend(fontsize=8)
    return fig


def roc(scores, marks=None, alt=None, ax=None):
    """Receiver operating characteristics: recall against the false-alarm rate, for all thresholds
    at once.

    Args:
        scores: a dictionary from labels to pairs (normal, anomalous) of scores, shapes (n,) and
            (m,), the higher the odder.
        marks: a dictionary from some of these labels to a threshold, drawn as a dot on that curve.
        alt, ax: as in `image_grid`.

    Returns:
        The figure. The area under each curve (`metrics.auroc`) is in the legend.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> roc({"PCA": ([1.0, 2.0, 3.0], [2.5, 4.0])}).alt
    'ROC curves, recall against false-alarm rate: PCA, area 83.3 %.'
    """
    _labelled("scores", scores, "pairs (normal, anomalous)")
    for label, pair in scores.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                f"scores[{label!r}] must be a pair (normal, anomalous), got {type(pair).__name__}"
            )
    marks = {} if marks is None else marks
    if not isinstance(marks, dict) or not marks.keys() <= scores.keys():
        raise ValueError(
            f"marks must be a dictionary from labels of scores ({', '.join(scores)}) to thresholds, got {marks!r}"
        )
    areas = {label: metrics.auroc(*pair) for label, pair in scores.items()}
    alt = (
        alt
        or f"ROC curves, recall against false-alarm rate: {'; '.join(f'{k}, area {a:.1f} %' for k, a in areas.items())}."
    )
    fig, ax = _axes(ax, alt, 4, 3.8)
    for (label, pair), colour in zip(scores.items(), _cycle()):
        normal, anomalous = (np.asarray(part, float) for part in pair)
        is_anomaly = np.repeat([0, 1], [len(normal), len(anomalous)])
        false_alarm_rate, recall, _ = roc_curve(is_anomaly, np.concatenate([normal, anomalous]))
        ax.plot(false_alarm_rate, recall, color=colour, label=f"{label}, {areas[label]:.1f} %")
        if label in marks:
            at = metrics.detection(normal, anomalous, marks[label])
            ax.plot(at.false_alarm_rate, at.recall, "o", color=colour)
    ax.plot([0, 1], [0, 1], color="black", linestyle=":", linewidth=1)
    ax.set(xlabel="false-alarm rate", ylabel="recall", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.legend(fontsize=8, loc="lower right")
    return fig


def vector_field(points, arrows, data=None, alt=None, ax=None):
    """Arrows that begin at points of the plane, in their true lengths, over the data that explain
    them.

    Args:
        points: shape (n, 2), such as a grid.
        arrows: shape (n, 2): how far, and whereto, each point is moved.
        data: points drawn below the arrows, shape (m, 2), or None.
        alt, ax: as in `image_grid`.

    Returns:
        The figure; both axes have one scale.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> vector_field(np.zeros((1, 2)), np.ones((1, 2))).alt
    'A field of 1 arrow in the plane.'
    """
    points, arrows = _points("points", points), _points("arrows", arrows)
    _validate.same_shape("points", points, "arrows", arrows)
    alt = alt or f"A field of {len(points)} arrow{'s' * (len(points) > 1)} in the plane."
    fig, ax = _axes(ax, alt, 6, 4.6)
    if data is not None:
        ax.scatter(*_points("data", data).T, s=3, color=COLOURS[4], linewidths=0)
    ax.quiver(
        *points.T,
        *arrows.T,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.004,
        headwidth=4,
        color=COLOURS[0],
    )
    ax.update_datalim(points + arrows)  # Matplotlib looks at the tails alone
    ax.autoscale_view()
    _equal(ax)
    return fig


def projection_arrows(x, x_hat, alt=None, ax=None):
    """2-D points, their reconstructions, and an arrow from each point to its own.

    Args:
        x: the points, shape (n, 2).
        x_hat: their projections or reconstructions, shape (n, 2).
        alt, ax: as in `image_grid`.

    Returns:
        The figure; both axes have one scale, so that right angles look right.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> x = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> fig = projection_arrows(x, np.full((2, 2), 0.5))
    """
    x, x_hat = _points("x", x), _points("x_hat", x_hat)
    _validate.same_shape("x", x, "x_hat", x_hat)
    fig, ax = _axes(
        ax, alt or f"{len(x)} points, with an arrow from each to its reconstruction.", 4.5, 4
    )
    ax.quiver(
        *x.T, *(x_hat - x).T, angles="xy", scale_units="xy", scale=1, width=0.004, color="0.55"
    )
    ax.scatter(*x.T, s=18, color=COLOURS[0], label="point", zorder=2)
    ax.scatter(*x_hat.T, s=18, color=COLOURS[1], marker="x", label="reconstruction", zorder=3)
    ax.legend(loc="best", fontsize=8)
    _equal(ax)
    return fig


def loading_vectors(x, mean, components, explained_variance, alt=None, ax=None):
    """A 2-D cloud with its principal directions, each two standard deviations long, and their
    angles.

    Args:
        x: the points, shape (n, 2).
        mean: shape (2,), where the arrows begin.
        components: shape (k, 2), rows of length 1.
        explained_variance: shape (k,), the variance along each.
        alt, ax: as in `image_grid`.

    Returns:
        The figure; the legend gives each direction's angle to the horizontal, in degrees from -90
        to 90.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> x = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.1]])
    >>> fig = loading_vectors(x, x.mean(axis=0), np.array([[0.6, 0.8]]), np.array([1.0]))
    """
    x, components = _points("x", x), _points("components", components)
    mean = _validate.number_array("mean", mean, ndim=1)
    variance = _validate.number_array("explained_variance", explained_variance, ndim=1)
    if not np.allclose(np.linalg.norm(components, axis=1), 1, atol=1e-3):
        raise ValueError(
            f"components must be rows of length 1, got lengths {np.linalg.norm(components, axis=1)}"
        )
    if mean.shape != (2,):
        raise ValueError(f"mean must have shape (2,), got {mean.shape}")
    if variance.shape != components.shape[:1] or (variance < 0).any():
        raise ValueError(
            f"explained_variance must be one variance, at least 0, for each of the {len(components)} components, got {variance}"
        )
    # A direction and its opposite are one line: the angle is that of the line.
    angles = [np.degrees(np.arctan2(v, u)) for u, v in components]
    angles = [angle - 180 * np.round(angle / 180) for angle in angles]
    named = ", ".join(f"direction {i + 1} at {angle:.1f}°" for i, angle in enumerate(angles))
    fig, ax = _axes(
        ax,
        alt or f"A cloud of {len(x)} points with its principal directions drawn on it: {named}.",
        4.5,
        4,
    )
    ax.scatter(*x.T, s=18, color="0.6")
    for i, (component, angle) in enumerate(zip(components, angles)):
        ax.quiver(
            *mean,
            *(2 * np.sqrt(variance[i]) * component),
            angles="xy",
            scale_units="xy",
            scale=1,
            width=0.012,
            color=COLOURS[(1, 2)[i % 2]],
            label=f"direction {i + 1}: {angle:.1f}°",
            zorder=3,
        )
    ax.legend(loc="best", fontsize=8)
    _equal(ax)
    return fig


def explained_variance(ratio, alt=None, ax=None):
    """Bars: each component's share of the variance. Line: the running total.

    Args:
        ratio: shape (k,), shares from 0 to 1, largest first, adding up to at most 1.
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> explained_variance(np.array([0.7, 0.2])).alt
    'Explained variance of 2 components: the first holds 70 %, all together 90 %.'
    """
    ratio = _validate.number_array("ratio", ratio, ndim=1)
    total = ratio.sum()
    if ratio.min() < 0 or total > 1 + 1e-4:
        raise ValueError(
            f"ratio must be shares of the variance that add up to at most 1, got a sum of {total:.4g}"
        )
    k = np.arange(1, len(ratio) + 1)
    alt = alt or (
        f"Explained variance of {len(ratio)} components: the first holds {ratio[0]:.0%}, all together {total:.0%}."
    ).replace("%", " %")
    fig, ax = _axes(ax, alt, 5.5, 3.2)
    ax.bar(k, ratio, color=COLOURS[0], label="one component")
    ax.plot(
        k,
        np.cumsum(ratio),
        color=COLOURS[1],
        marker="." if len(k) < 40 else None,
        label="running total",
    )
    ax.set(xlabel="component", ylabel="share of the variance", ylim=(0, 1.02))
    ax.legend(fontsize=8)
    return fig


def learning_curves(history, reference=None, ylabel="loss", log=True, alt=None, ax=None):
    """Losses over the epochs, with the values to compare them with as dashed lines.

    Args:
        history: a dictionary from labels to sequences of one value an epoch, such as
            `fit(...).history`.
        reference: a dictionary from labels to numbers, such as {"PCA": 13.87}.
        ylabel: what is measured, with its unit.
        log: logarithmic vertical axis (all values must be above 0).
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> learning_curves({"train": [3.0, 2.0], "validation": [3.1, 2.2]}, {"PCA": 1.9}).alt
    'loss over 2 epochs: train from 3 to 2, validation from 3.1 to 2.2; for comparison PCA at 1.9.'
    """
    _labelled("history", history, "sequences")
    if reference is not None:
        _labelled("reference", reference, "numbers")
    curves = {
        label: _validate.number_array(f"history[{label!r}]", values, ndim=1)
        for label, values in history.items()
    }
    marks = {
        label: _validate.real(f"reference[{label!r}]", value)
        for label, value in (reference or {}).items()
    }
    if log and min(min(c.min() for c in curves.values()), *marks.values(), np.inf) <= 0:
        raise ValueError(
            "history and reference must lie above 0 on a logarithmic axis: pass log=False"
        )
    if alt is None:
        told = ", ".join(f"{label} from {c[0]:.4g} to {c[-1]:.4g}" for label, c in curves.items())
        alt = f"{ylabel} over {max(map(len, curves.values()))} epochs: {told}"
        alt += (
            "; for comparison " + ", ".join(f"{k} at {v:.4g}" for k, v in marks.items())
            if marks
            else ""
        )
        alt += "."
    fig, ax = _axes(ax, alt, 5.5, 3.2)
    for colour, (label, values) in zip(_cycle(), curves.items()):
        ax.plot(np.arange(1, len(values) + 1), values, color=colour, label=label)
    for dashes, (label, value) in zip(("--", ":", "-.") * len(marks), marks.items()):
        ax.axhline(value, color="0.3", linestyle=dashes, linewidth=1, label=label)
    ax.set(xlabel="epoch", ylabel=ylabel, yscale="log" if log else "linear")
    if log:  # 3 and 20, where Matplotlib would write 3 x 10^0 and 2 x 10^1
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.yaxis.set_minor_formatter(
            lambda value, _: f"{value:g}" if f"{value:e}"[0] in "235" else ""
        )
    ax.legend(fontsize=8)
    return fig


def code_along_curve(x, x_hat, code, alt=None, ax=None):
    """2-D points coloured by a 1-D code, and the curve of their reconstructions in the order of the
    code.

    Args:
        x: the points, shape (n, 2).
        x_hat: their reconstructions, shape (n, 2).
        code: shape (n,) or (n, 1).
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> x = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> fig = code_along_curve(x, x, np.array([0.0, 1.0]))
    """
    x, x_hat = _points("x", x), _points("x_hat", x_hat)
    _validate.same_shape("x", x, "x_hat", x_hat)
    code = _validate.number_array("code", code, ndim=(1, 2))
    if code.size != len(x):
        raise ValueError(
            f"code must hold one number for each of the {len(x)} points, got shape {code.shape}"
        )
    code = code.reshape(-1)
    fig, ax = _axes(
        ax,
        alt or f"{len(x)} points coloured by their code, and the curve of their reconstructions.",
        4.5,
        3.4,
    )
    points = ax.scatter(*x.T, s=10, c=code, cmap="viridis")
    ax.plot(*x_hat[np.argsort(code)].T, color=COLOURS[1], linewidth=1.5, label="reconstructions")
    ax.figure.colorbar(points, ax=ax, label="code", shrink=0.8)
    ax.legend(fontsize=8)
    _equal(ax)
    return fig


def network(layer_sizes, alt=None, ax=None):
    """A diagram of an autoencoder: a bar for each layer, as high as the layer is large (on a
    logarithmic scale).

    Args:
        layer_sizes: an odd number of whole numbers, three or more, such as [784, 300, 30, 300,
            784]; the middle one is the code's.
        alt, ax: as in `image_grid`.

    Returns:
        The figure: encoder blue, code orange, decoder green.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> network([784, 30, 784]).alt
    'An autoencoder as a row of layers: input x of 784 numbers, code z of 30, reconstruction of 784.'
    """
    sizes = _listed("layer_sizes", layer_sizes)
    sizes = [_validate.integer(f"layer_sizes[{i}]", size, 1) for i, size in enumerate(sizes)]
    if len(sizes) < 3 or len(sizes) % 2 == 0:
        raise ValueError(
            f"layer_sizes must be an odd number of sizes, three or more, got {len(sizes)}"
        )
    middle = len(sizes) // 2
    if alt is None:
        hidden = [f"a hidden layer of {size}" for size in sizes]
        hidden[0], hidden[middle] = f"input x of {sizes[0]} numbers", f"code z of {sizes[middle]}"
        hidden[-1] = f"reconstruction of {sizes[-1]}"
        alt = f"An autoencoder as a row of layers: {', '.join(hidden)}."
    heights = np.log2(np.array(sizes) + 1)
    fig, ax = _axes(ax, alt, 1.5 + 1.3 * len(sizes), 2.2)
    for i, (height, size) in enumerate(zip(heights, sizes)):
        colour = COLOURS[0] if i < middle else COLOURS[1] if i == middle else COLOURS[2]
        ax.bar(i, height, width=0.22, bottom=-height / 2, color=colour)
        ax.text(
            i, -heights.max() / 2 - 0.08 * heights.max(), size, ha="center", va="top", fontsize=9
        )
        if i:  # what connects this layer with the one before: the encoder up to the code, the decoder behind it
            before = heights[i - 1]
            corners = [
                (i - 0.86, before / 2),
                (i - 0.14, height / 2),
                (i - 0.14, -height / 2),
                (i - 0.86, -before / 2),
            ]
            ax.fill(*zip(*corners), color=COLOURS[0 if i <= middle else 2], alpha=0.15, linewidth=0)
    top = 0.58 * heights.max()
    for i, name in (
        (0, "input $x$"),
        (middle, "code $z$"),
        (2 * middle, r"reconstruction $\hat x$"),
    ):
        ax.text(i, top, name, ha="center", va="bottom", fontsize=10)
    for i, name in ((0.5, "encoder"), (2 * middle - 0.5, "decoder")):
        ax.text(i, 0, name, ha="center", va="center", fontsize=10)
    ax.set(xlim=(-0.6, len(sizes) - 0.4), ylim=(-0.8 * heights.max(), 0.85 * heights.max()))
    ax.set_axis_off()
    return fig


def greedy_phases(layer_sizes, alt=None, ax=None):
    """A diagram of greedy layerwise training: the whole network once for each phase, and once more
    for the fine-tuning.

    Args:
        layer_sizes: of the encoder, from the input to the code, two or more; the decoder mirrors
            them.
        alt, ax: as in `image_grid`.

    Returns:
        The figure. In colour what is trained, in grey what is frozen, as an outline what waits or
        is not needed yet.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> greedy_phases([784, 300, 30]).alt
    'Greedy training of 784-300-30-300-784: phase 1 trains 784-300-784, phase 2 trains 300-30-300, then all is fine-tuned.'
    """
    sizes = [
        _validate.integer(f"layer_sizes[{i}]", size, 1)
        for i, size in enumerate(_listed("layer_sizes", layer_sizes))
    ]
    if len(sizes) < 2:
        raise ValueError(
            f"layer_sizes must have two sizes or more, from the input to the code, got {len(sizes)}"
        )
    depth, whole = len(sizes) - 1, sizes + sizes[-2::-1]
    if alt is None:
        steps = [
            f"phase {i} trains {a}-{b}-{a}"
            for i, (a, b) in enumerate(zip(sizes, sizes[1:]), start=1)
        ]
        alt = f"Greedy training of {'-'.join(map(str, whole))}: {', '.join(steps)}, then all is fine-tuned."
    heights = np.log2(np.array(whole) + 1) / np.log2(max(whole) + 1)
    fig, ax = _axes(ax, alt, 1.8 + 0.85 * len(whole), 1.0 * (depth + 1))
    for row in range(depth + 1):
        y = -1.25 * row
        label = f"phase {row + 1}" if row < depth else "fine-tuning"
        ax.text(-0.4, y, label, ha="right", va="center", fontsize=10)
        for i in range(1, len(whole)):
            level = min(i, len(whole) - i) - 1  # 0 for the outermost pair of layers
            trained = row in (level, depth)
            style = {"facecolor": COLOURS[0 if i <= depth else 2], "alpha": 0.45}
            if not trained:
                frozen = level < row and i <= depth
                style = (
                    {"facecolor": "0.85"} if frozen else {"facecolor": "none", "edgecolor": "0.85"}
                )
            a, b = heights[i - 1] / 2, heights[i] / 2
            ax.fill(
                [i - 0.92, i - 0.08, i - 0.08, i - 0.92],
                [y + a, y + b, y - b, y - a],
                linewidth=1,
                **style,
            )
        for i, size in enumerate(whole) if row == depth else ():
            ax.text(i, y - 0.62, size, ha="center", va="top", fontsize=9)
    ax.set(xlim=(-1.6, len(whole) - 0.6), ylim=(-1.25 * depth - 1.0, 0.6))
    ax.set_axis_off()
    return fig


def embedding(points, labels, images=None, alt=None, ax=None):
    """Points of a 2-D map coloured by class, with each class's name at its middle, or some of the
    images in their places.

    Args:
        points: shape (n, 2): 2-D codes, or what t-SNE or PCA made of longer ones.
        labels: shape (n,), integers, at least 0: digits, or persons. Up to ten classes differ in
            colour, up to forty also in the shape of their points.
        images: n images, of which as many are shown as have room, floating point in [0, 1], shape
            (n, height, width).
        alt, ax: as in `image_grid`.

    Returns:
        The figure. Axes of such a map have no unit, so none is drawn.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> embedding(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([3, 7])).alt
    'A map of 2 points coloured by class: 3, 7.'
    """
    points = _points("points", points)
    labels = _validate.number_array("labels", labels, ndim=1)
    if len(labels) != len(points):
        raise ValueError(
            f"labels must have one class for each of the {len(points)} points, got {len(labels)}"
        )
    if labels.dtype.kind not in "ui" or labels.min() < 0:
        raise ValueError(
            f"labels must be integers, at least 0, got {labels.dtype} from {labels.min()} to {labels.max()}"
        )
    classes = np.unique(labels)
    if len(classes) > len(_CLASSES) * len(_MARKERS):
        raise ValueError(
            f"labels must be of at most {len(_CLASSES) * len(_MARKERS)} classes, got {len(classes)}"
        )
    if images is not None:
        images = _images("images", images, unit=True)
        if len(images) != len(points):
            raise ValueError(
                f"images must be one for each of the {len(points)} points, got {len(images)}"
            )
    fig, ax = _axes(
        ax,
        alt or f"A map of {len(points)} points coloured by class: {', '.join(map(str, classes))}.",
        5,
        4.5,
    )
    # A digit keeps its colour whichever others there are.
    style = {
        label: label if classes[-1] < len(_CLASSES) else rank for rank, label in enumerate(classes)
    }
    looks = np.array([style[label] for label in labels])
    for i, marker in enumerate(_MARKERS):
        chosen = looks // len(_CLASSES) == i
        if chosen.any():
            colours = [_CLASSES[look % len(_CLASSES)] for look in looks[chosen]]
            ax.scatter(
                *points[chosen].T,
                s=6 if len(points) > 1000 else 16,
                c=colours,
                marker=marker,
                alpha=0.7,
                linewidths=0,
            )
    for i in () if images is None else _far_apart(points, 0.06):
        box = OffsetImage(images[i], zoom=16 / images.shape[1], cmap="gray_r")
        frame = {"edgecolor": _CLASSES[style[labels[i]] % len(_CLASSES)], "linewidth": 1.2}
        ax.add_artist(AnnotationBbox(box, points[i], pad=0.05, bboxprops=frame))
    for label in classes if images is None else ():
        middle = np.median(points[labels == label], axis=0)
        ax.text(
            *middle,
            label,
            fontsize=13,
            weight="bold",
            ha="center",
            va="center",
            zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
        )
    ax.set(xticks=[], yticks=[])
    return fig


def error_bars(images, x_hat, names, errors, reference=None, alt=None, ax=None):
    """Images and their reconstructions, one pair under another, each with a bar as long as its
    error.

    Args:
        images: floating point in [0, 1], shape (n, height, width).
        x_hat: their reconstructions, of the same shape.
        names: n texts.
        errors: shape (n,), at least 0: squared errors.
        reference: a dictionary from labels to numbers, drawn as dashed lines, such as {"most digits
            are below": 6.0}.
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> x = np.zeros((2, 28, 28), "float32")
    >>> error_bars(x, x, ["digit", "shoe"], np.array([2.0, 30.0])).alt
    'Images, reconstructions and squared errors: digit 2, shoe 30.'
    """
    images, x_hat = _images("images", images, unit=True), _images("x_hat", x_hat, unit=False)
    _validate.same_shape("images", images, "x_hat", x_hat)
    _refuse_bytes("x_hat", x_hat)
    errors, names = _validate.number_array("errors", errors, ndim=1), _listed("names", names)
    if not len(names) == len(errors) == len(images):
        raise ValueError(
            f"names and errors must be one for each of the {len(images)} images, got {len(names)} and {len(errors)}"
        )
    if errors.min() < 0:
        raise ValueError(f"errors must be at least 0, got {errors.min():.4g}")
    marks = {} if reference is None else reference
    told = ", ".join(f"{name} {error:.3g}" for name, error in zip(names, errors))
    fig, ax = _axes(
        ax,
        alt or f"Images, reconstructions and squared errors: {told}.",
        6.5,
        0.75 * len(images) + 0.6,
    )
    rows = np.arange(len(images))[::-1]
    ax.barh(rows, errors, height=0.6, color=COLOURS[0])
    limit = 1.15 * max([*errors, *marks.values()])
    for row, image, copy, error in zip(rows, images, x_hat, errors):
        for picture, place in ((image, -0.26), (copy, -0.12)):
            box = OffsetImage(np.clip(picture, 0, 1), zoom=36 / images.shape[1], cmap="gray")
            box.get_children()[0].set_clim(0, 1)
            ax.add_artist(
                AnnotationBbox(box, (place * limit, row), frameon=False, annotation_clip=False)
            )
        ax.text(error + 0.01 * limit, row, f"{error:.3g}", va="center", fontsize=9)
    for (label, value), colour in zip(marks.items(), COLOURS[1:]):
        ax.axvline(
            _validate.real(f"reference[{label!r}]", value),
            color=colour,
            linestyle="--",
            label=label,
        )
    if marks:
        ax.legend(fontsize=8, loc="lower right")
    ax.set_yticks(rows, names)
    ax.tick_params(
        axis="y", pad=0.33 * 72 * 5, length=0
    )  # the pictures stand between the names and the bars
    ax.set(xlim=(0, limit), ylim=(-0.6, len(images) - 0.4), xlabel="squared error")
    return fig


def _far_apart(points, share):
    """Indices of points, in their order, no two nearer than that share of the map's width."""
    scaled = (points - points.min(axis=0)) / np.maximum(np.ptp(points, axis=0), 1e-12)
    chosen = []
    for i, point in enumerate(scaled):
        if all(((scaled[j] - point) ** 2).sum() > share**2 for j in chosen):
            chosen.append(i)
    return chosen


def _one_byte_a_pixel(picture):
    """The picture in grey levels, or with a palette of 256 colours, where that looks the same: so
    notebooks stay small."""
    pixels = np.asarray(picture).astype(int)
    if (pixels == pixels[..., :1]).all():
        return picture.convert("L")
    palette = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    return palette if np.abs(np.asarray(palette.convert("RGB")) - pixels).max() <= 16 else picture


def _images(name, value, unit):
    """Images to draw: in [0, 1] if `unit`, else any values on that scale. The usual slips get a
    hint."""
    array = np.asarray(value)
    if array.ndim == 2 and array.shape[1] in (784, 4096):
        side = int(array.shape[1] ** 0.5)
        raise ValueError(
            f"{name} must be images, got flat ones of shape {array.shape}: use reshape(-1, {side}, {side})"
        )
    images = (
        _validate.unit_images(name, value)
        if unit
        else _validate.number_array(name, value, ndim=(3, 4), floating=True)
    )
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim == 4 and images.shape[3] != 3:
        raise ValueError(f"{name} must have 1 or 3 channels, got shape {images.shape}")
    return images


def _refuse_bytes(name, images):
    """Reconstructions overshoot [0, 1] a little; those of a network trained on bytes overshoot it a
    hundredfold."""
    if np.abs(images).max() > 10:
        raise ValueError(
            f"{name} must be on the scale of the originals, [0, 1], got values up to {np.abs(images).max():.4g}: divide by 255"
        )


def _listed(name, values):
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise TypeError(f"{name} must be a list, got {values!r} of type {type(values).__name__}")
    return list(values)


def _labelled(name, value, what):
    if not isinstance(value, dict):
        raise TypeError(
            f"{name} must be a dictionary from labels to {what}, got {type(value).__name__}"
        )
    if not value:
        raise ValueError(f"{name} must be a dictionary from labels to {what}, got an empty one")


def _points(name, value):
    points = _validate.number_array(name, value, ndim=2).astype(
        float
    )  # so that differences of bytes don't wrap
    if points.shape[1] != 2:
        hint = ": is it transposed?" if points.shape[0] == 2 else ""
        raise ValueError(f"{name} must have 2 columns, got shape {points.shape}{hint}")
    return points


def _axes(ax, alt, width, height):
    """(figure, axes): new ones, or those of `ax`, whose figure keeps the alternative text that it
    has."""
    if ax is None:
        return figure(alt, width=width, height=height)
    if not isinstance(ax, Axes):
        raise TypeError(
            f"ax must be Matplotlib axes, got {type(ax).__name__}: of several, pass one, such as axes[0]"
        )
    if not getattr(ax.figure, "alt", ""):
        ax.figure.alt = alt
    return ax.figure, ax


def _draw(ax, canvas, signed, limit):
    if canvas.ndim == 3 and signed:
        raise ValueError(
            "signed images must have one channel, got three: draw the channels one by one"
        )
    if canvas.ndim == 3:  # colour: what is no picture is white
        canvas = np.where(np.isnan(canvas), 1.0, np.clip(canvas, 0, 1))
    colours = matplotlib.colormaps["RdBu_r" if signed else "gray"].with_extremes(bad="white")
    ax.imshow(
        canvas,
        cmap=colours,
        vmin=-limit if signed else 0,
        vmax=limit if signed else 1,
        interpolation="nearest",
    )
    ax.set_axis_off()


def _equal(ax):
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(xlabel="$x_1$", ylabel="$x_2$")


def _cycle():
    while True:
        yield from COLOURS
