"""Variational autoencoders of dense layers and of convolutions."""

import keras

from course_utils import _validate
from course_utils.models.convolutional import convolutional_autoencoder
from course_utils.models.dense import dense_autoencoder
from course_utils.models.stacks import is_share, seeded_initializer, seeds_from
from course_utils.models.variational import VariationalAutoencoder


def dense_vae(
    layer_sizes,
    *,
    beta=1.0,
    likelihood="bernoulli",
    variance=1.0,
    activation="gelu",
    output_activation="sigmoid",
    kernel_initializer="he_normal",
    seed=None,
    dtype=None,
    name="variational_autoencoder",
):
    """Build a variational autoencoder of dense layers: `[784, 400, 400, 20]` has 20 latents.

    The decoder mirrors the encoder.

    Args:
        layer_sizes: of the encoder, from the input to the latents, two or more.
        beta, likelihood, variance: as in `VariationalAutoencoder`.
        activation, output_activation, kernel_initializer, seed, dtype, name: as in
            `dense_autoencoder`. A Gaussian likelihood may want a linear output,
            `output_activation=None`.

    Returns:
        A `VariationalAutoencoder`, built and not compiled.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> model = dense_vae([784, 400, 400, 20])
    >>> [tuple(output.shape) for output in model.encoder.outputs]
    [(None, 20), (None, 20)]
    """
    plain = dense_autoencoder(
        layer_sizes,
        activation=activation,
        output_activation=None,
        kernel_initializer=kernel_initializer,
        seed=seed,
        dtype=dtype,
    )
    return _variational(
        plain, output_activation, beta, likelihood, variance, kernel_initializer, seed, dtype, name
    )


def convolutional_vae(
    input_shape,
    n_latents,
    filters=(16, 32, 64, 128),
    *,
    beta=1.0,
    likelihood="bernoulli",
    variance=1.0,
    kernel_size=3,
    pooling=None,
    batch_normalization=False,
    activation="silu",
    output_activation="sigmoid",
    kernel_initializer="he_normal",
    seed=None,
    dtype=None,
    name="variational_autoencoder",
):
    """Build a variational autoencoder of images, out of convolutions.

    Its layers are those of `convolutional_autoencoder`, but for the code.

    Args:
        input_shape: of one image, (height, width) or (height, width, channels), as in
            `convolutional_autoencoder`.
        n_latents: at least 1.
        beta, likelihood, variance: as in `VariationalAutoencoder`.
        filters, kernel_size, pooling, batch_normalization, activation, output_activation,
            kernel_initializer, seed, dtype, name: as in `convolutional_autoencoder`.

    Returns:
        A `VariationalAutoencoder`, built and not compiled.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> model = convolutional_vae((64, 64), 2)
    >>> model.decoder(keras.ops.zeros((900, 2))).shape == (900, 64, 64)
    True
    """
    n_latents = _validate.integer("n_latents", n_latents, 1)
    plain = convolutional_autoencoder(
        input_shape,
        n_latents,
        filters,
        kernel_size=kernel_size,
        pooling=pooling,
        batch_normalization=batch_normalization,
        activation=activation,
        output_activation=None,
        kernel_initializer=kernel_initializer,
        seed=seed,
        dtype=dtype,
    )
    return _variational(
        plain, output_activation, beta, likelihood, variance, kernel_initializer, seed, dtype, name
    )


def _variational(
    plain, output_activation, beta, likelihood, variance, kernel_initializer, seed, dtype, name
):
    """A variational autoencoder from a plain one's halves, with two layers in place of the code's.

    They put out mean and log-variance. If the layers compute in 16 bits, the two heads and the
    output's activation still compute in the variables' precision: of these bits bfloat16 gives
    eight to a number, and the probability nearest to 1 would be 0.996.
    """
    if likelihood == "bernoulli" and not is_share(output_activation):
        raise ValueError(
            "output_activation must put out probabilities, from 0 to 1, such as 'sigmoid', for "
            f"the Bernoulli likelihood, got {output_activation!r}"
        )
    exact = keras.dtype_policies.get(dtype).variable_dtype
    inputs = outputs = keras.Input(plain.encoder.input_shape[1:])
    for layer in plain.encoder.layers[:-1]:
        outputs = layer(outputs)
    n_latents, seeds = plain.decoder.input_shape[-1], seeds_from(None if seed is None else seed + 7)
    heads = [
        keras.layers.Dense(
            n_latents,
            kernel_initializer=seeded_initializer(kernel_initializer, next(seeds)),
            dtype=exact,
            name=head,
        )(outputs)
        for head in ("z_mean", "z_log_var")
    ]
    encoder = keras.Model(inputs, heads, name="encoder")
    output = keras.layers.Activation(output_activation, dtype=exact, name="output")
    decoder = keras.Sequential(
        [keras.Input((n_latents,)), *plain.decoder.layers, output], name="decoder"
    )
    return VariationalAutoencoder(
        encoder, decoder, beta, likelihood, variance, seed=seed, name=name
    )
