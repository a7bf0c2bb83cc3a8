"""Lesson 04: tied weights."""

import itertools

import numpy as np

from course_utils.exercises.engine import exercise


def tied_parameters(layer_sizes):
    """Count the weights and biases of a tied autoencoder (lesson 04, exercise 1).

    Args:
        layer_sizes: the encoder's sizes, a list of at least two integers, such as [784, 300, 30].

    Returns:
        An integer.

    >>> tied_parameters([784, 30])
    24334
    """
    return _kernels(layer_sizes) + sum(layer_sizes[1:]) + sum(layer_sizes[:-1])


def _kernels(sizes):
    return sum(n_in * n_out for n_in, n_out in itertools.pairwise(sizes))


check_tied_parameters = exercise(
    tied_parameters,
    # Kernels 55 + 10 = 65, the encoder's biases 5 + 2, the decoder's 5 + 11.
    cases={"three sizes": ([11, 5, 2],), "[6, 4, 3, 1]": ([6, 4, 3, 1],)},
    draw=lambda rng: (rng.integers(1, 30, rng.integers(2, 6)).tolist(),),
    goal="for the sizes [11, 5, 2] the kernels have 65 weights, each counted once, and there are "
    "some biases",
    mistakes={
        "this is an untied autoencoder: the decoder uses the encoder's kernels, so each counts "
        "once": lambda s: 2 * _kernels(s) + sum(s[1:]) + sum(s[:-1]),
        "the decoder's biases are missing: only the kernels are shared":
            lambda s: _kernels(s) + sum(s[1:]),
        "the encoder's biases are missing: only the kernels are shared":
            lambda s: _kernels(s) + sum(s[:-1]),
        "these are the kernels alone: every layer, of encoder and decoder, has biases of its own":
            _kernels,
        "the biases are not shared: the decoder's layers put out 5 and 11 numbers, and have as "
        "many biases": lambda s: _kernels(s) + 2 * sum(s[1:]),
        "each layer has its biases once: the decoder's layers put out 5 and 11 numbers, the "
        "encoder's 5 and 2": lambda s: _kernels(s) + 2 * sum(s),
        "the hidden sizes count twice: a layer of the encoder and one of the decoder have that "
        "many biases": lambda s: _kernels(s) + sum(s),
    },
)  # fmt: skip


def tied_reconstruct(x, kernel, b, c):
    """Run a tied autoencoder of one tanh layer, with a linear output (lesson 04, exercise 2).

    Args:
        x: shape (n, n_features).
        kernel: shape (n_features, units).
        b: the code's biases, shape (units,).
        c: the output's biases, shape (n_features,).

    Returns:
        The reconstructions, shape (n, n_features).

    >>> tied_reconstruct(np.zeros((1, 2)), np.ones((2, 1)), np.zeros(1), np.ones(2)).tolist()
    [[1.0, 1.0]]
    """
    return np.tanh(x @ kernel + b) @ kernel.T + c


def _network(rng, n=None, n_features=None, units=None):
    n, n_features = n or rng.integers(1, 6), n_features or rng.integers(2, 6)
    shapes = (n, n_features), (n_features, units or rng.integers(1, 5))
    x, kernel = (rng.normal(size=shape) for shape in shapes)
    return x, kernel, rng.normal(size=kernel.shape[1]), rng.normal(size=n_features)


check_tied_reconstruct = exercise(
    tied_reconstruct,
    cases={"one network": _network(np.random.default_rng(2), 4, 3, 2)},
    draw=_network,
    goal="code = tanh(x @ kernel + b), reconstruction = code @ kernel.T + c: print the shape of "
    "each step",
    mistakes={
        "these are the codes: the decoder multiplies them by the kernel transposed":
            lambda x, k, b, c: np.tanh(x @ k + b),
        "add the decoder's own bias, c": lambda x, k, b, c: np.tanh(x @ k + b) @ k.T,
        "add the encoder's bias, b, before the tanh": lambda x, k, b, c: np.tanh(x @ k) @ k.T + c,
        "the code's bias, b, goes into the tanh": lambda x, k, b, c: (np.tanh(x @ k) + b) @ k.T + c,
        "the code goes through a tanh": lambda x, k, b, c: (x @ k + b) @ k.T + c,
        "the output is linear: the tanh is for the code alone":
            lambda x, k, b, c: np.tanh(tied_reconstruct(x, k, b, c)),
        "the output is linear: a ReLU takes its negative values away":
            lambda x, k, b, c: np.maximum(tied_reconstruct(x, k, b, c), 0),
        "the transposed kernel, not its inverse: they are the same only if its columns are "
        "orthonormal": lambda x, k, b, c: np.tanh(x @ k + b) @ np.linalg.pinv(k) + c,
    },
)  # fmt: skip
