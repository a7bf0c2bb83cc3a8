"""Codes and latents: how their values are spread, which units are dead, and 2-D maps of them."""

import numpy as np

from course_utils import _validate
from course_utils.plotting import _shared

# Ten classes need ten colours: Paul Tol's "muted" set.
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


def latent_histograms(z, bins=60, alt=None, ax=None):
    """A histogram of each latent, beside the density of the prior, the standard normal.

    Args:
        z: samples from q(z | x), one for each of n images, shape (n, n_latents), at most five
            latents.
        bins: how many, from the least value to the largest.
        alt, ax: as in `image_grid`.

    Returns:
        The figure; each histogram has an area of 1.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> latent_histograms(np.array([[-1.0, 0.0], [1.0, 0.0]])).alt
    'Histograms of 2 latents and the standard normal density: latent 1, mean 0, deviation 1;
    latent 2, mean 0, deviation 0.'
    """
    # As floats: 32 bits are too coarse for bins in a narrow range.
    z = _validate.number_array("z", z, ndim=2).astype(float)
    bins = _validate.integer("bins", bins, 1)
    if z.shape[1] > 5:
        raise ValueError(
            f"z must have at most 5 latents, got {z.shape[1]}: choose some of the columns"
        )
    latents = {f"latent {i}": column for i, column in enumerate(z.T, start=1)}
    measured = "; ".join(
        f"{name}, mean {column.mean():.2g}, deviation {column.std():.2g}"
        for name, column in latents.items()
    )
    counted = _shared.counted(len(latents), "latent")
    told = f"Histograms of {counted} and the standard normal density: {measured}."
    fig, ax = _shared.axes(ax, alt, told, 5.5, 3.2)
    at = np.linspace(min(-4, z.min()), max(4, z.max()), 300)
    density = np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    ax.plot(at, density, color="black", linestyle="--", label="standard normal")
    _shared.outlines(
        ax,
        {name: np.histogram(column, bins, density=True) for name, column in latents.items()},
    )
    ax.set(xlabel="value of a latent", ylabel="density")
    ax.legend(fontsize=8)
    return fig


def unit_maxima(code, threshold=1e-2, alt=None, ax=None):
    """The largest magnitude that each unit of a code reaches, as bars in descending order.

    A unit that stays near 0 for every example is dead: it tells the decoder nothing. Crosses mark
    the dead ones, whose bars can't be seen.

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
    # As floats, for the magnitude of a byte would wrap.
    code = _validate.number_array("code", code, ndim=2).astype(float)
    threshold = _validate.real("threshold", threshold, 0)
    largest = np.sort(np.abs(code).max(axis=0))[::-1]
    dead = np.flatnonzero(largest <= threshold)
    verdict = f"{len(dead) or 'no'} unit{'s are' if len(dead) > 1 else ' is'} dead"
    units, examples = _shared.counted(len(largest), "unit"), _shared.counted(len(code), "example")
    told = (
        f"The largest magnitude of each of {units} over {examples}, "
        f"from {largest[-1]:.3g} to {largest[0]:.3g}; {verdict}."
    )
    fig, ax = _shared.axes(ax, alt, told, 6.5, 2.6)
    ax.bar(np.arange(len(largest)), largest, width=0.8, color=_shared.COLOURS[0])
    ax.plot(dead, np.zeros(len(dead)), "x", color=_shared.COLOURS[1], clip_on=False)
    ax.set(xlabel="unit, in descending order", ylabel="largest magnitude", title=verdict)
    ax.set_xlim(-1, len(largest))
    ax.xaxis.get_major_locator().set_params(integer=True)
    return fig


def activations(codes, bins=50, alt=None, ax=None):
    """How often the units of a code take which value: one histogram for each code.

    All units and all examples of a code count together, and the scale is logarithmic.

    Args:
        codes: a dictionary from labels to arrays of shape (n, units).
        bins: how many, over the range of all codes.
        alt, ax: as in `image_grid`.

    Returns:
        The figure: for each code the share of its values that falls into each bin.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> activations({"plain": np.full((5, 3), 0.5), "sparse": np.zeros((5, 3))}).alt
    'Histograms of the activations: plain, mean 0.5; sparse, mean 0.'
    """
    codes = _shared.labelled_arrays("codes", codes, ndim=2)
    bins = _validate.integer("bins", bins, 1)
    limits = min(code.min() for code in codes.values()), max(c.max() for c in codes.values())
    histograms = {}
    for label, code in codes.items():
        counts, edges = np.histogram(code, bins, limits)
        histograms[f"{label}, mean {code.mean():.3g}"] = counts / code.size, edges
    told = f"Histograms of the activations: {'; '.join(histograms)}."
    fig, ax = _shared.axes(ax, alt, told, 5.5, 3.2)
    _shared.outlines(ax, histograms)
    ax.set(xlabel="activation of a unit", ylabel="share of all activations", yscale="log")
    ax.legend(fontsize=8)
    return fig


def embedding(points, labels, images=None, alt=None, ax=None):
    """A 2-D map of points coloured by class, with the classes' names or some of the images on it.

    A name stands in the middle of its class; an image stands in place of its point, its frame in
    the colour of the class. After Hinton & Salakhutdinov, "Reducing the dimensionality of data with
    neural networks", Science 313 (2006), figure 3.

    Args:
        points: shape (n, 2): 2-D codes, or what t-SNE or PCA made of longer ones.
        labels: shape (n,), integers, at least 0: digits, or persons. Up to ten classes differ in
            colour, up to forty also in the shape of their points.
        images: n images, of which as many are shown as have room, floating point in [0, 1], shape
            (n, height, width), drawn as ink on paper: 0 is white. None for the classes' names.
        alt, ax: as in `image_grid`.

    Returns:
        The figure. Axes of such a map have no unit, so none is drawn.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> embedding(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([3, 7])).alt
    'A map of 2 points coloured by class: 3, 7.'
    """
    points = _shared.two_columns("points", points)
    labels = _class_labels(labels, points)
    if images is not None:
        images = _shared.images("images", images, unit=True)
        _shared.one_for_each("images", images, points, "points")
    classes = np.unique(labels)
    counted = _shared.counted(len(points), "point")
    told = f"A map of {counted} coloured by class: {', '.join(map(str, classes))}."
    fig, ax = _shared.axes(ax, alt, told, 5, 4.5)
    looks = _looks(labels, classes)
    _scatter(ax, points, looks)
    if images is None:
        _write_names(ax, points, labels)
    else:
        for i in _far_apart(points, 0.06):
            frame = {"edgecolor": _CLASSES[looks[i] % len(_CLASSES)], "linewidth": 1.2}
            _shared.thumbnail(
                ax, images[i], points[i], height=16, cmap="gray_r", pad=0.05, bboxprops=frame
            )
    ax.set(xticks=[], yticks=[])
    return fig


def _class_labels(labels, points):
    """The class of each point, one of as many as can be told apart."""
    labels = _validate.number_array("labels", labels, ndim=1)
    _shared.one_for_each("labels", labels, points, "points")
    if labels.dtype.kind not in "ui" or labels.min() < 0:
        raise ValueError(
            "labels must be integers, at least 0, "
            f"got {labels.dtype} from {labels.min()} to {labels.max()}"
        )
    n_classes, most = len(np.unique(labels)), len(_CLASSES) * len(_MARKERS)
    if n_classes > most:
        raise ValueError(f"labels must be of at most {most} classes, got {n_classes}")
    return labels


def _looks(labels, classes):
    """A number for each point, which says what colour and shape it has."""
    if classes[-1] < len(_CLASSES):
        return labels  # a digit keeps its colour whichever others there are
    return np.searchsorted(classes, labels)


def _scatter(ax, points, looks):
    size = 6 if len(points) > 1000 else 16
    for i, marker in enumerate(_MARKERS):
        chosen = looks // len(_CLASSES) == i
        if chosen.any():
            colours = [_CLASSES[look % len(_CLASSES)] for look in looks[chosen]]
            style = {"s": size, "c": colours, "alpha": 0.7, "linewidths": 0}
            ax.scatter(*points[chosen].T, marker=marker, **style)


def _write_names(ax, points, labels):
    """Each class's name in the middle of its points."""
    card = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
    style = {"fontsize": 13, "weight": "bold", "ha": "center", "va": "center", "zorder": 5}
    for label in np.unique(labels):
        middle = np.median(points[labels == label], axis=0)
        ax.text(*middle, label, bbox=card, **style)


def _far_apart(points, share):
    """Indices of points, in their order, no two nearer than that share of the map's width."""
    scaled = (points - points.min(axis=0)) / np.maximum(np.ptp(points, axis=0), 1e-12)
    chosen = []
    for i, point in enumerate(scaled):
        if all(((scaled[j] - point) ** 2).sum() > share**2 for j in chosen):
            chosen.append(i)
    return chosen
