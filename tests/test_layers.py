import keras
import numpy as np
import pytest
from keras import ops

from course_utils import models
from course_utils.layers import (
    BlockCorruption,
    DenseTranspose,
    GaussianCorruption,
    KLSparsity,
    MaskingCorruption,
    Sampling,
    TopK,
)


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(6, 5)).astype("float32")


def tied_stack():
    dense = keras.layers.Dense(3, "tanh")
    return keras.Sequential([keras.Input((5,)), dense, DenseTranspose(dense, "tanh")])


def test_it_multiplies_by_the_transposed_kernel(x):
    model = tied_stack()
    dense, transposed = model.layers
    transposed.bias.assign(np.arange(5, dtype="float32"))
    kernel = ops.convert_to_numpy(dense.kernel)
    z = np.tanh(x @ kernel)
    wanted = np.tanh(z @ kernel.T + np.arange(5))
    assert np.allclose(model.predict(x, verbose=0), wanted, atol=1e-5)


def test_it_owns_a_bias_and_no_kernel():
    model = tied_stack()
    assert model.count_params() == 5 * 3 + 3 + 5
    assert model.layers[1].bias.shape == (5,)
    dense = keras.layers.Dense(3)
    dense.build((None, 5))
    assert DenseTranspose(dense, use_bias=False)(np.ones((2, 3), "float32")).shape == (2, 5)


def test_the_kernel_is_one_and_the_same_during_training(x):
    model = tied_stack()
    dense, transposed = model.layers
    before = ops.convert_to_numpy(dense.kernel).copy()
    model.compile(optimizer="sgd", loss="mse")
    model.fit(x, x, epochs=2, verbose=0)
    assert transposed.dense.kernel is dense.kernel
    assert not np.allclose(ops.convert_to_numpy(dense.kernel), before)
    # What the decoder computes follows a change of the encoder's kernel: it holds no copy.
    z = np.ones((1, 3), "float32")
    dense.kernel.assign(np.zeros((5, 3), "float32"))
    transposed.bias.assign(np.zeros(5, "float32"))
    assert np.allclose(ops.convert_to_numpy(transposed(z)), 0)


def test_both_uses_of_the_kernel_are_in_its_gradient():
    # x = 2, kernel = 3, linear, target 0: output 2 * 3 * 3 = 18, d(output^2)/dkernel = 2 * 18 * 2 *
    # 2 * 3 = 432
    dense = keras.layers.Dense(
        1, use_bias=False, kernel_initializer=keras.initializers.Constant(3.0)
    )
    model = keras.Sequential([keras.Input((1,)), dense, DenseTranspose(dense, use_bias=False)])
    model.compile(optimizer=keras.optimizers.SGD(0.001), loss="mse")
    model.fit(np.array([[2.0]]), np.array([[0.0]]), verbose=0)
    assert np.allclose(ops.convert_to_numpy(dense.kernel), 3 - 0.432, atol=1e-4)


def test_a_loaded_stack_is_still_tied(x, tmp_path):
    model = tied_stack()
    model.save(tmp_path / "tied.keras")
    loaded = keras.saving.load_model(tmp_path / "tied.keras", safe_mode=True)
    assert loaded.layers[1].dense is loaded.layers[0]
    assert np.allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)


@pytest.mark.parametrize("dense", ["dense", None, keras.layers.ReLU()])
def test_what_is_no_dense_layer_is_refused(dense):
    with pytest.raises(TypeError, match="dense must be a keras.layers.Dense"):
        DenseTranspose(dense)


def test_an_unbuilt_layer_and_a_wrong_input_are_refused():
    with pytest.raises(ValueError, match="must be built before its kernel can be used"):
        DenseTranspose(keras.layers.Dense(3))(np.ones((2, 3), "float32"))
    dense = keras.layers.Dense(3)
    dense.build((None, 5))
    with pytest.raises(ValueError, match="must have 3 numbers.*got shape"):
        DenseTranspose(dense)(np.ones((2, 5), "float32"))


IMAGES = np.random.default_rng(1).random((64, 784)).astype("float32")
CORRUPTIONS = {
    "gaussian": lambda **options: GaussianCorruption(0.5, **options),
    "masking": lambda **options: MaskingCorruption(0.25, **options),
    "block": lambda **options: BlockCorruption(10, (28, 28), **options),
}


def numbers(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


@pytest.mark.parametrize("make", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_a_corruption_works_in_training_only_and_leaves_its_input_alone(make):
    layer, before = make(seed=0), IMAGES.copy()
    assert np.array_equal(numbers(layer(IMAGES)), before)
    alike = numbers(make(seed=0)(np.full_like(IMAGES, 0.5), training=True))
    assert not np.array_equal(alike[0], alike[1])  # each image in its own way
    spoilt = numbers(layer(IMAGES, training=True))
    assert spoilt.shape == before.shape and not np.array_equal(spoilt, before)
    assert spoilt.min() >= 0 and spoilt.max() <= 1
    assert np.array_equal(IMAGES, before)


@pytest.mark.parametrize("make", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_a_corruption_is_new_at_each_call_and_the_sequence_is_repeatable(make):
    first, second, other = make(seed=0), make(seed=0), make(seed=1)
    draws = [
        [numbers(layer(IMAGES, training=True)) for _ in range(2)]
        for layer in (first, second, other)
    ]
    assert not np.array_equal(draws[0][0], draws[0][1])
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0][0], draws[2][0])


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
@pytest.mark.parametrize("make", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_a_corruption_is_new_for_each_batch_of_a_compiled_training(make):
    seen = []

    class Spy(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["loss"])

    # The images are equal, and nothing is learnt: batches differ in their corruption alone.
    model = keras.Sequential([keras.Input((784,)), make(seed=0)])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss=models.SquaredError())
    x = np.tile(np.linspace(0, 1, 784, dtype="float32"), (40, 1))
    model.fit(x, x, batch_size=10, epochs=2, verbose=0, callbacks=[Spy()])
    assert len(set(np.round(seen, 4))) == 8  # running means: of equal losses they would be equal


@pytest.mark.parametrize("make", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_a_corruption_is_saved_with_its_model(make, tmp_path):
    model = models.dense_autoencoder([784, 20], corruption=make(seed=3), seed=0)
    model.save(tmp_path / "denoiser.keras")
    loaded = keras.saving.load_model(tmp_path / "denoiser.keras", safe_mode=True)
    assert np.allclose(numbers(loaded(IMAGES)), numbers(model(IMAGES)), atol=1e-6)
    assert loaded.encoder.layers[0].get_config() == model.encoder.layers[0].get_config()
    assert not np.allclose(
        numbers(loaded(IMAGES, training=True)), numbers(loaded(IMAGES)), atol=1e-3
    )


def test_gaussian_corruption_has_the_standard_deviation_that_was_asked_for():
    grey = np.full((100, 784), 0.5, "float32")
    noise = numbers(GaussianCorruption(0.1, seed=0)(grey, training=True)) - grey
    assert noise.std() == pytest.approx(0.1, rel=0.02) and abs(noise.mean()) < 0.002
    loud = numbers(GaussianCorruption(5.0, seed=0)(grey, training=True))
    assert loud.min() == 0 and loud.max() == 1


def test_masking_hits_its_share_and_rescales_nothing():
    x = np.full((100, 784), 0.5, "float32")
    masked = numbers(MaskingCorruption(0.25, seed=0)(x, training=True))
    assert set(np.unique(masked)) == {0.0, 0.5}
    assert (masked == 0).mean() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    "shape, image_shape", [((200, 9, 12), None), ((200, 9, 12, 3), None), ((200, 108), (9, 12))]
)
def test_a_block_is_a_square_at_any_place(shape, image_shape):
    holed = numbers(
        BlockCorruption(4, image_shape, seed=0)(np.ones(shape, "float32"), training=True)
    )
    holes = holed.reshape(200, 9, 12, -1) == 0
    assert (holes == holes[..., :1]).all()  # all channels alike
    corners = set()
    for hole in holes[..., 0]:
        rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
        assert (
            len(rows) == len(columns) == 4
            and np.ptp(rows) == np.ptp(columns) == 3
            and hole.sum() == 16
        )
        corners.add((rows[0], columns[0]))
    assert {row for row, _ in corners} == set(range(6)) and {
        column for _, column in corners
    } == set(range(9))


@pytest.mark.parametrize(
    "make, error, sentence",
    [
        (
            lambda: GaussianCorruption(-0.1),
            ValueError,
            "stddev must be finite and at least 0, got -0.1",
        ),
        (lambda: GaussianCorruption("0.5"), TypeError, "stddev must be a number, got '0.5'"),
        (lambda: GaussianCorruption(0.5, seed=1.5), TypeError, "seed must be an integer, got 1.5"),
        (
            lambda: GaussianCorruption(0.5, seed=2**31),
            ValueError,
            "seed must be from 0 to 2147483647",
        ),
        (
            lambda: GaussianCorruption(0.5)((IMAGES * 255).astype("uint8")),
            TypeError,
            "must be floating point.*got uint8: divide",
        ),
        (
            lambda: MaskingCorruption(0.5)((IMAGES * 255).astype("uint8")),
            TypeError,
            "must be floating point.*got uint8: divide",
        ),
        (
            lambda: BlockCorruption(2, 28),
            TypeError,
            r"image_shape must be a pair \(height, width\), got 28",
        ),
        (
            lambda: BlockCorruption(2, (28, 28, 1)),
            TypeError,
            r"image_shape must be a pair \(height, width\), got \(28, 28, 1\)",
        ),
        (
            lambda: keras.Sequential([keras.Input((None, 9, 1)), BlockCorruption(2)]),
            ValueError,
            "a fixed height and width",
        ),
        (
            lambda: MaskingCorruption(50),
            ValueError,
            "rate must be from 0 to below 1, got 50: a share, not a percentage",
        ),
        (lambda: MaskingCorruption(1.0), ValueError, "rate must be from 0 to below 1, got 1"),
        (lambda: BlockCorruption(0), ValueError, "size must be at least 1, got 0"),
        (
            lambda: BlockCorruption(10)(IMAGES),
            ValueError,
            r"got \(64, 784\): for flat images pass image_shape",
        ),
        (
            lambda: BlockCorruption(10, (28, 29))(IMAGES),
            ValueError,
            r"must have shape \(batch, 812\), got \(64, 784\)",
        ),
        (
            lambda: BlockCorruption(29, (28, 28))(IMAGES),
            ValueError,
            "size must be at most the image's sides, 28 x 28, got 29",
        ),
        (lambda: KLSparsity(0.0), ValueError, "target must be above 0 and below 1, got 0"),
        (lambda: KLSparsity(1.0), ValueError, "target must be from 0 to below 1, got 1"),
        (
            lambda: KLSparsity(0.1, weight=-1),
            ValueError,
            "weight must be finite and at least 0, got -1",
        ),
        (
            lambda: KLSparsity(0.1)(np.ones((2, 3, 4), "float32")),
            ValueError,
            r"must be 2-D, \(batch, units\), got shape",
        ),
        (lambda: TopK(0), ValueError, "k must be at least 1, got 0"),
        (lambda: TopK(2.0), TypeError, "k must be an integer, got 2.0"),
        (
            lambda: TopK(5)(np.ones((2, 4), "float32")),
            ValueError,
            r"k must be at most the number of units, got k = 5",
        ),
    ],
)
def test_layers_refuse_what_will_not_do(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


def test_layers_that_are_built_refuse_another_shape():
    for layer, other in (
        (KLSparsity(0.1), (2, 9, 9)),
        (TopK(5), (2, 3)),
        (BlockCorruption(3), (2, 12, 9)),
    ):
        layer(
            np.full((2, 9) if not isinstance(layer, BlockCorruption) else (2, 9, 9), 0.5, "float32")
        )
        with pytest.raises(ValueError, match="incompatible"):
            layer(np.full(other, 0.5, "float32"))


def kl_by_hand(code, target):
    mean = code.astype("float64").mean(axis=0)
    return (target * np.log(target / mean) + (1 - target) * np.log((1 - target) / (1 - mean))).sum()


def kl_of(layer, code):
    layer(code)
    (loss,) = layer.losses
    return float(loss)


@pytest.mark.parametrize("target", [0.1, 0.032])
def test_kl_sparsity_is_the_formula_summed_over_the_units(target):
    code = np.random.default_rng(0).random((50, 30)).astype("float32")
    assert kl_of(KLSparsity(target), code) == pytest.approx(kl_by_hand(code, target), rel=1e-5)
    assert kl_of(KLSparsity(target, weight=0.25), code) == pytest.approx(
        kl_by_hand(code, target) / 4, rel=1e-5
    )
    # Twice the units, twice the penalty: it is no mean over them.
    assert kl_of(KLSparsity(target), np.tile(code, (1, 2))) == pytest.approx(
        2 * kl_by_hand(code, target), rel=1e-5
    )
    assert kl_of(KLSparsity(target), np.full((8, 5), target, "float32")) == pytest.approx(
        0, abs=1e-6
    )
    assert np.array_equal(numbers(KLSparsity(target)(code)), code)


def test_kl_sparsity_does_not_change_with_the_batch_size():
    code = np.random.default_rng(0).random((16, 30)).astype("float32")
    wanted = kl_by_hand(code, 0.1)
    for times in (1, 4, 16):
        assert kl_of(KLSparsity(0.1), np.tile(code, (times, 1))) == pytest.approx(wanted, rel=1e-5)
    # In a model too, where Keras gathers the losses and divides those of regularisers.
    for batch in (16, 64):
        model = keras.Sequential([keras.Input((30,)), KLSparsity(0.1)])
        model.compile(optimizer="sgd", loss="mse")
        x = np.tile(code, (batch // 16, 1))
        assert model.evaluate(x, x, batch_size=batch, verbose=0) == pytest.approx(wanted, rel=1e-4)


def test_kl_sparsity_pulls_the_mean_activation_to_its_target():
    rng = np.random.default_rng(0)
    x = rng.random((512, 20)).astype("float32")
    model = models.dense_autoencoder(
        [20, 40], code_activation="sigmoid", sparsity=KLSparsity(0.1, weight=5.0), seed=0
    )
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss=models.SquaredError())
    model.fit(x, x, epochs=30, batch_size=128, verbose=0)
    assert numbers(model.encoder(x)).mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("bias", [-15.0, 15.0])
def test_kl_sparsity_is_finite_and_pulls_where_a_unit_is_off_or_on_for_good(bias):
    assert np.isfinite(kl_of(KLSparsity(0.1), np.full((4, 3), float(bias > 0), "float32")))
    dense = keras.layers.Dense(3, "sigmoid", bias_initializer=keras.initializers.Constant(bias))
    model = keras.Sequential([keras.Input((2,)), dense, KLSparsity(0.1)])
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=lambda y, code: 0.0 * ops.sum(code))
    model.fit(np.zeros((4, 2)), np.zeros((4, 3)), verbose=0)
    assert (np.abs(numbers(dense.bias)) < 14.995).all()


def test_kl_sparsity_computes_in_32_bits():
    code = KLSparsity(0.1, dtype="mixed_bfloat16")
    assert kl_of(code, np.full((4, 3), 0.01, "float32")) == pytest.approx(
        kl_by_hand(np.full((4, 3), 0.01), 0.1), rel=0.01
    )


def top_k_by_hand(code, k):
    kept = np.zeros_like(code)
    for row, out in zip(code, kept, strict=True):
        best = np.argsort(-row, kind="stable")[:k]
        out[best] = row[best]
    return kept


@pytest.mark.parametrize("k", [1, 3, 10])
def test_top_k_keeps_the_largest_of_each_example(k):
    code = np.random.default_rng(0).normal(size=(20, 10)).astype("float32")
    assert np.array_equal(numbers(TopK(k)(code)), top_k_by_hand(code, k))
    assert np.array_equal(numbers(TopK(k)(code, training=True)), top_k_by_hand(code, k))
    deep = code.reshape(4, 5, 10)
    assert np.array_equal(numbers(TopK(k)(deep)), top_k_by_hand(code, k).reshape(4, 5, 10))


def test_top_k_never_keeps_more_than_k_of_equal_values():
    code = np.array([[1.0, 2.0, 2.0, 2.0, 0.5], [1.0, 1.0, 1.0, 1.0, 1.0]], "float32")
    assert numbers(TopK(2)(code)).tolist() == [[0, 2, 2, 0, 0], [1, 1, 0, 0, 0]]
    many = np.random.default_rng(0).normal(size=(30, 1000)).astype("float32")
    # 16 bits: equal values are common.
    half = TopK(25, dtype="bfloat16")(ops.cast(many, "bfloat16"))
    assert ((numbers(half) != 0).sum(axis=1) == 25).all()


def test_top_k_keeps_k_when_compiled_in_16_bits():
    dense = keras.layers.Dense(
        300, "gelu", dtype="mixed_bfloat16", kernel_initializer=keras.initializers.GlorotUniform(0)
    )
    model = keras.Sequential([keras.Input((32,)), dense, TopK(25, dtype="mixed_bfloat16")])
    model.compile(loss="mse", jit_compile=keras.backend.backend() != "torch")
    x = np.random.default_rng(0).random((200, 32)).astype("float32")
    kept = model.predict(x, batch_size=200, verbose=0).astype("float32")
    assert (kept != 0).sum(axis=1).max() <= 25


def test_top_k_hands_on_what_is_no_number():
    kept = numbers(TopK(2)(np.array([[1.0, 2.0, np.nan, 3.0], [4.0, 3.0, 2.0, 1.0]], "float32")))
    assert np.isnan(kept[0, 2]) and kept[1].tolist() == [4, 3, 0, 0]


def test_the_gradient_of_top_k_reaches_the_kept_units_alone():
    x = np.array([[1.0]], "float32")
    dense = keras.layers.Dense(3, use_bias=False)
    model = keras.Sequential([keras.Input((1,)), dense, TopK(1)])
    dense.kernel.assign([[0.2, 0.9, 0.5]])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=models.SquaredError())
    model.fit(x, np.zeros((1, 3)), verbose=0)
    assert numbers(dense.kernel)[0] == pytest.approx([0.2, 0.9 - 0.1 * 2 * 0.9, 0.5], abs=1e-5)


@pytest.mark.parametrize("layer", [KLSparsity(0.032, 0.5), TopK(7)], ids=["KLSparsity", "TopK"])
def test_a_sparse_autoencoder_is_saved_and_loaded(layer, tmp_path):
    model = models.dense_autoencoder([784, 30], code_activation="sigmoid", sparsity=layer, seed=0)
    model.save(tmp_path / "sparse.keras")
    loaded = keras.saving.load_model(tmp_path / "sparse.keras", safe_mode=True)
    assert np.allclose(numbers(loaded(IMAGES)), numbers(model(IMAGES)), atol=1e-6)
    assert loaded.encoder.layers[-1].get_config() == layer.get_config()
    assert len(loaded.losses) == len(model.losses) == (1 if isinstance(layer, KLSparsity) else 0)


# Sampling


def test_samples_have_the_mean_and_variance_asked_for():
    mean, log_var = np.array([1.0, -2.0], "float32"), np.log(np.array([0.25, 4.0], "float32"))
    z = ops.convert_to_numpy(
        Sampling(seed=0)((np.tile(mean, (20000, 1)), np.tile(log_var, (20000, 1))))
    )
    np.testing.assert_allclose(z.mean(axis=0), mean, atol=0.06)
    # Not exp(log_var / 2), and not exp(2 log_var).
    np.testing.assert_allclose(z.var(axis=0), [0.25, 4.0], rtol=0.05)
    assert abs(np.corrcoef(z.T)[0, 1]) < 0.03


def test_each_sample_is_drawn_anew_and_a_seed_repeats_the_sequence():
    pair = np.zeros((50, 2), "float32"), np.zeros((50, 2), "float32")
    a, b = Sampling(seed=3), Sampling(seed=3)
    first, second = ops.convert_to_numpy(a(pair)), ops.convert_to_numpy(a(pair))
    assert not np.allclose(first, second)
    assert np.array_equal(first, ops.convert_to_numpy(b(pair))) and np.array_equal(
        second, ops.convert_to_numpy(b(pair))
    )


def test_an_extreme_log_variance_stays_finite():
    z = ops.convert_to_numpy(
        Sampling(seed=0)(
            (np.zeros((4, 1), "float32"), np.array([[1000.0], [-1000.0], [20.0], [0.0]], "float32"))
        )
    )
    assert np.isfinite(z).all() and abs(z[1, 0]) < 1e-3


def test_what_is_no_pair_is_refused():
    with pytest.raises(ValueError, match="must be a pair .* of one shape"):
        Sampling()((np.zeros((4, 1), "float32"), np.zeros((4, 2), "float32")))
