"""What a trained model makes of data: its outputs, and bounds on the likelihood."""

import contextlib

import keras
import numpy as np
import scipy.special
from keras import ops

from course_utils import _validate
from course_utils.layers import LOG_VAR_LIMIT
from course_utils.models import VariationalAutoencoder
from course_utils.models.variational import refuse_no_probabilities


def apply(model, x, batch_size=1000):
    """Compute the outputs of a model, or of a single layer, for all of `x`, batch by batch.

    As Keras's `predict`, without the time that takes to start, and for layers too.

    Args:
        model: a Keras model or layer.
        x: inputs, real numbers of any dtype, shape (n, ...).
        batch_size: examples at a time, at least 1.

    Returns:
        A float32 array of shape (n, ...); of a model with several outputs, such as a VAE's encoder,
        a tuple of them.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> import keras
    >>> import numpy as np
    >>> from course_utils import training
    >>> training.apply(keras.layers.ReLU(), np.array([[-1.0, 2.0]])).tolist()
    [[0.0, 2.0]]
    """
    if not isinstance(model, keras.layers.Layer):
        raise TypeError(f"model must be a Keras model or layer, got {type(model).__name__}")
    x = _validate.number_array("x", x)
    batch_size = _validate.integer("batch_size", batch_size, 1)
    results = None
    with _no_gradients():
        for start in range(0, len(x), batch_size):
            outputs = model(x[start : start + batch_size], training=False)
            several = isinstance(outputs, (list, tuple))
            parts = [_float32(part) for part in (outputs if several else [outputs])]
            if results is None:
                results = tuple(np.empty((len(x), *part.shape[1:]), np.float32) for part in parts)
            for result, part in zip(results, parts, strict=True):
                result[start : start + len(part)] = part
    return results if several else results[0]


def log_likelihood_bound(model, x, n_samples=5000, *, batch_size=1000, seed=0):
    """Estimate, for each image, a lower bound on its log-likelihood under a variational
    autoencoder.

    The bound is the expectation of log (1/k) sum over k samples z from q(z | x) of
    p(x | z) p(z) / q(z | x): Burda, Grosse & Salakhutdinov, "Importance weighted autoencoders",
    ICLR (2016), equation 8. More samples make it tighter. With one it is the ELBO, for beta = 1
    whatever the model's is.

    Args:
        model: a `models.VariationalAutoencoder`.
        x: images of the shape that it takes, floating point, shape (n, ...). For published numbers
            binarised: `datasets.binarize`.
        n_samples: k, at least 1. Memory does not grow with it.
        batch_size: decoded images at a time, at least 1.
        seed: an integer, at least 0. The samples are NumPy's: the same on all backends.

    Returns:
        float64 array of shape (n,), in nats per image. Minus its mean is the number that papers
        call NLL.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> import numpy as np
    >>> from course_utils import models, training
    >>> model, x = models.dense_vae([3, 2], seed=0), np.ones((5, 3), "float32")
    >>> training.log_likelihood_bound(model, x, n_samples=10).shape
    (5,)
    """
    if not isinstance(model, VariationalAutoencoder):
        raise TypeError(
            f"model must be a models.VariationalAutoencoder, got {type(model).__name__}"
        )
    x = _validate.number_array("x", x, floating=True)
    wanted = tuple(model.encoder.input_shape[1:])
    if x.shape[1:] != wanted:
        raise ValueError(f"x must have shape (n, {', '.join(map(str, wanted))}), got {x.shape}")
    refuse_no_probabilities(model, "x", x)
    n_samples = _validate.integer("n_samples", n_samples, 1)
    batch_size = _validate.integer("batch_size", batch_size, 1)
    seed = _validate.integer("seed", seed, 0)
    # As many images at a time as have room with all their samples, or one image with as many
    # samples as have room.
    images, samples = max(1, batch_size // n_samples), min(n_samples, batch_size)
    parts = [slice(start, start + images) for start in range(0, len(x), images)]
    with _no_gradients():
        return np.concatenate(
            [_bounds(model, x[part], n_samples, samples, part.start, seed) for part in parts]
        )


def _bounds(model, x, n_samples, at_a_time, first, seed):
    """`log_likelihood_bound` of a few images, of which the first has the number `first`."""
    z_mean, z_log_var = (_float32(part).astype(float) for part in model.encoder(x, training=False))
    z_log_var = np.clip(z_log_var, -LOG_VAR_LIMIT, LOG_VAR_LIMIT)
    # A generator for each image: its samples do not depend on which others are asked about.
    rngs = [np.random.default_rng((seed, first + i)) for i in range(len(x))]
    total = np.full(len(x), -np.inf)  # log of the sum of the weights so far
    for start in range(0, n_samples, at_a_time):
        k = min(at_a_time, n_samples - start)
        epsilon = np.stack([rng.standard_normal((k, z_mean.shape[1])) for rng in rngs])
        log_weights = _log_weights(model, x, z_mean, z_log_var, epsilon)
        total = np.logaddexp(total, scipy.special.logsumexp(log_weights, axis=1))
    return total - np.log(n_samples)


def _log_weights(model, x, z_mean, z_log_var, epsilon):
    """log p(x | z) p(z) / q(z | x) of k samples z for each of n images, shape (n, k); `epsilon`,
    shape (n, k, n_latents), is the noise that z is made of."""
    n, k, n_latents = epsilon.shape
    z_log_var = z_log_var[:, np.newaxis]
    z = z_mean[:, np.newaxis] + np.exp(z_log_var / 2) * epsilon
    x_hat = model.decoder(z.reshape(-1, n_latents).astype(np.float32), training=False)
    nats = ops.convert_to_numpy(model.reconstruction_nats(x.repeat(k, axis=0), x_hat))
    # Both densities without the factor (2 pi)^(d/2), which cancels.
    log_prior = -(z**2).sum(axis=2) / 2
    log_q = -(epsilon**2 + z_log_var).sum(axis=2) / 2
    return -nats.reshape(n, k) + log_prior - log_q


def _float32(tensor):
    """As a NumPy array, which knows no 16 bits of the kind that networks use."""
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def _no_gradients():
    """PyTorch records every operation for a gradient unless told not to."""
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()
