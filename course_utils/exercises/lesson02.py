"""Lesson 02: linear and non-linear autoencoders. What is built there is in lesson02_descent."""

import itertools
import math

import numpy as np

from course_utils.exercises._values import Within
from course_utils.exercises.engine import exercise
from course_utils.exercises.predictions import question


def count_parameters(layer_sizes):
    """Count the weights and biases of a stack of dense layers (lesson 02, exercise 5).

    Args:
        layer_sizes: a list of at least two integers, such as [784, 30, 784].

    Returns:
        An integer.

    >>> count_parameters([784, 30, 784])
    47854
    """
    return sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(layer_sizes))


def _weights(sizes):
    return sum(n_in * n_out for n_in, n_out in itertools.pairwise(sizes))


check_count_parameters = exercise(
    count_parameters,
    # Weights 35 + 10 + 8 = 53, biases 5 + 2 + 4 = 11.
    cases={"four sizes": ([7, 5, 2, 4],), "[7, 2]": ([7, 2],)},
    draw=lambda rng: (rng.integers(1, 30, rng.integers(2, 7)).tolist(),),
    goal="the sizes [7, 5, 2, 4] have 53 weights and some biases; "
    "loop over the neighbouring pairs",
    mistakes={
        "these are the weights alone: each unit behind the first layer also has a bias": _weights,
        "the inputs have no biases: the first size counts no units of its own":
            lambda sizes: _weights(sizes) + sum(sizes),
        "a layer has a bias for each of its outputs, not for each of its inputs":
            lambda sizes: _weights(sizes) + sum(sizes[:-1]),
        "these are the biases alone: add a weight for each pair of neighbouring units":
            lambda sizes: sum(sizes[1:]),
        "one bias a layer is too few: each unit has its own":
            lambda sizes: _weights(sizes) + len(sizes) - 1,
        "the last layer is missing: four sizes make three layers of weights":
            lambda sizes: count_parameters(sizes[:-1]),
        "the first layer is missing: four sizes make three layers of weights":
            lambda sizes: count_parameters(sizes[1:]),
        "these are the units: count weights, one for each pair of neighbouring units, and biases":
            sum,
    },
)  # fmt: skip


def angle(u, v):
    """The angle between the lines along two vectors, in degrees from 0 to 90 (02, exercise 6).

    Args:
        u, v: not 0, shape (n_features,).

    Returns:
        A number.

    >>> round(angle(np.array([2.0, 0.0]), np.array([-3.0, 3.0])), 6)
    45.0
    """
    # Rounding can make a cosine of 1.0000000000000002.
    return float(np.degrees(np.arccos(min(abs(_cosine(u, v)), 1.0))))


def _cosine(u, v):
    return u @ v / (np.linalg.norm(u) * np.linalg.norm(v))


def _angles(call, u, v):
    if u.ndim == 1:
        found = Within(call(u, v, shape=()), 0.003)
        return {"you got {got}°, wanted {wanted}°": found}
    # Many pairs on one line, of which rounding takes some cosines over 1, or below -1. There even
    # a right angle is rounded: 0.02° in float32.
    found = np.array([call(a, b, shape=()) for a, b in zip(u, v, strict=True)])
    return {
        "the result is not a number": bool(np.isnan(found).any()),
        "you got {got}°, wanted 0": Within(np.nanmax(found) if (found == found).any() else 0, 0.1),
    }


def _lines(rng):
    """Two vectors at a chosen angle, half of them more than 90 degrees apart."""
    n_features = int(rng.integers(2, 8))
    first, second = np.linalg.qr(rng.normal(size=(n_features, 2)))[0].T
    turn = np.radians(rng.uniform(5, 175))
    lengths = rng.uniform(0.3, 6, 2)
    return lengths[0] * first, lengths[1] * (np.cos(turn) * first + np.sin(turn) * second)


_PARALLEL = np.random.default_rng(0).normal(size=(50, 3))

check_angle = exercise(
    angle,
    measure=_angles,
    cases={
        # The vectors make 135 degrees, their lines 45.
        "two vectors": (np.array([2.0, 0.0, 0.0]), np.array([-3.0, 3.0, 0.0])),
        "two lines at 30 degrees": (np.array([1.0, 0.0]), np.array([math.sqrt(3), 1.0])),
        "parallel vectors": (_PARALLEL, 3 * _PARALLEL),
        "opposite vectors": (_PARALLEL, -3 * _PARALLEL),
    },
    draw=_lines,
    mistakes={
        "a line has no direction: u and -u lie on the same line, so take the cosine's absolute "
        "value": [
            lambda u, v: np.degrees(np.arccos(np.clip(_cosine(u, v), -1, 1))),
            lambda u, v: np.degrees(np.arccos(min(_cosine(u, v), 1.0))),
            lambda u, v: np.degrees(np.arccos(_cosine(u, v))),
        ],
        "this is in radians: np.degrees turns it into degrees": [
            lambda u, v: np.arccos(min(abs(_cosine(u, v)), 1.0)),
            lambda u, v: np.arccos(abs(_cosine(u, v))),
            lambda u, v: np.arccos(np.clip(_cosine(u, v), -1, 1)),
        ],
        "you set negative cosines to 0: take the absolute value instead":
            lambda u, v: np.degrees(np.arccos(np.clip(_cosine(u, v), 0, 1))),
        "this is the cosine: np.arccos turns it into an angle": [
            lambda u, v: abs(_cosine(u, v)),
            _cosine,
        ],
        "the dot product alone is no cosine: divide by both lengths": [
            lambda u, v: np.degrees(np.arccos(u @ v)),
            lambda u, v: np.degrees(np.arccos(abs(u @ v))),
            lambda u, v: np.degrees(np.arccos(min(abs(u @ v), 1.0))),
            lambda u, v: np.degrees(np.arccos(np.clip(u @ v, -1, 1))),
        ],
        "this is 90 degrees less the angle, 60 for two lines at 30 degrees: take np.arccos":
            lambda u, v: np.degrees(np.arcsin(min(abs(_cosine(u, v)), 1.0))),
        "for parallel vectors the cosine can come out as 1.0000000000000002: clip it to 1 first": [
            lambda u, v: np.degrees(np.arccos(abs(_cosine(u, v)))),
            lambda u, v: math.degrees(math.acos(abs(_cosine(u, v)))),
        ],
        "for opposite vectors the cosine can come out as -1.0000000000000002: take the absolute "
        "value first, then clip": lambda u, v: np.degrees(np.arccos(abs(min(_cosine(u, v), 1.0)))),
    },
)  # fmt: skip


def linear_optimum(x, k):
    """The least squared error that any linear autoencoder reaches on x (lesson 02, exercise 7).

    Args:
        x: shape (n, n_features).
        k: the number of code units, an integer from 1 to n_features - 1.

    Returns:
        A number: squared error summed over features, averaged over examples.

    >>> x = np.array([[0.0, 1.0], [0.0, -1.0], [3.0, 0.0], [-3.0, 0.0]])
    >>> round(linear_optimum(x, 1), 6)
    0.5
    """
    return float(_left_out(x, k) / len(x))


def _left_out(x, k, power=2):
    return (np.linalg.svd(x - x.mean(axis=0), compute_uv=False)[k:] ** power).sum()


def _points_and_k(rng):
    n_features = int(rng.integers(2, 7))
    x = rng.normal(2, 1, (rng.integers(8, 15), n_features)) * rng.uniform(1, 5, n_features)
    return x, int(rng.integers(1, n_features))


_X = np.random.default_rng(1).normal(3, 1, (8, 5)) * [5, 4, 3, 2, 1]

check_linear_optimum = exercise(
    linear_optimum,
    cases={"k = 2": (_X, 2), "k = 4": (_X, 4)},
    draw=_points_and_k,
    goal="add up the squares of the singular values from number k + 1 on",
    mistakes={
        "the variances left out are added up, not averaged: squared error is summed over "
        "features": [
            lambda x, k: _left_out(x, k) / min(x.shape[0] - k, x.shape[1] - k),
            lambda x, k: _left_out(x, k) / (x.shape[1] - k) / len(x),
            lambda x, k: _left_out(x, k) / x.size,
        ],
        "this is summed over the examples too: divide by their number": _left_out,
        "an average over n examples divides by n; n - 1 belongs to an unbiased estimate of a "
        "variance": lambda x, k: _left_out(x, k) / (len(x) - 1),
        "centre x first: an autoencoder with biases can learn the mean":
            lambda x, k: (np.linalg.svd(x, compute_uv=False)[k:] ** 2).sum() / len(x),
        "this is the variance that is kept: the error is what is left out":
            lambda x, k: (_left_out(x, 0) - _left_out(x, k)) / len(x),
        "variance is the square of a singular value over n":
            lambda x, k: _left_out(x, k, power=1) / len(x),
        "this is the root of the squared error: leave it squared":
            lambda x, k: np.sqrt(_left_out(x, k) / len(x)),
        "this is a share of the variance: the error itself is wanted, in the units of x squared":
            lambda x, k: _left_out(x, k) / _left_out(x, 0),
        "one too many is kept: the k largest are at places 0 to k - 1":
            lambda x, k: _left_out(x, k + 1) / len(x),
        "one too few is kept: the k largest are at places 0 to k - 1":
            lambda x, k: _left_out(x, k - 1) / len(x),
    },
)  # fmt: skip


ask_least_loss = question(
    "ask_least_loss",
    "A linear autoencoder 2-1-2 is trained on the cloud for as long as you like. Where does its "
    "squared error end?",
    {
        "at 0: with enough training, everything can be copied":
            "All reconstructions lie on a line, since they are one number times one direction. "
            "The points don't, however long you train.",
        "at PCA's error with one component":
            "No linear map through one number does better (lesson 01), and one that does as well"
            " exists: PCA. Whether training finds it is what we are about to see.",
        "below PCA's error: training adapts to the data, PCA does not":
            "PCA's line is already the best one for these points: no other has a smaller error.",
    },
    answer=1,
)  # fmt: skip


ask_columns = question(
    "ask_columns",
    "The network has PCA's error and PCA's subspace. Are the thirty rows of its decoder, one for"
    " each code unit, PCA's thirty components?",
    {
        "yes, in another order perhaps":
            "Nothing in the loss asks for it. Point 3 above: any invertible A in the middle "
            "gives the same error.",
        "no, each is a blend of many components":
            "Any thirty directions that span the subspace give the same error, and training ends"
            " at some of them.",
        "only the first few are: they matter most":
            "The loss does not know which code unit is which, so none of them comes first.",
    },
    answer=1,
)  # fmt: skip


ask_weight_decay = question(
    "ask_weight_decay",
    "Now each weight costs a little: weight decay. What changes?",
    {
        "all weights shrink alike, and nothing else":
            "They don't shrink alike: a direction with little variance is worth less, and "
            "shrinks more. That is what tells the components apart.",
        "the code can still be turned, but no longer stretched":
            "A sum of squares does not change if the code is turned, but it does if one unit is "
            "stretched and another shrunk. So A is a rotation now, and a rotation can be undone.",
        "the decoder's rows become PCA's components":
            "Not yet: the penalty can't see a rotation of the code. But a rotation is all that "
            "is left between the rows and the components, and you can undo it.",
    },
    answer=1,
)  # fmt: skip


ask_which_half = question(
    "ask_which_half",
    "The network 2-2-1-2-2 stays well above the floor, the roomy one reaches it. Which half of the "
    "small one was too small?",
    {
        "the decoder: it has to draw the curve":
            "So we thought, too. But two tanh steps draw a good wave: give them a roomy encoder "
            "and see.",
        "the encoder: it has to find the right place on the curve":
            "The best code of a point is the nearest place on the curve, and where the curve bends "
            "that is no simple function of the point. Two tanh units can't compute it.",
        "both alike: each costs about as much":
            "Each costs something. But exchange one half at a time, and one of them costs several "
            "times as much as the other.",
    },
    answer=1,
)  # fmt: skip
