"""An autoencoder of convolutions."""

import math

import keras

from course_utils import _validate
from course_utils.models.autoencoder import Autoencoder
from course_utils.models.stacks import (
    checked_filters,
    checked_input_shape,
    layers_around,
    seeded_initializer,
    seeds_from,
    smallest_shape,
)


def convolutional_autoencoder(
    input_shape,
    code_size,
    filters=(16, 32, 64, 128),
    *,
    kernel_size=3,
    pooling="max",
    batch_normalization=False,
    activation="silu",
    code_activation=None,
    output_activation="sigmoid",
    kernel_initializer="he_normal",
    corruption=None,
    sparsity=None,
    seed=None,
    dtype=None,
    name="convolutional_autoencoder",
):
    """Build an autoencoder of images: convolutions down to a code, transposed ones up again.

    Each number of filters is a stage. On the way down a stage is a convolution and a pooling that
    halves height and width; a dense layer makes the code of what is left. On the way up a dense
    layer makes the smallest stage again, and each transposed convolution doubles height and width.
    Its kernel is 4 and its stride 2, so that every output pixel is reached by the same number of
    inputs (in each direction two) and no checkerboard is built in; see Odena et al., "Deconvolution
    and checkerboard artifacts", Distill (2016).

    Args:
        input_shape: of one image: (height, width) for grey images as the loaders give them, or
            (height, width, channels). Of an array of images it is `images.shape[1:]`. Height and
            width must be multiples of 2 to the power of the number of stages.
        code_size: numbers in the code, at least 1.
        filters: of each stage on the way down, one number or more; the way up has the same,
            backwards.
        kernel_size: of the convolutions, an odd number.
        pooling: "max" or "average" of each 2 x 2 outputs of a convolution; or None, and the
            convolution itself takes every second place only, which is a quarter of the work.
        batch_normalization: True for a `keras.layers.BatchNormalization` behind each convolution
            but the last, in front of its activation: training goes faster (Ioffe & Szegedy 2015).
        activation: of the hidden layers.
        code_activation, output_activation, kernel_initializer, corruption, sparsity, seed, dtype,
            name: as in `dense_autoencoder`.

    Returns:
        An `Autoencoder`, built and not compiled. Reconstructions have the shape of the images.

    Raises:
        TypeError, ValueError: if an argument will not do, or the image cannot be halved so often.

    >>> model = convolutional_autoencoder((64, 64), code_size=32, filters=(16, 32))
    >>> [tuple(layer.output.shape[1:]) for layer in model.encoder.layers]
    [(64, 64, 1), (64, 64, 16), (32, 32, 16), (32, 32, 32), (16, 16, 32), (8192,), (32,)]
    >>> [tuple(layer.output.shape[1:]) for layer in model.decoder.layers]
    [(8192,), (16, 16, 32), (32, 32, 16), (64, 64, 1), (64, 64)]
    """
    shape = checked_input_shape(input_shape)
    code_size = _validate.integer("code_size", code_size, 1)
    filters = checked_filters(filters)
    kernel_size = _validate.integer("kernel_size", kernel_size, 1)
    if kernel_size % 2 == 0:
        raise ValueError(
            f"kernel_size must be odd, so that a kernel has a middle, got {kernel_size}"
        )
    poolings = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}
    if pooling is not None and (not isinstance(pooling, str) or pooling not in poolings):
        raise ValueError(f"pooling must be 'max', 'average' or None, got {pooling!r}")
    if not isinstance(batch_normalization, bool):
        raise TypeError(f"batch_normalization must be True or False, got {batch_normalization!r}")
    smallest = smallest_shape(shape, filters)
    height, width, channels = shape if len(shape) == 3 else (*shape, 1)
    seeds = seeds_from(seed)

    channels_last = {"data_format": "channels_last"}  # whatever the user's keras.json says

    def options():
        return {
            "kernel_initializer": seeded_initializer(kernel_initializer, next(seeds)),
            "dtype": dtype,
        }

    def stage(kind, *arguments, **strides):
        """A hidden convolution with its activation, as a list of layers."""
        given = {"padding": "same", **strides, **channels_last, **options()}
        if not batch_normalization:
            return [kind(*arguments, activation=activation, **given)]
        return [  # the normalisation has a bias of its own
            kind(*arguments, use_bias=False, **given),
            # The mean over the last 20 batches or so: runs on a few hundred images are short.
            keras.layers.BatchNormalization(momentum=0.95, dtype=dtype),
            keras.layers.Activation(activation, dtype=dtype),
        ]

    before, behind = layers_around(corruption, sparsity, code_activation)
    down = [] if len(shape) == 3 else [keras.layers.Reshape((height, width, 1), dtype=dtype)]
    for n in filters:
        down += stage(keras.layers.Conv2D, n, kernel_size, strides=2 if pooling is None else 1)
        down += [] if pooling is None else [poolings[pooling](2, dtype=dtype, **channels_last)]
    down += [
        keras.layers.Flatten(dtype=dtype, **channels_last),
        keras.layers.Dense(code_size, code_activation, **options()),
    ]
    up = [
        keras.layers.Dense(math.prod(smallest), activation, **options()),
        keras.layers.Reshape(smallest, dtype=dtype),
    ]
    for n in filters[-2::-1]:
        up += stage(keras.layers.Conv2DTranspose, n, 4, strides=2)
    up.append(
        keras.layers.Conv2DTranspose(
            channels,
            4,
            strides=2,
            padding="same",
            activation=output_activation,
            **channels_last,
            **options(),
        )
    )
    up += [] if len(shape) == 3 else [keras.layers.Reshape(shape, dtype=dtype)]
    encoder = keras.Sequential([keras.Input(shape), *before, *down, *behind], name="encoder")
    return Autoencoder(
        encoder, keras.Sequential([keras.Input((code_size,)), *up], name="decoder"), name=name
    )
