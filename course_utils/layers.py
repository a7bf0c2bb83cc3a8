"""Keras layers of the course's own, written with `keras.ops`: they run on TensorFlow, JAX and
PyTorch."""

import contextlib
import contextvars

import keras
from keras import ops

from course_utils import _validate

LOG_VAR_LIMIT = 20.0  # of the magnitude of a log-variance: exp(20) is 5e8
_TO_SHARE = contextvars.ContextVar(
    "layers that a DenseTranspose being loaded may share", default=()
)


@contextlib.contextmanager
def sharing(layers):
    """While a decoder is being made from its config: its `DenseTranspose` layers use these dense
    layers, by their names."""
    token = _TO_SHARE.set(tuple(layers))
    try:
        yield
    finally:
        _TO_SHARE.reset(token)


@keras.saving.register_keras_serializable(package="course_utils")
class DenseTranspose(keras.layers.Layer):
    """A dense layer whose kernel is another dense layer's, transposed: `activation(x @
    dense.kernel.T + bias)`.

    Encoder and decoder of an autoencoder are *tied* when the decoder is made of these. There is one
    kernel, which both layers use and training changes for both; only the bias is this layer's own.
    Tied weights are an old habit; see Vincent et al., "Stacked denoising autoencoders", JMLR 11
    (2010), section 2.

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
                f"dense must be a keras.layers.Dense, whose kernel is to be used, got {type(dense).__name__}"
            )
        super().__init__(**kwargs)
        self.dense = dense
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias

    def build(self, input_shape):
        if not self.dense.built:
            raise ValueError(
                f"dense ({self.dense.name!r}) must be built before its kernel can be used: call its model first"
            )
        n_in, units = self.dense.kernel.shape
        if input_shape[-1] != units:
            raise ValueError(
                f"the input of {self.name!r} must have {units} numbers, as many as {self.dense.name!r} puts out, "
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
        x = ops.matmul(inputs, ops.transpose(self.dense.kernel))
        return self.activation(x if self.bias is None else x + self.bias)

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


class _Corruption(keras.layers.Layer):
    """What the corrupting layers share: noise in training only, from a generator of the layer's
    own."""

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = (
            None if seed is None else _validate.integer("seed", seed, 0, 2**31 - 1)
        )  # the most that all backends take
        # An integer given to keras.random itself would draw the same noise at every call.
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def call(self, inputs, training=False):
        dtype = keras.backend.standardize_dtype(inputs.dtype)
        if not keras.backend.is_float_dtype(dtype):
            raise TypeError(
                f"the input of {self.name!r} must be floating point, in [0, 1], got {dtype}: divide images by 255"
            )
        return self.corrupt(inputs) if training else inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"seed": self.seed}


@keras.saving.register_keras_serializable(package="course_utils")
class GaussianCorruption(_Corruption):
    """Adds Gaussian noise to images in training, and clips them to [0, 1]; outside of training it
    does nothing.

    Unlike `keras.layers.GaussianNoise` it returns what a camera could: no pixel below black or
    above white. `datasets.add_gaussian_noise` does the same to arrays.

    Args:
        stddev: standard deviation of the noise, at least 0, in units of the pixels (1 is from black
            to white).
        seed: an integer, at least 0, makes the *sequence* of draws repeatable. Each call draws
            anew.
        kwargs: passed on to `keras.layers.Layer`: name, dtype.

    Input and output: floating point, shape (batch, ...), in [0, 1]. (The range is not looked at, in
        the middle of a network.)

    Raises:
        TypeError, ValueError: if an argument will not do, or the input is not floating point.

    >>> noisy = GaussianCorruption(0.5, seed=0)(ops.full((2, 784), 0.5), training=True)
    >>> float(ops.min(noisy)) >= 0 and float(ops.max(noisy)) <= 1
    True
    """

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.stddev = _validate.real("stddev", stddev, 0)

    def corrupt(self, inputs):
        noise = keras.random.normal(
            ops.shape(inputs), stddev=self.stddev, dtype=inputs.dtype, seed=self.seed_generator
        )
        return ops.clip(inputs + noise, 0, 1)

    def get_config(self):
        return super().get_config() | {"stddev": self.stddev}


@keras.saving.register_keras_serializable(package="course_utils")
class MaskingCorruption(_Corruption):
    """Sets a share of the values to 0 in training, at random places; outside of training it does
    nothing.

    The "masking noise" of Vincent et al., "Stacked denoising autoencoders", JMLR 11 (2010), section
    3.3. Unlike `keras.layers.Dropout` it leaves the other values as they are, so that images stay
    in [0, 1]. `datasets.mask_pixels` does the same to arrays.

    Args:
        rate: the share, from 0 to below 1. Each value is hit independently.
        seed, kwargs: as in `GaussianCorruption`.

    Input and output: floating point, shape (batch, ...).

    Raises:
        TypeError, ValueError: if an argument will not do, or the input is not floating point.

    >>> masked = MaskingCorruption(0.5, seed=0)(ops.ones((2, 784)), training=True)
    >>> float(ops.max(masked))  # where Dropout(0.5) would put out 2.0
    1.0
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.rate = _validate.share("rate", rate)

    def corrupt(self, inputs):
        kept = keras.random.uniform(ops.shape(inputs), seed=self.seed_generator) >= self.rate
        return ops.where(kept, inputs, ops.zeros_like(inputs))

    def get_config(self):
        return super().get_config() | {"rate": self.rate}


@keras.saving.register_keras_serializable(package="course_utils")
class BlockCorruption(_Corruption):
    """Sets a square of each image to 0 in training, at a random place; outside of training it does
    nothing.

    A network behind it learns to fill holes (inpainting). `datasets.mask_block` does the same to
    arrays.

    Args:
        size: side of the square in pixels, at least 1 and at most the lesser of height and width.
            All places inside the image are equally likely.
        image_shape: (height, width) of flat inputs, for a dense network; None if the inputs have
            the shape of images.
        seed, kwargs: as in `GaussianCorruption`.

    Input and output: shape (batch, height, width), (batch, height, width, channels) or, with
        `image_shape`,
    (batch, height * width).

    Raises:
        TypeError, ValueError: if an argument will not do, or the input has another shape.

    >>> holed = BlockCorruption(10, image_shape=(28, 28), seed=0)(ops.ones((2, 784)), training=True)
    >>> ops.convert_to_numpy(ops.sum(holed, axis=1)).tolist()
    [684.0, 684.0]
    """

    def __init__(self, size, image_shape=None, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.size = _validate.integer("size", size, 1)
        self.image_shape = (
            None if image_shape is None else _validate.image_shape("image_shape", image_shape)
        )

    def build(self, input_shape):
        sides = self.image_shape or tuple(input_shape[1:3])
        flat = self.image_shape is not None
        if (flat and tuple(input_shape[1:]) != (sides[0] * sides[1],)) or (
            not flat and len(input_shape) not in (3, 4)
        ):
            wanted = (
                f"(batch, {sides[0] * sides[1]})"
                if flat
                else "(batch, height, width) or (batch, height, width, channels)"
            )
            hint = "" if flat else ": for flat images pass image_shape"
            raise ValueError(
                f"the input of {self.name!r} must have shape {wanted}, got {tuple(input_shape)}{hint}"
            )
        if None in sides:
            raise ValueError(
                f"the input of {self.name!r} must have a fixed height and width, got shape {tuple(input_shape)}"
            )
        if self.size > min(sides):
            raise ValueError(
                f"size must be at most the image's sides, {sides[0]} x {sides[1]}, got {self.size}"
            )
        self._sides = sides
        self.input_spec = keras.layers.InputSpec(shape=(None, *input_shape[1:]))

    def corrupt(self, inputs):
        shape, (height, width) = ops.shape(inputs), self._sides
        images = ops.reshape(inputs, (-1, height, width, 1)) if self.image_shape else inputs
        inside = [self._inside(shape[0], side) for side in (height, width)]
        hole = ops.logical_and(ops.expand_dims(inside[0], 2), ops.expand_dims(inside[1], 1))
        hole = ops.expand_dims(hole, 3) if len(images.shape) == 4 else hole
        return ops.reshape(ops.where(hole, ops.zeros_like(images), images), shape)

    def _inside(self, n, side):
        """Which of the rows (or columns) the square covers, shape (n, side)."""
        first = keras.random.randint((n, 1), 0, side - self.size + 1, seed=self.seed_generator)
        index = ops.expand_dims(ops.arange(side, dtype="int32"), 0)
        return ops.logical_and(index >= first, index < first + self.size)

    def get_config(self):
        return super().get_config() | {"size": self.size, "image_shape": self.image_shape}


@keras.saving.register_keras_serializable(package="course_utils")
class KLSparsity(keras.layers.Layer):
    """Passes a code through, and adds a penalty for every unit whose mean activation is not the
    target.

    With rho the target and rho_hat_j the mean over the batch of unit j, the penalty is

        weight * sum over j of  rho log(rho / rho_hat_j) + (1 - rho) log((1 - rho) / (1 -
        rho_hat_j)),

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
                f"the input of {self.name!r} must be 2-D, (batch, units), got shape {tuple(input_shape)}"
            )
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def call(self, inputs):
        mean = ops.mean(ops.cast(inputs, "float32"), axis=0)  # 16 bits are too few for small means
        # The value is clipped and the gradient is not: a unit that is off or on for good is pulled
        # hardest.
        mean = mean + ops.stop_gradient(ops.clip(mean, self._LEAST, 1 - self._LEAST) - mean)
        on = self.target * ops.log(self.target / mean)
        off = (1 - self.target) * ops.log((1 - self.target) / (1 - mean))
        self.add_loss(self.weight * ops.sum(on + off))
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"target": self.target, "weight": self.weight}


@keras.saving.register_keras_serializable(package="course_utils")
class TopK(keras.layers.Layer):
    """Keeps the k largest values of each example and sets the others to 0, in training and
    afterwards.

    The k-sparse autoencoder of Makhzani & Frey, "k-Sparse autoencoders", arXiv:1312.5663 (2013),
    has it behind a linear code. The gradient flows through the values that are kept. Of equal
    values, which 16 bits make likely, those that come first are kept: never more than k. NaN is
    handed on, so that it is seen.

    Args:
        k: how many, at least 1.
        kwargs: passed on to `keras.layers.Layer`: name, dtype.

    Input: shape (..., units), with at least k units. Output: the same shape.

    Raises:
        TypeError, ValueError: if `k` will not do, or the input has fewer than k units.

    >>> ops.convert_to_numpy(TopK(2)(np.array([[3.0, 1.0, 2.0, -5.0]], "float32")))
    array([[3., 0., 2., 0.]], dtype=float32)
    """

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = _validate.integer("k", k, 1)

    def build(self, input_shape):
        if input_shape[-1] is None or input_shape[-1] < self.k:
            raise ValueError(
                f"k must be at most the number of units, got k = {self.k} and an input of shape {tuple(input_shape)}"
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


@keras.saving.register_keras_serializable(package="course_utils")
class Sampling(keras.layers.Layer):
    """Draws a latent from its distribution: z = z_mean + exp(z_log_var / 2) * epsilon, with epsilon
    standard normal.

    Written so (the reparametrisation trick), the randomness stands outside: gradients flow through
    mean and variance. Kingma & Welling, "Auto-encoding variational Bayes", ICLR (2014), section
    2.4.

    Args:
        seed: an integer, at least 0, makes the *sequence* of draws repeatable. Each call draws
            anew.
        kwargs: passed on to `keras.layers.Layer`: name, dtype.

    Input: a pair (z_mean, z_log_var), floating point, of one shape (batch, n_latents).
        Log-variances are taken as at most 20
    and at least -20, where their exponentials are safe. Output: that shape. It draws at every call,
        in training and outside of it.

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
                f"the input of {self.name!r} must be a pair (z_mean, z_log_var) of one shape, got shapes {input_shape}"
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
