"""Arrays of latents: grids, paths between two points, and directions that carry an attribute."""

import numpy as np
import scipy.stats

from course_utils import _validate


def normal_grid(n, low=0.05, high=0.95):
    """Make a square grid of 2-D latents at quantiles of the standard normal distribution.

    Evenly spaced probabilities give each row and column the same share of the prior: the grid is
    dense in the middle. So the plane of a VAE is shown in Kingma & Welling, "Auto-encoding
    variational Bayes", ICLR (2014), appendix A.

    Args:
        n: points along each side, at least 2.
        low, high: probabilities of the first and last quantile, above 0 and below 1, low below
            high.

    Returns:
        float32 array of shape (n, n, 2), row by row from top to bottom: the first latent grows to
        the right, the second grows upwards. `grid.reshape(-1, 2)` decodes in one batch.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> grid = normal_grid(3)
    >>> grid.shape, round(float(grid[0, 0, 0]), 2), round(float(grid[0, 0, 1]), 2)
    ((3, 3, 2), -1.64, 1.64)
    """
    n = _validate.integer("n", n, 2)
    low, high = _validate.real("low", low, 0), _validate.real("high", high, 0)
    if not 0 < low < high < 1:
        raise ValueError(
            f"low and high must be probabilities, 0 < low < high < 1, got {low} and {high}"
        )
    quantiles = scipy.stats.norm.ppf(np.linspace(low, high, n)).astype(np.float32)
    across, up = np.meshgrid(quantiles, quantiles[::-1])
    return np.stack([across, up], axis=-1)


def lerp(a, b, t):
    """Interpolate along the straight line from `a` to `b`: (1 - t) a + t b.

    Args:
        a, b: latents, or other vectors, shape (d,) or (n, d), of one shape.
        t: one number, or m numbers, shape (m,); 0 is `a` and 1 is `b`. Others lie beyond.

    Returns:
        float32 array: the shape of `a` for one number, with an axis of m in front for m.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> lerp([0.0, 0.0], [1.0, 2.0], [0, 0.5, 1]).tolist()
    [[0.0, 0.0], [0.5, 1.0], [1.0, 2.0]]
    """
    a, b, t = _ends(a, b, t)
    return ((1 - t) * a + t * b).astype(np.float32)


def slerp(a, b, t):
    """Interpolate along the arc from `a` to `b`: direction and length change evenly.

    In many dimensions normally distributed latents have nearly one length. A straight line between
    two of them passes through a middle that is shorter than nearly all others; the arc does not.
    After Shoemake, "Animating rotation with quaternion curves", SIGGRAPH (1985); White, "Sampling
    generative networks", arXiv:1609.04468 (2016).

    Where the arc is not defined, it is the straight line: if `a` or `b` is zero, or they are
    parallel or opposite.

    Args:
        a, b, t: as in `lerp`, with the same shapes.

    Returns:
        As `lerp`.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> slerp([1.0, 0.0], [0.0, 1.0], 0.5).round(3).tolist()
    [0.7070000171661377, 0.7070000171661377]
    """
    a, b, t = _ends(a, b, t)
    long_a, long_b = (np.linalg.norm(x, axis=-1, keepdims=True) for x in (a, b))
    unit_a, unit_b = a / np.where(long_a == 0, 1, long_a), b / np.where(long_b == 0, 1, long_b)
    # From the chords, which are exact for small angles as for those near 180 degrees, where the arc
    # cosine is not.
    angle = 2 * np.arctan2(
        np.linalg.norm(unit_a - unit_b, axis=-1, keepdims=True),
        np.linalg.norm(unit_a + unit_b, axis=-1, keepdims=True),
    )
    sine = np.sin(angle)
    straight = (long_a == 0) | (long_b == 0) | (sine < 1e-6)
    safe = np.where(straight, 1, sine)
    direction = (np.sin((1 - t) * angle) * unit_a + np.sin(t * angle) * unit_b) / safe
    arc = ((1 - t) * long_a + t * long_b) * direction
    return np.where(straight, (1 - t) * a + t * b, arc).astype(np.float32)


def attribute_vector(z, has):
    """Find the direction in which an attribute, such as glasses, lies among the latents.

    It is the mean latent of those who have the attribute minus the mean of those who have it not:
    Larsen et al., "Autoencoding beyond pixels using a learned similarity metric", ICML (2016),
    section 4.1.

    Args:
        z: latents, shape (n, d).
        has: shape (n,), boolean: who has the attribute.

    Returns:
        float32 array of shape (d,).

    Raises:
        TypeError, ValueError: if an argument will not do, or all have the attribute, or none.

    >>> attribute_vector([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]], [False, True, True]).tolist()
    [3.0, 0.0]
    """
    z = _validate.number_array("z", z, ndim=2).astype(float)
    has = _validate.number_array("has", has, ndim=1)
    if has.dtype != bool:
        raise TypeError(
            f"has must be boolean, got {has.dtype}: compare with the class, such as labels == 3"
        )
    if len(has) != len(z):
        raise ValueError(
            f"has must have one value for each of the {len(z)} latents, got {len(has)}"
        )
    if has.all() or not has.any():
        raise ValueError(
            "has must be True for some and False for others, "
            f"got {'all' if has.all() else 'none'} True"
        )
    return (z[has].mean(axis=0) - z[~has].mean(axis=0)).astype(np.float32)


def _ends(a, b, t):
    """`a` and `b` in 64 bits, `t` with as many axes behind its own as they have."""
    a, b = (
        _validate.number_array(name, value, ndim=(1, 2)).astype(float)
        for name, value in (("a", a), ("b", b))
    )
    _validate.same_shape("a", a, "b", b)
    t = _validate.number_array("t", t, ndim=(0, 1)).astype(float)
    return a, b, t.reshape(t.shape + (1,) * a.ndim)
