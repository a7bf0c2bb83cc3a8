"""How far reconstructions are from what they reconstruct."""

import numpy as np

from course_utils import _validate

ROWS = 4096  # rows worked on at a time: no temporary array as large as the data


def squared_error(x, x_hat):
    """Squared error (SE): summed over all values of an example, averaged over examples.

    This is the unit of Hinton & Salakhutdinov, "Reducing the dimensionality of data with neural
    networks", Science 313 (2006), figure 2. Keras's "mse" is the same divided by the number of
    values: SE = 784 MSE for MNIST.

    Args:
        x: the originals, floating point, shape (n, ...): (n, height, width), (n, height * width) or
            (n, features).
        x_hat: their reconstructions, floating point, of the same shape.

    Returns:
        A float, in squared units of `x` per example.

    Raises:
        TypeError: if either holds integers (images as 0 to 255) or no numbers at all.
        ValueError: if they differ in shape, are empty, have no axis of examples, or hold NaN or
            infinity. Their range is not looked at: not all data are images.

    >>> import numpy as np
    >>> x = np.zeros((5, 28, 28), "float32")
    >>> squared_error(x, x + 0.5)  # 784 pixels, each wrong by one half
    196.0
    """
    x = _validate.number_array("x", x, floating=True)
    x_hat = _validate.number_array("x_hat", x_hat, floating=True)
    _validate.same_shape("x", x, "x_hat", x_hat)
    if x.ndim < 2:
        raise ValueError(
            f"x must be at least 2-D, one example a row, got shape {x.shape}: try x[np.newaxis]"
        )
    total = 0.0
    for start in range(0, len(x), ROWS):
        difference = x[start : start + ROWS].astype(np.float64) - x_hat[start : start + ROWS]
        total += np.vdot(difference, difference)
    return float(total / len(x))


def psnr(x, x_hat):
    """Peak signal-to-noise ratio (PSNR) of images in [0, 1]: of each image, averaged over images.

    Of one image it is 10 log10(1 / MSE), with MSE the mean squared error over its pixels: 20 dB are
    a root-mean-square error of 0.1 a pixel, and half the MSE is 3 dB more. (The mean of the
    logarithms is not the logarithm of the mean: a PSNR computed from the error of all images
    together is lower.)

    Args:
        x: the originals, floating point in [0, 1], shape (n, ...).
        x_hat: their reconstructions, floating point, of the same shape. Values outside [0, 1] count
            as they are.

    Returns:
        A float in decibels (dB); infinity if an image is reproduced exactly.

    Raises:
        TypeError, ValueError: as `squared_error`, and if `x` does not lie in [0, 1].

    >>> import numpy as np
    >>> x = np.zeros((5, 28, 28), "float32")
    >>> round(psnr(x, x + np.float32(0.1)), 3)
    20.0
    """
    x = _validate.unit_images("x", x, ndim=None)
    x_hat = _validate.number_array("x_hat", x_hat, floating=True)
    _validate.same_shape("x", x, "x_hat", x_hat)
    if x.ndim < 2:
        raise ValueError(
            f"x must be at least 2-D, one image a row, got shape {x.shape}: try x[np.newaxis]"
        )
    decibels = np.empty(len(x))
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        difference = (x[rows].astype(np.float64) - x_hat[rows]).reshape(len(x[rows]), -1)
        with np.errstate(divide="ignore"):  # no error at all: infinitely many decibels
            decibels[rows] = -10 * np.log10(np.mean(difference**2, axis=1))
    return float(decibels.mean())
