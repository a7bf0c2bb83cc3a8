"""Points of the plane: 2-D data, with the arrows and curves that say what becomes of them."""

import numpy as np

from course_utils import _validate
from course_utils.plotting import _shared


def vector_field(points, arrows, data=None, alt=None, ax=None):
    """Arrows in the plane, each from its point and in its true length, over the data behind them.

    Such as those of a denoiser, which lead from noisy points to cleaner ones: Alain & Bengio, "What
    regularized auto-encoders learn from the data-generating distribution", JMLR 15 (2014).

    Args:
        points: shape (n, 2), such as a grid: where the arrows begin.
        arrows: shape (n, 2): how far, and whereto, each point is moved.
        data: shape (m, 2): points drawn below the arrows; None for none.
        alt, ax: as in `image_grid`.

    Returns:
        The figure; both axes have one scale.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> vector_field(np.zeros((1, 2)), np.ones((1, 2))).alt
    'A field of 1 arrow in the plane.'
    """
    points, arrows = _matching("points", points, "arrows", arrows)
    if data is not None:
        data = _shared.two_columns("data", data)
    told = f"A field of {_shared.counted(len(points), 'arrow')} in the plane."
    fig, ax = _shared.axes(ax, alt, told, 6, 4.6)
    if data is not None:
        ax.scatter(*data.T, s=3, color=_shared.COLOURS[4], linewidths=0)
    _draw_arrows(ax, points, arrows, width=0.004, headwidth=4, color=_shared.COLOURS[0])
    _one_scale(ax)
    return fig


def projection_arrows(x, x_hat, alt=None, ax=None):
    """2-D points, their reconstructions, and an arrow from each point to its reconstruction.

    Args:
        x: the points, shape (n, 2).
        x_hat: their projections or reconstructions, shape (n, 2).
        alt, ax: as in `image_grid`.

    Returns:
        The figure; both axes have one scale, so that right angles look right.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> projection_arrows(np.array([[0.0, 1.0], [1.0, 0.0]]), np.full((2, 2), 0.5)).alt
    '2 points, with an arrow from each to its reconstruction.'
    """
    x, x_hat = _matching("x", x, "x_hat", x_hat)
    told = f"{_shared.counted(len(x), 'point')}, with an arrow from each to its reconstruction."
    fig, ax = _shared.axes(ax, alt, told, 4.5, 4)
    _draw_arrows(ax, x, x_hat - x, width=0.004, color="0.55")
    ax.scatter(*x.T, s=18, color=_shared.COLOURS[0], label="point", zorder=2)
    style = {"s": 18, "color": _shared.COLOURS[1], "marker": "x"}
    ax.scatter(*x_hat.T, label="reconstruction", zorder=3, **style)
    ax.legend(loc="best", fontsize=8)
    _one_scale(ax)
    return fig


def loading_vectors(x, mean, components, explained_variance, alt=None, ax=None):
    """A cloud of 2-D points with its principal directions, each two standard deviations long.

    Args:
        x: the points, shape (n, 2).
        mean: shape (2,), where the arrows begin.
        components: shape (k, 2), rows of length 1: the directions.
        explained_variance: shape (k,), at least 0: the variance along each, in the squared unit of
            the points.
        alt, ax: as in `image_grid`.

    Returns:
        The figure; the legend gives each direction's angle to the horizontal, in degrees from -90
        to 90.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> x = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.1]])
    >>> loading_vectors(x, x.mean(axis=0), np.array([[0.6, 0.8]]), np.array([1.0])).alt
    'A cloud of 3 points with its principal directions drawn on it: direction 1 at 53.1°.'
    """
    x = _shared.two_columns("x", x)
    mean, components, variances = _directions(mean, components, explained_variance)
    angles = [_angle(component) for component in components]
    named = ", ".join(f"direction {i} at {a:.1f}°" for i, a in enumerate(angles, start=1))
    counted = _shared.counted(len(x), "point")
    told = f"A cloud of {counted} with its principal directions drawn on it: {named}."
    fig, ax = _shared.axes(ax, alt, told, 4.5, 4)
    ax.scatter(*x.T, s=18, color="0.6")
    arrows = 2 * np.sqrt(variances)[:, np.newaxis] * components
    for i, (arrow, angle) in enumerate(zip(arrows, angles, strict=True)):
        style = {"color": _shared.COLOURS[1 + i % 2], "width": 0.012, "zorder": 3}
        _draw_arrows(ax, mean, arrow, label=f"direction {i + 1}: {angle:.1f}°", **style)
    ax.legend(loc="best", fontsize=8)
    _one_scale(ax)
    return fig


def code_along_curve(x, x_hat, code, alt=None, ax=None):
    """2-D points coloured by their 1-D code, and their reconstructions as a curve along the code.

    Args:
        x: the points, shape (n, 2).
        x_hat: their reconstructions, shape (n, 2), joined in ascending order of the code.
        code: shape (n,) or (n, 1).
        alt, ax: as in `image_grid`.

    Returns:
        The figure; both axes have one scale.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> x = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> code_along_curve(x, x, np.array([0.0, 1.0])).alt
    '2 points coloured by their code, and the curve of their reconstructions.'
    """
    x, x_hat = _matching("x", x, "x_hat", x_hat)
    code = _validate.number_array("code", code, ndim=(1, 2))
    if code.size != len(x):
        raise ValueError(
            f"code must hold one number for each of the {len(x)} points, got shape {code.shape}"
        )
    code = code.reshape(-1)
    counted = _shared.counted(len(x), "point")
    told = f"{counted} coloured by their code, and the curve of their reconstructions."
    fig, ax = _shared.axes(ax, alt, told, 4.5, 3.4)
    points = ax.scatter(*x.T, s=10, c=code, cmap="viridis")
    curve = x_hat[np.argsort(code)]
    ax.plot(*curve.T, color=_shared.COLOURS[1], linewidth=1.5, label="reconstructions")
    ax.figure.colorbar(points, ax=ax, label="code", shrink=0.8)
    ax.legend(fontsize=8)
    _one_scale(ax)
    return fig


def _matching(name, value, other_name, other):
    """Two arrays of one shape (n, 2): points and what belongs to each."""
    value, other = _shared.two_columns(name, value), _shared.two_columns(other_name, other)
    _validate.same_shape(name, value, other_name, other)
    return value, other


def _directions(mean, components, variances):
    """Where the principal directions begin, the directions, and the variance along each."""
    components = _shared.two_columns("components", components)
    mean = _validate.number_array("mean", mean, ndim=1)
    variances = _validate.number_array("explained_variance", variances, ndim=1)
    lengths = np.linalg.norm(components, axis=1)
    if not np.allclose(lengths, 1, atol=1e-3):
        raise ValueError(f"components must be rows of length 1, got lengths {lengths}")
    if mean.shape != (2,):
        raise ValueError(f"mean must have shape (2,), got {mean.shape}")
    if len(variances) != len(components) or (variances < 0).any():
        raise ValueError(
            "explained_variance must be one variance, at least 0, "
            f"for each of the {len(components)} components, got {variances}"
        )
    return mean, components, variances


def _angle(component):
    """Degrees between a direction and the horizontal. A direction and its opposite are one line,
    and the angle is that of the line."""
    angle = np.degrees(np.arctan2(component[1], component[0]))
    return angle - 180 * np.round(angle / 180)


def _draw_arrows(ax, tails, arrows, **style):
    """Arrows in their true lengths, tips inside the axes."""
    ax.quiver(*tails.T, *arrows.T, angles="xy", scale_units="xy", scale=1, **style)
    ax.update_datalim(np.atleast_2d(tails + arrows))  # Matplotlib looks at the tails alone
    ax.autoscale_view()


def _one_scale(ax):
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
