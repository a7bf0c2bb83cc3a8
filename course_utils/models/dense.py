"""Autoencoders of dense layers, with a decoder of its own or one tied to the encoder."""

import keras

from course_utils.layers import DenseTranspose
from course_utils.models.autoencoder import Autoencoder
from course_utils.models.stacks import checked_sizes, dense_stack, layers_around, seeds_from


def dense_autoencoder(
    layer_sizes,
    decoder_sizes=None,
    *,
    activation="gelu",
    code_activation=None,
    output_activation="sigmoid",
    kernel_initializer="he_normal",
    corruption=None,
    sparsity=None,
    seed=None,
    dtype=None,
    name="autoencoder",
):
    """Build an autoencoder of dense layers: `[784, 300, 150]` makes 784-300-150-300-784.

    The shape is that of Hinton & Salakhutdinov, "Reducing the dimensionality of data with neural
    networks", Science 313 (2006); the activations are newer.

    Args:
        layer_sizes: of the encoder, from the input to the code, two or more.
        decoder_sizes: of the decoder, from the code to the output; by default the encoder's,
            backwards.
        activation: of the hidden layers.
        code_activation: of the code; None is linear: codes are any numbers.
        output_activation: of the output. "sigmoid" keeps reconstructions in [0, 1], as images are.
        kernel_initializer: of every kernel, by name or class. "he_normal" suits ReLU and its smooth
            kin (He et al. 2015).
        corruption: a layer in front of the encoder, for a denoising autoencoder:
            `layers.GaussianCorruption(0.5)`, `layers.MaskingCorruption(0.5)` or another that
            changes its input in training only.
        sparsity: a layer behind the code, for a sparse autoencoder: `layers.KLSparsity(0.1)`,
            `layers.TopK(25)` or another that keeps its shape. `KLSparsity` wants a code from 0 to
            1: pass `code_activation="sigmoid"`.
        seed: an integer makes the initial weights repeatable, whatever was drawn before. None: as
            Keras's own generator gives them (`keras.utils.set_random_seed`).
        dtype: a dtype policy of the dense layers, such as "float32" or the one that
            `training.fastest_precision` recommends. (`corruption` and `sparsity` have their own.)
        name: of the model.

    Returns:
        An `Autoencoder`, built and not compiled.

    Raises:
        TypeError, ValueError: if the sizes, the layers or their combination will not do.

    >>> model = dense_autoencoder([784, 300, 150])
    >>> [layer.units for layer in model.encoder.layers + model.decoder.layers]
    [300, 150, 300, 784]
    """
    sizes = checked_sizes("layer_sizes", layer_sizes)
    back = sizes[::-1] if decoder_sizes is None else checked_sizes("decoder_sizes", decoder_sizes)
    if (back[0], back[-1]) != (sizes[-1], sizes[0]):
        raise ValueError(
            f"decoder_sizes must begin with the code's {sizes[-1]} and end with the input's "
            f"{sizes[0]}, got {back}"
        )
    seeds = seeds_from(seed)
    around = layers_around(corruption, sparsity, code_activation)
    encoder = dense_stack(
        "encoder", sizes, activation, code_activation, kernel_initializer, seeds, dtype, *around
    )
    decoder = dense_stack(
        "decoder", back, activation, output_activation, kernel_initializer, seeds, dtype
    )
    return Autoencoder(encoder, decoder, name=name)


def tied_autoencoder(
    layer_sizes,
    *,
    activation="gelu",
    code_activation=None,
    output_activation="sigmoid",
    kernel_initializer="he_normal",
    corruption=None,
    sparsity=None,
    seed=None,
    dtype=None,
    name="tied_autoencoder",
):
    """Build an autoencoder of dense layers whose decoder uses the encoder's kernels, transposed.

    So it has about half the weights; see `layers.DenseTranspose`.

    Args:
        layer_sizes: of the encoder, from the input to the code, two or more; the decoder mirrors
            them.
        activation, code_activation, output_activation, kernel_initializer, corruption, sparsity,
            seed, dtype, name: as in `dense_autoencoder`.

    Returns:
        An `Autoencoder`, built and not compiled; `.decoder` is made of `layers.DenseTranspose`.

    Raises:
        TypeError, ValueError: if the sizes, the layers or their combination will not do.

    >>> tied, free = tied_autoencoder([784, 30]), dense_autoencoder([784, 30])
    >>> tied.count_params(), free.count_params()  # a kernel of 784 x 30, once and twice
    (24334, 47854)
    """
    sizes = checked_sizes("layer_sizes", layer_sizes)
    around = layers_around(corruption, sparsity, code_activation)
    encoder = dense_stack(
        "encoder",
        sizes,
        activation,
        code_activation,
        kernel_initializer,
        seeds_from(seed),
        dtype,
        *around,
    )
    denses = encoder.layers[len(around[0]) : len(around[0]) + len(sizes) - 1]
    activations = [activation] * (len(sizes) - 2) + [output_activation]
    transposed = [
        DenseTranspose(dense, activation, dtype=dtype, name=f"decoder_{i + 1}")
        for i, (dense, activation) in enumerate(zip(denses[::-1], activations, strict=True))
    ]
    return Autoencoder(
        encoder,
        keras.Sequential([keras.Input((sizes[-1],)), *transposed], name="decoder"),
        name=name,
    )
