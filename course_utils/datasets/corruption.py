"""Images changed on purpose: mirrored, noisy, masked, cut up, binarised."""

import numpy as np

from course_utils import _validate


def mirror(images):
    """Flip each image left to right.

    Their order, and so their labels, stay as they are.

    Args:
        images: shape (n, height, width) or (n, height, width, channels), of any numbers.

    Returns:
        An array of the same shape and dtype (a view: nothing is copied).

    Raises:
        TypeError, ValueError: if these are no such images; flat ones, (n, height * width), can't be
            mirrored.

    >>> mirror(np.array([[[1, 2, 3]], [[4, 5, 6]]])).tolist()  # two images of one row
    [[[3, 2, 1]], [[6, 5, 4]]]
    """
    return _validate.number_array("images", images, ndim=(3, 4))[:, :, ::-1]


def add_gaussian_noise(images, stddev, seed=0):
    """Add Gaussian noise to images, and clip the result to [0, 1].

    The originals stay as they are. `layers.GaussianCorruption` does the same inside a network,
    anew for each batch.

    Args:
        images: floating point in [0, 1], shape (n, ...): images, or flat ones.
        stddev: standard deviation of the noise, at least 0, in units of the pixels (1 is from black
            to white).
        seed: an integer, or a `numpy.random.Generator`. The same integer gives the same noise.

    Returns:
        An array of the same shape and dtype, in [0, 1].

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> noisy = add_gaussian_noise(np.full((5, 28, 28), 0.5, "float32"), stddev=0.5)
    >>> bool(noisy.min() >= 0 and noisy.max() <= 1)
    True
    """
    images, stddev, rng = (
        _to_corrupt(images),
        _validate.real("stddev", stddev, 0),
        generator_from(seed),
    )
    noisy = np.empty_like(images)
    for i, image in enumerate(images):  # one by one: the noise takes no memory to speak of
        noisy[i] = np.clip(image + stddev * rng.standard_normal(image.shape, np.float32), 0, 1)
    return noisy


def mask_pixels(images, rate, seed=0):
    """Set a share of the values of images to 0, at random places.

    The originals stay as they are. This is the "masking noise" of Vincent et al., "Stacked
    denoising autoencoders", JMLR 11 (2010), section 3.3. The other values are not rescaled, as
    dropout would do. `layers.MaskingCorruption` does the same inside a network, anew for each
    batch.

    Args:
        images: floating point in [0, 1], shape (n, ...): images, or flat ones.
        rate: the share, from 0 to below 1. Each value is hit independently.
        seed: as in `add_gaussian_noise`.

    Returns:
        An array of the same shape and dtype, in [0, 1].

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> round(float(mask_pixels(np.ones((100, 784), "float32"), rate=0.25).mean()), 2)
    0.75
    """
    images, rate, rng = _to_corrupt(images), _validate.share("rate", rate), generator_from(seed)
    masked = np.empty_like(images)
    for i, image in enumerate(images):
        masked[i] = np.where(rng.random(image.shape, np.float32) >= rate, np.clip(image, 0, 1), 0)
    return masked


def mask_block(images, size, seed=0):
    """Set a square of each image to 0, at a random place.

    The originals stay as they are. `layers.BlockCorruption` does the same inside a network, anew
    for each batch.

    Args:
        images: floating point in [0, 1], shape (n, height, width) or (n, height, width, channels).
        size: side of the square in pixels, from 1 to the lesser of height and width. All places
            inside are equally likely.
        seed: as in `add_gaussian_noise`.

    Returns:
        (masked, hole): an array of the same shape and dtype, and a boolean array, shape (n, height,
        width), True in the square.

    Raises:
        TypeError, ValueError: if an argument will not do; flat images, (n, height * width), have no
            squares.

    >>> masked, hole = mask_block(np.ones((5, 28, 28), "float32"), size=10)
    >>> int(hole[0].sum()), float(masked[0].sum())
    (100, 684.0)
    """
    images = _validate.unit_images("images", images)
    height, width = images.shape[1:3]
    size, rng = _validate.integer("size", size, 1, min(height, width)), generator_from(seed)
    top, left = (rng.integers(0, side - size + 1, (len(images), 1, 1)) for side in (height, width))
    row, column = np.arange(height).reshape(1, -1, 1), np.arange(width).reshape(1, 1, -1)
    hole = (row >= top) & (row < top + size) & (column >= left) & (column < left + size)
    masked = np.clip(images, 0, 1)
    masked[hole] = 0
    return masked, hole


def cut_and_paste(images, size, margin=0, seed=0):
    """Paste into each image a square of another one: anomalies, made of normal images.

    The originals stay as they are. Where a square is cut out and where it is pasted are drawn
    independently. With such anomalies a detector can be chosen; a few come out normal, where black
    is pasted on black, and all do if the square is the whole image. After Li, Sohn, Yoon & Pfister,
    "CutPaste", CVPR (2021), who paste a piece of the same image.

    Args:
        images: floating point in [0, 1], shape (n, height, width) or (n, height, width, channels),
            two or more.
        size: side of the square in pixels, at least 1.
        margin: neither square comes nearer to the edge than this, in pixels: digits have an empty
            margin. The two together must fit: size + 2 * margin is at most the lesser of height and
            width.
        seed: as in `add_gaussian_noise`.

    Returns:
        An array of the same shape and dtype.

    Raises:
        TypeError, ValueError: if an argument will not do; flat images, (n, height * width), have no
            squares.

    >>> images = np.stack([np.zeros((28, 28)), np.ones((28, 28))])
    >>> cut_and_paste(images, size=10).sum(axis=(1, 2)).tolist()
    [100.0, 684.0]
    """
    images = _validate.unit_images("images", images)
    if len(images) < 2:
        raise ValueError(
            "images must be two or more, to cut from one and paste into another, got 1"
        )
    side = min(images.shape[1:3])
    margin = _validate.integer("margin", margin, 0, (side - 1) // 2)
    size, rng = _validate.integer("size", size, 1, side - 2 * margin), generator_from(seed)
    pasted = np.clip(images, 0, 1)
    # A donor is never the image itself.
    donors = (np.arange(len(images)) + rng.integers(1, len(images), len(images))) % len(images)
    limits = [length - size - margin + 1 for length in images.shape[1:3]]
    corners = rng.integers(margin, limits * 2, (len(images), 4))
    for image, donor, (top, left, from_top, from_left) in zip(pasted, donors, corners, strict=True):
        piece = images[donor, from_top : from_top + size, from_left : from_left + size]
        image[top : top + size, left : left + size] = np.clip(piece, 0, 1)
    return pasted


def binarize(images, seed=0):
    """Turn grey images into images of 0 and 1: a pixel's grey is its probability of becoming 1.

    The originals stay as they are. So "binarised MNIST" is made, on which likelihoods are
    published. `training.BinarizedBatches` draws anew in each epoch (*dynamic* binarisation: Burda,
    Grosse & Salakhutdinov, "Importance weighted autoencoders", ICLR (2016), section 5.1).

    Args:
        images: floating point in [0, 1], shape (n, ...): images, or flat ones.
        seed: as in `add_gaussian_noise`.

    Returns:
        An array of the same shape and dtype.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> sorted(set(binarize(np.full((5, 784), 0.3, "float32")).ravel().tolist()))
    [0.0, 1.0]
    """
    images, rng = _to_corrupt(images), generator_from(seed)
    drawn = np.empty_like(images)
    for i, image in enumerate(images):
        drawn[i] = rng.random(image.shape, np.float32) < image
    return drawn


def _to_corrupt(images):
    images = _validate.unit_images("images", images, ndim=None)
    if images.ndim < 2:
        raise ValueError(
            f"images must be at least 2-D, one image a row, got shape {images.shape}: "
            "try images[np.newaxis]"
        )
    return images


def generator_from(seed):
    """The generator itself, or one made of an integer."""
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(_validate.integer("seed", seed, 0))
