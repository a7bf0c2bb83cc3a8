"""Images in grids and rows, beside their reconstructions and codes; weights drawn as images."""

import matplotlib
import numpy as np

from course_utils import _validate
from course_utils.plotting import _shared

_GAP = 2  # pixels between the images of a grid
_INCHES = 0.85  # width of an image in a grid
_BLUE_TO_RED = "RdBu_r"  # for values on both sides of 0, which is white


def image_grid(images, n_columns=10, titles=None, signed=False, alt=None, ax=None):
    """Images in a grid, row after row.

    Args:
        images: floating point, shape (n, height, width) or (n, height, width, 3), in [0, 1], or
            bools, a mask. With `signed`, any values, shape (n, height, width): weights or
            components, drawn blue below 0, white at 0, red above, all on one scale.
        n_columns: images in a row.
        titles: n texts, one above each image; None for none.
        signed: see `images`.
        alt: alternative text, what the figure shows in words; by default it says how many images
            there are, and the titles. Axes whose figure has one already leave it as it is.
        ax: Matplotlib axes to draw into; by default those of a new figure.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do; images of 0 to 255 are refused.

    >>> fig = image_grid(np.zeros((12, 28, 28), "float32"), n_columns=6)
    >>> fig.alt
    '12 images in 2 rows.'
    """
    images = _shared.images("images", images, unit=not signed)
    if signed:
        _refuse_colour(images)
    n_columns = min(_validate.integer("n_columns", n_columns, 1), len(images))
    top, named = 0, "."
    if titles is not None:
        titles = _shared.listed("titles", titles)
        _shared.one_for_each("titles", titles, images, "images")
        top = round(0.3 * images.shape[1])  # room for a title
        named = f": {', '.join(map(str, titles))}."
    canvas, corners = _tiled(images, n_columns, top)
    rows = _shared.counted(-(-len(images) // n_columns), "row")
    told = f"{_shared.counted(len(images), 'image')} in {rows}{named}"
    width = _INCHES * n_columns
    fig, ax = _shared.axes(ax, alt, told, width, width * canvas.shape[0] / canvas.shape[1])
    _show(ax, canvas, signed)
    if titles is not None:
        for title, (y, x) in zip(titles, corners, strict=True):
            middle, above = x + images.shape[2] / 2, y - 0.2 * top
            ax.text(middle, above, title, ha="center", va="bottom", fontsize=8)
    return fig


def image_rows(rows, signed=False, alt=None, ax=None):
    """Labelled rows of images, one under another, such as originals and their reconstructions.

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
    stacks = _stacks(rows, signed)
    n, height, width = stacks[0].shape[:3]
    canvas, corners = _tiled(np.concatenate(stacks), n)
    told = f"{_shared.counted(n, 'image')} a row, from top to bottom: {', '.join(map(str, rows))}."
    inches = _INCHES * n * canvas.shape[0] / canvas.shape[1]
    # 1.5 inches beside the images for the labels
    fig, ax = _shared.axes(ax, alt, told, 1.5 + _INCHES * n, inches)
    _show(ax, canvas, signed)
    for label, (y, _) in zip(rows, corners[::n], strict=True):
        ax.text(-_GAP, y + height / 2, label, ha="right", va="center", fontsize=9)
    return fig


def plane(images, alt=None, ax=None):
    """Images in a rectangle without gaps, such as what a decoder makes of a grid of latents.

    After Kingma & Welling, "Auto-encoding variational Bayes", ICLR (2014), figure 4.

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
    images = _shared.images("images", images.reshape(-1, height, width), unit=True)
    canvas, _ = _tiled(images, columns, gap=0)
    told = f"A plane of {rows} by {columns} images."
    fig, ax = _shared.axes(ax, alt, told, 7, 7 * canvas.shape[0] / canvas.shape[1])
    _show(ax, canvas)
    return fig


def reconstructions(x, x_hat, n=10, labels=("original", "reconstruction"), alt=None, ax=None):
    """The first images of a stack, each above its reconstruction.

    Args:
        x: floating point in [0, 1], shape (m, height, width) or (m, height, width, 3).
        x_hat: the reconstructions, of the same shape; values outside [0, 1] are drawn as the
            nearest of 0 and 1.
        n: how many; fewer if there are fewer.
        labels: two texts, of the upper row and the lower one.
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do; images of 0 to 255 are refused.

    >>> x = np.zeros((20, 28, 28), "float32")
    >>> reconstructions(x, x, labels=("digit", "PCA")).alt
    '10 images a row, from top to bottom: digit, PCA.'
    """
    x, x_hat = _shared.image_pair("x", x, x_hat)
    n = _validate.integer("n", n, 1)
    labels = _shared.listed("labels", labels)
    if len(labels) != 2 or labels[0] == labels[1]:
        raise ValueError(f"labels must be two different texts, got {labels!r}")
    return image_rows({labels[0]: x[:n], labels[1]: x_hat[:n]}, alt=alt, ax=ax)


def faces(images, persons, chosen=None, n=10, alt=None, ax=None):
    """Pictures of people, one row for each person.

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
    images = _shared.images("images", images, unit=True)
    persons = _validate.number_array("persons", persons, ndim=1)
    if persons.dtype.kind not in "ui":
        raise TypeError(f"persons must be integers, got {persons.dtype}")
    _shared.one_for_each("persons", persons, images, "images")
    n = _validate.integer("n", n, 1)
    chosen = np.unique(persons).tolist() if chosen is None else _chosen(chosen)
    rows = {f"person {person}": images[persons == person] for person in chosen}
    for label, pictures in rows.items():
        if not len(pictures):
            raise ValueError(
                f"chosen must be among persons, got {label}, of whom there is no picture"
            )
    n = min(n, *map(len, rows.values()))
    if alt is None:
        people = "1 person" if len(rows) == 1 else f"{len(rows)} people"
        alt = f"Pictures of {people}, {n} of each, a row for each person: "
        alt += f"{', '.join(map(str, chosen))}."
    return image_rows({label: pictures[:n] for label, pictures in rows.items()}, alt=alt, ax=ax)


def codes(x, code, x_hat, code_shape, n=10, alt=None, ax=None):
    """Images, their codes as small images, and their reconstructions, in three rows.

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
        TypeError, ValueError: if an argument will not do; images of 0 to 255 are refused.

    >>> x = np.zeros((20, 64, 64), "float32")
    >>> codes(x, np.ones((20, 32)), x, code_shape=(4, 8)).alt
    '10 images, their codes of 32 numbers as images of 4 x 8, and their reconstructions.'
    """
    x, x_hat = _shared.image_pair("x", x, x_hat)
    code = _code_images(code, code_shape, x)
    n = min(_validate.integer("n", n, 1), len(x))
    rows = {
        "original": _in_colour(x[:n]),
        "code": _as_blocks(code[:n], x.shape[1:3]),
        "reconstruction": _in_colour(np.clip(x_hat[:n], 0, 1)),
    }
    if alt is None:
        height, width = code.shape[1:]
        alt = f"{_shared.counted(n, 'image')}, their codes of {height * width} numbers "
        alt += f"as images of {height} x {width}, and their reconstructions."
    return image_rows(rows, alt=alt, ax=ax)


def filters(kernel, image_shape=None, n_columns=20, alt=None, ax=None):
    """The weights of each unit of a dense layer as an image: blue below 0, white at 0, red above.

    Each image has a scale of its own, so that a unit of small weights shows its pattern, too. Such
    pictures of what units look for are in Vincent et al., "Stacked denoising autoencoders", JMLR 11
    (2010).

    Args:
        kernel: shape (n_inputs, units), as `keras.layers.Dense.kernel` has it: a column for each
            unit. To show some units, or to sort them, index the columns: `kernel[:, order]`. (For
            what a decoder's unit draws, pass its kernel transposed.)
        image_shape: (height, width) of the layer's input in pixels; by default it is square.
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
    if image_shape is None:
        image_shape = (round(n_inputs**0.5),) * 2
    height, width = _validate.image_shape("image_shape", image_shape)
    if height * width != n_inputs:
        raise ValueError(
            f"kernel must have a row for each pixel, {height} x {width} = {height * width}, "
            f"got shape {kernel.shape}: is it transposed, or is image_shape another?"
        )
    largest = np.maximum(np.abs(kernel).max(axis=0), np.finfo(np.float32).tiny)
    images = (kernel / largest).T.reshape(units, height, width)
    if alt is None:
        counted = _shared.counted(units, "unit")
        alt = f"The weights of {counted} as images of {height} x {width} pixels."
    return image_grid(images, n_columns, signed=True, alt=alt, ax=ax)


def _stacks(rows, signed):
    """The images of each row, all of one shape and on one scale."""
    _shared.labelled("rows", rows, "images")
    stacks = {}
    for label, row in rows.items():
        name, first = f"rows[{label!r}]", next(iter(stacks), label)
        stacks[label] = _shared.images(name, row, unit=label == first and not signed)
        if stacks[label].shape != stacks[first].shape:
            raise ValueError(
                f"all rows must have one shape, got {stacks[first].shape} for {first!r} "
                f"and {stacks[label].shape} for {label!r}"
            )
        if signed:
            _refuse_colour(stacks[label])
        else:
            _shared.refuse_bytes(name, stacks[label])
    return list(stacks.values())


def _refuse_colour(images):
    if images.ndim == 4:
        raise ValueError(
            "signed images must have one channel, got three: draw the channels one by one"
        )


def _tiled(images, n_columns, top=0, gap=_GAP):
    """(canvas, corners): the images side by side, NaN between them, and the upper left corner (y,
    x) of each; `top` is the room above each, in pixels like the gap."""
    n_rows = -(-len(images) // n_columns)
    height, width = images.shape[1:3]
    down, across = top + height + gap, width + gap
    shape = (n_rows * down, n_columns * across) + images.shape[3:]
    canvas = np.full(shape, np.nan, np.float32)
    corners = [
        (top + down * (i // n_columns), across * (i % n_columns)) for i in range(len(images))
    ]
    for image, (y, x) in zip(images, corners, strict=True):
        canvas[y : y + height, x : x + width] = image
    return canvas, corners


def _show(ax, canvas, signed=False):
    """Draw a canvas of images; NaN, where no image is, becomes white."""
    if canvas.ndim == 3:
        canvas = np.where(np.isnan(canvas), 1.0, np.clip(canvas, 0, 1))
    low, high = 0.0, 1.0
    if signed:
        high = float(np.nanmax(np.abs(canvas))) or 1.0
        low = -high
    colours = matplotlib.colormaps[_BLUE_TO_RED if signed else "gray"].with_extremes(bad="white")
    ax.imshow(canvas, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    ax.set_axis_off()


def _chosen(persons):
    """The list of persons to show."""
    chosen = [_validate.integer("chosen", p, 0) for p in _shared.listed("chosen", persons)]
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"chosen must be one person or more, nobody twice, got {chosen}")
    return chosen


def _code_images(code, code_shape, x):
    """The codes of images x, each as a small image."""
    code = _validate.number_array("code", code, ndim=2).astype(float)
    height, width = _validate.image_shape("code_shape", code_shape)
    if height > x.shape[1] or width > x.shape[2]:
        raise ValueError(
            f"code_shape must be at most the images' {x.shape[1]} x {x.shape[2]}, "
            f"got {height} x {width}"
        )
    if code.shape != (len(x), height * width):
        raise ValueError(
            f"code must have shape {(len(x), height * width)}, "
            f"a row of {height} x {width} numbers for each image, got {code.shape}"
        )
    return code.reshape(-1, height, width)


def _as_blocks(code, shape):
    """Codes as colour images of that shape, each number a block."""
    rows, columns = (
        np.arange(side) * blocks // side for side, blocks in zip(shape, code.shape[1:], strict=True)
    )
    limit = float(np.abs(code).max()) or 1.0
    coloured = matplotlib.colormaps[_BLUE_TO_RED](0.5 + 0.5 * code / limit)[..., :3]
    return coloured[:, rows][:, :, columns]


def _in_colour(images):
    return images if images.ndim == 4 else np.repeat(images[..., np.newaxis], 3, axis=3)
