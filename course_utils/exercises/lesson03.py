"""Lesson 03: deep autoencoders."""

import numpy as np

from course_utils.exercises.engine import exercise


def count_dead(codes):
    """Count the units that are 0 for every example (lesson 03, exercise 1).

    Args:
        codes: of a ReLU, so at least 0, shape (n, units).

    Returns:
        An integer.

    >>> count_dead(np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 1.0]]))
    1
    """
    return int((codes == 0).all(axis=0).sum())


def _codes():
    """Two of seven units are dead, each unit is 0 somewhere, one of six examples is all 0."""
    codes = np.zeros((6, 7))
    codes[:5, [0, 1]] = 1.0
    codes[[0, 2], 3] = 1e-9
    codes[1, 5] = 3.0
    codes[:4, 6] = 2.0
    return codes


def _some_dead(rng):
    """Any unit may be dead, the first and the last included; another may always be the same."""
    codes = np.maximum(rng.normal(0.3, 1, (rng.integers(2, 9), rng.integers(2, 9))), 0)
    codes[:, rng.random(codes.shape[1]) < 0.4] = 0
    codes[:, rng.integers(codes.shape[1])] = rng.choice([0.0, 2.5])
    return (codes,)


check_count_dead = exercise(
    count_dead,
    cases={
        "seven units": (_codes(),),
        "four units of which none is always 0": (np.eye(4),),
        "five examples of one that is": (np.array([[0.0, 1.0, 2.0]] * 5),),
    },
    draw=_some_dead,
    goal="a unit is dead if it is 0 for every example: of the first seven, two are",
    mistakes={
        "these units are 0 for some example, which is what a ReLU is for: a dead one is 0 for all "
        "of them": lambda codes: (codes == 0).any(axis=0).sum(),
        "you counted the examples whose code is all 0: look along axis 0, over the examples, for "
        "each unit": lambda codes: (codes == 0).all(axis=1).sum(),
        "these are the units that live: a dead unit is 0 for every example":
            lambda codes: (codes != 0).any(axis=0).sum(),
        "you counted every single 0: a unit counts once, if all its values are 0":
            lambda codes: (codes == 0).sum(),
        "one unit has values as small as 1e-9, and one that is not 0 is alive: compare with 0 "
        "exactly": [
            lambda codes: np.isclose(codes, 0).all(axis=0).sum(),
            lambda codes: (codes < 1e-6).all(axis=0).sum(),
        ],
        "this says which units are dead: count them, with sum()":
            lambda codes: (codes == 0).all(axis=0),
        "a unit that is always the same is not dead, unless that is 0":
            lambda codes: (codes.std(axis=0) == 0).sum(),
    },
)  # fmt: skip


def shift(images, down, right):
    """Move every image; what comes in from outside is 0 (lesson 03, exercise 2).

    Args:
        images: shape (n, height, width).
        down, right: by how many rows and columns, integers; negative ones move up and left.

    Returns:
        An array of the same shape.

    >>> shift(np.array([[[1, 2], [3, 4]]]), 1, 0).tolist()
    [[[0, 0], [1, 2]]]
    """
    n, height, width = images.shape
    wide = np.zeros((n, height + 2 * abs(down), width + 2 * abs(right)), images.dtype)
    top, left = abs(down), abs(right)
    wide[:, top : top + height, left : left + width] = images
    return wide[:, top - down :, left - right :][:, :height, :width]


def _by_slices(images, down, right):
    moved = np.zeros_like(images)
    moved[:, down:, right:] = images[:, :-down, :-right]
    return moved


def _by_slices_unless_negative(images, down, right):
    if down < 0 or right < 0:
        return shift(images, down, right)
    return _by_slices(images, down, right)


def _never_by_0(images, down, right):
    return shift(images, down, right) if down and right else np.zeros_like(images)


def _images_and_move(rng):
    images = rng.uniform(0.1, 1, rng.integers(2, 7, 3))
    down, right = (int(rng.integers(-far, far + 1)) for far in np.minimum(images.shape[1:], 4) - 1)
    return images, down, right


_IMAGES = np.arange(1.0, 41.0).reshape(2, 4, 5)

check_shift = exercise(
    shift,
    cases={
        "down=1 and right=2": (_IMAGES, 1, 2),
        "down=-1 and right=-2": (_IMAGES, -1, -2),
        "a move of 0 (down=0 and right=1)": (_IMAGES, 0, 1),
        "both signs together (down=1 and right=-2)": (_IMAGES, 1, -2),
    },
    draw=_images_and_move,
    goal="with down=1 and right=2, pixel (0, 0) of each image belongs at row 1, column 2, and what "
    "comes in is 0",
    mistakes={
        "what leaves the picture on one side comes in on the other, as np.roll does it: fill with "
        "0 instead": lambda x, down, right: np.roll(x, (down, right), axis=(1, 2)),
        "the images went up and to the left: row i of the result is row i - down of the image":
            lambda x, down, right: shift(x, -down, -right),
        "down and right are swapped: axis 1 counts the rows, axis 2 the columns":
            lambda x, down, right: shift(x, right, down),
        "axis 0 counts the images: move along axes 1 and 2":
            lambda x, down, right: np.roll(x, (down, right), axis=(0, 1)),
        "nothing has moved": lambda x, down, right: x,
        "the first image is right and another is not: move all of them":
            lambda x, down, right: np.concatenate([shift(x[:1], down, right), x[1:]]),
        "right for down=1 and right=2, but not for down=-1 and right=-2: the sign says in which "
        "direction": lambda x, down, right: shift(x, abs(down), abs(right)),
        "right for down=1 and right=2, but not for down=-1 and right=-2: a slice such as [:-down] "
        "means something else then, and for 0, too": _by_slices,
        "right for other moves, but not for a move of 0: a slice such as [:-0] is empty": [
            _never_by_0,
            _by_slices_unless_negative,
        ],
        "the result is larger than the image: it keeps its size, and what leaves the picture is "
        "lost": lambda x, down, right: np.pad(x, ((0, 0), (down, 0), (right, 0))),
    },
)  # fmt: skip
