"""Measures on arrays. Each has one unit, said in its docstring."""
import numpy as np
import scipy.linalg

from course_utils import _validate

_ROWS = 4096  # rows worked on at a time: no temporary array as large as the data


def squared_error(x, x_hat):
    """Squared error (SE): summed over all values of an example, averaged over examples.

    This is the unit of Hinton & Salakhutdinov, "Reducing the dimensionality of data with neural networks",
    Science 313 (2006), figure 2. Keras's "mse" is the same divided by the number of values: SE = 784 MSE for MNIST.

    Args:
        x: the originals, floating point, shape (n, ...): (n, height, width), (n, height * width) or (n, features).
        x_hat: their reconstructions, floating point, of the same shape.

    Returns:
        A float, in squared units of `x` per example.

    Raises:
        TypeError: if either holds integers (images as 0 to 255) or no numbers at all.
        ValueError: if they differ in shape, are empty, have no axis of examples, or hold NaN or infinity. Their range is
            not looked at: not all data are images.

    >>> import numpy as np
    >>> x = np.zeros((5, 28, 28), "float32")
    >>> squared_error(x, x + 0.5)  # 784 pixels, each wrong by one half
    196.0
    """
    x = _validate.number_array("x", x, floating=True)
    x_hat = _validate.number_array("x_hat", x_hat, floating=True)
    _validate.same_shape("x", x, "x_hat", x_hat)
    if x.ndim < 2:
        raise ValueError(f"x must be at least 2-D, one example a row, got shape {x.shape}: try x[np.newaxis]")
    total = 0.0
    for start in range(0, len(x), _ROWS):
        difference = x[start : start + _ROWS].astype(np.float64) - x_hat[start : start + _ROWS]
        total += np.vdot(difference, difference)
    return float(total / len(x))


def principal_angles(a, b):
    """Principal angles between the subspaces that the rows of `a` and of `b` span.

    The first is the largest. 0 everywhere: one subspace lies in the other. Rows are vectors, which is how
    `PCA.components_` and the kernel of a Keras decoder are stored. Computed by SciPy (`scipy.linalg.subspace_angles`)
    after Björck & Golub, "Numerical methods for computing angles between linear subspaces",
    Mathematics of Computation 27 (1973).

    Args:
        a: shape (k, n_features), k linearly independent rows.
        b: shape (m, n_features), m linearly independent rows.

    Returns:
        The angles in degrees, from 0 to 90, largest first, float64, shape (min(k, m),).

    Raises:
        TypeError: if either holds no real numbers.
        ValueError: if either is not 2-D, has more rows than columns, or has linearly dependent rows, or if their
            numbers of columns differ.

    >>> principal_angles([[1.0, 0.0]], [[1.0, 1.0]]).round(6)
    array([45.])
    """
    a, b = (_independent_rows(name, value) for name, value in (("a", a), ("b", b)))
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"a and b must have one number of columns, got shapes {a.shape} and {b.shape}")
    return np.degrees(scipy.linalg.subspace_angles(a.T, b.T))


def _independent_rows(name, value):
    rows = _validate.number_array(name, value, ndim=2).astype(np.float64)
    if len(rows) > rows.shape[1]:
        raise ValueError(
            f"{name} must have no more rows (vectors) than columns (features), got shape {rows.shape}: is it transposed?"
        )
    rank = np.linalg.matrix_rank(rows)
    if rank < len(rows):
        raise ValueError(f"{name} must have linearly independent rows, got {len(rows)} rows of rank {rank}")
    return rows
