"""Lesson 01: PCA by the singular value decomposition."""

import numpy as np

from course_utils.exercises.engine import exercise
from course_utils.exercises.predictions import predict


def centre(x):
    """Subtract from each feature its mean (lesson 01, exercise 1).

    Args:
        x: floats of shape (n, n_features).

    Returns:
        An array of the same shape.

    >>> centre(np.array([[1.0, 5.0], [2.0, 9.0]])).tolist()
    [[-0.5, -2.0], [0.5, 2.0]]
    """
    return x - x.mean(axis=0)


def _points(rng):
    n, n_features = rng.integers(2, 9), rng.integers(1, 6)
    return (rng.normal(rng.normal(0, 3, n_features), rng.uniform(0.5, 3), (n, n_features)),)


check_centre = exercise(
    centre,
    cases=[(np.array([[1.2, 10, -3], [2.5, 31, -5.5], [6, 20, -7], [3.1, 40, -1.1]]),)],
    draw=_points,
    goal="the result's columns should have mean 0 and keep their spread",
    mistakes={
        "you subtracted one number, the mean of all values: each feature (column) has a mean of "
        "its own": lambda x: x - x.mean(),
        "you subtracted each example's own mean: the mean is taken over the examples, which is "
        "axis 0": lambda x: x - x.mean(axis=1, keepdims=True),
        "you also divided by the standard deviation: that is standardising; only centring is "
        "asked for": [
            lambda x: (x - x.mean(axis=0)) / x.std(axis=0),
            lambda x: (x - x.mean(axis=0)) / x.std(axis=0, ddof=1),
        ],
        "this is the mean alone: subtract it, and return all the points": lambda x: x.mean(axis=0),
        "you subtracted the median: centring is about the mean": lambda x: x - np.median(x, axis=0),
        "the sign: subtract the mean from x, and not x from the mean": lambda x: x.mean(axis=0) - x,
    },
)


def components_needed(singular_values, share):
    """The least number of components with at least that share of the variance (01, exercise 2).

    Args:
        singular_values: decreasing, at least 0 and not all 0, shape (k,).
        share: a number above 0 and at most 1.

    Returns:
        An integer from 1 to k.

    >>> components_needed(np.array([2.0, 1.0, 1.0]), 0.8)
    2
    """
    running = np.cumsum(singular_values**2)
    # Over the last sum: a share of 1 is reached, whatever was rounded on the way.
    return int(np.argmax(running >= share * running[-1])) + 1


def _needed(power=2, offset=1, reached=np.greater_equal):
    def needed(s, share):
        return int(np.argmax(reached(np.cumsum(s**power) / (s**power).sum(), share))) + offset

    return needed


def _spectrum(rng):
    s = np.sort(rng.exponential(2, rng.integers(2, 10)))[::-1]
    running = np.cumsum(s**2) / (s**2).sum()
    # In the middle between two of the running shares: rounding decides nothing.
    below = rng.integers(len(s) - 1)
    return s.copy(), float((running[below] + running[below + 1]) / 2)


check_components_needed = exercise(
    components_needed,
    # Squared and added up: .69, .80, .86, .92: four. Unsquared: .37, .52, .63, .74, .81, .89, .93:
    # seven. So each mistake, and two of them together, have an answer of their own.
    cases={
        "one case": (np.array([10.0, 4.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0, 1.0]), 0.9),
        "[1, 1] and 0.5": (np.array([1.0, 1.0]), 0.5),
        "[2, 1, 1] and 0.8": (np.array([2.0, 1.0, 1.0]), 0.8),
    },
    draw=_spectrum,
    goal="print the running shares of the variance",
    mistakes={
        "variance is the square of a singular value: you added up the singular values themselves": [
            _needed(power=1),
            _needed(power=1, offset=0),
        ],
        "you are one short: argmax and searchsorted count from 0, a number of components from 1":
            _needed(offset=0),
        "you are one too many: stop at the first component that reaches the share":
            _needed(offset=2),
        "when a component reaches the share exactly, it is enough: compare with >=":
            _needed(reached=np.greater),
        "these are the running shares: the answer is a whole number, the first component at which "
        "they reach the share": lambda s, share: np.cumsum(s**2) / (s**2).sum(),
    },
)  # fmt: skip


def reconstruct(x, mean, components):
    """Project the rows of x on the components, and come back (lesson 01, exercise 3).

    Args:
        x: shape (n, n_features).
        mean: what PCA subtracted, shape (n_features,).
        components: rows of length 1 at right angles, shape (k, n_features).

    Returns:
        An array of shape (n, n_features).

    >>> x, mean = np.array([[3.0, 4.0]]), np.array([1.0, 1.0])
    >>> reconstruct(x, mean, np.array([[1.0, 0.0]])).tolist()
    [[3.0, 1.0]]
    """
    return (x - mean) @ components.T @ components + mean


def _points_and_components(rng, k=None):
    n_features = int(rng.integers(2, 7))
    k = k or int(rng.integers(1, n_features))
    x = rng.normal(5, 2, (rng.integers(1, 7), n_features))
    # Not x's own mean: that of other data, of a training set say.
    return x, rng.normal(4, 2, n_features), np.linalg.qr(rng.normal(size=(n_features, k)))[0].T


def _with_own_mean(x, mean, components):
    return reconstruct(x, x.mean(axis=0), components)


check_reconstruct = exercise(
    reconstruct,
    cases={"some points": _points_and_components(np.random.default_rng(1), k=2)},
    draw=_points_and_components,
    goal="print each step for one point: what is projected, on what, and what is added at the end?",
    mistakes={
        "these are the scores: multiply by the components and add the mean to come back to the "
        "data's space": [lambda x, m, c: (x - m) @ c.T, lambda x, m, c: x @ c.T],
        "you did not come all the way back: add the mean again after the components":
            lambda x, m, c: (x - m) @ c.T @ c,
        "subtract the mean before you project, and add it again at the end":
            lambda x, m, c: x @ c.T @ c,
        "you add the mean at the end but never subtracted it: project x - mean":
            lambda x, m, c: x @ c.T @ c + m,
        "use the mean that you are given, which belongs to the components: x may be other data, a "
        "test set say": _with_own_mean,
        "nothing was projected: with fewer components than features, something must be lost":
            lambda x, m, c: x,
        "the components lie in rows: they are transposed first, and come as they are second":
            lambda x, m, c: (x - m) @ c @ c.T + m,
    },
)  # fmt: skip


def ask_first_direction():
    """Ask what lesson 01 shows next: where the first direction points if nothing is centred.

    >>> ask_first_direction()
    The cloud lies far from the origin. Which way will the longest direction of the uncentred
    points run?
      A. along the cloud
      B. from the origin to the middle of the cloud
      C. across the cloud
    """
    predict(
        "The cloud lies far from the origin. Which way will the longest direction of the "
        "uncentred points run?",
        ["along the cloud", "from the origin to the middle of the cloud", "across the cloud"],
        answer="from the origin to the middle of the cloud",
        because={
            "along the cloud": "That is what we are after, and what centring will give. But "
            "without it lengths are measured from the origin, and from there the longest way is "
            "to the cloud itself.",
            "from the origin to the middle of the cloud": "Lengths are measured from the origin. "
            "If the cloud is far away, nearly all of each point's length is the way to the cloud.",
            "across the cloud": "That is the direction in which the points differ least. It has "
            "the least of the length, centred or not.",
        },
    )
