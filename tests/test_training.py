import gc
import signal
import threading
import time
import weakref

import keras
import numpy as np
import pytest
import scipy.stats
from keras import ops

from course_utils import models, training
from course_utils.training import precision


@pytest.fixture
def x():
    return np.random.default_rng(0).random((50, 6)).astype("float32")


@pytest.fixture(autouse=True)
def python_handles_interruptions():
    """A test run in the background may have been started with them ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def compiled(seed=0, epochs=4, n_batches=5):
    """A network with all that a run can lose: momentum, a schedule, and a random generator of its
    own."""
    encoder = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dropout(0.3, seed=1), keras.layers.Dense(4, "tanh")]
    )
    decoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6)])
    model = models.Autoencoder(encoder, decoder)
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=w.shape) * 0.5 for w in model.get_weights()])
    rate = training.OneCycle(0.05, epochs * n_batches)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=models.SquaredError())
    return model


def weights(model):
    return [ops.convert_to_numpy(v).copy() for v in model.trainable_variables]


def close(ours, theirs):
    return all(np.allclose(a, b, atol=1e-6) for a, b in zip(ours, theirs, strict=True))


def equal(ours, theirs):
    return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


class At(keras.callbacks.Callback):
    """Does something once, before a step."""

    def __init__(self, epoch, batch, action):
        super().__init__()
        self.when, self.action = (epoch, batch), action

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.when:
            self.action()


def interrupt():
    signal.raise_signal(signal.SIGINT)


# The folder


def test_each_public_name_is_the_function_or_class_that_it_says():
    for name in training.__all__:
        thing = getattr(training, name)
        assert callable(thing) and thing.__name__ == name  # no file of the folder hides it
        # The learning rate is at home below, where what is saved with it is loaded.
        room = "models" if name == "OneCycle" else "training"
        assert thing.__module__.startswith(f"course_utils.{room}.")


# Batches


def test_every_example_comes_once_an_epoch_in_a_new_order():
    x = np.arange(10, dtype="float32")[:, np.newaxis]
    batches = training.Batches(x, np.arange(10), batch_size=4, seed=1)
    orders = []
    for _ in range(2):
        batches.on_epoch_begin()
        inputs, targets = (np.concatenate(part) for part in zip(*batches, strict=True))
        assert sorted(targets) == list(range(10)) and np.array_equal(inputs[:, 0], targets)
        orders.append(list(targets))
    assert orders[0] != orders[1]
    again = training.Batches(x, np.arange(10), batch_size=4, seed=1)
    assert list(np.concatenate([targets for _, targets in again])) == orders[0]
    other = training.Batches(x, np.arange(10), batch_size=4, seed=2)
    assert list(np.concatenate([targets for _, targets in other])) != orders[0]


def marked(n=200, size=7, channels=()):
    """Images with one bright pixel in the middle, whose brightness names the image."""
    images = np.zeros((n, size, size, *channels), "float32")
    images[:, size // 2, size // 2] = np.arange(1, n + 1).reshape(-1, *(1 for _ in channels)) / n
    return images


def test_input_and_target_are_shifted_together_and_nothing_else_happens():
    images = marked()
    batches = training.ShiftedBatches(images, batch_size=64, max_shift=2, seed=0)
    places, seen = set(), []
    for inputs, targets in batches:
        assert np.array_equal(inputs, targets)
        for image in inputs:
            (down, right), brightness = np.argwhere(image)[0], image.max()
            assert (image > 0).sum() == 1
            places.add((down - 3, right - 3))
            seen.append(brightness)
    assert places == {(down, right) for down in range(-2, 3) for right in range(-2, 3)}
    assert np.array_equal(np.sort(seen), images.max(axis=(1, 2)))


def test_shifts_differ_between_epochs_and_repeat_with_the_seed():
    def epochs(seed):
        batches = training.ShiftedBatches(marked(20), batch_size=20, seed=seed)
        batches.on_epoch_begin()
        first = batches[0][0]
        batches.on_epoch_begin()
        return first, batches[0][0]

    (a1, a2), (b1, b2), (c1, _) = epochs(0), epochs(0), epochs(1)
    assert np.array_equal(a1, b1) and np.array_equal(a2, b2)
    order = np.argsort(a1.max(axis=(1, 2))), np.argsort(a2.max(axis=(1, 2)))
    assert not np.array_equal(a1[order[0]], a2[order[1]])  # the same images, moved otherwise
    assert not np.array_equal(a1, c1)


def test_a_shift_of_zero_moves_nothing_and_edges_are_filled_with_black():
    images = np.ones((30, 4, 4), "float32")
    assert training.ShiftedBatches(images, max_shift=0)[0][0].min() == 1
    shifted = training.ShiftedBatches(images, max_shift=1)[0][0]
    assert set(np.unique(shifted.sum(axis=(1, 2)))) == {9.0, 12.0, 16.0}
    assert set(np.unique(shifted)) == {0.0, 1.0}


@pytest.mark.parametrize("channels", [(), (3,)])
def test_shapes_of_shifted_batches(channels):
    images = marked(10, channels=channels)
    assert training.ShiftedBatches(images, batch_size=4)[0][0].shape == (4, 7, 7, *channels)
    assert training.ShiftedBatches(images, batch_size=4, flatten=True)[2][0].shape == (
        2,
        49 * int(np.prod(channels)),
    )
    assert images.max() == 1  # what was given is as it was


STILL = {"mirror": False, "max_shift": 0, "max_angle": 0, "max_scale": 0, "warp": 0, "max_light": 0}


def augmented(images, **changes):
    """One epoch of all images in one batch, in their own order."""
    batches = training.AugmentedBatches(images, batch_size=len(images), **{**STILL, **changes})
    x, target = batches[0]
    assert x is target
    return x[np.argsort(batches._order)]


def smooth(n=200, size=15, channels=()):
    """Images of one soft spot below and right of the middle."""
    at = np.arange(size) - size // 2
    spot = np.exp(-((at[:, np.newaxis] - 2) ** 2 + (at - 3) ** 2) / 4).astype("float32")
    return np.broadcast_to(
        0.5 * spot.reshape(1, size, size, *(1 for _ in channels)), (n, size, size, *channels)
    ).copy()


def spot(images):
    """Where each image's spot is, from the middle: (down, right)."""
    at = np.arange(images.shape[1]) - images.shape[1] // 2
    mass = images.sum(axis=(1, 2))
    return np.stack(
        [
            (images.sum(axis=2) * at).sum(axis=1) / mass,
            (images.sum(axis=1) * at).sum(axis=1) / mass,
        ],
        axis=1,
    )


def test_nothing_asked_for_changes_nothing():
    images = np.random.default_rng(0).random((20, 8, 8)).astype("float32")
    assert np.array_equal(augmented(images), images)


def test_half_of_the_images_are_flipped_left_to_right():
    images = np.random.default_rng(0).random((400, 6, 8)).astype("float32")
    out = augmented(images, mirror=True)
    same = (out == images).all(axis=(1, 2))
    assert (
        same | (out == images[:, :, ::-1]).all(axis=(1, 2))
    ).all()  # left to right, and each in its own place
    assert 0.4 < same.mean() < 0.6


def test_shifts_go_all_ways_up_to_the_largest():
    moved = spot(augmented(smooth(), max_shift=2.0)) - spot(smooth(1))
    assert (
        np.abs(moved).max() < 2.1
        and (moved.max(axis=0) > 1.7).all()
        and (moved.min(axis=0) < -1.7).all()
    )
    assert abs(np.corrcoef(moved.T)[0, 1]) < 0.2  # down and right are drawn independently


def test_turns_are_about_the_middle_and_as_large_as_asked_for():
    start = np.degrees(np.arctan2(*spot(smooth(1))[0]))
    down, right = spot(augmented(smooth(), max_angle=30.0)).T
    turned = np.degrees(np.arctan2(down, right)) - start
    assert 27 < turned.max() < 31 and -31 < turned.min() < -27
    assert np.allclose(np.hypot(down, right), np.hypot(2, 3), atol=0.2)


def test_height_and_width_have_factors_of_their_own():
    factors = spot(augmented(smooth(), max_scale=0.2)) / spot(smooth(1))
    assert (np.abs(factors.max(axis=0) - 1.2) < 0.05).all() and (
        np.abs(factors.min(axis=0) - 0.8) < 0.05
    ).all()
    assert abs(np.corrcoef(factors.T)[0, 1]) < 0.2


def test_light_is_a_factor_that_may_tilt_and_stays_in_range():
    out = augmented(np.full((300, 11, 11), 0.5, "float32"), max_light=0.3) / 0.5
    middle, edges = (
        out[:, 5, 5],
        np.stack([out[:, 0, 5], out[:, 10, 5], out[:, 5, 0], out[:, 5, 10]]),
    )
    assert 1.27 < middle.max() < 1.301 and 0.699 < middle.min() < 0.73
    assert np.allclose(edges[:2].mean(axis=0), middle, atol=1e-5) and np.allclose(
        edges[2:].mean(axis=0), middle, atol=1e-5
    )
    tilts = (edges[1::2] - middle) / (10 / 11)  # a pixel's middle lies half a pixel inside
    assert (
        0.27 < tilts.max() < 0.301
        and -0.301 < tilts.min() < -0.27
        and abs(np.corrcoef(tilts)[0, 1]) < 0.2
    )
    assert augmented(np.ones((50, 4, 4), "float32"), max_light=0.5).max() == 1


def test_a_warp_moves_smoothly_and_as_far_as_asked_for():
    ramp = np.broadcast_to(np.arange(64) / 100, (300, 64, 64)).astype("float32")
    moved = (
        100 * (augmented(ramp, warp=1.5) - ramp)[:, 8:56, 8:56]
    )  # by how many columns each pixel was moved
    assert 1.0 < moved.std() < 1.6 and abs(moved.mean()) < 0.1
    assert np.abs(np.diff(moved, axis=2)).max() < 0.8 and np.abs(np.diff(moved, axis=1)).max() < 0.8
    assert (
        abs(np.corrcoef(moved[:, 0, 0], moved[:, -1, -1])[0, 1]) < 0.25
    )  # opposite corners move independently
    down = (
        100
        * (augmented(ramp.transpose(0, 2, 1), warp=1.5) - ramp.transpose(0, 2, 1))[:, 8:56, 8:56]
    )
    assert (
        1.0 < down.std() < 1.6 and abs(np.corrcoef(down[:, 24, 24], moved[:, 24, 24])[0, 1]) < 0.25
    )


def test_half_precision_is_widened():
    images = np.random.default_rng(0).random((5, 8, 8))
    assert augmented(images.astype("float16")).dtype == augmented(images).dtype == np.float32


def test_what_comes_in_repeats_the_edge():
    assert augmented(
        np.full((50, 6, 6), 0.7, "float32"), max_shift=3, max_angle=20, max_scale=0.3, warp=2
    ) == pytest.approx(0.7)


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_shapes_of_augmented_batches_and_channels_move_together(channels):
    images = smooth(10, channels=channels)
    batches = training.AugmentedBatches(images, batch_size=4)
    assert batches[0][0].shape == (4, 15, 15, *channels) and batches[0][0].dtype == np.float32
    assert training.AugmentedBatches(images, batch_size=4, flatten=True)[2][0].shape == (
        2,
        225 * int(np.prod(channels)),
    )
    assert np.array_equal(images, smooth(10, channels=channels))  # what was given is as it was
    if channels:
        assert np.array_equal(batches[0][0], batches[0][0][..., :1].repeat(channels[0], axis=3))
        assert np.array_equal(
            batches[0][0][..., 0], training.AugmentedBatches(smooth(10), batch_size=4)[0][0]
        )


def test_augmentation_differs_between_epochs_and_repeats_with_the_seed():
    def epochs(seed):
        batches = training.AugmentedBatches(smooth(10), batch_size=10, seed=seed)
        return [(batches.on_epoch_begin(), batches[0][0])[1] for _ in range(2)]

    (a1, a2), (b1, b2), (c1, _) = epochs(0), epochs(0), epochs(1)
    assert np.array_equal(a1, b1) and np.array_equal(a2, b2)
    distance = np.abs(a1[:, np.newaxis] - a2).max(axis=(2, 3))
    assert distance.min() > 0  # no image is shown alike in both epochs
    assert not np.array_equal(a1, c1)


@pytest.mark.parametrize(
    "make, error, told",
    [
        (lambda: training.Batches(np.ones((3, 2), int)), TypeError, "x must be floating point"),
        (
            lambda: training.Batches(np.ones((3, 2)), np.ones(2)),
            ValueError,
            "y must have one target for each of the 3",
        ),
        (
            lambda: training.Batches(np.ones((3, 2)), batch_size=0),
            ValueError,
            "batch_size must be at least 1",
        ),
        (lambda: training.Batches(np.ones((3, 2)), seed=0.5), TypeError, "seed must be an integer"),
        (
            lambda: training.ShiftedBatches(np.ones((3, 784))),
            ValueError,
            "images must be 3-D or 4-D",
        ),
        (lambda: training.ShiftedBatches(255 * np.ones((3, 4, 4))), ValueError, "divide by 255"),
        (
            lambda: training.ShiftedBatches(np.ones((3, 4, 4)), max_shift=4),
            ValueError,
            "max_shift must be from 0 to 3",
        ),
        (
            lambda: training.ShiftedBatches(np.ones((3, 4, 4)), flatten=1),
            TypeError,
            "flatten must be True or False",
        ),
        (
            lambda: training.AugmentedBatches(np.ones((3, 4096))),
            ValueError,
            "images must be 3-D or 4-D",
        ),
        (lambda: training.AugmentedBatches(255 * np.ones((3, 4, 4))), ValueError, "divide by 255"),
        (
            lambda: training.AugmentedBatches(np.ones((3, 4, 4)), mirror=1),
            TypeError,
            "mirror must be True or False, got 1",
        ),
        (
            lambda: training.AugmentedBatches(np.ones((3, 4, 4)), max_shift=4),
            ValueError,
            "max_shift must be less than the images' sides, 4 x 4",
        ),
        (
            lambda: training.AugmentedBatches(np.ones((3, 9, 9)), max_angle=200),
            ValueError,
            "max_angle must be from 0 to 180 degrees",
        ),
        (
            lambda: training.AugmentedBatches(np.ones((3, 9, 9)), max_scale=10),
            ValueError,
            "max_scale must be from 0 to below 1.*percentage",
        ),
        (
            lambda: training.AugmentedBatches(np.ones((3, 9, 9)), warp=-1),
            ValueError,
            "warp must be finite and at least 0",
        ),
        (
            lambda: training.AugmentedBatches(np.ones((3, 9, 9)), max_light=-1),
            ValueError,
            "max_light must be finite and at least 0",
        ),
        (lambda: training.Batches(np.ones((3, 2)))[1], IndexError, "index must be from 0 to 0"),
    ],
)
def test_bad_batches_are_refused(make, error, told):
    with pytest.raises(error, match=told):
        make()


# Schedule and small helpers


def test_one_cycle_rises_to_its_peak_and_falls_to_zero():
    rate = training.OneCycle(2.0, steps=1000, warmup=0.25, start=0.1)
    values = np.array([float(rate(step)) for step in range(1001)])
    assert values[0] == pytest.approx(0.2) and values[-1] == pytest.approx(0, abs=1e-6)
    assert values.argmax() == 250 and values.max() == pytest.approx(2.0)
    assert (np.diff(values[:251]) > 0).all() and (np.diff(values[250:]) < 0).all()
    assert float(rate(5000)) == pytest.approx(0, abs=1e-6)
    again = training.OneCycle.from_config(rate.get_config())
    assert float(again(123)) == float(rate(123))


def test_a_schedule_saved_when_it_lay_in_another_file_loads():
    """As models that students saved hold it: Keras finds it by its registered name alone."""
    saved = {
        "module": "course_utils.training",
        "class_name": "OneCycle",
        "config": {"peak": 0.05, "steps": 20, "warmup": 0.2, "start": 0.1},
        "registered_name": "course_utils>OneCycle",
    }
    rate = keras.saving.deserialize_keras_object(saved)
    assert type(rate) is training.OneCycle and rate.get_config() == saved["config"]
    written = keras.saving.serialize_keras_object(rate)
    assert written["registered_name"] == saved["registered_name"]


def test_a_compiled_model_with_a_schedule_is_saved_and_loaded(x, tmp_path):
    model = compiled()
    training.fit(model, x, epochs=1, batch_size=10, verbose=False)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert int(loaded.optimizer.iterations) == 5
    for one in (model, loaded):
        assert float(one.optimizer.learning_rate) == pytest.approx(
            float(training.OneCycle(0.05, 20)(5)), rel=1e-5
        )


@pytest.mark.parametrize(
    "arguments, error, told",
    [
        ({"peak": 0}, ValueError, "peak must be above 0"),
        ({"peak": "high"}, TypeError, "peak must be a number"),
        ({"steps": 0}, ValueError, "steps must be at least 1"),
        ({"steps": 2.5}, TypeError, "steps must be an integer"),
        ({"warmup": 0}, ValueError, "warmup must be above 0 and below 1"),
        ({"warmup": 1}, ValueError, "warmup must be above 0 and below 1"),
        ({"start": 1.5}, ValueError, "start must be from 0 to 1"),
        ({"start": -1}, ValueError, "start must be finite and at least 0"),
    ],
)
def test_bad_schedules_are_refused(arguments, error, told):
    with pytest.raises(error, match=told):
        training.OneCycle(**{"peak": 0.1, "steps": 10} | arguments)


def test_apply_is_predict(x):
    model = compiled()
    assert np.allclose(
        training.apply(model, x, batch_size=7), model.predict(x, verbose=0), atol=1e-6
    )
    assert training.apply(model, x).dtype == np.float32
    with pytest.raises(TypeError, match="model must be a Keras model or layer"):
        training.apply(np.tanh, x)


@pytest.mark.parametrize(
    "product, convolution, recommended",
    [
        (0.1, 0.1, "mixed_bfloat16"),
        (0.1, 1.0, "mixed_bfloat16"),
        (0.1, 1.5, "float32"),  # 16 bits are emulated, in convolutions at least
        (0.9, 0.1, "float32"),
        (1.5, 1.5, "float32"),
    ],
)
def test_a_precision_is_recommended_by_measuring(monkeypatch, product, convolution, recommended):
    monkeypatch.delenv("COURSE_PRECISION", raising=False)
    steps = [
        step for half in (product, convolution) for step in [0, 1] * 10 + [0, half] * 10
    ]  # 32 bits take a second
    clock = iter(np.cumsum(steps))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    precision._measured_precision.cache_clear()
    assert training.fastest_precision() == recommended
    assert training.fastest_precision() == recommended  # the clock has run out: not measured anew
    precision._measured_precision.cache_clear()


# fit


def test_fit_trains_to_copy_and_says_one_line(x, capsys):
    model = compiled()
    history = training.fit(model, x, epochs=4, batch_size=10, validation=x)
    out = capsys.readouterr().out
    assert out.startswith("4 epochs in ") and out.count("\n") == 1 and "val_loss" in out
    assert set(history.history) == {"loss", "val_loss", "seconds"}
    assert all(len(values) == 4 for values in history.history.values())
    assert history.history["val_loss"][-1] < history.history["val_loss"][0]
    assert (np.diff(history.history["seconds"]) > 0).all()
    assert history.history["val_loss"][-1] == pytest.approx(
        model.evaluate(x, x, verbose=0), rel=1e-4
    )


def test_at_the_smoke_budget_an_epoch_is_ten_steps(x, monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    model = compiled()
    history = training.fit(model, x, epochs=2, batch_size=2, validation=x)  # 25 batches
    assert int(model.optimizer.iterations) == 20
    assert len(history.history["val_loss"]) == 2
    training.fit(model, x, epochs=1, batch_size=10)  # 5 batches: nothing to cut
    assert int(model.optimizer.iterations) == 25


def test_the_data_are_let_go_after_training(x):
    model, batches = compiled(), training.Batches(x, batch_size=10)
    alive = weakref.ref(batches)
    training.fit(model, batches, epochs=1)
    del batches
    gc.collect()
    assert alive() is None


def test_a_seed_repeats_a_run(x):
    runs = []
    for _ in range(2):
        model = compiled()
        training.fit(model, x, epochs=2, batch_size=10, seed=3)
        runs.append(weights(model))
    assert close(*runs)


def test_fit_says_nothing_if_asked_to(x, capsys):
    model = models.dense_autoencoder([12, 4], seed=0)
    model.compile(optimizer="adam", loss=models.SquaredError())
    data = np.random.default_rng(0).random((20, 12)).astype("float32")
    history = training.fit(model, data, epochs=2, verbose=False)
    assert capsys.readouterr().out == "" and len(history.history["loss"]) == 2
    with pytest.raises(TypeError, match="verbose must be True or False, got 1"):
        training.fit(model, data, epochs=2, verbose=1)


def test_an_interrupted_model_is_usable(x, capsys):
    model, before = compiled(), signal.getsignal(signal.SIGINT)
    start = weights(model)
    with pytest.raises(
        KeyboardInterrupt, match="stopped in epoch 2 of 4: the model keeps what it has learned"
    ):
        training.fit(model, x, epochs=4, batch_size=10, callbacks=[At(1, 2, interrupt)])
    assert signal.getsignal(signal.SIGINT) is before
    assert "stopped in epoch 2" in capsys.readouterr().out
    assert int(model.optimizer.iterations) == 5 + 3  # the step in which it came was completed
    assert all(not np.array_equal(a, b) for a, b in zip(weights(model), start, strict=True))
    assert np.isfinite(model.predict(x, verbose=0)).all()
    training.fit(model, x, epochs=1, batch_size=10)  # and can be trained on
    assert int(model.optimizer.iterations) == 8 + 5


def test_an_interruption_in_validation_or_after_the_last_step_is_not_lost(x):
    model = compiled()
    with pytest.raises(KeyboardInterrupt):
        training.fit(model, x, epochs=1, batch_size=50, callbacks=[_AtEnd()])

    class InTest(keras.callbacks.Callback):
        def on_test_begin(self, logs=None):
            interrupt()

    with pytest.raises(KeyboardInterrupt):
        training.fit(model, x, epochs=2, batch_size=50, validation=x, callbacks=[InTest()])


class _AtEnd(keras.callbacks.Callback):
    def on_train_end(self, logs=None):
        interrupt()


def test_a_second_interruption_does_not_wait(x):
    def twice():
        interrupt()
        interrupt()
        for _ in range(
            1000
        ):  # Python runs a handler between two of its own instructions, not at once
            pass

    model = compiled()
    with pytest.raises(KeyboardInterrupt):
        training.fit(model, x, epochs=1, batch_size=10, callbacks=[At(0, 2, twice)])
    assert int(model.optimizer.iterations) == 2


def test_an_ignored_interruption_stays_ignored(x):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    model = compiled()
    training.fit(model, x, epochs=1, batch_size=10, callbacks=[At(0, 2, interrupt)])
    assert int(model.optimizer.iterations) == 5


def test_fit_runs_in_a_thread_too(x):
    model = compiled()
    thread = threading.Thread(
        target=training.fit, args=(model, x), kwargs={"epochs": 1, "batch_size": 10}
    )
    thread.start()
    thread.join()
    assert int(model.optimizer.iterations) == 5


@pytest.mark.parametrize("data", ["array", "batches"])
def test_a_resumed_run_ends_as_one_that_never_stopped(x, tmp_path, capsys, data):
    def run(model, **options):
        given = training.Batches(x, batch_size=10, seed=5) if data == "batches" else x
        return training.fit(model, given, epochs=4, batch_size=10, seed=5, validation=x, **options)

    whole = compiled()
    straight = run(whole)
    path = tmp_path / "run.npz"
    with pytest.raises(KeyboardInterrupt, match="the same call go on after epoch 2"):
        run(compiled(), checkpoint=path, callbacks=[At(2, 3, interrupt)])
    resumed = compiled(seed=99)  # other initial weights: all must come from the file
    history = run(resumed, checkpoint=path)
    assert int(resumed.optimizer.iterations) == int(whole.optimizer.iterations) == 20
    assert close(weights(resumed), weights(whole))
    for name in ("loss", "val_loss"):
        assert np.allclose(history.history[name], straight.history[name], rtol=1e-5)
    assert history.epoch == [0, 1, 2, 3] and (np.diff(history.history["seconds"]) > 0).all()
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]  # no unfinished file stays behind
    capsys.readouterr()
    loaded = compiled(seed=7)
    once_more = run(loaded, checkpoint=path)
    assert "loaded from the checkpoint" in capsys.readouterr().out
    assert once_more.history == history.history
    assert close(weights(loaded), weights(whole))


def test_a_failed_write_leaves_the_old_checkpoint(x, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    real, calls = np.savez, []

    def full_disk(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise OSError("no space left on device")
        real(*args, **kwargs)

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="no space left"):
        training.fit(compiled(), x, epochs=4, batch_size=10, checkpoint=path)
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]
    model = compiled(seed=99)
    training.fit(model, x, epochs=4, batch_size=10, checkpoint=path)
    assert int(model.optimizer.iterations) == 20


def test_a_checkpoint_knows_how_its_data_were_changed(tmp_path):
    images, path = (
        np.random.default_rng(0).random((10, 2, 3)).astype("float32"),
        tmp_path / "run.npz",
    )

    def run(batches):
        return training.fit(compiled(), batches, epochs=1, checkpoint=path)

    augment = {"batch_size": 5, "max_shift": 1, "flatten": True}
    run(training.AugmentedBatches(images, **augment))
    run(training.AugmentedBatches(images, **augment))  # loaded
    told = (
        r"is of a run with data AugmentedBatches\(.*warp=1.5\), "
        r"wanted AugmentedBatches\(.*warp=0.0\)"
    )
    with pytest.raises(ValueError, match=told):
        run(training.AugmentedBatches(images, **augment, warp=0))
    with pytest.raises(ValueError, match=r"wanted Batches\(batch_size=5, seed=0\)"):
        run(training.Batches(images.reshape(10, -1), batch_size=5))


def test_batches_that_have_been_used_still_belong_to_their_checkpoint(x, tmp_path):
    """Who interrupts a cell and runs only the call again has the batches of the first try."""
    batches = training.BinarizedBatches(x, batch_size=10)
    again = {"epochs": 3, "checkpoint": tmp_path / "run.npz", "verbose": False}
    with pytest.raises(KeyboardInterrupt):
        training.fit(compiled(), batches, **again, callbacks=[At(2, 0, interrupt)])
    resumed, whole = compiled(seed=99), compiled()
    training.fit(resumed, batches, **again)
    fresh = training.BinarizedBatches(x, batch_size=10)
    training.fit(whole, fresh, epochs=3, verbose=False)
    assert close(weights(resumed), weights(whole))


def test_a_checkpoint_of_another_run_is_refused(x, tmp_path):
    path = tmp_path / "run.npz"
    training.fit(compiled(), x, epochs=2, batch_size=10, checkpoint=path)
    with pytest.raises(
        ValueError, match="is of a run with epochs 2, wanted 3: delete it, or name another"
    ):
        training.fit(compiled(), x, epochs=3, batch_size=10, checkpoint=path)
    with pytest.raises(ValueError, match="is of a run with batches 5, wanted 3"):
        training.fit(compiled(), x, epochs=2, batch_size=20, checkpoint=path)
    with pytest.raises(ValueError, match="is of a run with seed 0, wanted 1"):
        training.fit(compiled(), x, epochs=2, batch_size=10, seed=1, checkpoint=path)
    other = models.dense_autoencoder([6, 3])
    other.compile(optimizer="adam", loss=models.SquaredError())
    before = weights(other)
    with pytest.raises(ValueError, match="is of a run with another model"):
        training.fit(other, x, epochs=2, batch_size=10, checkpoint=path)
    assert equal(weights(other), before)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="can't be read .*: delete it, or name another"):
        training.fit(compiled(), x, epochs=2, batch_size=10, checkpoint=path)


def test_bad_arguments_of_fit_are_refused(x, tmp_path):
    model = compiled()

    def refused(error, told, *arguments, **options):
        with pytest.raises(error, match=told):
            training.fit(*arguments, **{"epochs": 1} | options)

    refused(TypeError, "model must be a Keras model", "model", x)
    refused(
        ValueError,
        "must be built and compiled first, got .* not compiled",
        models.dense_autoencoder([6, 2]),
        x,
    )
    unbuilt = keras.Sequential([keras.layers.Dense(6)])
    unbuilt.compile(loss="mse")
    refused(ValueError, "must be built and compiled first, got .* not built", unbuilt, x)
    refused(ValueError, "epochs must be at least 1", model, x, epochs=0)
    refused(TypeError, "x must be floating point", model, (255 * x).astype(np.uint8))
    refused(ValueError, "y must not be given with a data set", model, training.Batches(x), x)
    refused(ValueError, r"validation must be inputs, or a pair", model, x, validation=(x, x, x))
    refused(TypeError, "checkpoint must be the path of a file, got int", model, x, checkpoint=3)
    refused(
        ValueError,
        "checkpoint must be the path of a file in a folder that is there",
        model,
        x,
        checkpoint=tmp_path,
    )
    refused(
        ValueError, "in a folder that is there", model, x, checkpoint=tmp_path / "none" / "run.npz"
    )
    assert int(model.optimizer.iterations) == 0


# train_layerwise


@pytest.mark.parametrize("make", [models.dense_autoencoder, models.tied_autoencoder])
def test_greedy_training_freezes_what_it_has_trained(x, capsys, make):
    model = make([6, 5, 4, 3], seed=0)
    snapshots = [weights(model)]

    class Snapshot(keras.optimizers.Adam):  # made at the start of each phase
        def __init__(self):
            snapshots.append(weights(model))
            super().__init__(0.01)

    histories = training.train_layerwise(
        model, x, epochs=[2, 3, 1], batch_size=10, optimizer=Snapshot
    )
    snapshots.append(weights(model))
    assert [len(h.history["loss"]) for h in histories] == [2, 3, 1]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "phase 1 (6-5-6)",
        "phase 2 (5-4-5)",
        "phase 3 (4-3-4)",
    ]
    names = [v.path for v in model.trainable_variables]
    for phase in (1, 2, 3):
        changed = {
            n
            for n, a, b in zip(names, snapshots[phase], snapshots[phase + 1], strict=True)
            if not np.array_equal(a, b)
        }
        pair = {f"encoder/encoder_{phase}", f"decoder/decoder_{4 - phase}"}
        assert changed == {n for n in names if n.rsplit("/", 1)[0] in pair}


def test_each_phase_learns_from_the_outputs_of_the_one_before(x):
    model = models.dense_autoencoder([6, 5, 4], seed=0, activation="tanh", output_activation=None)
    seen = []

    class Spy(models.SquaredError):
        def call(self, y_true, y_pred):
            if y_true.shape[-1] == 5:
                seen.append(y_true)
            return super().call(y_true, y_pred)

    history = training.train_layerwise(model, x, epochs=30, batch_size=10, loss=Spy())[1]
    assert seen
    hidden = training.apply(model.encoder.layers[0], x)
    back = training.apply(model.decoder.layers[0], training.apply(model.encoder.layers[1], hidden))
    assert ((hidden - back) ** 2).sum(axis=1).mean() == pytest.approx(
        history.history["loss"][-1], rel=0.2
    )


def test_a_model_trained_layerwise_can_be_fine_tuned_saved_and_loaded(x, tmp_path):
    model = models.tied_autoencoder([6, 5, 3], seed=0)
    training.train_layerwise(model, x, epochs=1)
    model.compile(optimizer="adam", loss=models.SquaredError())
    training.fit(model, x, epochs=1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)


def test_bad_arguments_of_train_layerwise_are_refused(x):
    model = models.dense_autoencoder([6, 5, 3])

    def refused(error, told, *arguments, **options):
        with pytest.raises(error, match=told):
            training.train_layerwise(*arguments, **{"epochs": 1} | options)

    refused(TypeError, "autoencoder must be a models.Autoencoder", model.encoder, x)
    refused(
        ValueError,
        "Sequentials of as many layers each",
        models.dense_autoencoder([6, 3], [3, 5, 6]),
        x,
    )
    refused(TypeError, "optimizer must be a function that makes one", model, x, optimizer="adam")
    refused(ValueError, "x must be 2-D", model, x[0])
    refused(ValueError, r"x must have 6 columns.*got shape \(50, 5\)", model, x[:, :5])
    refused(ValueError, "one for each of the 2 phases, got 3", model, x, epochs=[1, 1, 1])
    refused(ValueError, "epochs must be at least 1", model, x, epochs=0)


# Variational autoencoders


def small_vae(seed=0, **options):
    model = models.dense_vae([6, 5, 2], seed=seed, **options)
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    return model


def test_apply_returns_all_that_an_encoder_puts_out(x):
    model = small_vae()
    z_mean, z_log_var = training.apply(model.encoder, x, batch_size=7)
    for ours, part in zip((z_mean, z_log_var), model.encoder(x), strict=True):
        np.testing.assert_allclose(ours, ops.convert_to_numpy(part), atol=1e-6)
    assert training.apply(model.decoder, z_mean).shape == x.shape


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not(x, tmp_path, monkeypatch):
    whole = small_vae()
    training.fit(whole, x, epochs=4, batch_size=10, callbacks=[training.BetaWarmUp(3)])

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    again = {"epochs": 4, "batch_size": 10, "checkpoint": tmp_path / "run.npz"}
    with pytest.raises(KeyboardInterrupt):
        training.fit(small_vae(), x, **again, callbacks=[training.BetaWarmUp(3), Stop()])
    resumed = small_vae(seed=9)
    training.fit(resumed, x, **again, callbacks=[training.BetaWarmUp(3)])
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert float(ops.convert_to_numpy(resumed.beta)) == 1


def test_beta_warms_up_over_its_epochs(x):
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(float(ops.convert_to_numpy(self.model.beta)))

    training.fit(small_vae(), x, epochs=6, callbacks=[training.BetaWarmUp(4, beta=2.0), Look()])
    assert seen == [0.0, 0.5, 1.0, 1.5, 2.0, 2.0]
    plain = models.dense_autoencoder([6, 2])
    plain.compile(optimizer="adam", loss=models.SquaredError())
    with pytest.raises(TypeError, match="which has a beta, got Autoencoder"):
        training.fit(plain, x, epochs=1, callbacks=[training.BetaWarmUp(4)])


def test_batches_are_binarised_anew_each_epoch_and_item_by_item_the_same():
    batches = training.BinarizedBatches(np.full((20, 50), 0.5, "float32"), batch_size=5, seed=0)
    batches.on_epoch_begin()
    first = [batches[i][0] for i in range(4)]
    assert np.array_equal(first[2], batches[2][0])
    assert not np.array_equal(first[0], first[1])
    batches.on_epoch_begin()
    assert not np.array_equal(first[0], batches[0][0])
    x, target = batches[0]
    assert x is target and set(np.unique(x)) == {0.0, 1.0}


def test_the_bound_agrees_with_an_independent_computation(x):
    """One latent: the exact integral of p(x | z) p(z) on a fine grid."""
    model = models.dense_vae([6, 4, 1], seed=0)
    z = np.linspace(-8, 8, 4001).astype("float32")
    x_hat = ops.convert_to_numpy(model.decoder(z[:, np.newaxis])).astype(float)
    log_likelihood = x @ np.log(x_hat).T + (1 - x) @ np.log(1 - x_hat).T
    exact = np.log((np.exp(log_likelihood) * scipy.stats.norm.pdf(z)).sum(axis=1) * (z[1] - z[0]))
    bound = training.log_likelihood_bound(model, x, n_samples=30_000, batch_size=10_000)
    np.testing.assert_allclose(bound, exact, atol=0.05)
    assert bound.mean() == pytest.approx(exact.mean(), abs=0.005)
    elbo = (
        training.log_likelihood_bound(model, np.repeat(x, 200, axis=0), n_samples=1)
        .reshape(len(x), 200)
        .mean(axis=1)
    )
    few = (
        training.log_likelihood_bound(model, np.repeat(x, 200, axis=0), n_samples=5)
        .reshape(len(x), 200)
        .mean(axis=1)
    )
    assert elbo.mean() < few.mean() < exact.mean()
    evaluated = [one["loss"] for one in (evaluate(model, x) for _ in range(20))]
    assert elbo.mean() == pytest.approx(-np.mean(evaluated), abs=0.05)


def evaluate(model, x):
    if not model.compiled:
        model.compile(optimizer="adam")
    return model.evaluate(x, verbose=0, return_dict=True)


def test_an_images_bound_does_not_depend_on_how_it_is_computed(x):
    model = small_vae()
    all_at_once = training.log_likelihood_bound(model, x, n_samples=7, batch_size=1000)
    np.testing.assert_allclose(
        training.log_likelihood_bound(model, x, n_samples=7, batch_size=3), all_at_once, rtol=1e-5
    )
    assert not np.allclose(
        training.log_likelihood_bound(model, x, n_samples=7, seed=1), all_at_once, rtol=1e-5
    )


@pytest.mark.parametrize(
    "change, error, sentence",
    [
        (
            {"model": models.dense_autoencoder([6, 2])},
            TypeError,
            "model must be a models.VariationalAutoencoder, got Autoencoder",
        ),
        (
            {"x": np.zeros((3, 5), "float32")},
            ValueError,
            r"x must have shape \(n, 6\), got \(3, 5\)",
        ),
        ({"x": np.zeros((3, 6), int)}, TypeError, "x must be floating point"),
        ({"n_samples": 0}, ValueError, "n_samples must be at least 1"),
    ],
)
def test_a_bad_question_for_the_bound_is_refused(change, error, sentence):
    arguments = {"model": small_vae(), "x": np.zeros((3, 6), "float32"), "n_samples": 2} | change
    with pytest.raises(error, match=sentence):
        training.log_likelihood_bound(**arguments)


def small(seed=0, activation="tanh", size=3):
    return models.dense_autoencoder(
        [6, size], activation=activation, code_activation=activation, seed=seed
    )


@pytest.mark.parametrize(
    "rate", [1e-2, training.OneCycle(0.05, 10)], ids=["constant rate", "schedule"]
)
def test_a_restarted_model_trains_as_a_fresh_one(x, rate):
    model, other, fresh = small(seed=0), small(seed=1), small(seed=1)
    for one in (model, fresh):
        one.compile(optimizer=keras.optimizers.Adam(rate), loss=models.SquaredError())
    training.fit(model, x, epochs=2, batch_size=10, verbose=False)
    before = weights(other)
    assert training.restart(model, other) is model
    assert equal(weights(model), before)
    for one in (model, fresh):
        training.fit(one, x, epochs=2, batch_size=10, verbose=False)
    for ours, theirs in zip(weights(model), weights(fresh), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert equal(weights(other), before)


def test_a_restart_begins_the_random_numbers_anew(x):
    model = compiled()
    first = training.fit(model, x, epochs=2, batch_size=10, verbose=False).history["loss"]
    again = training.fit(
        training.restart(model, compiled()), x, epochs=2, batch_size=10, verbose=False
    ).history["loss"]
    np.testing.assert_allclose(again, first, rtol=1e-6)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="PyTorch compiles nothing")
def test_a_restart_compiles_nothing(x):
    traced = []

    class Tell(keras.layers.Layer):
        def call(self, inputs):
            traced.append(1)
            return inputs

    def make(seed):
        layers = [
            keras.layers.Dense(3, kernel_initializer=keras.initializers.HeNormal(seed)),
            Tell(),
            keras.layers.Dense(6),
        ]
        return keras.Sequential([keras.Input((6,)), *layers])

    model, fresh = make(0), make(1)
    model.compile(optimizer="adam", loss="mse")
    training.fit(model, x, epochs=1, batch_size=10, verbose=False)
    before = len(traced)
    training.fit(training.restart(model, fresh), x, epochs=1, batch_size=10, verbose=False)
    assert before and len(traced) == before


@pytest.mark.parametrize(
    "fresh, error, told",
    [
        (lambda: "a model", TypeError, "fresh must be a Keras model, got str"),
        (lambda: small(size=2), ValueError, "fresh must be made as model 'autoencoder' was"),
        (
            lambda: small(activation="relu"),
            ValueError,
            "fresh must be made as model 'autoencoder' was",
        ),
        (
            lambda: keras.Sequential([keras.layers.Dense(6)]),
            ValueError,
            "fresh must be built first",
        ),
    ],
)
def test_a_restart_as_another_model_is_refused(fresh, error, told):
    model = small()
    with pytest.raises(ValueError, match="model must be compiled first"):
        training.restart(model, small())
    model.compile(optimizer="adam", loss="mse")
    with pytest.raises(error, match=told):
        training.restart(model, fresh())


def test_a_weight_of_the_models_own_counts_and_a_layer_without_settings_is_told_by_its_kind():
    class Hidden(keras.layers.Layer):
        def __init__(self, thing):
            super().__init__()
            self.thing = thing

        def call(self, inputs):
            return inputs

    def make(own=False):
        model = keras.Sequential([keras.Input((6,)), Hidden(object()), keras.layers.Dense(6)])
        if own:
            model.own = model.add_weight(name="own", shape=(2,))
        return model

    model = make()
    model.compile(optimizer="adam", loss="mse")
    training.restart(model, make())
    with pytest.raises(ValueError, match="fresh must be made as"):
        training.restart(model, make(own=True))


def test_beta_may_change_in_a_restart_and_the_likelihood_may_not():
    def make(**options):
        return models.dense_vae([6, 2], output_activation=None, likelihood="gaussian", **options)

    model = make(beta=1.0)
    model.compile(optimizer="adam")
    training.restart(model, make(beta=3.0))
    assert float(ops.convert_to_numpy(model.beta)) == 3
    with pytest.raises(ValueError, match="fresh must be made as"):
        training.restart(model, make(variance=2.0))


def test_each_epoch_has_its_own_steps_however_many_are_run_at_once(x):
    model, batches = small(), training.Batches(x, batch_size=10)
    model.compile(optimizer="adam", loss="mse", steps_per_execution=training.at_once(3))
    drawn, begin = [], batches.on_epoch_begin

    def note():
        begin()
        drawn.append(batches._order.tolist())

    batches.on_epoch_begin = note
    training.fit(model, batches, epochs=3, validation=x, verbose=False)
    assert int(ops.convert_to_numpy(model.optimizer.iterations)) == 3 * len(batches)
    # Before the first one Keras may ask for a batch, to compile.
    assert drawn[-3:] == [
        np.random.default_rng((0, epoch)).permutation(len(x)).tolist() for epoch in range(3)
    ]
    assert batches.epoch == 3


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="only TensorFlow has such data sets"
)
def test_tensorflow_tunes_no_pipeline_and_so_never_waits_for_it(x, monkeypatch):
    model, given = small(), {}
    model.compile(optimizer="adam", loss="mse")
    fit = model.fit
    monkeypatch.setattr(
        model,
        "fit",
        lambda data, **options: given.update(options, data=data) or fit(data, **options),
    )
    training.fit(model, x, epochs=1, validation=(x, x), verbose=False)
    for name in ("data", "validation_data"):
        assert given[name].options().autotune.enabled is False


def test_a_target_for_each_validation_input(x):
    model = small()
    model.compile(optimizer="adam", loss="mse")
    with pytest.raises(
        ValueError, match="validation must have one target for each of the 50 inputs, got 20"
    ):
        training.fit(model, x, epochs=1, validation=(x, x[:20]))


def test_the_precision_can_be_forced(monkeypatch):
    for name in ("float32", "mixed_bfloat16"):
        monkeypatch.setenv("COURSE_PRECISION", name)
        assert training.fastest_precision() == name
    monkeypatch.setenv("COURSE_PRECISION", "half")
    with pytest.raises(
        ValueError, match="COURSE_PRECISION must be float32 or mixed_bfloat16, got 'half'"
    ):
        training.fastest_precision()
