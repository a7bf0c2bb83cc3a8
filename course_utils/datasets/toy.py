"""Small clouds of points in the plane."""

import numpy as np

from course_utils import _validate
from course_utils.datasets.corruption import generator_from


def make_cloud(n=50, seed=0):
    """Draw a tilted, off-centre Gaussian cloud of points in the plane.

    Mean (4, 5), standard deviations 1.2 and 1.0, correlation 0.75, much like the classic exercise
    data `ex7data1` (Ng, Machine Learning, 2011).

    Args:
        n: the number of points, at least 1.
        seed: an integer, or a `numpy.random.Generator`. The same integer gives the same points.

    Returns:
        float32 array of shape (n, 2).

    Raises:
        TypeError, ValueError: if `n` or `seed` will not do.

    >>> make_cloud().shape
    (50, 2)
    """
    n, rng = _validate.integer("n", n, 1), generator_from(seed)
    first, second = rng.standard_normal((2, n))
    # Of unit variance each, and of correlation 0.75.
    x = np.stack([first, 0.75 * first + np.sqrt(1 - 0.75**2) * second], axis=1)
    return (x * [1.2, 1.0] + [4, 5]).astype(np.float32)


def make_curve(n=1000, noise=0.05, seed=0):
    """Draw points along one period of a sine wave, with noise around them.

    Point i is (1.5 t, sin(pi t)) plus Gaussian noise in both coordinates, with t uniform in
    [-1, 1]. So the data have one dimension but for the noise, and it is no straight line.

    Args:
        n: the number of points, at least 1.
        noise: standard deviation of the noise, in the units of the data, at least 0.
        seed: an integer, or a `numpy.random.Generator`. The same integer gives the same points.

    Returns:
        (x, t): float32 arrays of shape (n, 2) and (n,). `t` says where along the curve a point
        belongs.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> x, t = make_curve(n=200, noise=0.0)
    >>> bool(np.allclose(x[:, 1], np.sin(np.pi * t), atol=1e-6))
    True
    """
    n, noise = _validate.integer("n", n, 1), _validate.real("noise", noise, 0)
    rng = generator_from(seed)
    t = rng.uniform(-1, 1, n)
    curve = np.stack([1.5 * t, np.sin(np.pi * t)], axis=1)
    return (curve + noise * rng.standard_normal((n, 2))).astype(np.float32), t.astype(np.float32)
