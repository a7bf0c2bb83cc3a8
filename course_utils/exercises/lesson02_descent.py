"""Lesson 02, what is built: a linear autoencoder by hand, trained, regularised and turned."""

import numpy as np

from course_utils.exercises.engine import exercise


def gradient_step(x, W1, W2, rate):
    """One step of gradient descent on a linear autoencoder's squared error (lesson 02, build 1).

    The error is summed over features and averaged over examples; x is centred, there are no biases.

    Args:
        x: shape (n, n_features).
        W1: the encoder, shape (n_features, k).
        W2: the decoder, shape (k, n_features).
        rate: the learning rate, a number above 0.

    Returns:
        The new W1 and the new W2.

    >>> x = np.array([[1.0, 0.0]])
    >>> W1, W2 = gradient_step(x, np.array([[1.0], [0.0]]), np.array([[0.5, 0.0]]), 0.1)
    >>> W1.tolist(), W2.tolist()
    ([[1.05], [0.0]], [[0.6, 0.0]])
    """
    G1, G2 = _gradients(x, W1, W2)
    return W1 - rate * G1, W2 - rate * G2


def _gradients(x, W1, W2):
    z = x @ W1
    of_x_hat = 2 / len(x) * (z @ W2 - x)
    return x.T @ of_x_hat @ W2.T, z.T @ of_x_hat


def _both(call, x, W1, W2, rate):
    new_1, new_2 = call(x, W1, W2, rate, parts=("W1", "W2"))
    for name, new, old in (("W1", new_1, W1), ("W2", new_2, W2)):
        if new.shape != old.shape:
            wrong = f"{name} comes back with another shape than it had"
            return {"{got}, wanted the shapes that the weights had": wrong}
    return {
        "{got}, wanted the shapes that the weights had": "both have the right shapes",
        "the new W1 is wrong: its gradient is that of x_hat, through the decoder transposed, and "
        "then x transposed times that": new_1,
        "the new W2 is wrong: its gradient is z transposed times that of x_hat": new_2,
    }


def _network(rng):
    n_features = int(rng.integers(2, 6))
    k = int(rng.integers(1, n_features))
    x = rng.normal(0, 1.5, (rng.integers(3, 8), n_features))
    W1, W2 = rng.normal(0, 0.5, (n_features, k)), rng.normal(0, 0.5, (k, n_features))
    return x, W1, W2, float(rng.uniform(0.01, 0.2))


def _scaled(factor):
    """A step with all gradients too large or too small by a factor of the number of features."""

    def step(x, W1, W2, rate):
        return gradient_step(x, W1, W2, rate * factor(*x.shape))

    return step


def _one_after_the_other(x, W1, W2, rate):
    W1 = W1 - rate * _gradients(x, W1, W2)[0]
    return W1, W2 - rate * _gradients(x, W1, W2)[1]


def _one_first_code_anew(x, W1, W2, rate):
    """The error is that of the old weights, the code that of the new encoder."""
    G = 2 / len(x) * (x @ W1 @ W2 - x)
    W1 = W1 - rate * x.T @ G @ W2.T
    return W1, W2 - rate * (x @ W1).T @ G


def _other_first_same_error(x, W1, W2, rate):
    """The error is that of the old weights, but the decoder is the new one."""
    G = 2 / len(x) * (x @ W1 @ W2 - x)
    W2 = W2 - rate * (x @ W1).T @ G
    return W1 - rate * x.T @ G @ W2.T, W2


def _other_first(x, W1, W2, rate):
    W2 = W2 - rate * _gradients(x, W1, W2)[1]
    return W1 - rate * _gradients(x, W1, W2)[0], W2


check_gradient_step = exercise(
    gradient_step,
    measure=_both,
    cases=[_network(np.random.default_rng(2))],
    draw=_network,
    mistakes={
        "the step goes uphill: subtract the gradients": lambda x, W1, W2, rate: gradient_step(
            x, W1, W2, -rate
        ),
        "the steps are half as long as they should be: a square has a derivative with a 2":
            _scaled(lambda n, d: 0.5),
        "the gradients are not averaged: divide by the number of examples":
            _scaled(lambda n, d: n),
        "neither averaged over the examples, nor with the 2 of a square's derivative":
            _scaled(lambda n, d: n / 2),
        "the squared error is averaged over the examples only; this is the mean over the features, "
        "too": [_scaled(lambda n, d: 1 / d), _scaled(lambda n, d: 1 / (2 * d))],
        "W1 changes before W2's gradient is taken: compute both gradients with the old weights":
            [_one_after_the_other, _one_first_code_anew],
        "W2 changes before W1's gradient is taken: compute both gradients with the old weights":
            [_other_first, _other_first_same_error],
        "these are the gradients: return W1 and W2 less rate times them":
            lambda x, W1, W2, rate: _gradients(x, W1, W2),
        "rate is left out": lambda x, W1, W2, rate: gradient_step(x, W1, W2, 1.0),
        "only the decoder was trained": lambda x, W1, W2, rate: (
            W1, gradient_step(x, W1, W2, rate)[1]
        ),
        "only the encoder was trained": lambda x, W1, W2, rate: (
            gradient_step(x, W1, W2, rate)[0], W2
        ),
        "nothing was trained": lambda x, W1, W2, rate: (W1, W2),
        "return them in the order W1, W2": lambda x, W1, W2, rate: gradient_step(
            x, W1, W2, rate
        )[::-1],
    },
)  # fmt: skip


def descend(x, W1, W2, rate, steps):
    """Train a linear autoencoder by many steps of gradient descent (lesson 02, build 2).

    Args:
        x: shape (n, n_features).
        W1, W2: encoder and decoder to begin with, (n_features, k) and (k, n_features).
        rate: the learning rate, a number above 0.
        steps: how many, an integer of at least 1.

    Returns:
        W1, W2 and a list of the squared errors behind each step, summed over features and averaged
        over examples.

    >>> x = np.array([[1.0, 0.0]])
    >>> W1, W2, errors = descend(x, np.array([[1.0], [0.0]]), np.array([[0.5, 0.0]]), 0.1, 2)
    >>> [round(error, 4) for error in errors]
    [0.1369, 0.0667]
    """
    errors = []
    for _ in range(steps):
        W1, W2 = gradient_step(x, W1, W2, rate)
        errors.append(_error(x, W1, W2))
    return W1, W2, errors


def _error(x, W1, W2):
    return float(((x - x @ W1 @ W2) ** 2).sum(axis=1).mean())


def _run(call, x, W1, W2, rate, steps):
    new_1, new_2, errors = call(x, W1, W2, rate, steps, parts=("W1", "W2", "errors"))
    many = np.size(errors)
    return {
        f"there are {{got}} errors for {steps} steps, wanted {{wanted}}": many,
        "the errors are wrong: after each step, add up the squares of each example, and take the "
        "mean over the examples": errors if np.ndim(errors) == 1 else np.ravel(errors),
        "the errors are right, but W1 is not the encoder behind the last step": new_1,
        "the errors are right, but W2 is not the decoder behind the last step": new_2,
    }


def _descent(rng):
    return *_network(rng)[:3], float(rng.uniform(0.01, 0.05)), int(rng.integers(3, 9))


def _late(x, W1, W2, rate, steps):
    """The errors before each step."""
    new_1, new_2, errors = descend(x, W1, W2, rate, steps)
    return new_1, new_2, [_error(x, W1, W2), *errors[:-1]]


check_descend = exercise(
    descend,
    measure=_run,
    cases=[_descent(np.random.default_rng(3))],
    draw=_descent,
    mistakes={
        "these are the errors *before* each step: take them after it": _late,
        "the weights are the same after each step: assign the new ones to W1 and W2":
            lambda x, W1, W2, rate, steps: (W1, W2, steps * [_error(x, W1, W2)]),
        "each step begins at the first weights again: assign the new ones to W1 and W2": [
            lambda x, W1, W2, rate, steps: (
                *gradient_step(x, W1, W2, rate),
                steps * [_error(x, *gradient_step(x, W1, W2, rate))],
            ),
        ],
        "errors holds the error of the last step only: append one after each step": [
            lambda x, W1, W2, rate, steps: (
                *descend(x, W1, W2, rate, steps)[:2],
                descend(x, W1, W2, rate, steps)[2][-1:],
            ),
            lambda x, W1, W2, rate, steps: (
                *descend(x, W1, W2, rate, steps)[:2],
                descend(x, W1, W2, rate, steps)[2][-1],
            ),
        ],
        "there is one error too many, that from before the first step":
            lambda x, W1, W2, rate, steps: (
                *descend(x, W1, W2, rate, steps)[:2],
                [_error(x, W1, W2), *descend(x, W1, W2, rate, steps)[2]],
            ),
        "the errors are means over the features, too: add up the features of an example":
            lambda x, W1, W2, rate, steps: (
                *descend(x, W1, W2, rate, steps)[:2],
                np.array(descend(x, W1, W2, rate, steps)[2]) / x.shape[1],
            ),
        "one step is missing: range(steps) gives as many as are wanted":
            lambda x, W1, W2, rate, steps: descend(x, W1, W2, rate, steps - 1),
    },
)  # fmt: skip


def regularised_loss(x, W1, W2, alpha):
    """The squared error of a linear autoencoder plus its weight decay (lesson 02, build 3).

    Kunin et al., "Loss landscapes of regularized linear autoencoders", ICML (2019).

    Args:
        x: shape (n, n_features).
        W1, W2: encoder and decoder, (n_features, k) and (k, n_features).
        alpha: the weight of the penalty, a number at least 0.

    Returns:
        A number: the squared error, summed over features and averaged over examples, plus alpha
        times the sum of the squares of all weights.

    >>> x, W1, W2 = np.array([[1.0, 0.0]]), np.array([[1.0], [0.0]]), np.array([[0.5, 0.0]])
    >>> regularised_loss(x, W1, W2, 0.1)
    0.375
    """
    return _error(x, W1, W2) + alpha * _squares(W1, W2)


def _squares(*weights):
    return sum(float((W**2).sum()) for W in weights)


def _with_alpha(rng):
    return *_network(rng)[:3], float(rng.uniform(0.05, 2))


check_regularised_loss = exercise(
    regularised_loss,
    cases=[_with_alpha(np.random.default_rng(4))],
    draw=_with_alpha,
    goal="the squared error, plus alpha times the sum of the squares of both matrices' entries",
    mistakes={
        "this is the squared error alone: add alpha times the squares of all weights":
            lambda x, W1, W2, alpha: _error(x, W1, W2),
        "this is the penalty alone: add the squared error":
            lambda x, W1, W2, alpha: alpha * _squares(W1, W2),
        "alpha is left out": lambda x, W1, W2, alpha: _error(x, W1, W2) + _squares(W1, W2),
        "alpha weighs the penalty, and not the error, too":
            lambda x, W1, W2, alpha: alpha * (_error(x, W1, W2) + _squares(W1, W2)),
        "only the encoder is penalised": lambda x, W1, W2, alpha: _error(x, W1, W2)
            + alpha * _squares(W1),
        "only the decoder is penalised": lambda x, W1, W2, alpha: _error(x, W1, W2)
            + alpha * _squares(W2),
        "the lengths of the matrices are added: add their squares": lambda x, W1, W2, alpha: (
            _error(x, W1, W2) + alpha * (np.linalg.norm(W1) + np.linalg.norm(W2))
        ),
        "the penalty is that of the product W1 W2: it is on each matrix":
            lambda x, W1, W2, alpha: _error(x, W1, W2) + alpha * _squares(W1 @ W2),
        "the penalty is a mean over the weights: add them up": lambda x, W1, W2, alpha: (
            _error(x, W1, W2) + alpha * (np.mean(W1**2) + np.mean(W2**2))
        ),
        "the absolute values are added: add the squares": lambda x, W1, W2, alpha: (
            _error(x, W1, W2) + alpha * (np.abs(W1).sum() + np.abs(W2).sum())
        ),
        "the squared error is summed over the examples: take its mean":
            lambda x, W1, W2, alpha: len(x) * _error(x, W1, W2) + alpha * _squares(W1, W2),
        "the squared error is averaged over the features, too: add them up":
            lambda x, W1, W2, alpha: _error(x, W1, W2) / x.shape[1] + alpha * _squares(W1, W2),
        "the sign of the penalty: weights cost something":
            lambda x, W1, W2, alpha: _error(x, W1, W2) - alpha * _squares(W1, W2),
    },
)  # fmt: skip


def rotation(W2):
    """The rotation that turns a decoder's rows to right angles (lesson 02, build 4).

    Args:
        W2: a decoder, shape (k, n_features), whose singular values differ.

    Returns:
        An orthogonal matrix R of shape (k, k), such that the rows of R @ W2 are at right angles to
        each other, the longest first. (It may reflect, too.)

    >>> W2 = np.array([[1.0, 0.0, 1.0], [-1.0, 0.0, 3.0]])
    >>> np.linalg.norm(rotation(W2) @ W2, axis=1).round(3).tolist()
    [3.236, 1.236]
    """
    return np.linalg.svd(W2)[0].T


def _turned(call, W2):
    k = len(W2)
    R = call(W2, shape=(k, k))
    turned = R @ W2
    return {
        "this is no rotation: R @ R.T should be the identity": R @ R.T,
        "the rows of R @ W2 are not at right angles, the longest first: W2 = Q S V.T, so what "
        "undoes Q?": np.abs(turned @ turned.T),
    }


def _decoder(rng):
    k = int(rng.integers(2, 5))
    Q, V = (np.linalg.qr(rng.normal(size=(n, n)))[0] for n in (k, k + int(rng.integers(0, 4))))
    # No two singular values within a sixth of each other.
    return (Q * 1.2 ** rng.permutation(k) @ V[:, :k].T,)


check_rotation = exercise(
    rotation,
    measure=_turned,
    cases=[_decoder(np.random.default_rng(5))],
    draw=_decoder,
    mistakes={
        "this is Q itself: transposed, it undoes itself": lambda W2: np.linalg.svd(W2)[0],
        "these are the rows in the reverse order, the shortest first":
            lambda W2: np.linalg.eigh(W2 @ W2.T)[1].T,
        "this is the rotation of W2 @ W2.T's eigenvectors, not transposed":
            lambda W2: np.linalg.eigh(W2 @ W2.T)[1],
        "nothing was turned: this is the identity": lambda W2: np.eye(len(W2)),
        "this also divides by the singular values: it is no rotation any more":
            lambda W2: np.linalg.svd(W2)[0].T / np.linalg.svd(W2)[1][:, None],
    },
)  # fmt: skip
