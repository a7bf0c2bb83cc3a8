"""Lesson 00: images as arrays, and how far two of them are apart."""

import numpy as np

from course_utils.exercises.engine import exercise
from course_utils.exercises.predictions import question


def scale(images):
    """Scale bytes to numbers from 0 to 1 (lesson 00, exercise 2).

    Args:
        images: uint8, shape (n, height, width).

    Returns:
        The same from 0 to 1, float32 of the same shape.

    >>> scale(np.uint8([[[0, 51, 255]]])).tolist()
    [[[0.0, 0.20000000298023224, 1.0]]]
    """
    return images.astype(np.float32) / 255


def _values_and_kind(call, images):
    result = call(images, shape=images.shape)
    return {
        "some values are wrong: each should be the byte divided by 255": result,
        "the values are right, but the dtype is {got}, wanted {wanted}": str(result.dtype),
    }


def _bytes(rng):
    return (rng.integers(0, 256, rng.integers(1, 6, 3), dtype=np.uint8),)


_NO_FRACTIONS = (
    "the result holds whole numbers ({}), which can't hold fractions: divide with / and keep floats"
)

check_scale = exercise(
    scale,
    measure=_values_and_kind,
    rtol=1e-3,
    # Two dark images: the brightest byte is 187 in one and 93 in the other.
    cases=[(np.uint8(np.stack([np.arange(0, 204, 17), np.arange(0, 204, 17) // 2])[:, None]),)],
    draw=_bytes,
    goal="each value should be the byte divided by 255, in float32",
    mistakes={
        "the values are right, but the dtype is float64: float32 needs half the memory, and is "
        "what networks compute in": lambda x: x / 255,
        _NO_FRACTIONS.format("uint8"): [
            lambda x: x // 255,
            lambda x: np.round(x / 255).astype(np.uint8),
        ],
        _NO_FRACTIONS.format("int64"): [
            lambda x: (x / 255).astype(np.int64),
            lambda x: np.round(x / 255).astype(np.int64),
        ],
        "divide by 255, not by the largest value that happens to be there: a dark image must stay "
        "dark": [
            lambda x: x / x.max(),
            lambda x: (x / x.max()).astype(np.float32),
            lambda x: x / x.max(axis=(1, 2), keepdims=True),
            lambda x: (x / x.max(axis=(1, 2), keepdims=True)).astype(np.float32),
        ],
        "the largest byte is 255, not 256: white must become exactly 1": [
            lambda x: x / 256,
            lambda x: (x / 256).astype(np.float32),
        ],
        "the values still go up to 187: divide by 255": [
            lambda x: x,
            lambda x: x.astype(np.float32),
            lambda x: x.astype(np.float64),
        ],
        "these go from -1 to 1: black should be 0": [
            lambda x: x / 127.5 - 1,
            lambda x: (x / 127.5 - 1).astype(np.float32),
        ],
    },
)


def mirror(images):
    """Flip each image left to right (lesson 00, exercise 3).

    Args:
        images: an array of shape (n, height, width).

    Returns:
        An array of the same shape.

    >>> mirror(np.array([[[1, 2, 3]]])).tolist()
    [[[3, 2, 1]]]
    """
    return images[:, :, ::-1]


check_mirror = exercise(
    mirror,
    cases=[(np.arange(24.0).reshape(2, 3, 4),)],
    draw=lambda rng: (rng.random(rng.integers(1, 6, 3)),),
    goal="each row of each image should read from right to left",
    mistakes={
        "you reversed the order of the images and mirrored none of them: axis 0 counts the images":
            lambda x: x[::-1],
        "the images stand on their heads: axis 1 counts the rows, axis 2 the columns":
            lambda x: x[:, ::-1],
        "you turned the images by 180 degrees: reverse the columns only":
            lambda x: x[:, ::-1, ::-1],
        "you reversed every axis: reverse the columns only": np.flip,
        "nothing has changed: reverse the columns": lambda x: x,
    },
)  # fmt: skip


def squared_error(x, x_hat):
    """The squared error: summed over the pixels of an image, averaged over the images (00, 1).

    Args:
        x: images, floats of shape (n, height, width).
        x_hat: their reconstructions, of the same shape.

    Returns:
        A number at least 0.

    >>> squared_error(np.zeros((5, 28, 28)), np.full((5, 28, 28), 0.5))
    196.0
    """
    return float(((x - x_hat) ** 2).sum(axis=(1, 2)).mean())


def _pairs(rng):
    shape = rng.integers(2, 6, 3)
    return rng.random(shape), rng.random(shape)


check_squared_error = exercise(
    squared_error,
    cases=[_pairs(np.random.default_rng(5))],
    draw=_pairs,
    goal="for each image add up its squared differences, then take the mean over the images",
    mistakes={
        "this is the mean over the pixels, too: add up the pixels of an image, and average over "
        "the images alone": [
            lambda x, x_hat: ((x - x_hat) ** 2).mean(),
            lambda x, x_hat: ((x - x_hat) ** 2).mean(axis=(1, 2)),
        ],
        "this is the sum over all images: divide by how many they are":
            lambda x, x_hat: ((x - x_hat) ** 2).sum(),
        "these are the errors of the single images: take their mean":
            lambda x, x_hat: ((x - x_hat) ** 2).sum(axis=(1, 2)),
        "the differences are not squared": [
            lambda x, x_hat: (x - x_hat).sum(axis=(1, 2)).mean(),
            lambda x, x_hat: np.abs(x - x_hat).sum(axis=(1, 2)).mean(),
            lambda x, x_hat: (x_hat - x).sum(axis=(1, 2)).mean(),
        ],
        "square each difference first, and add up then":
            lambda x, x_hat: ((x - x_hat).sum(axis=(1, 2)) ** 2).mean(),
        "this is a difference of squares: square the difference":
            lambda x, x_hat: (x**2 - x_hat**2).sum(axis=(1, 2)).mean(),
        "there is a root too many: a squared error stays squared": [
            lambda x, x_hat: np.sqrt(((x - x_hat) ** 2).sum(axis=(1, 2)).mean()),
            lambda x, x_hat: np.sqrt(((x - x_hat) ** 2).sum(axis=(1, 2))).mean(),
        ],
        "only one axis was summed: an image has rows and columns, axes 1 and 2": [
            lambda x, x_hat: ((x - x_hat) ** 2).sum(axis=1).mean(),
            lambda x, x_hat: ((x - x_hat) ** 2).sum(axis=2).mean(),
        ],
    },
)  # fmt: skip


ask_two_pixels = question(
    "ask_two_pixels",
    "Each test digit is moved two pixels to the right, and taken for its own reconstruction. The"
    " grey smudge has an error of 52.9. What has the moved digit?",
    {
        "about 5: it is still the same digit":
            "To you it is. But the error compares pixel with pixel and knows nothing of digits.",
        "about 25: half of what knowing nothing costs":
            "Two pixels are more than half the width of a stroke. Much of the ink now lies where "
            "there was none, and is missing where it was: it is counted twice.",
        "more than 52.9: worse than the smudge":
            "Two pixels are more than half the width of a stroke: much of the ink is counted "
            "twice, once as missing where it was, and once as too much where it is now. The smudge "
            "is wrong by a little everywhere, which costs less, since the errors are squared.",
    },
    answer=2,
)  # fmt: skip


ask_reversed = question(
    "ask_reversed",
    "faces has the shape (400, 64, 64). What does faces[::-1] do to the pictures?",
    {
        "it mirrors each of them, left to right":
            "That would be faces[:, :, ::-1]. The first axis counts the pictures, not columns.",
        "it turns each of them upside down":
            "That would be faces[:, ::-1]. The first axis counts the pictures, not rows.",
        "it leaves each of them as it is":
            "The first axis counts the pictures: their order is reversed, and nothing else. If "
            "the labels stay in their old order, each picture now bears somebody else's.",
    },
    answer=2,
)  # fmt: skip
