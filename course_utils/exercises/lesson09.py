"""Lesson 09: variational autoencoders."""

import numpy as np

from course_utils.exercises._values import Within
from course_utils.exercises.engine import exercise


def gaussian_kl(z_mean, z_log_var):
    """The KL term of a VAE: each image's divergence from the standard normal (09, exercise 1).

    Args:
        z_mean, z_log_var: means and logarithms of the variances, shape (n, n_latents).

    Returns:
        Nats, shape (n,).

    >>> gaussian_kl(np.array([[1.0, 2.0]]), np.zeros((1, 2))).tolist()
    [2.5]
    """
    return _kl(z_mean, z_log_var)


def _kl(mean, log_var):
    return _parts(mean**2, np.exp(log_var), log_var)


def _parts(square, variance, log_var, one=1.0):
    return (square + variance - one - log_var).sum(axis=1) / 2


def _latents(rng, n=None, n_latents=None):
    shape = n or rng.integers(2, 8), n_latents or rng.integers(2, 8)
    return rng.normal(0, 3, shape), rng.normal(-1, 3, shape)


check_gaussian_kl = exercise(
    gaussian_kl,
    cases={
        "some latents": _latents(np.random.default_rng(6), 5, 3),
        "those of the prior (mean 0 and log-variance 0, where the KL is 0)": (
            np.zeros((2, 4)),
            np.zeros((2, 4)),
        ),
    },
    draw=_latents,
    goal="(mean^2 + variance - 1 - log variance) / 2 for each latent, and the sum over the latents",
    mistakes={
        "one number for each image: the mean over the batch comes later": [
            lambda mean, log_var: _kl(mean, log_var).mean(),
            lambda mean, log_var: _kl(mean, log_var).sum(),
        ],
        "sum over the latents of an image, axis 1, and over nothing else":
            lambda mean, log_var: _kl(mean.T, log_var.T),
        "one number of nats for each image: sum over its latents":
            lambda mean, log_var: (mean**2 + np.exp(log_var) - 1 - log_var) / 2,
        "one number of nats for each image: sum over its latents, and halve":
            lambda mean, log_var: mean**2 + np.exp(log_var) - 1 - log_var,
        "your KL is as many times too small as there are latents (3 times too small for three): it "
        "was averaged over the latents; sum over them":
            lambda mean, log_var: _kl(mean, log_var) / mean.shape[1],
        "twice too large: the formula begins with one half":
            lambda mean, log_var: 2 * _kl(mean, log_var),
        "the sign: a divergence is 0 for the prior itself and positive elsewhere": [
            lambda mean, log_var: -_kl(mean, log_var),
            lambda mean, log_var: -2 * _kl(mean, log_var),
        ],
        "z_log_var is the logarithm of the variance, not of the standard deviation, and not the "
        "deviation itself": [
            lambda mean, log_var: _kl(mean, 2 * log_var),
            lambda mean, log_var: _kl(mean, 2 * np.log(np.abs(log_var))),
        ],
        "z_log_var is the logarithm of the variance, not the variance itself":
            lambda mean, log_var: _kl(mean, np.log(np.abs(log_var))),
        "the formula has the variance, np.exp(z_log_var): yours has the standard deviation":
            lambda mean, log_var: _parts(mean**2, np.exp(log_var / 2), log_var),
        "the variance is np.exp(z_log_var): yours is its square":
            lambda mean, log_var: _parts(mean**2, np.exp(log_var) ** 2, log_var),
        "the mean is squared in the formula, and not in yours": [
            lambda mean, log_var: _parts(mean, np.exp(log_var), log_var),
            lambda mean, log_var: _parts(np.abs(mean), np.exp(log_var), log_var),
        ],
        "the 1 is missing: for the prior itself, mean 0 and variance 1, the KL is 0":
            lambda mean, log_var: _parts(mean**2, np.exp(log_var), log_var, one=0.0),
        "the 1 is subtracted in the formula, and added in yours":
            lambda mean, log_var: _parts(mean**2, np.exp(log_var), log_var, one=-1.0),
        "the logarithm of the variance is subtracted in the formula, and added in yours":
            lambda mean, log_var: _parts(mean**2, np.exp(log_var), -log_var),
    },
)  # fmt: skip


def sample(z_mean, z_log_var, rng):
    """Draw a latent for each image by the reparametrisation trick (lesson 09, exercise 2).

    Args:
        z_mean, z_log_var: means and logarithms of the variances, shape (n, n_latents).
        rng: a `numpy.random.Generator`.

    Returns:
        An array of the same shape.

    >>> sample(np.array([[2.0]]), np.array([[-100.0]]), np.random.default_rng(0)).tolist()
    [[2.0]]
    """
    return z_mean + np.exp(z_log_var / 2) * rng.standard_normal(z_mean.shape)


_FROM_RNG = ": draw from the rng that you are given, and from nothing else"


def _draws(call, mean, log_var):
    rng, anew = np.random.default_rng(0), np.random.default_rng(0)
    first, second = (call(mean, log_var, rng, shape=mean.shape) for _ in range(2))
    again = call(mean, log_var, anew, shape=mean.shape)
    epsilon = (first - mean) / np.exp(log_var / 2)
    spread = epsilon.std(axis=0)
    moves = (spread > 1e-3).all()
    standard = np.abs(epsilon - epsilon.mean(axis=0)) / spread if moves else epsilon * 0
    # Five standard deviations of the difference between two draws: of a mean, and of a share.
    far, far_share = 5 * np.sqrt(2 / len(mean)), 2.5 * np.sqrt(2 / mean.size)
    own = len(np.unique(epsilon.round(6), axis=0)) / len(epsilon)
    together = np.corrcoef(epsilon.T) - np.eye(mean.shape[1]) if moves else np.zeros(1)
    return {
        "{got} of the numbers are finite: a share of 1 is wanted": Within(
            np.isfinite(first).mean(), 0.005
        ),
        "this is z_mean: epsilon is missing": np.array_equal(first, mean),
        "the standard deviation of what you draw is not np.exp(z_log_var / 2)": Within(
            np.log(np.maximum(spread, 1e-3)), far
        ),
        "the spread of what you draw does not follow z_log_var from image to image": Within(
            np.corrcoef(standard[:, 0], log_var[:, 0])[0, 1] if moves else 0.0, far
        ),
        "the mean of what you draw is not z_mean": Within(
            epsilon.mean(axis=0) if moves else 0 * spread, far
        ),
        "the latents of an image get epsilons that depend on each other: draw one for each, "
        "z_mean.shape": Within(np.abs(together).max(), far),
        "epsilon must be normally distributed, rng.standard_normal: of yours a share of {got} lies "
        "within one standard deviation, where 0.683 should": Within(
            (standard < 1).mean(), far_share
        ),
        "epsilon must be normally distributed, rng.standard_normal: of yours a share of {got} lies "
        "within half a standard deviation, where 0.383 should": Within(
            (standard < 0.5).mean(), far_share
        ),
        "some images get the same epsilon, which chance would not give them: draw one for each "
        "latent of each image, z_mean.shape": Within(own, 0.01),
        "some latents get no epsilon": not (first == mean).any(),
        "the second call draws the same epsilon" + _FROM_RNG: np.array_equal(first, second),
        "two rngs of one seed draw different latents" + _FROM_RNG: np.array_equal(first, again),
    }


def _clouds(rng):
    n_latents = int(rng.integers(2, 6))
    centre, size = rng.normal(0, 5, n_latents), rng.normal(0, 1.5, n_latents)
    shape = (24_000 // n_latents, n_latents)
    return rng.normal(centre, 2, shape), rng.normal(size, 0.5, shape)


_VALUES = np.random.default_rng(9)
_MEAN = _VALUES.normal([-3.0, 0.5, 20.0], 2, (4000, 3))
_LOG_VAR = _VALUES.normal([1.0, -2.0, 2.0], 0.5, (4000, 3))


def _with(noise):
    """The trick with another epsilon."""
    return lambda mean, log_var, rng: mean + np.exp(log_var / 2) * noise(rng, *mean.shape)


def _repeated(rng, n, n_latents):
    return rng.standard_normal((n // 2 + 1, n_latents)).repeat(2, axis=0)[:n]


check_sample = exercise(
    sample,
    measure=_draws,
    cases={"some latents": (_MEAN, _LOG_VAR)},
    draw=_clouds,
    draws=2,
    seconds=20,
    goal="z = z_mean + np.exp(z_log_var / 2) * epsilon",
    mistakes={
        "every image gets the same epsilon: draw as many as there are latents in the batch, "
        "z_mean.shape": [
            _with(lambda rng, n, n_latents: rng.standard_normal(n_latents)),
            _with(lambda rng, n, n_latents: rng.standard_normal()),
        ],
        "the latents of an image get the same epsilon: draw one for each, z_mean.shape":
            _with(lambda rng, n, n_latents: rng.standard_normal((n, 1))),
        "some images get the same epsilon: draw one for each latent of each image, z_mean.shape":
            _with(_repeated),
        "the spread is exp(z_log_var), the variance: epsilon is multiplied by the standard "
        "deviation, np.exp(z_log_var / 2)": lambda mean, log_var, rng: (
            mean + np.exp(log_var) * rng.standard_normal(mean.shape)
        ),
        "the spread is z_log_var itself: the standard deviation is np.exp(z_log_var / 2)":
            lambda mean, log_var, rng: mean + log_var * rng.standard_normal(mean.shape),
        "the spread is 1 whatever z_log_var says: multiply epsilon by np.exp(z_log_var / 2)":
            lambda mean, log_var, rng: mean + rng.standard_normal(mean.shape),
        "z_mean is missing: the cloud lies around it": lambda mean, log_var, rng: (
            np.exp(log_var / 2) * rng.standard_normal(mean.shape)
        ),
        "epsilon must be normally distributed, rng.standard_normal: yours is not, it is uniform": [
            _with(lambda rng, *shape: rng.uniform(-(3**0.5), 3**0.5, shape)),
            _with(lambda rng, *shape: rng.uniform(-1, 1, shape)),
            _with(lambda rng, *shape: rng.random(shape)),
        ],
        "epsilon is missing: this is z_mean": lambda mean, log_var, rng: mean,
        "epsilon is missing: this is z_mean and one standard deviation":
            lambda mean, log_var, rng: mean + np.exp(log_var / 2),
        "not a number: a logarithm may be negative; the standard deviation is np.exp(z_log_var / "
        "2)": lambda mean, log_var, rng: (
            mean + np.sqrt(log_var) * rng.standard_normal(mean.shape)
        ),
        "the second call draws the same epsilon: do not make a generator inside, use the rng":
            lambda mean, log_var, rng: sample(mean, log_var, np.random.default_rng(0)),
        "not repeatable: draw from the rng that you are given, and from nothing else":
            lambda mean, log_var, rng: sample(mean, log_var, np.random.default_rng()),
    },
)  # fmt: skip
