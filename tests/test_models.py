import keras
import numpy as np
import pytest
import scipy.stats
from keras import ops

from course_utils import layers, models, training
from course_utils.metrics import gaussian_kl, squared_error


@pytest.fixture
def x():
    return np.random.default_rng(0).random((20, 6)).astype("float32")


KINDS = {"dense": models.dense_autoencoder, "tied": models.tied_autoencoder}


@pytest.fixture(params=KINDS)
def make(request):
    return KINDS[request.param]


def called(model, x):
    """What a model puts out, by a call: unlike `predict`, that builds no graph, which takes longer
    than all else here."""
    return ops.convert_to_numpy(model(x))


def values(model):
    return [ops.convert_to_numpy(v).copy() for v in model.variables]


def test_squared_error_is_that_of_the_metrics(x):
    x_hat = x[::-1].copy()
    assert float(models.SquaredError()(x, x_hat)) == pytest.approx(
        squared_error(x, x_hat), rel=1e-5
    )
    images = x.reshape(-1, 2, 3)
    assert float(models.SquaredError()(images, images[::-1].copy())) == pytest.approx(
        squared_error(x, x_hat), rel=1e-5
    )


def test_squared_error_refuses_shapes_that_would_broadcast():
    with pytest.raises(ValueError, match="target and prediction must have one shape"):
        models.SquaredError()(np.zeros((6, 1), "float32"), np.zeros((6, 6), "float32"))


def test_the_sizes_are_those_asked_for():
    model = models.dense_autoencoder([6, 5, 2])
    assert [layer.units for layer in model.encoder.layers] == [5, 2]
    assert [layer.units for layer in model.decoder.layers] == [5, 6]
    assert [layer.activation.__name__ for layer in model.encoder.layers] == ["gelu", "linear"]
    assert [layer.activation.__name__ for layer in model.decoder.layers] == ["gelu", "sigmoid"]
    lopsided = models.dense_autoencoder([6, 2], [2, 4, 6])
    assert [layer.units for layer in lopsided.decoder.layers] == [4, 6]
    tied = models.tied_autoencoder([6, 5, 2])
    assert [layer.activation.__name__ for layer in tied.decoder.layers] == ["gelu", "sigmoid"]
    assert [layer.dense for layer in tied.decoder.layers] == tied.encoder.layers[::-1]


def test_tying_halves_the_weights():
    tied, free = models.tied_autoencoder([784, 300, 30]), models.dense_autoencoder([784, 300, 30])
    kernels, biases = 784 * 300 + 300 * 30, 300 + 30 + 300 + 784
    assert (tied.count_params(), free.count_params()) == (kernels + biases, 2 * kernels + biases)


def test_each_half_can_be_called_alone(make, x):
    model = make([6, 5, 2], seed=0)
    z = model.encoder.predict(x, verbose=0)
    assert z.shape == (20, 2)
    assert np.allclose(model.decoder.predict(z, verbose=0), model.predict(x, verbose=0), atol=1e-6)


def test_the_decoder_alone_sees_what_training_changes(make, x):
    model = make([6, 5, 2], seed=0)
    z = model.encoder.predict(x, verbose=0)
    before = model.decoder.predict(z, verbose=0)  # compiled now, with the weights of now
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=models.SquaredError())
    model.fit(x, x, epochs=3, verbose=0)
    after = model.decoder.predict(z, verbose=0)
    assert not np.allclose(after, before, atol=1e-4)
    assert np.allclose(after, ops.convert_to_numpy(model.decoder(z)), atol=1e-5)


def test_a_training_step_changes_every_weight_and_an_evaluation_none(make, x):
    model = make([6, 5, 2], seed=0)
    model.compile(optimizer="adam", loss=models.SquaredError())
    before = values(model)
    model.evaluate(x, x, verbose=0)
    model.predict(x, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(values(model), before, strict=True))
    model.fit(x, x, batch_size=20, epochs=1, verbose=0)
    assert all(not np.array_equal(a, b) for a, b in zip(values(model), before, strict=True))


@pytest.mark.parametrize("way", ["save", "clone"])
def test_what_comes_back_is_the_same_model(make, x, tmp_path, way):
    model = make([6, 5, 2], seed=0)
    model.compile(optimizer="adam", loss=models.SquaredError())
    model.fit(x, x, epochs=2, verbose=0)
    if way == "save":
        model.save(tmp_path / "model.keras")
        other = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
        assert int(other.optimizer.iterations) == int(model.optimizer.iterations)
    else:
        other = keras.models.clone_model(model)
        other.set_weights(model.get_weights())
        other.compile(optimizer="adam", loss=models.SquaredError())
    assert np.allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    assert other.count_params() == model.count_params()
    other.fit(x, x, epochs=2, verbose=0)
    if make is models.tied_autoencoder:
        assert [layer.dense for layer in other.decoder.layers] == other.encoder.layers[::-1]
        kernels = [ops.convert_to_numpy(layer.dense.kernel) for layer in other.decoder.layers]
        assert all(
            np.array_equal(a, ops.convert_to_numpy(b.kernel))
            for a, b in zip(kernels, other.encoder.layers[::-1], strict=True)
        )
    for half in (other.encoder, other.decoder):
        half.save(tmp_path / "half.keras")  # each half can be stored alone
        z = np.ones((1, half.input_shape[-1]), "float32")
        loaded = keras.saving.load_model(tmp_path / "half.keras", safe_mode=True)
        assert np.allclose(called(loaded, z), called(half, z), atol=1e-6)


def test_a_seed_repeats_and_differs_from_layer_to_layer():
    a, b, c = (models.dense_autoencoder([6, 6, 6], seed=seed) for seed in (0, 0, 1))
    assert all(np.array_equal(v, w) for v, w in zip(values(a), values(b), strict=True))
    assert not np.array_equal(values(a)[0], values(c)[0])
    assert not np.array_equal(*(ops.convert_to_numpy(layer.kernel) for layer in a.encoder.layers))
    d = models.dense_autoencoder(
        [6, 6], kernel_initializer=keras.initializers.GlorotUniform(), seed=0
    )
    e = models.dense_autoencoder([6, 6], kernel_initializer="glorot_uniform", seed=0)
    assert all(np.array_equal(v, w) for v, w in zip(values(d), values(e), strict=True))


def test_without_a_seed_keras_draws():
    drawn = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        model = models.dense_autoencoder([6, 6, 6])
        drawn.append(values(model))
    assert all(np.array_equal(v, w) for v, w in zip(*drawn, strict=True))
    assert not np.array_equal(drawn[0][0], drawn[0][2])


def test_mixed_precision_keeps_float32_weights(x):
    model = models.tied_autoencoder([6, 5, 2], dtype="mixed_bfloat16")
    model.compile(optimizer="adam", loss=models.SquaredError())
    model.fit(x, x, verbose=0)
    twin = models.tied_autoencoder([6, 5, 2])
    twin.set_weights(model.get_weights())
    wide = ops.convert_to_numpy(ops.cast(model(x), "float32"))
    assert np.allclose(wide, twin.predict(x, verbose=0), atol=0.02)
    assert all("float32" in str(v.dtype) for v in model.trainable_variables)


@pytest.mark.parametrize(
    "arguments, error, told",
    [
        ((784,), TypeError, "layer_sizes must be a list of layer sizes"),
        (("784-30",), TypeError, "layer_sizes must be a list of layer sizes"),
        (([784],), ValueError, "layer_sizes must have two sizes or more"),
        (([784, 30.0],), TypeError, r"layer_sizes\[1\] must be an integer"),
        (([784, 0],), ValueError, r"layer_sizes\[1\] must be at least 1"),
    ],
)
def test_bad_sizes_are_refused(make, arguments, error, told):
    with pytest.raises(error, match=told):
        make(*arguments)


def test_other_bad_arguments_are_refused():
    with pytest.raises(
        ValueError, match="decoder_sizes must begin with the code's 30 and end with the input's 784"
    ):
        models.dense_autoencoder([784, 30], [784, 30])
    with pytest.raises(TypeError, match="seed must be an integer"):
        models.dense_autoencoder([784, 30], seed="0")
    half = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    with pytest.raises(TypeError, match="decoder must be a Keras model, got Dense"):
        models.Autoencoder(half, keras.layers.Dense(3))
    with pytest.raises(TypeError, match="encoder must be a Keras model, got NoneType"):
        models.Autoencoder(None, half)
    off_by_one = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    with pytest.raises(
        ValueError,
        match=r"decoder must put out reconstructions of shape \(None, 3\).* got \(None, 4\)",
    ):
        models.Autoencoder(half, off_by_one)
    unbuilt = models.Autoencoder(
        keras.Sequential([keras.layers.Dense(3)]), keras.Sequential([keras.layers.Dense(5)])
    )
    with pytest.raises(
        ValueError, match=r"decoder must put out reconstructions of shape \(2, 6\).* got \(2, 5\)"
    ):
        unbuilt(np.zeros((2, 6), "float32"))
    with pytest.raises(
        ValueError, match=r"decoder must take codes of shape .*3.* got an input of shape .*4"
    ):
        models.Autoencoder(half, keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]))


def test_corruption_and_sparsity_stand_around_the_encoder(x, make, tmp_path):
    plain = make([6, 4, 3], seed=0)
    model = make(
        [6, 4, 3], corruption=layers.MaskingCorruption(0.5, seed=0), sparsity=layers.TopK(1), seed=0
    )
    kinds = [type(layer).__name__ for layer in model.encoder.layers]
    assert kinds == ["MaskingCorruption", "Dense", "Dense", "TopK"]
    assert model.count_params() == plain.count_params()
    code, kept = (ops.convert_to_numpy(m.encoder(x)) for m in (plain, model))
    assert np.array_equal(kept, np.where(code == code.max(axis=1, keepdims=True), code, 0))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.count_params() == plain.count_params()  # tied is still tied
    assert np.allclose(ops.convert_to_numpy(loaded(x)), ops.convert_to_numpy(model(x)), atol=1e-6)


@pytest.mark.parametrize("code_activation", [None, "linear"])
def test_kl_sparsity_wants_a_code_from_0_to_1(make, code_activation):
    with pytest.raises(
        ValueError,
        match="code_activation must be from 0 to 1, such as 'sigmoid', for KLSparsity, got",
    ):
        make([6, 3], code_activation=code_activation, sparsity=layers.KLSparsity(0.1))


@pytest.mark.parametrize("name", ["corruption", "sparsity"])
def test_what_is_no_layer_is_refused(make, name):
    with pytest.raises(
        TypeError, match=f"{name} must be a Keras layer or None, got 0.5 of type float"
    ):
        make([6, 3], **{name: 0.5})


# Convolutional


SHAPES = {"grey": (16, 24), "one channel": (16, 24, 1), "colour": (16, 24, 3)}


@pytest.fixture(params=SHAPES)
def shape(request):
    return SHAPES[request.param]


def convolutional(shape, code_size=5, filters=(4, 6), **options):
    return models.convolutional_autoencoder(shape, code_size, filters, **options)


def pictures(shape, n=12):
    return np.random.default_rng(0).random((n, *shape)).astype("float32")


def test_images_of_any_shape_come_back_in_it(shape):
    model, x = convolutional(shape, seed=0), pictures(shape)
    z = model.encoder.predict(x, verbose=0)
    assert z.shape == (12, 5)
    x_hat = model.decoder.predict(z, verbose=0)
    assert x_hat.shape == x.shape and x_hat.min() >= 0 and x_hat.max() <= 1
    assert np.allclose(x_hat, model.predict(x, verbose=0), atol=1e-6)


def test_each_stage_halves_and_the_way_up_doubles():
    model = models.convolutional_autoencoder((64, 64), 32)
    sides = [
        layer.output.shape[1]
        for layer in model.encoder.layers
        if isinstance(layer, keras.layers.MaxPooling2D)
    ]
    assert sides == [32, 16, 8, 4]
    up = [
        layer for layer in model.decoder.layers if isinstance(layer, keras.layers.Conv2DTranspose)
    ]
    assert [tuple(layer.output.shape[1:]) for layer in up] == [
        (8, 8, 64),
        (16, 16, 32),
        (32, 32, 16),
        (64, 64, 1),
    ]
    # Kernels and biases, stage by stage, as one counts them by hand.
    down = (
        (9 * 1 + 1) * 16
        + (9 * 16 + 1) * 32
        + (9 * 32 + 1) * 64
        + (9 * 64 + 1) * 128
        + (4 * 4 * 128 + 1) * 32
    )
    back = (
        (32 + 1) * 2048
        + (16 * 128 + 1) * 64
        + (16 * 64 + 1) * 32
        + (16 * 32 + 1) * 16
        + 16 * 16
        + 1
    )
    assert model.encoder.count_params() == down and model.count_params() == down + back


@pytest.mark.parametrize(
    "pooling, kind", [("max", "MaxPooling2D"), ("average", "AveragePooling2D")]
)
def test_pooling_or_strides(pooling, kind):
    pooled, strided = (
        convolutional((16, 24), pooling=pooling, seed=0),
        convolutional((16, 24), pooling=None, seed=0),
    )
    kinds = [type(layer).__name__ for layer in pooled.encoder.layers]
    assert kinds == ["Reshape", "Conv2D", kind, "Conv2D", kind, "Flatten", "Dense"]
    assert [type(layer).__name__ for layer in strided.encoder.layers] == [
        "Reshape",
        "Conv2D",
        "Conv2D",
        "Flatten",
        "Dense",
    ]
    assert strided.count_params() == pooled.count_params() and strided.encoder.output_shape == (
        None,
        5,
    )
    assert tuple(strided.encoder.layers[1].output.shape[1:]) == (8, 12, 4)


def test_batch_normalization_stands_between_a_convolution_and_its_activation():
    model, x = (
        convolutional((16, 24), pooling=None, batch_normalization=True, seed=0),
        pictures((16, 24), n=64),
    )
    down, up = (
        [type(layer).__name__ for layer in half.layers] for half in (model.encoder, model.decoder)
    )
    assert down == ["Reshape"] + ["Conv2D", "BatchNormalization", "Activation"] * 2 + [
        "Flatten",
        "Dense",
    ]
    assert up == ["Dense", "Reshape"] + [
        "Conv2DTranspose",
        "BatchNormalization",
        "Activation",
        "Conv2DTranspose",
        "Reshape",
    ]
    # Four numbers a channel, of which two are not trained, in place of the convolutions' biases.
    assert model.count_params() == convolutional((16, 24)).count_params() + (4 - 1) * (4 + 6 + 4)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=models.SquaredError())
    model.fit(x, x, epochs=20, verbose=0)
    seen = ops.convert_to_numpy(model(x, training=True))
    # A batch's own mean in training, the running one in use.
    assert not np.allclose(seen, model.predict(x, verbose=0), atol=1e-5)
    assert squared_error(x, model.predict(x, verbose=0)) < 1.2 * squared_error(x, seen)


def test_one_stage_and_a_large_kernel_will_do():
    assert convolutional((4, 6), filters=(3,), kernel_size=5).decoder.output_shape == (None, 4, 6)


def test_the_way_up_makes_no_checkerboard():
    """Each output pixel, away from the edge, is reached by as many inputs as any other."""
    for layer in convolutional((32, 32)).decoder.layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            layer.kernel.assign(np.ones(layer.kernel.shape))
            layer.bias.assign(np.zeros(layer.bias.shape))
            layer.activation = keras.activations.linear
            reached = ops.convert_to_numpy(layer(ops.ones((1, *layer.input.shape[1:]))))
            assert np.ptp(reached[:, 2:-2, 2:-2]) == 0


def test_a_convolutional_one_learns_in_all_its_weights_and_comes_back(shape, tmp_path):
    model, x = (
        convolutional(
            shape,
            seed=0,
            sparsity=layers.TopK(4),
            corruption=layers.GaussianCorruption(0.1, seed=0),
        ),
        pictures(shape),
    )
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=models.SquaredError())
    before = values(model)
    first = squared_error(x, called(model, x))
    model.fit(x, x, epochs=10, verbose=0)
    assert all(not np.array_equal(a, b) for a, b in zip(values(model), before, strict=True))
    assert squared_error(x, called(model, x)) < first
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.allclose(called(loaded, x), called(model, x), atol=1e-6)


def test_grey_images_with_and_without_a_channel_are_the_same_model():
    flat, deep = convolutional((16, 24), seed=3), convolutional((16, 24, 1), seed=3)
    x = pictures((16, 24))
    assert np.allclose(
        flat.predict(x, verbose=0), deep.predict(x[..., np.newaxis], verbose=0)[..., 0], atol=1e-6
    )
    assert not np.allclose(
        flat.predict(x, verbose=0), convolutional((16, 24), seed=4).predict(x, verbose=0), atol=1e-3
    )


def test_the_options_reach_their_layers():
    model = convolutional(
        (16, 24),
        activation="relu",
        code_activation="sigmoid",
        output_activation=None,
        dtype="mixed_bfloat16",
    )
    names = [
        layer.activation.__name__
        for half in (model.encoder, model.decoder)
        for layer in half.layers
        if hasattr(layer, "activation")
    ]
    assert names == ["relu", "relu", "sigmoid", "relu", "relu", "linear"]
    assert {
        layer.compute_dtype for half in (model.encoder, model.decoder) for layer in half.layers
    } == {"bfloat16"}


@pytest.mark.parametrize(
    "arguments, error, told",
    [
        (
            ((112, 92), 30),
            ValueError,
            r"halved 4 times, .* got 112 x 92: crop or pad the images to \(112, 80\) or \(112, "
            r"96\)",
        ),
        (
            ((8, 64), 30),
            ValueError,
            r"got 8 x 64: crop or pad the images to \(16, 64\), or take fewer",
        ),
        (
            ((64,), 30),
            ValueError,
            r"input_shape must be \(height, width\) or \(height, width, channels\), got \(64,\)",
        ),
        (((400, 64, 64, 1), 30), ValueError, "of one image, without the number of images"),
        (((3, 64, 64), 30), ValueError, r"got \(3, 64, 64\): channels come last, \(64, 64, 3\)"),
        ((4096, 30), TypeError, r"input_shape must be \(height, width\) or .* got 4096"),
        (((64, 64.0), 30), TypeError, r"input_shape\[1\] must be an integer, got 64.0"),
        (((64, 64, 0), 30), ValueError, r"input_shape\[2\] must be at least 1, got 0"),
        (((64, 64), 0), ValueError, "code_size must be at least 1, got 0"),
        (((64, 64), 30, ()), ValueError, "filters must have one number or more"),
        (((64, 64), 30, 16), TypeError, "filters must be a list of numbers of filters"),
        (((64, 64), 30, (16, 0)), ValueError, r"filters\[1\] must be at least 1, got 0"),
    ],
)
def test_bad_shapes_are_refused(arguments, error, told):
    with pytest.raises(error, match=told):
        models.convolutional_autoencoder(*arguments)


def test_an_encoder_may_take_images_of_any_size():
    encoder = keras.Sequential(
        [
            keras.Input((None, None, 1)),
            keras.layers.Conv2D(4, 3),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    decoder = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))]
    )
    assert tuple(models.Autoencoder(encoder, decoder)(np.zeros((2, 8, 8, 1), "float32")).shape) == (
        2,
        8,
        8,
        1,
    )


def test_a_kernel_has_a_middle_and_pooling_a_name():
    with pytest.raises(ValueError, match="pooling must be 'max', 'average' or None, got 'mean'"):
        convolutional((16, 24), pooling="mean")
    with pytest.raises(TypeError, match="batch_normalization must be True or False, got 0.9"):
        convolutional((16, 24), batch_normalization=0.9)
    with pytest.raises(
        ValueError, match="kernel_size must be odd, so that a kernel has a middle, got 4"
    ):
        convolutional((16, 24), kernel_size=4)


# Variational


RNG = np.random.default_rng(0)


def small_vae(seed=0, **options):
    model = models.dense_vae([6, 5, 2], seed=seed, **options)
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    return model


def test_the_terms_are_those_of_numpy_and_the_same_in_training_and_evaluation(x):
    x = np.tile(x, (20, 1))  # many draws of epsilon
    model = small_vae()
    z_mean, z_log_var = (ops.convert_to_numpy(part) for part in model.encoder(x))
    np.testing.assert_allclose(
        ops.convert_to_numpy(model.kl_nats(z_mean, z_log_var)),
        gaussian_kl(z_mean, z_log_var),
        rtol=1e-5,
    )
    x_hat = ops.convert_to_numpy(model.decoder(z_mean))
    # Summed over pixels, not averaged.
    cross_entropy = -(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat)).sum(axis=1)
    np.testing.assert_allclose(
        ops.convert_to_numpy(model.reconstruction_nats(x, x_hat)), cross_entropy, rtol=1e-4
    )
    told = [model.evaluate(x, batch_size=len(x), verbose=0, return_dict=True) for _ in range(30)]
    assert set(told[0]) == {"loss", "reconstruction_loss", "kl_loss"}
    for one in told:
        assert one["loss"] == pytest.approx(one["reconstruction_loss"] + one["kl_loss"], rel=1e-5)
        assert one["kl_loss"] == pytest.approx(gaussian_kl(z_mean, z_log_var).mean(), rel=1e-4)
    # Evaluation draws, as the bound wants it.
    assert np.std([one["reconstruction_loss"] for one in told]) > 0
    still = small_vae()
    still.compile(optimizer=keras.optimizers.SGD(0.0))
    trained = still.fit(x, epochs=1, verbose=0).history
    assert trained["kl_loss"][0] == pytest.approx(told[0]["kl_loss"], rel=1e-4)
    assert trained["reconstruction_loss"][0] == pytest.approx(
        np.mean([one["reconstruction_loss"] for one in told]), rel=0.05
    )


def test_a_gaussian_likelihood_is_that_of_scipy(x):
    model = small_vae(likelihood="gaussian", variance=0.3, output_activation=None)
    x_hat = ops.convert_to_numpy(model.decoder(RNG.normal(size=(6, 2)).astype("float32")))
    expected = -scipy.stats.norm.logpdf(x[:6], x_hat, np.sqrt(0.3)).sum(axis=1)
    np.testing.assert_allclose(
        ops.convert_to_numpy(model.reconstruction_nats(x[:6], x_hat)), expected, rtol=1e-4
    )


def test_beta_weighs_the_kl_and_can_be_changed(x):
    model = small_vae(beta=3.0)
    one = model.evaluate(x, verbose=0, return_dict=True)
    assert one["loss"] == pytest.approx(one["reconstruction_loss"] + 3 * one["kl_loss"], rel=1e-5)
    model.beta.assign(0.0)
    one = model.evaluate(x, verbose=0, return_dict=True)
    assert one["loss"] == pytest.approx(one["reconstruction_loss"], rel=1e-5) and one["kl_loss"] > 0


def test_a_larger_beta_leaves_less_in_the_latents(x):
    # One model, restarted: to build the graph of a training takes longer than the training.
    rates, model = [], small_vae()
    for beta in (0.01, 1.0, 10.0):
        training.restart(model, small_vae(beta=beta))
        # 200 rounds; an epoch costs more than its steps.
        model.fit(np.concatenate([x] * 50), epochs=4, verbose=0)
        rates.append(gaussian_kl(*map(ops.convert_to_numpy, model.encoder(x))).mean())
    assert rates[0] > 2 * rates[1] and rates[2] < 0.05


def test_training_lowers_the_loss_and_changes_every_weight_but_beta(x):
    model = small_vae()
    before = [ops.convert_to_numpy(v).copy() for v in model.trainable_variables]
    # An epoch costs more than its steps.
    history = training.fit(model, np.tile(x, (10, 1)), epochs=5, validation=x).history
    assert {
        "loss",
        "val_loss",
        "kl_loss",
        "val_kl_loss",
        "reconstruction_loss",
        "val_reconstruction_loss",
    } <= set(history)
    assert history["loss"][-1] < history["loss"][0]
    assert all(
        not np.array_equal(a, ops.convert_to_numpy(v))
        for a, v in zip(before, model.trainable_variables, strict=True)
    )
    assert float(ops.convert_to_numpy(model.beta)) == 1 and not model.beta.trainable


@pytest.mark.parametrize("kind", ["dense", "convolutional"])
def test_a_call_returns_the_same_reconstructions_in_training_and_outside(kind):
    """And changes nothing: no statistics of the batch, no state of a generator."""
    if kind == "dense":
        model, x = small_vae(), RNG.random((20, 6)).astype("float32")
    else:
        model = models.convolutional_vae((8, 12), 3, (4, 6), batch_normalization=True, seed=1)
        x = RNG.random((20, 8, 12)).astype("float32")
    before = values(model)
    outside, inside = called(model, x), ops.convert_to_numpy(model(x, training=True))
    assert outside.shape == x.shape and np.array_equal(inside, outside)
    assert all(np.array_equal(a, b) for a, b in zip(values(model), before, strict=True))


@pytest.mark.parametrize("step", ["train", "evaluate"])
def test_a_step_draws_once_and_its_loss_is_that_of_the_draw(x, step):
    model, twin = small_vae(), layers.Sampling(seed=0)
    for _ in range(2):
        z_mean, z_log_var = model.encoder(x)
        x_hat = model.decoder(twin((z_mean, z_log_var)))
        wanted = ops.convert_to_numpy(model.reconstruction_nats(x, x_hat)).mean()
        if step == "train":
            told = model.train_on_batch(x, return_dict=True)
            model.reset_metrics()
        else:
            told = model.evaluate(x, verbose=0, return_dict=True)
        assert told["reconstruction_loss"] == pytest.approx(wanted, rel=1e-5)


def test_a_step_counts_a_batch_once_in_the_running_statistics(x):
    given = keras.Input((6,))
    normalised = keras.layers.BatchNormalization(momentum=0.9)(given)
    heads = [keras.layers.Dense(2)(normalised) for _ in range(2)]
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(6, "sigmoid")])
    model = models.VariationalAutoencoder(keras.Model(given, heads), decoder, seed=0)
    model.compile(optimizer="adam", metrics=["mse"])
    model.train_on_batch(x, x)
    running = ops.convert_to_numpy(model.encoder.layers[1].moving_mean)
    np.testing.assert_allclose(running, 0.1 * x.mean(axis=0), rtol=1e-5)
    model.evaluate(x, x, verbose=0)
    assert np.array_equal(ops.convert_to_numpy(model.encoder.layers[1].moving_mean), running)


def test_it_can_be_compiled_with_metrics_of_its_reconstructions(x):
    model = small_vae()
    model.compile(optimizer=keras.optimizers.SGD(0.0), metrics=["mse"])
    wanted = ((x - called(model, x)) ** 2).mean()
    trained = {name: told[0] for name, told in model.fit(x, x, verbose=0).history.items()}
    for told in (trained, model.evaluate(x, x, verbose=0, return_dict=True)):
        assert told["mse"] == pytest.approx(wanted, rel=1e-4)


def test_a_subclass_can_change_the_loss(x):
    class Doubled(models.VariationalAutoencoder):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return 2 * super().compute_loss(x, y, y_pred, sample_weight, training)

    plain = small_vae()
    model = Doubled(plain.encoder, plain.decoder, beta=0.5, seed=0)
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    trained = {name: told[0] for name, told in model.fit(x, x, verbose=0).history.items()}
    for told in (trained, model.evaluate(x, verbose=0, return_dict=True)):
        elbo = told["reconstruction_loss"] + 0.5 * told["kl_loss"]
        assert told["loss"] == pytest.approx(2 * elbo, rel=1e-5)


def test_predictions_are_made_from_the_means(x):
    model = small_vae()
    first, second = (model.predict(x, verbose=0) for _ in range(2))
    assert np.array_equal(first, second) and first.shape == x.shape
    np.testing.assert_allclose(
        first, ops.convert_to_numpy(model.decoder(model.encoder(x)[0])), atol=1e-6
    )


@pytest.mark.parametrize("kind", ["dense", "convolutional"])
def test_a_loaded_vae_is_the_same_model(tmp_path, kind):
    if kind == "dense":
        model, x = (
            models.dense_vae([6, 5, 2], beta=0.5, likelihood="gaussian", variance=0.2, seed=1),
            RNG.random((20, 6)).astype("float32"),
        )
    else:
        model, x = (
            models.convolutional_vae((8, 12), 3, (4, 6), batch_normalization=True, seed=1),
            RNG.random((20, 8, 12)).astype("float32"),
        )
    model.compile(optimizer="adam")
    model.fit(x, epochs=2, verbose=0)
    model.beta.assign(0.25)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    assert (
        float(ops.convert_to_numpy(loaded.beta)) == 0.25
        and loaded.variance == model.variance
        and loaded.likelihood == model.likelihood
    )
    loaded.fit(x, epochs=1, verbose=0)
    model.save_weights(tmp_path / "model.weights.h5")
    model.fit(x, epochs=1, verbose=0)
    changed = model.predict(x, verbose=0)
    model.load_weights(tmp_path / "model.weights.h5")
    assert not np.allclose(changed, model.predict(x, verbose=0), atol=1e-6)


def test_seeds_of_a_vae_repeat_and_differ():
    a, b, c = (small_vae(seed).get_weights() for seed in (0, 0, 1))
    assert all(np.array_equal(v, w) for v, w in zip(a, b, strict=True))
    assert any(not np.array_equal(v, w) for v, w in zip(a, c, strict=True))
    heads = [layer for layer in small_vae().encoder.layers if layer.name.startswith("z_")]
    assert not np.array_equal(*(ops.convert_to_numpy(head.kernel) for head in heads))


def vae_halves(n_in=6, n_latents=2, n_back=2, n_out=6, pair=True):
    given = keras.Input((n_in,))
    outputs = [keras.layers.Dense(n_latents)(given) for _ in range(2)]
    return keras.Model(given, outputs if pair else outputs[0]), keras.Sequential(
        [keras.Input((n_back,)), keras.layers.Dense(n_out)]
    )


def fitted_with(loss=None, sample_weight=None):
    model = models.dense_vae([6, 2])
    model.compile("adam", loss=loss)
    model.fit(
        np.zeros((4, 6), "float32"),
        np.zeros((4, 6), "float32"),
        sample_weight=sample_weight,
        verbose=0,
    )


@pytest.mark.parametrize(
    "call, error, sentence",
    [
        (
            lambda: models.VariationalAutoencoder(None, None),
            TypeError,
            "encoder must be a Keras model, got NoneType",
        ),
        (
            lambda: models.VariationalAutoencoder(*vae_halves(pair=False)),
            ValueError,
            r"encoder must put out a pair \(z_mean, z_log_var\), got one",
        ),
        (
            lambda: models.VariationalAutoencoder(*vae_halves(n_back=3)),
            ValueError,
            "the decoder's input must have one shape, got .*2.*2.*3",
        ),
        (
            lambda: models.VariationalAutoencoder(*vae_halves(n_out=7)),
            ValueError,
            "decoder must put out images of shape .*6.* got .*7",
        ),
        (
            lambda: models.VariationalAutoencoder(*vae_halves(), beta=-1),
            ValueError,
            "beta must be finite and at least 0, got -1",
        ),
        (
            lambda: models.VariationalAutoencoder(*vae_halves(), variance=0),
            ValueError,
            "variance must be above 0, got 0",
        ),
        (
            lambda: models.VariationalAutoencoder(*vae_halves(), likelihood="mse"),
            ValueError,
            "likelihood must be 'bernoulli' or 'gaussian', got 'mse'",
        ),
        (
            lambda: fitted_with(loss="mse"),
            ValueError,
            "loss must not be given: the loss is the model's own",
        ),
        (
            lambda: fitted_with(sample_weight=np.ones(4)),
            ValueError,
            "sample_weight must not be given",
        ),
        (lambda: models.convolutional_vae((64, 64), 0), ValueError, "n_latents must be at least 1"),
        (lambda: models.dense_vae([784]), ValueError, "layer_sizes must have two sizes or more"),
    ],
)
def test_bad_vaes_are_refused(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


@pytest.mark.parametrize(
    "make, sizes",
    [(models.dense_vae, ([12, 8, 3],)), (models.convolutional_vae, ((4, 4), 3, (4,)))],
)
def test_sixteen_bits_do_not_reach_the_likelihood(make, sizes):
    model = make(*sizes, dtype="mixed_bfloat16")
    assert {str(output.dtype) for output in (*model.encoder.outputs, *model.decoder.outputs)} == {
        "float32"
    }
    assert {layer.compute_dtype for layer in model.decoder.layers} == {"bfloat16", "float32"}
    biases = next(w for w in reversed(model.decoder.trainable_weights) if w.path.endswith("bias"))
    # A probability of 0.99988, which 16 bits would round to 1.
    biases.assign(np.full(biases.shape, 9.0))
    x_hat = ops.convert_to_numpy(model.decoder(np.zeros((1, 3), "float32")))
    assert x_hat.min() > 0.999 and x_hat.max() < 1
