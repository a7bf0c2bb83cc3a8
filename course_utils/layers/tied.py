"""A dense layer that uses the kernel of another, transposed."""

import contextlib
import contextvars

import keras
from keras import ops

_TO_SHARE = contextvars.ContextVar(
    "layers that a DenseTranspose being loaded may share", default=()
)


@contextlib.contextmanager
def sharing(layers):
    """Let the `DenseTranspose` layers that are loaded meanwhile use these dense layers.

    Layers are found by their names. A context manager: `models.Autoencoder` loads its decoder
    within it, so that tied weights come back tied.

    Args:
        layers: a list of built Keras layers, such as those of an encoder that has just been loaded.

    >>> encoder = keras.Sequential([keras.Input((784,)), keras.layers.Dense(30)])
    >>> config = DenseTranspose(encoder.layers[0]).get_config()
    >>> with sharing(encoder.layers):
    ...     DenseTranspose.from_config(config).dense is encoder.layers[0]
    True
    """
    token = _TO_SHARE.set(tuple(layers))
    try:
        yield
    finally:
        _TO_SHARE.reset(token)


@keras.saving.register_keras_serializable(package="course_utils")
class DenseTranspose(keras.layers.Layer):
    """A dense layer whose kernel is the kernel of another dense layer, transposed.

    It computes `activation(x @ dense.kernel.T + bias)`. Encoder and decoder of an autoencoder are
    *tied* when the decoder is made of these. There is one kernel, which both layers use and
    training changes for both; only the bias is this layer's own. Tied weights are an old habit; see
    Vincent et al., "Stacked denoising autoencoders", JMLR 11 (2010), section 2.

    A `models.Autoencoder` that is saved, loaded or cloned stays tied, and so does a
    `keras.Sequential` or a functional model that holds both layers and is saved and loaded.
    (`keras.models.clone_model` of those two makes their layers one by one, and unties them.)

    Args:
        dense: the `keras.layers.Dense` whose kernel to use, of shape (n_in, units). It must be
            built: its model has an `Input`, or has been called.
        activation: as in `keras.layers.Dense`.
        use_bias: whether to add a bias, shape (n_in,), which begins at 0.
        kwargs: passed on to `keras.layers.Layer`: name, dtype, trainable.

    Input: shape (..., units). Output: shape (..., n_in).

    Raises:
        TypeError: if `dense` is no dense layer.
        ValueError: when first called, if `dense` is not built, or the input's last axis is not
            `units` long.

    >>> encoder = keras.Sequential([keras.Input((784,)), keras.layers.Dense(30)])
    >>> decoder = keras.Sequential([keras.Input((30,)), DenseTranspose(encoder.layers[0])])
    >>> decoder(encoder(ops.zeros((5, 784)))).shape == (5, 784)
    True
    """

    def __init__(self, dense, activation=None, use_bias=True, **kwargs):
        if not isinstance(dense, keras.layers.Dense):
            raise TypeError(
                "dense must be a keras.layers.Dense, whose kernel is to be used, "
                f"got {type(dense).__name__}"
            )
        super().__init__(**kwargs)
        self.dense = dense
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias

    def build(self, input_shape):
        if not self.dense.built:
            raise ValueError(
                f"dense ({self.dense.name!r}) must be built before its kernel can be used: "
                "call its model first"
            )
        n_in, units = self.dense.kernel.shape
        if input_shape[-1] != units:
            raise ValueError(
                f"the input of {self.name!r} must have {units} numbers, "
                f"as many as {self.dense.name!r} puts out, "
                f"got shape {tuple(input_shape)}"
            )
        self.bias = (
            self.add_weight(name="bias", shape=(n_in,), initializer="zeros")
            if self.use_bias
            else None
        )

    def call(self, inputs):
        # The kernel is looked up at each call. A copy made once, in `build`, would be a second
        # kernel that drifts away.
        x = ops.matmul(inputs, ops.transpose(self._kernel()))
        return self.activation(x if self.bias is None else x + self.bias)

    def _kernel(self):
        """The dense layer's, also after `quantize("int8")`, which stores whole numbers and, for
        each unit, by how much they are too large."""
        mode = self.dense.quantization_mode
        if mode is None:
            return self.dense.kernel
        if mode != "int8":
            raise ValueError(
                f"{self.name!r} can share a kernel that is quantized to int8, got {mode!r}"
            )
        kernel = ops.cast(self.dense.kernel, self.compute_dtype)
        return ops.divide(kernel, ops.cast(self.dense.kernel_scale, self.compute_dtype))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.dense.kernel.shape[0])

    def get_config(self):
        return super().get_config() | {
            "dense": keras.saving.serialize_keras_object(self.dense),
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }

    @classmethod
    def from_config(cls, config):
        shared = {layer.name: layer for layer in _TO_SHARE.get()}
        dense = shared.get(config["dense"]["config"]["name"])
        return cls(
            **{**config, "dense": dense or keras.saving.deserialize_keras_object(config["dense"])}
        )
