"""Terms of the bound that variational autoencoders optimise, in nats."""

import typing

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats

from course_utils import _validate
from course_utils.metrics.reconstruction import ROWS


def gaussian_kl(z_mean, z_log_var):
    """KL divergence of diagonal normal distributions from the standard normal one, in nats.

    (mean^2 + var - 1 - log var) / 2, summed over latents: Kingma & Welling, "Auto-encoding
    variational Bayes", ICLR (2014), appendix B.

    Args:
        z_mean, z_log_var: shape (n, n_latents): means and logarithms of the variances (not standard
            deviations).

    Returns:
        float64 array of shape (n,), one number for each example; its mean is the KL term of a VAE's
        loss.

    Raises:
        TypeError, ValueError: if the arguments will not do, or a variance overflows.

    >>> gaussian_kl([[0.0, 0.0], [1.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]).tolist()
    [0.0, 2.5]
    """
    z_mean, z_log_var = _mean_and_log_var(z_mean, z_log_var)
    return ((z_mean**2 + np.exp(z_log_var) - 1 - z_log_var) / 2).sum(axis=1)


def active_units(z_mean, threshold=1e-2):
    """How many latents of a VAE say anything about the image.

    Burda, Grosse & Salakhutdinov, "Importance weighted autoencoders", ICLR (2016), section 5.2: a
    latent is active if its mean E[z | x] varies over the examples, with a variance above 0.01. The
    others have collapsed to the prior.

    Args:
        z_mean: the encoder's means, shape (n, n_latents), of many examples.
        threshold: a variance, at least 0.

    Returns:
        The number of active latents, an int.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> active_units([[0.0, 0.01], [2.0, -0.01]])
    1
    """
    z_mean = _validate.number_array("z_mean", z_mean, ndim=2).astype(float)
    return int((z_mean.var(axis=0) > _validate.real("threshold", threshold, 0)).sum())


class Rate(typing.NamedTuple):
    """The answer of `split_rate`: the two parts of a VAE's KL term.

    Attributes:
        mutual_information: what the latents tell of the image, in nats.
        aggregate_kl: the divergence of all latents together from the prior, in nats.

    >>> rate = Rate(mutual_information=9.0, aggregate_kl=2.0)
    >>> sum(rate)  # the KL term itself
    11.0
    """

    mutual_information: float
    aggregate_kl: float


def split_rate(z_mean, z_log_var, seed=0):
    """Split the KL term of a VAE in two: mutual information, and divergence from the prior.

    mean KL(q(z | x) || p(z)) = I(x; z) + KL(q(z) || p(z)), where q(z) is the mean of q(z | x) over
    the examples given: Hoffman & Johnson, "ELBO surgery" (2016). The first part is what the latents
    tell of the image, the second how far all latents together are from the prior. Estimated with
    one z from each example's own distribution. I(x; z) is at most log n: with few examples it is
    too small, and tells them apart perfectly.

    Args:
        z_mean, z_log_var: as in `gaussian_kl`, shape (n, n_latents); n in the thousands: it takes
            n^2 distances, in bounded memory.
        seed: an integer, at least 0.

    Returns:
        A `Rate`: `.mutual_information` and `.aggregate_kl` in nats. Their sum is the mean of
        `gaussian_kl`, up to the noise of the sampling.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> import numpy as np
    >>> rate = split_rate(np.zeros((100, 2)), np.zeros((100, 2)))  # latents that say nothing
    >>> abs(rate.mutual_information) < 1e-6, abs(rate.aggregate_kl) < 1e-6
    (True, True)
    """
    z_mean, z_log_var = _mean_and_log_var(z_mean, z_log_var)
    n, d = z_mean.shape
    rng = np.random.default_rng(_validate.integer("seed", seed, 0))
    z = z_mean + np.exp(z_log_var / 2) * rng.standard_normal((n, d))
    precision, constant = np.exp(-z_log_var), -0.5 * (z_log_var.sum(axis=1) + d * np.log(2 * np.pi))
    own, aggregate = np.empty(n), np.empty(n)
    for start in range(0, n, ROWS // 16):
        rows = slice(start, start + ROWS // 16)
        # log q(z_i | x_j) for some i and all j: the square of the difference, multiplied out, is
        # three matrix products.
        square = (
            z[rows] ** 2 @ precision.T
            - 2 * z[rows] @ (precision * z_mean).T
            + (precision * z_mean**2).sum(axis=1)
        )
        log_q = constant - square / 2
        own[rows] = log_q[np.arange(len(log_q)), np.arange(n)[rows]]
        aggregate[rows] = scipy.special.logsumexp(log_q, axis=1) - np.log(n)
    prior = -0.5 * ((z**2).sum(axis=1) + d * np.log(2 * np.pi))
    return Rate(float((own - aggregate).mean()), float((aggregate - prior).mean()))


def _mean_and_log_var(z_mean, z_log_var):
    z_mean = _validate.number_array("z_mean", z_mean, ndim=2).astype(float)
    z_log_var = _validate.number_array("z_log_var", z_log_var, ndim=2).astype(float)
    _validate.same_shape("z_mean", z_mean, "z_log_var", z_log_var)
    if z_log_var.max() > 500:
        raise ValueError(
            f"z_log_var must be logarithms of variances, got values up to {z_log_var.max():.4g}, "
            "whose exponential overflows"
        )
    return z_mean, z_log_var
