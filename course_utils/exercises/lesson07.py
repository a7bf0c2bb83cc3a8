"""Lesson 07: sparse autoencoders."""

import numpy as np

from course_utils.exercises.engine import exercise


def kl_penalty(code, target):
    """The sparsity penalty of a code, as `layers.KLSparsity` adds it (lesson 07, exercise 1).

    Args:
        code: activations between 0 and 1, shape (n, units).
        target: the mean activation wanted, between 0 and 1.

    Returns:
        A number: the Kullback-Leibler divergence in nats, summed over the units.

    >>> round(kl_penalty(np.full((2, 3), 0.5), 0.5), 6)
    0.0
    """
    return float(_kl(target, code.mean(axis=0)).sum())


def _kl(a, b):
    return _on(a, b) + _on(1 - a, 1 - b)


def _on(a, b):
    return a * np.log(a / b)


def _code_and_target(rng):
    code = rng.uniform(0.02, 0.6, rng.integers(2, 9, 2))
    # Some units are all but silent.
    return code * rng.choice([1.6, 0.5, 0.005], code.shape[1]), float(rng.uniform(0.02, 0.5))


_CODE = np.random.default_rng(5).uniform(0.05, 0.6, (7, 4)) * [1.0, 0.5, 1.5, 0.8]

check_kl_penalty = exercise(
    kl_penalty,
    cases={"a target of 0.1": (_CODE, 0.1), "0.3": (_CODE, 0.3)},
    draw=_code_and_target,
    goal="mean = code.mean(axis=0), then the sum over the units of both halves of the formula",
    mistakes={
        "this is half the formula: a unit that is off is an outcome too, "
        "add (1 - target) log((1 - target) / (1 - mean))":
            lambda code, t: _on(t, code.mean(axis=0)).sum(),
        "this is half the formula: add target log(target / mean), for the unit being on":
            lambda code, t: _on(1 - t, 1 - code.mean(axis=0)).sum(),
        "your penalty is as many times too small as there are units (4 times too small for four): "
        "it was averaged over the units; sum over them":
            lambda code, t: _kl(t, code.mean(axis=0)).mean(),
        "the two are swapped: the target stands first, in front of the logarithms":
            lambda code, t: _kl(code.mean(axis=0), t).sum(),
        "first the mean activation of each unit over the batch, then the penalty: a unit may be on "
        "for a few images": [
            lambda code, t: _kl(t, code).sum(axis=1).mean(),
            lambda code, t: _kl(t, code).sum(),
            lambda code, t: _kl(t, code).mean(),
        ],
        "the mean is over the batch (axis 0): yours is over the units of an image": [
            lambda code, t: _kl(t, code.mean(axis=1)).sum(),
            lambda code, t: _kl(t, code.mean(axis=1)).mean(),
        ],
        "each unit has a mean of its own: yours is one mean for all of them": [
            lambda code, t: _kl(t, code.mean()),
            lambda code, t: _kl(t, code.mean()) * code.shape[1],
        ],
        "the sign: a penalty is 0 at the target and positive elsewhere":
            lambda code, t: -kl_penalty(code, t),
        "this is in bits: nats have the natural logarithm, np.log":
            lambda code, t: kl_penalty(code, t) / np.log(2),
        "the logarithm is to the base 10: nats have the natural one, np.log":
            lambda code, t: kl_penalty(code, t) / np.log(10),
        "one number for each unit: sum over the units": lambda code, t: _kl(t, code.mean(axis=0)),
    },
)  # fmt: skip


def top_k(code, k):
    """Keep the k largest values of each row; the others become 0 (lesson 07, exercise 2).

    Args:
        code: shape (n, units).
        k: an integer from 1 to units.

    Returns:
        An array of the same shape.

    >>> top_k(np.array([[3.0, 1.0, 2.0]]), 2).tolist()
    [[3.0, 0.0, 2.0]]
    """
    return np.where(_largest(code, k), code, 0)


def _largest(values, k, axis=1):
    return np.argsort(np.argsort(-values, axis=axis), axis=axis) < k


def _code_and_k(rng):
    code = rng.normal(0, 2, rng.integers(2, 7, 2))
    return code, int(rng.integers(1, code.shape[1] + 1))


_VALUES = np.array(
    [[3.0, -4.0, 1.0, 2.0, 0.5], [-1.0, 5.0, 2.5, 0.2, -6.0], [0.1, 0.7, 0.3, 0.9, -0.8]]
)
_FEW = np.array([[-1.0, -2.0, 3.0, -4.0, -5.0], [1.0, 2.0, 3.0, 4.0, 5.0]])

check_top_k = exercise(
    top_k,
    cases={"k = 2": (_VALUES, 2), "k = 3": (_FEW, 3)},
    draw=_code_and_k,
    goal="each row keeps its k largest values, in their places, and has zeros elsewhere",
    mistakes={
        "these are the k values alone: their places matter, so the code keeps its shape, with zeros"
        " elsewhere": [
            lambda code, k: -np.sort(-code, axis=1)[:, :k],
            lambda code, k: np.sort(code, axis=1)[:, -k:],
        ],
        "these are the places: the values at them are wanted, in a code with zeros elsewhere": [
            lambda code, k: np.argsort(-code, axis=1)[:, :k],
            lambda code, k: np.argsort(code, axis=1)[:, -k:],
        ],
        "these are ones and zeros: keep the values themselves": lambda code, k: _largest(code, k),
        "the k largest of each image, along axis 1: yours are the k largest of each unit":
            lambda code, k: np.where(_largest(code, k, axis=0), code, 0),
        "the largest values, not the largest absolute values: a strongly negative unit is off":
            lambda code, k: np.where(_largest(np.abs(code), k), code, 0),
        "these are the k smallest: np.sort goes upwards":
            lambda code, k: np.where(_largest(-code, k), code, 0),
        "the other way round: you set the k largest to 0":
            lambda code, k: np.where(_largest(code, k), 0, code),
        "one value too few: the k-th largest stays (>= and not >)":
            lambda code, k: top_k(code, k - 1),
        "one value too many: with sort, the k-th largest is at index -k": [
            lambda code, k: top_k(code, k + 1),
            lambda code, k: np.where(code >= np.sort(code, axis=1)[:, [-k - 1]], code, 0),
        ],
        "you compared all images with one threshold: each image has its own k largest":
            lambda code, k: np.where(
                code >= np.sort(code, axis=None)[-k * len(code)], code, 0
            ),
        "a negative value may be among the k largest: then it is kept":
            lambda code, k: np.maximum(top_k(code, k), 0),
        "nothing was set to 0: each row keeps its k largest values, and no others":
            lambda code, k: code,
        "the values are sorted: each stays in its place":
            lambda code, k: -np.sort(-top_k(code, k), axis=1),
    },
)  # fmt: skip
