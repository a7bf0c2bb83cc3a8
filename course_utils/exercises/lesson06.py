"""Lesson 06: denoising autoencoders."""

import numpy as np

from course_utils.exercises._values import Within
from course_utils.exercises.engine import exercise


def mask(images, rate, rng):
    """Set a share of the pixels to 0, each pixel by a lot of its own (lesson 06, exercise 1).

    Args:
        images: shape (n, height, width).
        rate: the share, a number from 0 to 1.
        rng: a `numpy.random.Generator`.

    Returns:
        An array of the same shape.

    >>> mask(np.ones((1, 1, 4)), 0.5, np.random.default_rng(0)).tolist()
    [[[1.0, 0.0, 0.0, 0.0]]]
    """
    return images * (rng.random(images.shape) >= rate)


def _places(call, images, rate):
    first_rng, anew = np.random.default_rng(0), np.random.default_rng(0)
    first, second = (call(images, rate, first_rng, shape=images.shape) for _ in range(2))
    again = call(images, rate, anew, shape=images.shape)
    black = first == 0
    kept, were = first[~black], images[~black]
    flat = black.reshape(len(black), -1)
    return {
        "a pixel is either 0 or what it was, and of those that are not 0 a share of {got} is what "
        "it was": Within(np.isclose(kept, were, rtol=1e-3).mean() if kept.size else 1.0, 0.005),
        "what is left was multiplied by {got}": Within(
            np.median(kept / were) if kept.size else 1.0, 0.01
        ),
        # Of 60,000 pixels: five standard deviations, or more.
        "a share of {got} of the pixels became 0, wanted {wanted}": Within(black.mean(), 0.01),
        "some images lose more of their pixels than others" + _EACH: _is_even(
            flat.mean(axis=1), flat
        ),
        "some places become 0 more often than others" + _EACH: _is_even(flat.mean(axis=0), flat),
        "some images lost the same pixels" + _EACH: _goes_its_own_way(flat),
        "some places become 0 together" + _EACH: _goes_its_own_way(flat.T),
        "whether a pixel becomes 0 depends on the pixel beside it" + _EACH: Within(
            _correlation(black[:, :, 1:], black[:, :, :-1]), 0.05
        ),
        "whether a pixel becomes 0 depends on the pixel above it" + _EACH: Within(
            _correlation(black[:, 1:], black[:, :-1]), 0.05
        ),
        "two calls with one rng drew the same places" + _FROM_RNG: np.array_equal(first, second),
        "two rngs of one seed drew different places" + _FROM_RNG: np.array_equal(first, again),
    }


_EACH = ": draw a number for each pixel of each image, rng.random(images.shape)"
_FROM_RNG = ": draw from the rng that you are given, and from nothing else"


def _correlation(one, other):
    one, other = one.ravel() - one.mean(), other.ravel() - other.mean()
    size = np.sqrt((one**2).mean() * (other**2).mean())
    return (one * other).mean() / size if size else 0.0


def _is_even(shares, flat):
    """Whether shares differ no more than chance allows: seven standard deviations."""
    drawn, rate = flat.size / len(shares), flat.mean()
    far = 7 * np.sqrt(rate * (1 - rate) / drawn) + 1 / drawn
    return bool(np.abs(shares - rate).max() <= far)


def _goes_its_own_way(rows):
    """Whether no two rows of flags are alike, or opposite, beyond chance: eight deviations."""
    off = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(off, axis=1)
    off = off[lengths > 0] / lengths[lengths > 0][:, np.newaxis]
    alike = np.abs(off @ off.T - np.eye(len(off)))
    return bool(alike.max(initial=0) < 8 / np.sqrt(rows.shape[1]))


def _grey_images(rng):
    side = int(rng.integers(18, 24))
    images = rng.uniform(0.1, 1.0, (60_000 // side**2, side, side))
    return images, float(rng.uniform(0.1, 0.9))


_GREY = np.linspace(0.1, 1.0, 150 * 20 * 20).reshape(150, 20, 20)

check_mask = exercise(
    mask,
    measure=_places,
    cases={
        "a rate of 0.3": (_GREY, 0.3),
        "0.6": (_GREY, 0.6),
        "a rate of 0": (_GREY, 0.0),
        "a rate of 1": (_GREY, 1.0),
    },
    draw=_grey_images,
    draws=3,
    seconds=20,
    mistakes={
        "the pixels that are left became brighter: that is dropout's rescaling; masking leaves "
        "them as they are": lambda x, rate, rng: x * (rng.random(x.shape) >= rate) / (1 - rate),
        "rate is what is lost, not what is kept": lambda x, rate, rng: (
            x * (rng.random(x.shape) < rate)
        ),
        "all images lost the same pixels: draw a number for each pixel of each image, "
        "rng.random(images.shape)": lambda x, rate, rng: x * (rng.random(x.shape[1:]) >= rate),
        "whole rows or columns became 0: draw a number for each pixel, rng.random(images.shape)": [
            lambda x, rate, rng: x * (rng.random((*x.shape[:2], 1)) >= rate),
            lambda x, rate, rng: x * (rng.random((len(x), 1, x.shape[2])) >= rate),
        ],
        "whole images became 0: draw a number for each pixel, rng.random(images.shape)":
            lambda x, rate, rng: x * (rng.random((len(x), 1, 1)) >= rate),
        "a pixel is either 0 or what it was: nothing is added to it":
            lambda x, rate, rng: x + rng.normal(0, rate, x.shape),
        "the other pixels became 1: white noise is another exercise":
            lambda x, rate, rng: np.where(rng.random(x.shape) < rate, 1.0, x),
        "no pixel became 0": lambda x, rate, rng: x,
        "all pixels became 0": lambda x, rate, rng: x * 0,
        "these are the places alone: multiply the images by them":
            [lambda x, rate, rng: rng.random(x.shape) >= rate,
             lambda x, rate, rng: rng.random(x.shape) < rate],
        "two calls with one rng drew the same places" + _FROM_RNG:
            lambda x, rate, rng: mask(x, rate, np.random.default_rng(0)),
        "two rngs of one seed drew different places" + _FROM_RNG:
            lambda x, rate, rng: mask(x, rate, np.random.default_rng()),
    },
)  # fmt: skip


def psnr(x, x_hat):
    """The peak signal-to-noise ratio of images from 0 to 1 (lesson 06, exercise 2).

    Args:
        x, x_hat: images and their reconstructions, from 0 to 1, shape (n, n_pixels).

    Returns:
        A number of decibels, averaged over the images.

    >>> round(psnr(np.zeros((1, 4)), np.full((1, 4), 0.1)), 6)
    20.0
    """
    return float(np.mean(-10 * np.log10(_mse(x, x_hat))))


def _mse(x, y, axis=1):
    return ((x - y) ** 2).mean(axis=axis)


def _noisy(rng, n=None, n_pixels=None):
    shape = n or rng.integers(2, 7), n_pixels or rng.integers(4, 12)
    x = rng.uniform(0.1, 0.9, shape)
    return x, np.clip(x + rng.normal(size=shape) * rng.uniform(0.04, 0.6, (shape[0], 1)) ** 2, 0, 1)


_ROUNDED = "right, but rounded: return the number as it is"

check_psnr = exercise(
    psnr,
    rtol=3e-5,
    cases={"some images": _noisy(np.random.default_rng(4), 4, 6)},
    draw=_noisy,
    goal="for each image 10 log10(1 / MSE), with the MSE over its pixels; then the mean over the "
    "images",
    mistakes={
        "one number for each image: average them": lambda x, y: -10 * np.log10(_mse(x, y)),
        "this is the PSNR of the error of all images together: take each image's own, then the "
        "mean of those": lambda x, y: -10 * np.log10(_mse(x, y, None)),
        "the sign: a smaller error is a larger PSNR, 10 log10(1 / MSE)": lambda x, y: -psnr(x, y),
        "20 goes with the root of the MSE; with the MSE itself it is 10":
            lambda x, y: 2 * psnr(x, y),
        "10 goes with the MSE; with its root it is 20": lambda x, y: psnr(x, y) / 2,
        "the MSE is the mean over the pixels of an image (axis 1): yours is over the images":
            lambda x, y: np.mean(-10 * np.log10(_mse(x, y, 0))),
        "decibels are made with the logarithm to the base 10, np.log10":
            lambda x, y: np.mean(-10 * np.log(_mse(x, y))),
        "the MSE is averaged over the pixels: you summed":
            lambda x, y: np.mean(-10 * np.log10(((x - y) ** 2).sum(axis=1))),
        "these images go up to 1, not to 255: the peak is 1":
            lambda x, y: np.mean(10 * np.log10(255**2 / _mse(x, y))),
        "the peak is the largest value possible, 1, not the largest that happens to be there": [
            lambda x, y: np.mean(10 * np.log10(x.max() ** 2 / _mse(x, y))),
            lambda x, y: np.mean(10 * np.log10(x.max(axis=1) ** 2 / _mse(x, y))),
        ],
        "this is the mean of 1 / MSE: for each image 10 log10 of it, then the mean":
            lambda x, y: np.mean(1 / _mse(x, y)),
        "this is the mean squared error: decibels are 10 log10(1 / MSE) of each image":
            lambda x, y: _mse(x, y, None),
        _ROUNDED: [
            lambda x, y: round(psnr(x, y)),
            lambda x, y: round(psnr(x, y), 1),
            lambda x, y: round(psnr(x, y), 2),
        ],
    },
)  # fmt: skip


def shrinkage(variances, stddev):
    """The factors of the best linear denoiser, the Wiener filter (lesson 06, exercise 3).

    Args:
        variances: of the components, at least 0, shape (k,).
        stddev: the noise's standard deviation, above 0.

    Returns:
        An array of shape (k,).

    >>> shrinkage(np.array([3.0, 1.0, 0.0]), 1.0).tolist()
    [0.75, 0.5, 0.0]
    """
    return variances / (variances + stddev**2)


def _variances(rng):
    return rng.exponential(2, rng.integers(1, 7)), float(rng.uniform(0.2, 2))  # in any order


_V = np.array([5.0, 1.0, 0.3, 0.0])

check_shrinkage = exercise(
    shrinkage,
    cases={"a standard deviation of 0.6": (_V, 0.6), "0.7": (_V, 0.7)},
    draw=_variances,
    goal="minimise the mean of (s - a (s + noise))^2 over a: set its derivative to 0",
    mistakes={
        "the noise enters with its variance, the square of its standard deviation":
            lambda v, s: v / (v + s),
        "this is the share of the noise: keep the share of the signal, a factor near 1 where the "
        "variance is large": lambda v, s: s**2 / (v + s**2),
        "the variances are squares already (explained_variance_, not singular_values_): don't "
        "square them again": lambda v, s: v**2 / (v**2 + s**2),
        "no root: this factor multiplies the component itself, and the root would leave too much "
        "noise in it": lambda v, s: np.sqrt(v / (v + s**2)),
        "the variances are variances: no root of them": lambda v, s: (
            np.sqrt(v) / (np.sqrt(v) + s)
        ),
        "that keeps or drops a component, as PCA does: the best factor lies between 0 and 1":
            lambda v, s: np.where(v > s**2, 1.0, 0.0),
        "upside down: the factor is at most 1": [
            lambda v, s: (v + s**2) / v,
            lambda v, s: (v + s**2) / np.maximum(v, 1e-9),
        ],
        "the noise's variance is added to the signal's, not taken away":
            lambda v, s: v / (v - s**2),
        "this is the ratio of signal to noise: divide by both together": lambda v, s: v / s**2,
    },
)  # fmt: skip
