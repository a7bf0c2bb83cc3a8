"""The variational autoencoder as a Keras model."""

import math

import keras
from keras import ops

from course_utils import _validate
from course_utils.layers import LOG_VAR_LIMIT, Sampling


@keras.saving.register_keras_serializable(package="course_utils")
class VariationalAutoencoder(keras.Model):
    """A variational autoencoder (VAE): its code is a distribution, its loss the negative ELBO.

    The ELBO is the evidence lower bound: loss = reconstruction_loss + beta * kl_loss, each in nats
    per image, summed over pixels and latents, averaged over images:

    - reconstruction_loss is -log p(x | z) for one z drawn from q(z | x), a normal distribution with
      the encoder's mean and variance;
    - kl_loss is KL(q(z | x) || p(z)) in closed form, p(z) being standard normal.

    Training and evaluation measure the same. With beta = 1 the loss is a bound on -log p(x): Kingma
    & Welling, "Auto-encoding variational Bayes", ICLR (2014), equation 3. Other values: Higgins et
    al., "beta-VAE", ICLR (2017).

    Compile it with an optimiser and without a loss, and train it on images alone or with themselves
    as targets (`training.fit(model, x)`). Calling it on images, and `predict`, return
    reconstructions from the means: nothing is sampled, in training and outside of it. `.encoder`
    and `.decoder` do one half each.

    Args:
        encoder: a Keras model from images to a pair (z_mean, z_log_var), each of shape (batch,
            n_latents).
        decoder: a Keras model from latents, shape (batch, n_latents), to means of the pixels, of
            the shape of the images.
        beta: weight of the KL, at least 0. It can be changed at any time, `model.beta = 0.5`, with
            effect at once; `training.BetaWarmUp` does so.
        likelihood: p(x | z) of a pixel. "bernoulli": the cross-entropy, for images in [0, 1] and a
            decoder that ends in a sigmoid. "gaussian": a normal distribution around the decoder's
            mean, of the given variance.
        variance: of the Gaussian likelihood, above 0, in squared units of the pixels. It can be
            changed, too.
        seed: of the sampling; see `layers.Sampling`.
        kwargs: passed on to `keras.Model`: name, dtype.

    Raises:
        TypeError, ValueError: if an argument will not do, or the halves do not fit; from `fit` and
            `evaluate`, if the likelihood is Bernoulli's and pixels are not in [0, 1].

    >>> import numpy as np
    >>> x = keras.Input((784,))
    >>> encoder = keras.Model(x, [keras.layers.Dense(2)(x), keras.layers.Dense(2)(x)])
    >>> decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(784, "sigmoid")])
    >>> model = VariationalAutoencoder(encoder, decoder)
    >>> model.compile(optimizer="adam")
    >>> sorted(model.evaluate(np.zeros((8, 784), "float32"), verbose=0, return_dict=True))
    ['kl_loss', 'loss', 'reconstruction_loss']
    """

    def __init__(
        self, encoder, decoder, beta=1.0, likelihood="bernoulli", variance=1.0, seed=None, **kwargs
    ):
        for name, half in (("encoder", encoder), ("decoder", decoder)):
            if not isinstance(half, keras.Model):
                raise TypeError(f"{name} must be a Keras model, got {type(half).__name__}")
            if not half.built:
                raise ValueError(f"{name} must be built: give it an Input")
        shapes = encoder.output_shape
        if (
            not isinstance(shapes, (list, tuple))
            or len(shapes) != 2
            or not all(isinstance(s, (list, tuple)) for s in shapes)
        ):
            raise ValueError(
                f"encoder must put out a pair (z_mean, z_log_var), got one output of shape {shapes}"
            )
        if not tuple(shapes[0]) == tuple(shapes[1]) == tuple(decoder.input_shape):
            raise ValueError(
                f"z_mean, z_log_var and the decoder's input must have one shape, got {shapes[0]}, "
                f"{shapes[1]} and {decoder.input_shape}"
            )
        if tuple(decoder.output_shape) != tuple(encoder.input_shape):
            raise ValueError(
                f"decoder must put out images of shape {encoder.input_shape}, "
                f"as the encoder's input, got {decoder.output_shape}"
            )
        if likelihood not in ("bernoulli", "gaussian"):
            raise ValueError(f"likelihood must be 'bernoulli' or 'gaussian', got {likelihood!r}")
        beta, variance = _validate.real("beta", beta, 0), _checked_variance(variance)
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.sampling = encoder, decoder, Sampling(seed=seed)
        self.likelihood, self._variance, self.seed, self._beta = likelihood, variance, seed, beta
        self._beta_weight = self.add_weight(
            name="beta", shape=(), initializer=keras.initializers.Constant(beta), trainable=False
        )
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_tracker = keras.metrics.Mean(name="kl_loss")
        self.build(encoder.input_shape)
        # Keras exports what was called, and on JAX `fit` and `predict` do not count as that.
        self(keras.KerasTensor(encoder.input_shape, encoder.inputs[0].dtype))

    def build(self, input_shape):
        if not self.sampling.built:
            self.sampling.build(self.encoder.output_shape)
        self.built = True

    @property
    def beta(self):
        """The weight of the KL, a variable; a number can be assigned to it."""
        return self._beta_weight

    @beta.setter
    def beta(self, value):
        self._beta = _validate.real("beta", value, 0)
        self._beta_weight.assign(self._beta)

    @property
    def variance(self):
        """Of the Gaussian likelihood, a number."""
        return self._variance

    @variance.setter
    def variance(self, value):
        self._variance = _checked_variance(value)
        # It is a constant in what was compiled.
        self.train_function = self.test_function = None

    def fit(self, x=None, *args, **kwargs):
        refuse_no_probabilities(self, "x", x)
        given = kwargs.get("validation_data")
        refuse_no_probabilities(self, "validation_data", given[0] if _is_pair(given) else given)
        return super().fit(x, *args, **kwargs)

    def evaluate(self, x=None, *args, **kwargs):
        refuse_no_probabilities(self, "x", x)
        return super().evaluate(x, *args, **kwargs)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        # Where no targets are given, the images are.
        return super().compute_metrics(x, x if y is None else y, y_pred, sample_weight)

    def call(self, inputs):
        # In training, too, where Keras calls the model for the sake of metrics; the loss needs
        # other tensors and makes them itself. Where there are no metrics, the graphs of TensorFlow
        # and JAX leave this out. PyTorch computes it: a step takes a quarter to a half longer.
        return self.decoder(self.encoder(inputs, training=False)[0], training=False)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if self._compile_loss is not None or sample_weight is not None:
            given = "loss" if sample_weight is None else "sample_weight"
            raise ValueError(
                f"{given} must not be given: the loss is the model's own, minus the ELBO, "
                "and each image counts alike"
            )
        z_mean, z_log_var = self.encoder(x, training=training)
        x_hat = self.decoder(self.sampling((z_mean, z_log_var)), training=training)
        n = ops.shape(x)[0]
        reconstruction = ops.mean(self.reconstruction_nats(x, x_hat))
        kl = ops.mean(self.kl_nats(z_mean, z_log_var))
        self.reconstruction_tracker.update_state(reconstruction, sample_weight=n)
        self.kl_tracker.update_state(kl, sample_weight=n)
        loss = reconstruction + ops.cast(self._beta_weight, "float32") * kl
        return loss / _replicas()  # Keras adds up what each of them returns

    def reconstruction_nats(self, x, x_hat):
        """-log p(x | z) of each image, in nats.

        Args:
            x: images, a float tensor of shape (batch, ...).
            x_hat: the decoder's means for them, of the same shape.

        Returns:
            A float32 tensor of shape (batch,): nats, summed over pixels.

        >>> from course_utils.models import dense_vae
        >>> model = dense_vae([4, 2])
        >>> nats = model.reconstruction_nats(ops.ones((1, 4)), ops.full((1, 4), 0.5))
        >>> round(float(nats[0]), 3)  # log 2 for each of four pixels
        2.773
        """
        x, x_hat = ops.cast(x, "float32"), ops.cast(x_hat, "float32")
        pixels = tuple(range(1, len(x.shape)))
        if self.likelihood == "bernoulli":
            return ops.sum(ops.binary_crossentropy(x, x_hat), axis=pixels)
        constant = math.prod(x.shape[1:]) / 2 * math.log(2 * math.pi * self.variance)
        return ops.sum(ops.square(x - x_hat), axis=pixels) / (2 * self.variance) + constant

    def kl_nats(self, z_mean, z_log_var):
        """KL(q(z | x) || p(z)) of each image, in nats.

        It is the sum over latents of (mean^2 + var - 1 - log var) / 2; `metrics.gaussian_kl`
        computes the same of arrays.

        Args:
            z_mean, z_log_var: float tensors of shape (batch, n_latents), as the encoder puts them
                out. A log-variance counts as 20 if it is larger and as -20 if it is smaller.

        Returns:
            A float32 tensor of shape (batch,): nats, summed over latents.

        >>> from course_utils.models import dense_vae
        >>> z_mean, z_log_var = ops.convert_to_tensor([[1.0, 2.0]]), ops.zeros((1, 2))
        >>> nats = dense_vae([4, 2]).kl_nats(z_mean, z_log_var)
        >>> float(nats[0])
        2.5
        """
        z_mean, z_log_var = ops.cast(z_mean, "float32"), ops.cast(z_log_var, "float32")
        z_log_var = ops.clip(z_log_var, -LOG_VAR_LIMIT, LOG_VAR_LIMIT)
        return ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var, axis=-1) / 2

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        halves = {"encoder": self.encoder, "decoder": self.decoder}
        given = {
            "beta": self._beta,
            "likelihood": self.likelihood,
            "variance": self.variance,
            "seed": self.seed,
        }
        return (
            super().get_config()
            | given
            | {k: keras.saving.serialize_keras_object(half) for k, half in halves.items()}
        )

    @classmethod
    def from_config(cls, config):
        halves = {
            k: keras.saving.deserialize_keras_object(config[k]) for k in ("encoder", "decoder")
        }
        return cls(**{**config, **halves})


def _replicas():
    """How many copies of the model share a step: on TensorFlow a strategy may make several."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def refuse_no_probabilities(model, name, x):
    """ValueError if the model's likelihood is Bernoulli's, and pixels are not in [0, 1].

    `x` is an array, a tensor, or a data set, of which the first batch is looked at. What can be
    read only once, such as a generator, is left alone.
    """
    if not isinstance(model, VariationalAutoencoder) or model.likelihood != "bernoulli":
        return
    if isinstance(x, keras.utils.PyDataset):
        x = x[0][0] if _is_pair(x[0]) else x[0]
    if not (hasattr(x, "shape") and hasattr(x, "dtype")) or not math.prod(x.shape):
        return
    x = ops.convert_to_numpy(x)
    low, high = float(x.min()), float(x.max())
    if low < -1e-3 or high > 1 + 1e-3:
        hint = "divide by 255" if low >= 0 and 2 < high <= 255 else "scale them"
        raise ValueError(
            f"{name} must lie in [0, 1], since the Bernoulli likelihood takes pixels for "
            f"probabilities, got values from {low:.4g} to {high:.4g}: {hint}"
        )


def _is_pair(value):
    return isinstance(value, (list, tuple)) and len(value) >= 2


def _checked_variance(value):
    value = _validate.real("variance", value, 0)
    if not value:
        raise ValueError("variance must be above 0, got 0")
    return value
