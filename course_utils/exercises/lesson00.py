"""Lesson 00: images as arrays."""

import numpy as np

from course_utils.exercises.engine import exercise


def scale(images):
    """Scale bytes to numbers from 0 to 1 (lesson 00, exercise 1).

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
    """Flip each image left to right (lesson 00, exercise 2).

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
