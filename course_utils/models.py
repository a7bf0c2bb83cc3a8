"""Autoencoders in Keras 3, each with an `.encoder` and a `.decoder` that can be called on their
own."""

import math

import keras
from keras import ops

from course_utils import _validate
from course_utils.layers import LOG_VAR_LIMIT, DenseTranspose, KLSparsity, Sampling, sharing


@keras.saving.register_keras_serializable(package="course_utils")
class SquaredError(keras.losses.Loss):
    """Squared error (SE) as a loss: summed over all values of an example, averaged over the batch.

    `metrics.squared_error` for arrays has the same unit. Keras's "mse" is this divided by the
    number of values.

    Args:
        name, kwargs: passed on to `keras.losses.Loss`.

    >>> round(float(SquaredError()(ops.zeros((5, 784)), ops.full((5, 784), 0.5))), 3)
    196.0
    """

    def __init__(self, name="squared_error", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        if tuple(y_true.shape[1:]) != tuple(
            y_pred.shape[1:]
        ):  # (n, 28, 28) and (n, 784), say, or 30 and 784
            raise ValueError(
                f"target and prediction must have one shape, got {tuple(y_true.shape)} and {tuple(y_pred.shape)}"
            )
        return ops.sum(ops.square(y_true - y_pred), axis=tuple(range(1, len(y_true.shape))))


@keras.saving.register_keras_serializable(package="course_utils")
class Autoencoder(keras.Model):
    """An encoder and a decoder, trained as one.

    Args:
        encoder: a Keras model from inputs, shape (batch, ...), to codes, shape (batch, ...).
        decoder: a Keras model from codes to reconstructions, of the shape of the inputs.
        kwargs: passed on to `keras.Model`: name, dtype.

    Call it on inputs to get reconstructions; `.encoder` and `.decoder` do one half each. Train it
    with the input as the target: `fit(x, x)`, or `training.fit(model, x)`.

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
                f"decoder must take codes of shape {encoder.output_shape}, got an input of shape {decoder.input_shape}"
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
            a != b for a, b in zip(shape, input_shape) if None not in (a, b)
        ):
            raise ValueError(
                f"decoder must put out reconstructions of shape {tuple(input_shape)}, as the encoder's input, got {tuple(shape)}"
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
    """An autoencoder of dense layers: `[784, 300, 150]` makes 784-300-150-300-784.

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
    sizes = _sizes("layer_sizes", layer_sizes)
    back = sizes[::-1] if decoder_sizes is None else _sizes("decoder_sizes", decoder_sizes)
    if (back[0], back[-1]) != (sizes[-1], sizes[0]):
        raise ValueError(
            f"decoder_sizes must begin with the code's {sizes[-1]} and end with the input's {sizes[0]}, got {back}"
        )
    seeds = _seeds(seed)
    around = _around(corruption, sparsity, code_activation)
    encoder = _dense_stack(
        "encoder", sizes, activation, code_activation, kernel_initializer, seeds, dtype, *around
    )
    decoder = _dense_stack(
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
    """An autoencoder of dense layers whose decoder uses the encoder's kernels, transposed: half the
    weights.

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
    >>> tied.count_params(), free.count_params()  # one kernel of 784 x 30 and both biases; two kernels
    (24334, 47854)
    """
    sizes = _sizes("layer_sizes", layer_sizes)
    around = _around(corruption, sparsity, code_activation)
    encoder = _dense_stack(
        "encoder",
        sizes,
        activation,
        code_activation,
        kernel_initializer,
        _seeds(seed),
        dtype,
        *around,
    )
    denses = encoder.layers[len(around[0]) : len(around[0]) + len(sizes) - 1]
    activations = [activation] * (len(sizes) - 2) + [output_activation]
    transposed = [
        DenseTranspose(dense, activation, dtype=dtype, name=f"decoder_{i + 1}")
        for i, (dense, activation) in enumerate(zip(denses[::-1], activations))
    ]
    return Autoencoder(
        encoder,
        keras.Sequential([keras.Input((sizes[-1],)), *transposed], name="decoder"),
        name=name,
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
    """An autoencoder of images: convolutions and pooling down to a code, transposed convolutions up
    again.

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
    shape = _input_shape(input_shape)
    code_size = _validate.integer("code_size", code_size, 1)
    filters = _filters(filters)
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
    height, width, channels = shape if len(shape) == 3 else (*shape, 1)
    times = 2 ** len(filters)
    if height % times or width % times:
        if len(shape) == 3 and height in (1, 3) and width > 3:
            raise ValueError(
                f"input_shape must be (height, width, channels), got {shape}: channels come last, ({width}, {channels}, {height})"
            )
        smaller = height // times * times, width // times * times
        larger = -(-height // times) * times, -(-width // times) * times
        fitting = f"{smaller} or {larger}" if all(smaller) else f"{larger}"
        raise ValueError(
            f"input_shape must have a height and a width that can be halved {len(filters)} times, once for each of filters, "
            f"got {height} x {width}: crop or pad the images to {fitting}, or take fewer filters"
        )
    seeds = _seeds(seed)

    def options():
        return {"kernel_initializer": _initializer(kernel_initializer, next(seeds)), "dtype": dtype}

    def stage(kind, *arguments, **strides):
        """A hidden convolution with its activation, as a list of layers."""
        if not batch_normalization:
            return [kind(*arguments, padding="same", activation=activation, **strides, **options())]
        return [  # the normalisation has a bias of its own
            kind(*arguments, padding="same", use_bias=False, **strides, **options()),
            # The mean over the last 20 batches or so: runs on a few hundred images are short.
            keras.layers.BatchNormalization(momentum=0.95, dtype=dtype),
            keras.layers.Activation(activation, dtype=dtype),
        ]

    first, last = _around(corruption, sparsity, code_activation)
    down = [] if len(shape) == 3 else [keras.layers.Reshape((height, width, 1), dtype=dtype)]
    for n in filters:
        down += stage(keras.layers.Conv2D, n, kernel_size, strides=2 if pooling is None else 1)
        down += [] if pooling is None else [poolings[pooling](2, dtype=dtype)]
    down += [
        keras.layers.Flatten(dtype=dtype),
        keras.layers.Dense(code_size, code_activation, **options()),
    ]
    smallest = height // times, width // times, filters[-1]
    up = [
        keras.layers.Dense(math.prod(smallest), activation, **options()),
        keras.layers.Reshape(smallest, dtype=dtype),
    ]
    for n in filters[-2::-1]:
        up += stage(keras.layers.Conv2DTranspose, n, 4, strides=2)
    up.append(
        keras.layers.Conv2DTranspose(
            channels, 4, strides=2, padding="same", activation=output_activation, **options()
        )
    )
    up += [] if len(shape) == 3 else [keras.layers.Reshape(shape, dtype=dtype)]
    encoder = keras.Sequential([keras.Input(shape), *first, *down, *last], name="encoder")
    return Autoencoder(
        encoder, keras.Sequential([keras.Input((code_size,)), *up], name="decoder"), name=name
    )


def _input_shape(value):
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(
            f"input_shape must be (height, width) or (height, width, channels), got {value!r}"
        )
    shape = tuple(value)
    if len(shape) not in (2, 3):
        hint = ": of one image, without the number of images" if len(shape) == 4 else ""
        raise ValueError(
            f"input_shape must be (height, width) or (height, width, channels), got {shape}{hint}"
        )
    return tuple(_validate.integer(f"input_shape[{i}]", side, 1) for i, side in enumerate(shape))


def _filters(value):
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(
            f"filters must be a list of numbers of filters such as (16, 32, 64), got {value!r}"
        )
    filters = [_validate.integer(f"filters[{i}]", n, 1) for i, n in enumerate(value)]
    if not filters:
        raise ValueError("filters must have one number or more, one for each stage, got none")
    return filters


def _sizes(name, sizes):
    if isinstance(sizes, (str, bytes)) or not hasattr(sizes, "__iter__"):
        raise TypeError(
            f"{name} must be a list of layer sizes such as [784, 300, 30], got {sizes!r}"
        )
    sizes = [_validate.integer(f"{name}[{i}]", size, 1) for i, size in enumerate(sizes)]
    if len(sizes) < 2:
        raise ValueError(
            f"{name} must have two sizes or more, from the input to the code, got {sizes}"
        )
    return sizes


def _seeds(seed):
    """A different seed for each layer, or None for each."""
    start = None if seed is None else _validate.integer("seed", seed, 0)
    while True:
        yield start
        start = None if start is None else start + 1_000_003  # far from the next seed's own


def _around(corruption, sparsity, code_activation):
    """Two lists, of the layer in front of the encoder's dense ones and of the layer behind them;
    empty where there is none."""
    for name, layer in (("corruption", corruption), ("sparsity", sparsity)):
        if layer is not None and not isinstance(layer, keras.layers.Layer):
            raise TypeError(
                f"{name} must be a Keras layer or None, got {layer!r} of type {type(layer).__name__}"
            )
    if isinstance(sparsity, KLSparsity) and code_activation in (None, "linear"):
        raise ValueError(
            f"code_activation must be from 0 to 1, such as 'sigmoid', for KLSparsity, got {code_activation!r}"
        )
    return [[layer] * (layer is not None) for layer in (corruption, sparsity)]


def _dense_stack(
    name, sizes, activation, last_activation, kernel_initializer, seeds, dtype, first=(), last=()
):
    activations = [activation] * (len(sizes) - 2) + [last_activation]
    layers = [
        keras.layers.Dense(
            size,
            activation,
            kernel_initializer=_initializer(kernel_initializer, next(seeds)),
            dtype=dtype,
            name=f"{name}_{i + 1}",
        )
        for i, (size, activation) in enumerate(zip(sizes[1:], activations))
    ]
    return keras.Sequential([keras.Input((sizes[0],)), *first, *layers, *last], name=name)


def _initializer(initializer, seed):
    initializer = keras.initializers.get(initializer)
    if seed is None or "seed" not in initializer.get_config():
        return initializer.clone() if hasattr(initializer, "clone") else initializer
    return type(initializer).from_config(initializer.get_config() | {"seed": seed})


@keras.saving.register_keras_serializable(package="course_utils")
class VariationalAutoencoder(keras.Model):
    """A variational autoencoder: its code is a distribution, and its loss the negative evidence
    lower bound (ELBO).

    loss = reconstruction_loss + beta * kl_loss, each in nats per image, summed over pixels and
    latents, averaged over images:

    - reconstruction_loss is -log p(x | z) for one z drawn from q(z | x), a normal distribution with
      the encoder's mean and variance;
    - kl_loss is KL(q(z | x) || p(z)) in closed form, p(z) being standard normal.

    Training and evaluation measure the same. With beta = 1 the loss is a bound on -log p(x): Kingma
    & Welling, "Auto-encoding variational Bayes", ICLR (2014), equation 3. Other values: Higgins et
    al., "beta-VAE", ICLR (2017).

    Args:
        encoder: a Keras model from images to a pair (z_mean, z_log_var), each of shape (batch,
            n_latents).
        decoder: a Keras model from latents, shape (batch, n_latents), to means of the pixels, of
            the shape of the images.
        beta: weight of the KL, at least 0. It can be changed between epochs:
            `model.beta.assign(0.5)`; `training.BetaWarmUp` does so.
        likelihood: p(x | z) of a pixel. "bernoulli": the cross-entropy, for images in [0, 1] and a
            decoder that ends in a sigmoid. "gaussian": a normal distribution around the decoder's
            mean, of the given variance.
        variance: of the Gaussian likelihood, above 0, in squared units of the pixels.
        seed: of the sampling; see `layers.Sampling`.
        kwargs: passed on to `keras.Model`: name, dtype.

    Compile it with an optimiser and without a loss, and train it on images alone or with themselves
    as targets (`training.fit(model, x)`). Calling it on images, and `predict`, return
    reconstructions from the means, without sampling. `.encoder` and `.decoder` do one half each.
    (With `training=True`, which is Keras's to say, a call returns what the loss needs: a
    reconstruction from a sample, z_mean and z_log_var.)

    Raises:
        TypeError, ValueError: if an argument will not do, or the halves do not fit.

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
                f"z_mean, z_log_var and the decoder's input must have one shape, got {shapes[0]}, {shapes[1]} and {decoder.input_shape}"
            )
        if tuple(decoder.output_shape) != tuple(encoder.input_shape):
            raise ValueError(
                f"decoder must put out images of shape {encoder.input_shape}, as the encoder's input, got {decoder.output_shape}"
            )
        if likelihood not in ("bernoulli", "gaussian"):
            raise ValueError(f"likelihood must be 'bernoulli' or 'gaussian', got {likelihood!r}")
        beta, variance = _validate.real("beta", beta, 0), _validate.real("variance", variance, 0)
        if not variance:
            raise ValueError("variance must be above 0, got 0")
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.sampling = encoder, decoder, Sampling(seed=seed)
        self.likelihood, self.variance, self.seed, self._beta = likelihood, variance, seed, beta
        self.beta = self.add_weight(
            name="beta", shape=(), initializer=keras.initializers.Constant(beta), trainable=False
        )
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_tracker = keras.metrics.Mean(name="kl_loss")
        self.built = True

    def call(self, inputs, training=None):
        z_mean, z_log_var = self.encoder(inputs, training=training)
        if not training:
            return self.decoder(z_mean, training=False)
        # For `compute_loss`, which would else have to run both halves a second time.
        return self.decoder(self.sampling((z_mean, z_log_var)), training=True), z_mean, z_log_var

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if self._compile_loss is not None or sample_weight is not None:
            given = "loss" if sample_weight is None else "sample_weight"
            raise ValueError(
                f"{given} must not be given: the loss is the model's own, minus the ELBO, and each image counts alike"
            )
        if training:
            x_hat, z_mean, z_log_var = y_pred
        else:
            z_mean, z_log_var = self.encoder(x, training=False)
            x_hat = self.decoder(self.sampling((z_mean, z_log_var)), training=False)
        n = ops.shape(x)[0]
        reconstruction, kl = (
            ops.mean(self.reconstruction_nats(x, x_hat)),
            ops.mean(self.kl_nats(z_mean, z_log_var)),
        )
        self.reconstruction_tracker.update_state(reconstruction, sample_weight=n)
        self.kl_tracker.update_state(kl, sample_weight=n)
        return reconstruction + self.beta * kl

    def reconstruction_nats(self, x, x_hat):
        """-log p(x | z) of each image in nats, shape (batch,), for the decoder's means `x_hat`;
        tensors of the shape of the images."""
        x, x_hat = ops.cast(x, "float32"), ops.cast(x_hat, "float32")
        pixels = tuple(range(1, len(x.shape)))
        if self.likelihood == "bernoulli":
            return ops.sum(ops.binary_crossentropy(x, x_hat), axis=pixels)
        size = math.prod(x.shape[1:])
        return ops.sum(ops.square(x - x_hat), axis=pixels) / (
            2 * self.variance
        ) + size / 2 * math.log(2 * math.pi * self.variance)

    def kl_nats(self, z_mean, z_log_var):
        """KL(q(z | x) || p(z)) of each image in nats, shape (batch,): the sum over latents of
        (mean^2 + var - 1 - log var) / 2."""
        z_mean, z_log_var = (
            ops.cast(z_mean, "float32"),
            ops.clip(ops.cast(z_log_var, "float32"), -LOG_VAR_LIMIT, LOG_VAR_LIMIT),
        )
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
    """A variational autoencoder of dense layers: `[784, 400, 400, 20]` has 20 latents, and a
    decoder that mirrors the encoder.

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
    """A variational autoencoder of images: the halves of `convolutional_autoencoder`, with a
    distribution as their code.

    Args:
        n_latents: at least 1.
        beta, likelihood, variance: as in `VariationalAutoencoder`.
        input_shape, filters, kernel_size, pooling, batch_normalization, activation,
            output_activation, kernel_initializer, seed, dtype, name: as in
            `convolutional_autoencoder`.

    Returns:
        A `VariationalAutoencoder`, built and not compiled.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> model = convolutional_vae((64, 64), 2)
    >>> model.decoder(ops.zeros((900, 2))).shape == (900, 64, 64)
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
    """A variational autoencoder whose halves are a plain one's, the code's layer replaced by two:
    for mean and log-variance.

    If the layers compute in 16 bits, the two heads and the output's activation still compute in the
    variables' precision: of these bits bfloat16 gives eight to a number, and the probability
    nearest to 1 would be 0.996.
    """
    exact = keras.dtype_policies.get(dtype).variable_dtype
    inputs = outputs = keras.Input(plain.encoder.input_shape[1:])
    for layer in plain.encoder.layers[:-1]:
        outputs = layer(outputs)
    n_latents, seeds = plain.decoder.input_shape[-1], _seeds(None if seed is None else seed + 7)
    heads = [
        keras.layers.Dense(
            n_latents,
            kernel_initializer=_initializer(kernel_initializer, next(seeds)),
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
