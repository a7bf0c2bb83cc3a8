"""The layer that draws a latent vector."""

import keras
from keras import ops

from course_utils import _validate

LOG_VAR_LIMIT = 20.0  # of the magnitude of a log-variance: exp(20) is 5e8


@keras.saving.register_keras_serializable(package="course_utils")
class Sampling(keras.layers.Layer):
    """Draws a latent from the normal distribution whose mean and log-variance it is given.

    z = z_mean + exp(z_log_var / 2) * epsilon, with epsilon standard normal. Written so (the
    reparametrisation trick), the randomness stands outside: gradients flow through mean and
    variance. Kingma & Welling, "Auto-encoding variational Bayes", ICLR (2014), section 2.4.

    Args:
        seed: an integer, at least 0, makes the *sequence* of draws repeatable. Each call draws
            anew.
        kwargs: passed on to `keras.layers.Layer`: name, dtype.

    Input: a pair (z_mean, z_log_var), floating point, of one shape (batch, n_latents). A
    log-variance counts as 20 if it is larger and as -20 if it is smaller, where exponentials are
    safe. Output: that shape. It draws at every call, in training and outside of it.

    Raises:
        TypeError, ValueError: if the seed will not do, or the input is no pair of one shape.

    >>> z = Sampling(seed=0)((ops.zeros((1000, 2)), ops.zeros((1000, 2))))
    >>> bool(abs(float(ops.std(z)) - 1) < 0.1)
    True
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = None if seed is None else _validate.integer("seed", seed, 0, 2**31 - 1)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def build(self, input_shape):
        if len(input_shape) != 2 or tuple(input_shape[0]) != tuple(input_shape[1]):
            raise ValueError(
                f"the input of {self.name!r} must be a pair (z_mean, z_log_var) of one shape, "
                f"got shapes {input_shape}"
            )

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(
            ops.shape(z_mean), dtype=z_mean.dtype, seed=self.seed_generator
        )
        return z_mean + ops.exp(ops.clip(z_log_var, -LOG_VAR_LIMIT, LOG_VAR_LIMIT) / 2) * epsilon

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return super().get_config() | {"seed": self.seed}
