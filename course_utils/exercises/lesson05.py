"""Lesson 05: layerwise training."""

import itertools

import numpy as np

from course_utils.exercises.engine import exercise


def phases(layer_sizes):
    """List the shallow autoencoders of a greedy training (lesson 05, exercise 1).

    Args:
        layer_sizes: the encoder's sizes, a list of at least two integers, such as [784, 500, 30].

    Returns:
        A list of triples (input, code, output) of integers, one for each phase, in order.

    >>> phases([784, 500, 30])
    [(784, 500, 784), (500, 30, 500)]
    """
    return [(n_in, n_code, n_in) for n_in, n_code in itertools.pairwise(layer_sizes)]


check_phases = exercise(
    phases,
    cases={"four sizes": ([9, 6, 4, 2],), "[5, 3]": ([5, 3],)},
    draw=lambda rng: (rng.choice(30, rng.integers(2, 7), replace=False).tolist(),),
    goal="for the sizes [9, 6, 4, 2] there are 3 phases, and the first is (9, 6, 9): one for each "
    "layer of the encoder",
    mistakes={
        "a later phase copies the codes of the phase before it, not the images: its input is as "
        "wide as those codes": lambda s: [(s[0], n_code, s[0]) for n_code in s[1:]],
        "the order is from the outside in: the layer next to the images is trained first":
            lambda s: phases(s)[::-1],
        "each phase is a whole autoencoder: it has an output, as wide as its input":
            lambda s: list(itertools.pairwise(s)),
        "the output of a phase is a copy of its input, not the next layer":
            lambda s: list(zip(s, s[1:], s[2:], strict=False)),
        "the last phase is missing: the code's own layer is trained too": lambda s: phases(s)[:-1],
        "these are turned round: a phase goes from its input to its code and back":
            lambda s: [(n_code, n_in, n_code) for n_in, n_code in itertools.pairwise(s)],
    },
)  # fmt: skip


def mean_image_error(x):
    """The squared error of answering every image with the mean image (lesson 05, exercise 2).

    Args:
        x: shape (n, n_pixels).

    Returns:
        A number: summed over pixels, averaged over images.

    >>> mean_image_error(np.array([[0.0, 2.0], [2.0, 2.0]]))
    1.0
    """
    return float(((x - x.mean(axis=0)) ** 2).sum(axis=1).mean())


def _images(rng):
    n, n_pixels = rng.integers(2, 9), rng.integers(2, 9)
    return (rng.random((n, n_pixels)) * rng.uniform(0.5, 3, n_pixels) + rng.random(n_pixels),)


def _off(x):
    return x - x.mean(axis=0)


check_mean_image_error = exercise(
    mean_image_error,
    cases=[(np.random.default_rng(3).random((6, 4)) * [1, 2, 3, 0.5] + [0, 1, 0, 2],)],
    draw=_images,
    goal="the mean over the images of the sum over the pixels of (x - mean image) squared",
    mistakes={
        "you answered with the mean of all pixels, one grey: the mean image has a value for each "
        "pixel, the mean over axis 0": lambda x: ((x - x.mean()) ** 2).sum(axis=1).mean(),
        "that is each image's own mean, one grey for each: the mean image has a value for each "
        "pixel, the mean over axis 0":
            lambda x: ((x - x.mean(axis=1, keepdims=True)) ** 2).sum(axis=1).mean(),
        "squared error is summed over the pixels, and averaged over the images only":
            lambda x: (_off(x) ** 2).mean(),
        "this is summed over the images too: divide by their number":
            lambda x: (_off(x) ** 2).sum(),
        "the average over n images divides by n": lambda x: x.var(axis=0, ddof=1).sum(),
        "this is the error of a black image: subtract the mean image first":
            lambda x: (x**2).sum(axis=1).mean(),
        "leave it squared: no root": [
            lambda x: np.sqrt(mean_image_error(x)),
            lambda x: np.sqrt((_off(x) ** 2).sum(axis=1)).mean(),
        ],
        "differences add up to 0: square them before you add": lambda x: _off(x).sum(axis=1).mean(),
        "square them, and don't take absolute values": lambda x: abs(_off(x)).sum(axis=1).mean(),
        "one number for each image: average them": lambda x: (_off(x) ** 2).sum(axis=1),
        "one number: this is the mean image itself": lambda x: x.mean(axis=0),
        "one number: add up the variances of the pixels": lambda x: x.var(axis=0),
    },
)  # fmt: skip
