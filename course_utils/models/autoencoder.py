"""The autoencoder as a Keras model, and its loss."""

import keras
from keras import ops

from course_utils.layers import sharing


@keras.saving.register_keras_serializable(package="course_utils")
class SquaredError(keras.losses.Loss):
    """Squared error (SE) as a loss: summed over all values of an example, averaged over the batch.

    `metrics.squared_error` for arrays has the same unit. Keras's "mse" is this divided by the
    number of values.

    Args:
        name, kwargs: passed on to `keras.losses.Loss`.

    Targets and predictions: floating point, of one shape (batch, ...).

    Raises:
        ValueError: when called, if target and prediction differ in shape.

    >>> round(float(SquaredError()(ops.zeros((5, 784)), ops.full((5, 784), 0.5))), 3)
    196.0
    """

    def __init__(self, name="squared_error", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        # Such as (n, 28, 28) and (n, 784), or 30 values and 784.
        if tuple(y_true.shape[1:]) != tuple(y_pred.shape[1:]):
            raise ValueError(
                f"target and prediction must have one shape, got {tuple(y_true.shape)} and "
                f"{tuple(y_pred.shape)}"
            )
        return ops.sum(ops.square(y_true - y_pred), axis=tuple(range(1, len(y_true.shape))))


@keras.saving.register_keras_serializable(package="course_utils")
class Autoencoder(keras.Model):
    """An autoencoder: an encoder and a decoder, trained as one model.

    Call it on inputs to get reconstructions; `.encoder` and `.decoder` do one half each. Train it
    with the input as the target: `fit(x, x)`, or `training.fit(model, x)`.

    Args:
        encoder: a Keras model from inputs, shape (batch, ...), to codes, shape (batch, ...).
        decoder: a Keras model from codes to reconstructions, of the shape of the inputs.
        kwargs: passed on to `keras.Model`: name, dtype.

    Raises:
        TypeError: if either half is no Keras model.
        ValueError: if the decoder takes codes of another shape than the encoder makes, or puts out
            another shape than the encoder takes.

    >>> encoder = keras.Sequential([keras.Input((784,)), keras.layers.Dense(30)])
    >>> decoder = keras.Sequential([keras.Input((30,)), keras.layers.Dense(784)])
    >>> autoencoder = Autoencoder(encoder, decoder)
    >>> autoencoder(ops.zeros((5, 784))).shape == (5, 784)
    True
    """

    def __init__(self, encoder, decoder, **kwargs):
        for name, half in (("encoder", encoder), ("decoder", decoder)):
            if not isinstance(half, keras.Model):
                raise TypeError(f"{name} must be a Keras model, got {type(half).__name__}")
        both_built = encoder.built and decoder.built
        if both_built and encoder.output_shape != decoder.input_shape:
            raise ValueError(
                f"decoder must take codes of shape {encoder.output_shape}, "
                f"got an input of shape {decoder.input_shape}"
            )
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        if both_built:
            self.build(encoder.input_shape)

    def build(self, input_shape):
        shape = input_shape
        for half in (self.encoder, self.decoder):
            if not half.built:
                half.build(shape)
            shape = half.compute_output_shape(shape)
        # A transposed convolution off by one row, say. A side of None is any.
        if len(shape) != len(input_shape) or any(
            a != b for a, b in zip(shape, input_shape, strict=True) if None not in (a, b)
        ):
            raise ValueError(
                f"decoder must put out reconstructions of shape {tuple(input_shape)}, "
                f"as the encoder's input, got {tuple(shape)}"
            )
        self.built = True

    def call(self, inputs, training=None):
        return self.decoder(self.encoder(inputs, training=training), training=training)

    def compute_output_shape(self, input_shape):
        return self.decoder.compute_output_shape(self.encoder.compute_output_shape(input_shape))

    def get_config(self):
        halves = {"encoder": self.encoder, "decoder": self.decoder}
        return super().get_config() | {
            k: keras.saving.serialize_keras_object(half) for k, half in halves.items()
        }

    @classmethod
    def from_config(cls, config):
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        with sharing(encoder.layers):  # so that tied weights are tied again
            decoder = keras.saving.deserialize_keras_object(config["decoder"])
        return cls(**{**config, "encoder": encoder, "decoder": decoder})
