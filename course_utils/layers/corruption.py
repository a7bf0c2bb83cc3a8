"""Layers that spoil their input in training, and hand it on in use."""

import keras
from keras import ops

from course_utils import _validate


class _Corruption(keras.layers.Layer):
    """What the corrupting layers share: noise in training only, from a generator of their own."""

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        # 2^31 - 1 is the most that all backends take.
        self.seed = None if seed is None else _validate.integer("seed", seed, 0, 2**31 - 1)
        # An integer given to keras.random itself would draw the same noise at every call.
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def call(self, inputs, training=False):
        dtype = keras.backend.standardize_dtype(inputs.dtype)
        if not keras.backend.is_float_dtype(dtype):
            raise TypeError(
                f"the input of {self.name!r} must be floating point, in [0, 1], got {dtype}: "
                "divide images by 255"
            )
        return self._corrupt(inputs) if training else inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"seed": self.seed}


@keras.saving.register_keras_serializable(package="course_utils")
class GaussianCorruption(_Corruption):
    """Adds Gaussian noise to images in training, and clips them to [0, 1].

    Outside of training it hands the images on. Unlike `keras.layers.GaussianNoise` it returns what
    a camera could: no pixel below black or above white. `datasets.add_gaussian_noise` does the same
    to arrays. For denoising autoencoders: Vincent et al., "Stacked denoising autoencoders", JMLR 11
    (2010), section 3.3.

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

    def _corrupt(self, inputs):
        noise = keras.random.normal(
            ops.shape(inputs), stddev=self.stddev, dtype=inputs.dtype, seed=self.seed_generator
        )
        return ops.clip(inputs + noise, 0, 1)

    def get_config(self):
        return super().get_config() | {"stddev": self.stddev}


@keras.saving.register_keras_serializable(package="course_utils")
class MaskingCorruption(_Corruption):
    """Sets a share of the values to 0 in training, at random places.

    Outside of training it hands the values on. This is the "masking noise" of Vincent et al.,
    "Stacked denoising autoencoders", JMLR 11 (2010), section 3.3. Unlike `keras.layers.Dropout` it
    leaves the other values as they are, so that images stay in [0, 1]. `datasets.mask_pixels` does
    the same to arrays.

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

    def _corrupt(self, inputs):
        kept = keras.random.uniform(ops.shape(inputs), seed=self.seed_generator) >= self.rate
        return ops.where(kept, inputs, ops.zeros_like(inputs))

    def get_config(self):
        return super().get_config() | {"rate": self.rate}


@keras.saving.register_keras_serializable(package="course_utils")
class BlockCorruption(_Corruption):
    """Sets a square of each image to 0 in training, at a random place.

    Outside of training it hands the images on. A network behind it learns to fill holes
    (inpainting). `datasets.mask_block` does the same to arrays.

    Args:
        size: side of the square in pixels, at least 1 and at most the lesser of height and width.
            All places inside the image are equally likely.
        image_shape: (height, width) of flat inputs, for a dense network; None if the inputs have
            the shape of images.
        seed, kwargs: as in `GaussianCorruption`.

    Input and output: shape (batch, height, width), (batch, height, width, channels) or, with
    `image_shape`, (batch, height * width).

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
                f"the input of {self.name!r} must have shape {wanted}, "
                f"got {tuple(input_shape)}{hint}"
            )
        if None in sides:
            raise ValueError(
                f"the input of {self.name!r} must have a fixed height and width, "
                f"got shape {tuple(input_shape)}"
            )
        if self.size > min(sides):
            raise ValueError(
                f"size must be at most the image's sides, {sides[0]} x {sides[1]}, got {self.size}"
            )
        self._sides = sides
        self.input_spec = keras.layers.InputSpec(shape=(None, *input_shape[1:]))

    def _corrupt(self, inputs):
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
