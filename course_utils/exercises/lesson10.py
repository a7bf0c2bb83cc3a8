"""Lesson 10: exploring latent spaces."""

import numpy as np

from course_utils.exercises._values import Within
from course_utils.exercises.engine import exercise


def slerp(a, b, t):
    """Go along the arc between two vectors of one length (lesson 10, exercise 1).

    Args:
        a, b: of the same length, not opposite, shape (d,).
        t: a number from 0 to 1.

    Returns:
        The place t of the way from a to b, shape (d,).

    >>> slerp(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.5).round(4).tolist()
    [0.7071, 0.7071]
    """
    angle = _angle(a, b)
    return (1 - t) * a + t * b if np.sin(angle) < 1e-6 else _arc(a, b, t, angle)


def _angle(a, b):
    return np.arccos(np.clip(_cosine(a, b), -1, 1))


def _cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def _arc(a, b, t, angle):
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def _line(a, b, t):
    return (1 - t) * a + t * b


def _places(call, a, b, t):
    if a.ndim == 1:
        return call(a, b, t)
    # Vectors and themselves: some cosines come out a little above 1.
    found = np.array(
        [call(one, other, t, shape=one.shape) for one, other in zip(a, b, strict=True)]
    )
    far = np.abs(found - a)
    return {
        "the result is not a number: np.clip the cosine to -1 ... 1, and mind an angle of 0":
            bool(np.isfinite(found).all()),
        "between two equal vectors you got another": Within(
            np.nanmax(far) if np.isfinite(far).any() else 0.0, 1e-3
        ),
    }  # fmt: skip


def _two_vectors(rng):
    d = int(rng.integers(2, 9))
    first, second = np.linalg.qr(rng.normal(size=(d, 2)))[0].T
    # Every other pair is near: there a straight line is nearly, but not quite, the arc.
    turn = rng.choice([rng.uniform(0.06, 0.14), rng.uniform(0.2, 2.8)])
    length = rng.uniform(0.5, 8)
    other = np.cos(turn) * first + np.sin(turn) * second
    return length * first, length * other, float(rng.uniform(0.3, 0.7))


def _unguarded(a, b, t):
    return _arc(a, b, t, np.arccos(_cosine(a, b)))


def _guarded_at_0_only(a, b, t):
    angle = np.arccos(_cosine(a, b))
    return a if angle == 0 else _arc(a, b, t, angle)


def _stretched(a, b, t):
    line = _line(a, b, t)
    return np.linalg.norm(a) * line / np.linalg.norm(line)


_A = np.array([3.0, 0.0, 4.0, 0.0])
_B = np.array([0.0, 3.0, 2.4, 3.2])  # as long as _A, which is 5
_TWINS = np.random.default_rng(0).normal(size=(40, 3))

check_slerp = exercise(
    slerp,
    measure=_places,
    cases={
        "vectors of length 5": (_A, _B, 0.25),
        "t = 1": (_A, _B, 1.0),
        "t = 0": (_A, _B, 0.0),
        "t = 0.9": (_A, _B, 0.9),
        "those of length 1": (np.array([0.6, 0.8]), np.array([0.0, 1.0]), 0.3),
        "two equal vectors": (_A, _A.copy(), 0.5),
        "other equal vectors": (_TWINS, _TWINS.copy(), 0.5),
    },
    draw=_two_vectors,
    goal="(sin((1 - t) angle) a + sin(t angle) b) / sin(angle), with the angle between a and b: "
    "t = 0 must be a, and t = 1 must be b",
    mistakes={
        "this is the straight line: its middle is shorter than its ends": _line,
        "the other way round: t = 0 is a, and t = 1 is b": lambda a, b, t: slerp(b, a, t),
        "the length is 1, wanted that of a and b: use the unit vectors for the angle only":
            lambda a, b, t: slerp(a, b, t) / np.linalg.norm(a),
        "on the arc, but not evenly: a straight line stretched to the arc runs faster in its "
        "middle": _stretched,
        "not a number: the arc cosine is of the cosine, a @ b / (|a| |b|), and not of a @ b":
            lambda a, b, t: _arc(a, b, t, np.arccos(a @ b)),
        "np.sin takes radians, as np.arccos gives them": [
            lambda a, b, t: (
                a if _angle(a, b) < 1e-6 else _arc(a, b, t, np.degrees(_angle(a, b)))
            ),
            lambda a, b, t: (
                a if _angle(a, b) == 0 else _arc(a, b, t, np.degrees(_angle(a, b)))
            ),
        ],
        "for two equal vectors the angle is 0, and you divide by its sine: return the straight "
        "line there": [
            _unguarded,
            lambda a, b, t: _arc(a, b, t, _angle(a, b)),
        ],
        "rounding can make a cosine a little larger than 1, and its arc cosine is not a number: "
        "np.clip it to -1 ... 1": _guarded_at_0_only,
        "this is a: go on by the share t of the angle, with the angle between a and b":
            lambda a, b, t: a,
    },
)  # fmt: skip


def importance_bound(log_weights):
    """The logarithm of the mean weight of each image's samples (lesson 10, exercise 2).

    Args:
        log_weights: logarithms of the weights of k samples of each image, shape (n, k).

    Returns:
        Nats, shape (n,).

    >>> importance_bound(np.array([[-800.0, -800.0]])).tolist()
    [-800.0]
    """
    return _less(log_weights, log_weights.max(axis=1, keepdims=True))


def _less(x, taken):
    """The bound, with a number of each image taken out of the sum and added at the end."""
    return np.log(np.exp(x - taken).mean(axis=1)) + np.broadcast_to(taken, (len(x), 1))[:, 0]


def _log_weights(rng):
    n, k = rng.integers(1, 6), rng.integers(2, 9)
    far = rng.choice([100, 2000])
    return (rng.normal(rng.uniform(-far, far, (n, 1)), rng.uniform(0.5, 4), (n, k)),)


def _near_800():
    rng = np.random.default_rng(8)
    near = rng.normal(-800.0, 3.0, (3, 5))
    apart = near - np.array([[0.0], [900.0], [100.0]])
    # Far above all others of the row, in one row the first, in one the last.
    apart[0, 2] = apart[1, 0] = apart[2, 4] = 0.0
    return near, apart


_NEAR, _APART = _near_800()

check_importance_bound = exercise(
    importance_bound,
    cases={
        "small numbers": (np.random.default_rng(7).normal(-2.0, 1.5, (4, 6)),),
        "log-weights around -800": (_NEAR,),
        "log-weights around -800 and 0": (_APART,),
    },
    draw=_log_weights,
    goal="log of the mean of exp(log_weights), along each row; take out each image's own largest, "
    "before the sum",
    mistakes={
        "one number for each image: the mean over the images comes later":
            lambda x: importance_bound(x).mean(),
        "one number for each image: each row is the samples of one": lambda x: (
            importance_bound(x.T)
        ),
        "this is the mean of the logarithms, the ELBO: the bound is the logarithm of the mean":
            lambda x: x.mean(axis=1),
        "this is the logarithm of the sum: the mean is the sum over k, so subtract log k": [
            lambda x: importance_bound(x) + np.log(x.shape[1]),
            lambda x: np.log(np.exp(x).sum(axis=1)),
        ],
        "this is the mean weight: its logarithm is missing": lambda x: np.exp(x).mean(axis=1),
        "the sign: this is a bound on the log-likelihood itself": [
            lambda x: -importance_bound(x),
            lambda x: -np.log(np.exp(x).mean(axis=1)),
        ],
        "this is the largest weight only": lambda x: x.max(axis=1),
        "the largest was taken out and never added back": lambda x: (
            importance_bound(x) - x.max(axis=1)
        ),
        "exp of a large number is infinite: take the *largest* log-weight of each image out of the "
        "sum, and add it at the end": [
            lambda x: _less(x, x.min(axis=1, keepdims=True)),
            lambda x: _less(x, x.mean(axis=1, keepdims=True)),
        ],
        "exp(-800) is 0 for a computer: take the largest log-weight of each image out of the sum, "
        "and add it at the end": lambda x: np.log(np.exp(x).mean(axis=1)),
        "take out each image's own largest: one for all images leaves others at exp(-800), which "
        "is 0 for a computer": lambda x: _less(x, x.max()),
    },
)  # fmt: skip
