"""Lesson 01: PCA by the singular value decomposition."""

import numpy as np

from course_utils.exercises.engine import exercise
from course_utils.exercises.predictions import question


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
    """The least number of components with at least that share of the variance (01, exercise 4).

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
    """Project the rows of x on the components, and come back (lesson 01, exercise 2).

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


def pca_reconstruction(x_train, x_new, k):
    """PCA as a whole: fit k components on one set, compress and rebuild another (01, exercise 3).

    Args:
        x_train: what the mean and the components are found on, shape (n, n_features).
        x_new: what is reconstructed, shape (m, n_features).
        k: how many components are kept, an integer from 1 to n_features - 1.

    Returns:
        An array of shape (m, n_features).

    >>> x = np.array([[0.0, 0.0], [2.0, 2.0]])
    >>> pca_reconstruction(x, np.array([[3.0, 1.0]]), 1).round(6).tolist()
    [[2.0, 2.0]]
    """
    return _rebuilt(x_train, x_new, slice(None, k))


def _rebuilt(x_train, x_new, kept, mean=None, scale=1.0):
    centre = x_train.mean(axis=0) if mean is None else mean
    components = np.linalg.svd((x_train - centre) / scale, full_matrices=False)[2][kept]
    return reconstruct(x_new / scale, centre / scale, components) * scale


def _two_sets(rng):
    """Spread differently along slanted axes, and the second set about a mean of its own."""
    n_features = int(rng.integers(2, 7))
    slant = np.linalg.qr(rng.normal(size=(n_features, n_features)))[0]
    # Neighbouring variances differ by half, so that no direction depends on rounding.
    spread = slant * 1.5 ** np.arange(n_features)
    sets = [rng.normal(size=(n, n_features)) @ spread.T for n in (40, rng.integers(2, 7))]
    return sets[0] + 3, sets[1] + rng.uniform(2, 4), int(rng.integers(1, n_features))


def _by_columns(x_train, x_new, k):
    Vt = np.linalg.svd(x_train - x_train.mean(axis=0), full_matrices=False)[2]
    return reconstruct(x_new, x_train.mean(axis=0), Vt[:, :k].T)


_FOUR = (np.random.default_rng(3).normal(2, 1, (30, 4)) * [4, 3, 2, 1]) @ np.linalg.qr(
    np.random.default_rng(4).normal(size=(4, 4))
)[0]

check_pca_reconstruction = exercise(
    pca_reconstruction,
    cases={"k = 2": (_FOUR[:24], _FOUR[24:], 2), "k = 3": (_FOUR[:20], _FOUR[20:], 3)},
    draw=_two_sets,
    goal="centre x_train, take the first k rows of V transposed, project x_new, and come back",
    mistakes={
        "nothing was centred: subtract the mean of x_train before the decomposition and before "
        "you project, and add it at the end":
            lambda x, new, k: _rebuilt(x, new, slice(None, k), mean=0 * x[0]),
        "x_new was centred with its own mean: the mean belongs to the components, and both come "
        "from x_train": lambda x, new, k: _rebuilt(x - x.mean(axis=0) + new.mean(axis=0), new,
                                                  slice(None, k)),
        "the mean is missing at the end: add it":
            lambda x, new, k: pca_reconstruction(x, new, k) - x.mean(axis=0),
        "x_new was not centred before it was projected": lambda x, new, k: (
            pca_reconstruction(x - x.mean(axis=0), new, k) + x.mean(axis=0)
        ),
        "these are the *last* k components, with the least variance: NumPy's svd sorts from the "
        "largest singular value, eigh from the smallest eigenvalue":
            lambda x, new, k: _rebuilt(x, new, slice(-k, None)),
        "the components are the rows of V transposed, and these are columns": _by_columns,
        "one component too many is kept": lambda x, new, k: _rebuilt(x, new, slice(None, k + 1)),
        "one component too few is kept": lambda x, new, k: _rebuilt(x, new, slice(None, k - 1)),
        "the components were found on x_new: find them on x_train":
            lambda x, new, k: pca_reconstruction(new, new, k),
        "this is x_train: reconstruct x_new": lambda x, new, k: pca_reconstruction(x, x, k),
        "you also divided by the standard deviations: only centring is asked for":
            lambda x, new, k: _rebuilt(x, new, slice(None, k), scale=x.std(axis=0)),
        "these are the scores: multiply by the components and add the mean to come back":
            lambda x, new, k: (new - x.mean(axis=0))
            @ np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:k].T,
    },
)  # fmt: skip


ask_first_direction = question(
    "ask_first_direction",
    "The cloud lies far from the origin. Which way will the longest direction of the uncentred "
    "points run?",
    {
        "along the cloud":
            "That is what we are after, and what centring will give. But without it lengths are "
            "measured from the origin, and from there the longest way is to the cloud itself.",
        "from the origin to the middle of the cloud":
            "Lengths are measured from the origin. If the cloud is far away, nearly all of each "
            "point's length is the way to the cloud.",
        "across the cloud":
            "That is the direction in which the points differ least. It has the least of the "
            "length, centred or not.",
    },
    answer=1,
)  # fmt: skip


ask_other_units = question(
    "ask_other_units",
    "Multiply the second column by ten: metres have become decimetres. Which way will the first "
    "direction of the centred cloud run?",
    {
        "as before: the cloud is still the same cloud":
            "The points are the same, the numbers are not, and PCA sees numbers only.",
        "nearly along the second axis":
            "The variance of the second column has grown a hundredfold, so it is nearly all the "
            "variance that there is.",
        "nearly along the first axis":
            "That column has now the smaller numbers, and so the smaller variance.",
    },
    answer=1,
)  # fmt: skip


ask_one_component = question(
    "ask_one_component",
    "With no component at all, the mean image, MNIST's test error is 52.9. The best single "
    "component of 784 takes away ...",
    {
        "0.07: a 784th of it":
            "It would be so if all directions had the same variance. Pixels of a stroke go "
            "together, so a few directions have most of it.",
        "about 5: a tenth of it":
            "Its share of the variance is 9.7 %, and what it takes from the error is that share.",
        "about 26: half of it":
            "On the cloud of two numbers the first component had that much and more. Digits "
            "differ in more than one way: no single direction holds half of their variance.",
    },
    answer=1,
)  # fmt: skip


ask_uncentred_digits = question(
    "ask_uncentred_digits",
    "Somebody forgets to centre MNIST, and keeps 30 components. PCA's test error is 13.87. What "
    "is theirs?",
    {
        "13.88: nobody would notice":
            "The mean image lies nearly inside the span of the thirty components, so describing "
            "it costs next to nothing. The figures below show what gives the mistake away.",
        "about 14.2, as with 29 components: one is lost to the mean":
            "A good guess: the first direction does turn to the mean. But on MNIST the mean lies"
            " nearly inside the span of PCA's components, so hardly anything is lost.",
        "above 50: the mean image is missing in every reconstruction":
            "It is not missing: the uncentred components describe it along with everything else.",
    },
    answer=0,
)  # fmt: skip
