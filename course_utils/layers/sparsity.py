"""Layers that hold a code sparse: by a penalty, or by keeping its largest values only."""

import keras
from keras import ops

from course_utils import _validate


@keras.saving.register_keras_serializable(package="course_utils")
class KLSparsity(keras.layers.Layer):
    """Hands a code on, with a penalty for each unit whose mean activation is off the target.

    With rho the target and rho_hat_j the mean over the batch of unit j, the penalty is

        weight * sum over j of
            rho log(rho / rho_hat_j) + (1 - rho) log((1 - rho) / (1 - rho_hat_j)),

    the Kullback-Leibler divergence, in nats (natural logarithms), between two coins, summed over
    the units. After Ng, "Sparse autoencoder", CS294A lecture notes (2011).

    It is the layer that adds the loss. An `activity_regularizer` would not do: Keras divides what
    that returns by the batch size, which suits a sum over examples and not a penalty on their mean.

    Args:
        target: rho, the mean activation wanted of each unit, above 0 and below 1.
        weight: of the penalty beside the model's loss, at least 0. It is counted in training and in
            evaluation.
        kwargs: passed on to `keras.layers.Layer`: name, dtype.

    Input: shape (batch, units), from 0 to 1, such as a sigmoid layer puts out. Output: the same.
    A batch must be large enough for its mean to be near the mean of all the data: 100 examples or
    more.

    Raises:
        TypeError, ValueError: if an argument will not do, or the input is not 2-D.

    >>> layer = KLSparsity(target=0.1)
    >>> code = layer(ops.full((256, 1000), 0.5))
    >>> round(float(layer.losses[0]), 2)  # 1000 units, 0.368 nats each, whatever the batch
    368.06
    """

    _LEAST = 1e-6  # a mean activation of 0 or 1 would be an infinite penalty

    def __init__(self, target=0.1, weight=1.0, **kwargs):
        super().__init__(**kwargs)
        self.target = _validate.share("target", target)
        if self.target == 0:
            raise ValueError("target must be above 0 and below 1, got 0")
        self.weight = _validate.real("weight", weight, 0)

    def build(self, input_shape):
        if len(input_shape) != 2:
            raise ValueError(
                f"the input of {self.name!r} must be 2-D, (batch, units), "
                f"got shape {tuple(input_shape)}"
            )
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def call(self, inputs):
        mean = ops.mean(ops.cast(inputs, "float32"), axis=0)  # 16 bits are too few for small means
        # The value is clipped and the gradient is not: a unit that is off or on for good is pulled
        # hardest.
        mean = mean + ops.stop_gradient(ops.clip(mean, self._LEAST, 1 - self._LEAST) - mean)
        on = self.target * ops.log(self.target / mean)
        off = (1 - self.target) * ops.log((1 - self.target) / (1 - mean))
        penalty = self.weight * ops.sum(on + off)
        self.add_loss(ops.cast(penalty, self.variable_dtype))  # as the other losses are
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"target": self.target, "weight": self.weight}


@keras.saving.register_keras_serializable(package="course_utils")
class TopK(keras.layers.Layer):
    """Keeps the k largest values of each example and sets the others to 0.

    It does so in training and afterwards. The k-sparse autoencoder of Makhzani & Frey, "k-Sparse
    autoencoders", arXiv:1312.5663 (2013), has it behind a linear code. The gradient flows through
    the values that are kept. Of equal values, which 16 bits make likely, those that come first are
    kept: never more than k. NaN is handed on, so that it is seen.

    Args:
        k: how many, at least 1.
        kwargs: passed on to `keras.layers.Layer`: name, dtype.

    Input: shape (..., units), with at least k units. Output: the same shape.

    Raises:
        TypeError, ValueError: if `k` will not do, or the input has fewer than k units.

    >>> import numpy as np
    >>> ops.convert_to_numpy(TopK(2)(np.array([[3.0, 1.0, 2.0, -5.0]], "float32")))
    array([[3., 0., 2., 0.]], dtype=float32)
    """

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = _validate.integer("k", k, 1)

    def build(self, input_shape):
        if input_shape[-1] is None or input_shape[-1] < self.k:
            raise ValueError(
                f"k must be at most the number of units, got k = {self.k} "
                f"and an input of shape {tuple(input_shape)}"
            )
        self.input_spec = keras.layers.InputSpec(axes={-1: input_shape[-1]})

    def call(self, inputs):
        # Compared in 32 bits: a compiler may keep more bits of a 16-bit value in one place than in
        # another.
        code = ops.cast(inputs, "float32")
        least = ops.top_k(code, self.k)[0][..., -1:]
        above, equal = code > least, ops.cast(code == least, "int32")
        left = self.k - ops.sum(ops.cast(above, "int32"), axis=-1, keepdims=True)
        kept = ops.logical_or(above, ops.logical_and(equal > 0, ops.cumsum(equal, axis=-1) <= left))
        kept = ops.logical_or(kept, ops.isnan(code))
        return ops.where(kept, inputs, ops.zeros_like(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"k": self.k}
