"""What public reports of this field led one to expect, and what used to go wrong here."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from course_utils import datasets, layers, metrics, models, plotting, training

BACKEND = keras.backend.backend()
X = np.random.default_rng(0).random((300, 20)).astype("float32")
IMAGES = np.random.default_rng(0).random((9, 8, 8)).astype("float32")


def ae(rate=1e-3, loss=None, **given):
    model = models.dense_autoencoder([20, 8, 3], seed=0, **given)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss or models.SquaredError())
    return model


def vae(**given):
    model = models.dense_vae([20, 8, 3], seed=0, **given)
    model.compile(optimizer="adam")
    return model


def fit(model, x=X, y=None, **given):
    return training.fit(model, x, y, **{"epochs": 1, "verbose": False} | given).history


def told(model, x=X):
    return model.evaluate(x, verbose=0, return_dict=True)


# Training that loses or pretends


def own_loss(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@pytest.mark.parametrize(
    "model, given, differs",
    [
        (ae, {"x": 1 - X}, "other inputs"),
        (ae, {"y": 1 - X}, "other targets"),
        (lambda: ae(rate=2e-3), {}, "another optimizer or learning rate"),
        (lambda: ae(rate=training.OneCycle(1e-3, 6)), {}, "another optimizer or learning rate"),
        (lambda: ae(activation="relu"), {}, "another model: other layers or settings"),
        (lambda: ae(loss="mse"), {}, "another loss"),
        (lambda: ae(loss=own_loss), {}, "another loss"),
    ],
)
def test_a_checkpoint_of_another_experiment_is_refused(tmp_path, model, given, differs):
    path = tmp_path / "run.npz"
    fit(ae(), epochs=2, checkpoint=path)
    fit(ae(), epochs=2, checkpoint=path)  # the same one is loaded
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"is of a run with {differs}, wanted this call's"):
        fit(model(), **{"epochs": 2, "checkpoint": path} | given)
    assert path.read_bytes() == before


@pytest.mark.parametrize("loss", [own_loss, lambda a, b: ops.mean(ops.square(a - b)), "mse"])
def test_a_checkpoint_knows_a_function_by_its_name(tmp_path, loss, recwarn):
    path = tmp_path / "run.npz"
    first = fit(ae(loss=loss), epochs=2, checkpoint=path)
    assert fit(ae(loss=loss), epochs=2, checkpoint=path) == first
    assert not [w for w in recwarn if "lambda" in str(w.message)]


class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def test_a_rate_that_a_callback_lowers_is_the_run_s_own(tmp_path):
    path = tmp_path / "run.npz"
    slower = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    with pytest.raises(KeyboardInterrupt):
        fit(ae(), epochs=4, checkpoint=path, callbacks=[slower, Stop()])
    assert len(fit(ae(), epochs=4, checkpoint=path, callbacks=[slower])["loss"]) == 4


@pytest.mark.parametrize("dtype", ["bfloat16", "mixed_bfloat16"])
def test_a_run_in_sixteen_bits_goes_on(tmp_path, dtype):
    path = tmp_path / "run.npz"
    with pytest.raises(KeyboardInterrupt):
        fit(ae(dtype=dtype), epochs=4, checkpoint=path, callbacks=[Stop()])
    resumed = ae(dtype=dtype)
    assert len(fit(resumed, epochs=4, checkpoint=path)["loss"]) == 4
    whole = ae(dtype=dtype)
    fit(whole, epochs=4)
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        assert np.array_equal(np.asarray(ours, "float32"), np.asarray(theirs, "float32"))


@pytest.mark.parametrize("callbacks", [None, (), keras.callbacks.TerminateOnNaN()])
def test_callbacks_are_given_as_to_keras(callbacks):
    assert len(fit(ae(), callbacks=callbacks)["loss"]) == 1


@pytest.mark.parametrize(
    "callbacks, words",
    [
        ("log", "callbacks must be a list of keras.callbacks.Callback, got str"),
        ([keras.callbacks.TerminateOnNaN], r"callbacks\[0\] must be .* with parentheses"),
        ([3], r"callbacks\[0\] must be a keras.callbacks.Callback, got 3"),
    ],
)
def test_what_is_no_callback_is_named(callbacks, words, capsys):
    with pytest.raises(TypeError, match=words):
        fit(ae(), callbacks=callbacks, verbose=True)
    assert not capsys.readouterr().out


def test_validation_may_be_a_list_of_two():
    pair = fit(ae(), validation=(X, X))["val_loss"]
    assert fit(ae(), validation=[X, X])["val_loss"] == pair


@pytest.mark.parametrize(
    "validation, error, words",
    [
        (0.2, TypeError, "got the number 0.2: give arrays, not a share"),
        ((255 * X).astype(np.uint8), TypeError, "validation must be floating point, got uint8"),
        ([(255 * X).astype(np.uint8), X], TypeError, r"validation\[0\] must be floating point"),
        ([X, X, X], ValueError, "got 3 things"),
    ],
)
def test_validation_that_will_not_do_is_named(validation, error, words):
    with pytest.raises(error, match=words):
        fit(ae(), validation=validation)


REFUSED = [
    (255 * X, "got values from .* to 255: divide by 255"),
    (2 * X - 1, "got values from -.*: scale them"),
]


@pytest.mark.parametrize("x, words", REFUSED, ids=["255", "-1"])
@pytest.mark.parametrize(
    "use",
    [
        lambda x: fit(vae(), x),
        lambda x: fit(vae(), training.Batches(x)),
        lambda x: fit(vae(), validation=x),
        lambda x: vae().fit(x, verbose=0),
        lambda x: vae().fit(ops.convert_to_tensor(x), verbose=0),
        lambda x: vae().fit(X, validation_data=(x, x), verbose=0),
        lambda x: vae().evaluate(x, verbose=0),
        lambda x: training.log_likelihood_bound(vae(), x, 2),
    ],
)
def test_pixels_that_are_no_probabilities_are_refused(use, x, words):
    with pytest.raises(ValueError, match=words):
        use(x)


def test_a_gaussian_likelihood_takes_any_pixels():
    model = vae(likelihood="gaussian", output_activation=None)
    assert np.isfinite(fit(model, 2 * X - 1)["loss"][0])


@pytest.mark.parametrize("activation", [None, "linear", "relu", "tanh", keras.activations.tanh])
def test_an_output_that_is_no_probability_is_refused(activation):
    with pytest.raises(ValueError, match="output_activation must put out probabilities"):
        models.dense_vae([20, 3], output_activation=activation)
    with pytest.raises(ValueError, match="output_activation must put out probabilities"):
        models.convolutional_vae((8, 8), 2, (4,), output_activation=activation)


def test_beta_can_be_set_at_any_time(tmp_path):
    model = vae()
    model.fit(X, verbose=0)
    model.beta = 100.0
    parts = told(model)
    weighted = parts["reconstruction_loss"] + 100 * parts["kl_loss"]
    assert parts["loss"] == pytest.approx(weighted, rel=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = models.load(tmp_path / "model.keras")
    assert float(ops.convert_to_numpy(loaded.beta)) == 100
    fit(model, callbacks=[training.BetaWarmUp(2)])
    assert float(ops.convert_to_numpy(model.beta)) == 0
    for bad, error in ((-1, ValueError), ("1", TypeError), (float("nan"), ValueError)):
        with pytest.raises(error, match="beta must be"):
            model.beta = bad


def test_the_variance_can_be_set_at_any_time(tmp_path):
    model = vae(likelihood="gaussian")
    model.fit(X, verbose=0)
    model.evaluate(X, verbose=0)
    model.variance = 100.0
    wanted = 10 * np.log(2 * np.pi * 100)  # of 20 pixels; their errors are nothing beside that
    assert told(model)["reconstruction_loss"] == pytest.approx(wanted, abs=0.1)
    trained = model.fit(X, verbose=0).history["reconstruction_loss"][0]
    assert trained == pytest.approx(wanted, abs=0.1)
    model.save(tmp_path / "model.keras")
    assert models.load(tmp_path / "model.keras").variance == 100
    with pytest.raises(ValueError, match="variance must be above 0"):
        model.variance = 0


def test_metrics_compare_images_with_reconstructions():
    model = models.dense_vae([20, 8, 3], seed=0)
    model.compile(optimizer=keras.optimizers.SGD(0.0), metrics=["mse"])
    wanted = pytest.approx(((X - model.predict(X, verbose=0)) ** 2).mean(), rel=1e-4)
    assert model.fit(X, verbose=0).history["mse"][0] == wanted
    assert told(model)["mse"] == wanted
    assert fit(model, validation=X)["val_mse"][0] == wanted


def test_a_variational_model_is_built_and_can_be_exported(tmp_path):
    model, lines = vae(), []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    assert "unbuilt" not in "".join(lines) and model.sampling.built
    if BACKEND == "torch":
        pytest.skip("Keras exports from PyTorch with a package that the course does not have")
    model.fit(X, verbose=0)
    model.export(tmp_path / "exported", verbose=False)
    assert (tmp_path / "exported" / "saved_model.pb").is_file()


@pytest.mark.skipif(BACKEND != "tensorflow", reason="replicas are TensorFlow's")
def test_replicas_share_a_step_and_do_not_repeat_it():
    code = """
import numpy as np, tensorflow as tf, keras
from course_utils import models
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
x = np.random.default_rng(0).random((300, 20)).astype("float32")
for devices in (["/cpu:0"], ["/cpu:0", "/cpu:1"]):
    with tf.distribute.MirroredStrategy(devices).scope():
        model = models.dense_vae([20, 8, 3], seed=0)
        model.compile(keras.optimizers.SGD(0.01))
    before = model.get_weights()
    parts = model.evaluate(x, batch_size=300, verbose=0, return_dict=True)
    model.fit(x, batch_size=300, shuffle=False, verbose=0)
    step = sum(np.abs(a - b).sum() for a, b in zip(model.get_weights(), before))
    print("found", parts["loss"], parts["reconstruction_loss"] + parts["kl_loss"], step)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("found")]
    (loss, sum_of_parts, step), (loss_2, sum_of_parts_2, step_2) = np.array(found, float)
    assert loss == pytest.approx(sum_of_parts, rel=1e-5)
    assert loss_2 == pytest.approx(sum_of_parts_2, rel=1e-5)
    assert step_2 == pytest.approx(step, rel=0.2)  # other draws, and not twice the step


@pytest.fixture
def channels_first():
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize("pooling", [None, "max"])
@pytest.mark.parametrize("normalised", [True, False])
def test_channels_come_last_whatever_keras_json_says(channels_first, pooling, normalised):
    given = {"pooling": pooling, "batch_normalization": normalised}
    for shape in ((16, 24), (16, 24, 3)):
        x = np.ones((2, *shape), "float32")
        assert models.convolutional_autoencoder(shape, 3, (4, 8), **given)(x).shape == x.shape
        assert models.convolutional_vae(shape, 3, (4, 8), **given)(x).shape == x.shape


@pytest.fixture
def double_precision():
    for dtype in ("float64", "float32"):
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)  # as a keras.json does, which is read before
        if dtype == "float64":
            yield


@pytest.mark.skipif(BACKEND == "jax", reason="JAX computes in 32 bits unless told otherwise first")
def test_double_precision_trains(double_precision):
    parts = told(vae())
    sum_of_parts = parts["reconstruction_loss"] + parts["kl_loss"]
    assert parts["loss"] == pytest.approx(sum_of_parts, rel=1e-5)
    model = vae()
    assert np.isfinite(model.fit(X.astype(float), verbose=0).history["loss"][0])
    sparse = ae(code_activation="sigmoid", sparsity=layers.KLSparsity())
    assert np.isfinite(fit(sparse, X.astype(float))["loss"][0])


@pytest.mark.parametrize("make", [models.tied_autoencoder, models.dense_autoencoder])
def test_whole_numbers_for_weights_change_little(make):
    model = make([20, 8, 3], seed=0)
    before = ((model.predict(X, verbose=0) - X) ** 2).sum(axis=1).mean()
    model.quantize("int8")
    after = ((model.predict(X, verbose=0) - X) ** 2).sum(axis=1).mean()
    assert after == pytest.approx(before, rel=0.01)


@pytest.mark.parametrize("make", [models.tied_autoencoder, models.dense_autoencoder])
@pytest.mark.parametrize(
    "activation", [None, "relu", "tanh", keras.activations.linear, lambda code: code]
)
def test_a_code_that_is_no_share_is_refused_for_its_sparsity(make, activation):
    with pytest.raises(ValueError, match="code_activation must be from 0 to 1"):
        make([20, 8, 3], sparsity=layers.KLSparsity(), code_activation=activation)


@pytest.mark.parametrize("activation", ["sigmoid", "hard_sigmoid", keras.activations.softmax])
def test_a_code_that_is_a_share_is_taken(activation):
    models.dense_autoencoder([20, 3], sparsity=layers.KLSparsity(), code_activation=activation)


def test_one_import_is_enough_to_load(tmp_path):
    model = models.tied_autoencoder([20, 3], sparsity=layers.TopK(2))
    model.compile(keras.optimizers.Adam(training.OneCycle(0.1, 5)), models.SquaredError())
    model.fit(X, X, verbose=0)
    model.save(tmp_path / "model.keras")
    code = (
        "import sys; from course_utils import models; model = models.load(sys.argv[1]);"
        "print(type(model).__name__, model.compiled, type(model.optimizer._learning_rate).__name__)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model.keras")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Autoencoder", "True", "OneCycle"]
    with pytest.raises(ValueError, match="path must be that of a .keras file, got 'none'"):
        models.load("none")
    with pytest.raises(TypeError, match="path must be that of a .keras file, got int"):
        models.load(3)


# Figures and arrays


def test_a_mask_is_drawn():
    masked, mask = datasets.mask_block(IMAGES, 3, seed=0)
    assert plotting.image_grid(mask).alt == "9 images in 1 row."
    assert plotting.image_rows({"masked": masked, "mask": mask})
    with pytest.raises(TypeError, match=r"got bool: convert it with x.astype\('float32'\)"):
        training.Batches(mask)


def test_what_is_symbolic_says_so():
    with pytest.raises(TypeError, match="x is symbolic .* and holds no numbers: measure after"):
        metrics.psnr(keras.Input((20,)), keras.Input((20,)))
    if BACKEND == "torch":
        return  # there, metrics get numbers
    model = models.dense_autoencoder([20, 3])
    model.compile(optimizer="adam", loss="mse", metrics=[metrics.psnr])
    with pytest.raises(TypeError, match="is symbolic .* and holds no numbers: measure after"):
        model.fit(X, X, verbose=0)


def test_outputs_of_a_model_are_arrays_enough():
    model = models.convolutional_autoencoder((8, 8), 3, (4,))
    assert plotting.image_grid(model(IMAGES))
    assert metrics.squared_error(IMAGES, model(IMAGES)) > 0
    assert metrics.squared_error(IMAGES, ops.cast(model(IMAGES), "bfloat16")) > 0


def test_seconds_are_no_loss():
    history = fit(ae(), epochs=2)
    assert "seconds" in history and "seconds" not in plotting.learning_curves(history).alt


ONE, FIRST = np.ones((28, 28, 1), "float32"), np.ones((5, 3, 28, 28), "float32")


@pytest.mark.parametrize(
    "use",
    [
        plotting.image_grid,
        lambda images: plotting.image_rows({"images": images}),
        lambda images: plotting.reconstructions(images, images),
        lambda images: datasets.mask_block(images, 3, seed=0),
        training.ShiftedBatches,
        training.AugmentedBatches,
    ],
)
def test_one_image_and_channels_in_front_get_their_advice(use):
    with pytest.raises(ValueError, match=r"one image\? pass .*\[np.newaxis\]"):
        use(ONE)
    with pytest.raises(ValueError, match=r"channels come last, np.moveaxis\(.*, 1, -1\)"):
        use(FIRST)


def test_axes_of_a_subfigure_are_those_of_its_figure():
    figure = plotting.AltFigure()
    left, right = figure.subfigures(1, 2)
    assert plotting.image_grid(IMAGES, ax=left.subplots()) is figure
    assert figure.alt == "9 images in 1 row."
    plotting.learning_curves({"loss": [3.0, 2.0]}, ax=right.subplots())
    assert figure.alt == "9 images in 1 row."


# Around the course


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_a_terminal_of_another_age_shows_verdicts_claims_and_questions(encoding):
    code = (
        "from course_utils import checks, exercises\n"
        "print(checks.check_scale(lambda x: x)); checks.expect('a claim', 1, at_most=2)\n"
        "exercises.predict('Wie groß ist σ?', ['α', 'β'], 0, 'so')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        check=True,
    )
    shown = done.stdout.decode(encoding)
    signs = "✗✓" if encoding == "utf-8" else ("no", "ok")
    assert shown.startswith(signs[0]) and f"{signs[1]} a claim: 1" in shown
