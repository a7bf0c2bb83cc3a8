"""Training: batches, schedules, and a `fit` that shows little and loses nothing."""

import contextlib
import io
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time
import zipfile

import keras
import numpy as np
import scipy.special
from keras import ops
from scipy import ndimage
from tqdm import tqdm

from course_utils import _validate, runtime
from course_utils.layers import LOG_VAR_LIMIT
from course_utils.models import Autoencoder, SquaredError, VariationalAutoencoder

_SMOKE_STEPS = 10  # of an epoch
_WARPED = 4  # points along each side of an image, in AugmentedBatches


class Batches(keras.utils.PyDataset):
    """Shuffled batches of inputs and targets, in an order that depends on the seed and the epoch
    alone.

    Args:
        x: inputs, floating point, shape (n, ...).
        y: targets, shape (n, ...), of any numbers; the inputs themselves if not given, as an
            autoencoder wants it.
        batch_size: examples in a batch; the last batch of an epoch has what is left.
        seed: an integer, at least 0.

    Item i is the pair (inputs, targets) of batch i of the current epoch. `epoch` is the number,
    from 0, of the epoch that `on_epoch_begin` will begin; Keras calls that as it trains. `fit` sets
    it when it resumes a run, so that the run goes on as if it had never stopped. Give Keras's own
    `fit` `shuffle=False`: it would shuffle the batches once more.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> batches = Batches(np.zeros((10, 3), "float32"), batch_size=4)
    >>> [len(batches[i][0]) for i in range(len(batches))]
    [4, 4, 2]
    """

    def __init__(self, x, y=None, *, batch_size=256, seed=0):
        super().__init__()
        self.x = _validate.number_array("x", x, floating=True)
        self.y = None if y is None else _validate.number_array("y", y)
        if self.y is not None and len(self.y) != len(self.x):
            raise ValueError(
                f"y must have one target for each of the {len(self.x)} inputs, got {len(self.y)}"
            )
        self.batch_size = _validate.integer("batch_size", batch_size, 1)
        self.seed = _validate.integer("seed", seed, 0)
        self.epoch = 0
        self._begin()

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, index):
        if not 0 <= index < len(self):  # also ends a `for` loop over the batches
            raise IndexError(f"index must be from 0 to {len(self) - 1}, got {index}")
        return self._batch(slice(index * self.batch_size, (index + 1) * self.batch_size))

    def on_epoch_begin(self):
        self._begin()
        self.epoch += 1  # not in `on_epoch_end`, which Keras also calls before the first epoch

    def _begin(self):
        self._draw(np.random.default_rng((self.seed, self.epoch)))

    def _draw(self, rng):
        self._order = rng.permutation(len(self.x))

    def _batch(self, part):
        chosen = self._order[part]
        x = self.x[chosen]
        return x, x if self.y is None else self.y[chosen]


class ShiftedBatches(Batches):
    """Batches of images, each moved by up to `max_shift` pixels along both axes; the target moves
    with its input.

    A network that sees each digit in nine places (for one pixel) instead of one has less to learn
    by heart. What is moved out of the picture is lost, and what comes in is 0.

    Args:
        images: floating point in [0, 1], shape (n, height, width) or (n, height, width, channels).
        batch_size, seed: as in `Batches`.
        max_shift: in pixels, from 0 to less than the height and width. All moves up to it are
            equally likely.
        flatten: True for a dense network: batches have shape (batch, height * width) (times
            channels).

    Item i is the pair (inputs, targets): one array, twice.

    Raises:
        TypeError, ValueError: if an argument will not do; flat images, (n, height * width), can't
            be shifted.

    >>> batches = ShiftedBatches(np.ones((10, 28, 28), "float32"), batch_size=5, flatten=True)
    >>> x, target = batches[0]
    >>> x.shape, x is target
    ((5, 784), True)
    """

    def __init__(self, images, *, batch_size=256, max_shift=1, flatten=False, seed=0):
        images = _validate.unit_images("images", images)
        self.max_shift = _validate.integer("max_shift", max_shift, 0, min(images.shape[1:3]) - 1)
        if not isinstance(flatten, bool):
            raise TypeError(f"flatten must be True or False, got {flatten!r}")
        self.flatten = flatten
        super().__init__(images, batch_size=batch_size, seed=seed)

    def _draw(self, rng):
        super()._draw(rng)
        self._moves = rng.integers(0, 2 * self.max_shift + 1, (len(self.x), 2))

    def _batch(self, part):
        chosen, moves, by = self.x[self._order[part]], self._moves[part], self.max_shift
        height, width = chosen.shape[1:3]
        wide = np.pad(chosen, ((0, 0), (by, by), (by, by)) + ((0, 0),) * (chosen.ndim - 3))
        x = np.empty_like(chosen)
        for down, right in np.unique(moves, axis=0):  # all images of one move at once
            same = (moves == (down, right)).all(axis=1)
            x[same] = wide[same, down : down + height, right : right + width]
        x = x.reshape(len(x), -1) if self.flatten else x
        return x, x


class BinarizedBatches(Batches):
    """Batches of images of 0 and 1, drawn anew in each epoch: a pixel is 1 with the probability
    that its grey says.

    Dynamic binarisation; see `datasets.binarize`.

    Args:
        images: floating point in [0, 1], shape (n, ...): images, or flat ones.
        batch_size, seed: as in `Batches`.

    Item i is the pair (inputs, targets): one array, twice.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> x, target = BinarizedBatches(np.full((10, 784), 0.5, "float32"), batch_size=5)[0]
    >>> sorted(set(x.ravel().tolist())), x is target
    ([0.0, 1.0], True)
    """

    def __init__(self, images, *, batch_size=256, seed=0):
        super().__init__(
            _validate.unit_images("images", images, ndim=None), batch_size=batch_size, seed=seed
        )

    def _batch(self, part):
        grey = self.x[self._order[part]]
        # A generator of the batch's own: what it draws depends on the seed, the epoch and its place
        # alone.
        rng = np.random.default_rng((self.seed, self.drawn, part.start))
        x = (rng.random(grey.shape, np.float32) < grey).astype(grey.dtype)
        return x, x

    def _draw(self, rng):
        super()._draw(rng)
        self.drawn = self.epoch


class AugmentedBatches(Batches):
    """Batches of images, each mirrored, moved, turned, resized, warped and lit at random; the
    target is changed with its input.

    A few hundred images are soon learnt by heart. Each time one is used it is shown differently, in
    ways that leave a picture of its kind a picture of its kind. What comes into the picture from
    outside repeats its edge; pixels are interpolated linearly (SciPy's `ndimage.map_coordinates`)
    and clipped to [0, 1]. The warp is after Simard, Steinkraus & Platt, "Best practices for
    convolutional neural networks applied to visual document analysis", ICDAR (2003).

    Args:
        images: floating point in [0, 1], shape (n, height, width) or (n, height, width, channels).
        batch_size, seed: as in `Batches`.
        mirror: True to flip half of the images, chosen by lot, left to right. (Not for digits.)
        max_shift: up, down, left and right, in pixels, from 0 to less than the height and width.
        max_angle: of a turn about the middle, either way, in degrees, from 0 to 180.
        max_scale: height and width are each multiplied by a factor from 1 - max_scale to 1 +
            max_scale; from 0 to below 1.
        warp: of a smooth random deformation: 4 x 4 points across the image are moved, each by
            normally distributed amounts of this standard deviation in pixels, at least 0, and what
            lies between them moves along.
        max_light: the brightness is multiplied by a factor from 1 - max_light to 1 + max_light,
            which may also rise or fall by up to max_light from the middle to each side, so in the
            corners by up to three times max_light; from 0 to below 1.
        flatten: True for a dense network: batches have shape (batch, height * width) (times
            channels).

    All amounts up to the largest are equally likely. Everything is drawn independently, anew in
    each epoch. Item i is the pair (inputs, targets): one float32 array, twice.

    Raises:
        TypeError, ValueError: if an argument will not do; flat images, (n, height * width), can't
            be moved.

    >>> batches = AugmentedBatches(np.ones((10, 64, 64), "float32"), batch_size=5)
    >>> x, target = batches[0]
    >>> x.shape, x is target
    ((5, 64, 64), True)
    """

    def __init__(
        self,
        images,
        *,
        batch_size=32,
        mirror=True,
        max_shift=3.0,
        max_angle=10.0,
        max_scale=0.1,
        warp=1.5,
        max_light=0.15,
        flatten=False,
        seed=0,
    ):
        images = _validate.unit_images("images", images)
        for name, value in (("mirror", mirror), ("flatten", flatten)):
            if not isinstance(value, bool):
                raise TypeError(f"{name} must be True or False, got {value!r}")
        self.mirror, self.flatten = mirror, flatten
        images = images.astype(np.float32, copy=False)  # SciPy knows no 16 bits
        self.max_shift = _validate.real("max_shift", max_shift, 0)
        if self.max_shift >= min(images.shape[1:3]):
            raise ValueError(
                f"max_shift must be less than the images' sides, {images.shape[1]} x {images.shape[2]}, got {max_shift:g} (3 if not given)"
            )
        self.max_angle = _validate.real("max_angle", max_angle, 0)
        if self.max_angle > 180:
            raise ValueError(f"max_angle must be from 0 to 180 degrees, got {max_angle}")
        self.max_scale, self.max_light = (
            _validate.share("max_scale", max_scale),
            _validate.share("max_light", max_light),
        )
        self.warp = _validate.real("warp", warp, 0)
        # Each row says how much of each of the 4 points (cubic splines) lies in a row, or a column,
        # of the image.
        self._between = [
            ndimage.zoom(
                np.eye(_WARPED), (side / _WARPED, 1), order=3, mode="nearest", grid_mode=True
            )
            for side in images.shape[1:3]
        ]
        super().__init__(images, batch_size=batch_size, seed=seed)

    def _draw(self, rng):
        super()._draw(rng)
        n = len(self.x)
        self._flips = rng.random(n) < 0.5 * self.mirror
        self._shifts = rng.uniform(-self.max_shift, self.max_shift, (n, 2))
        self._angles = np.radians(rng.uniform(-self.max_angle, self.max_angle, n))
        self._scales = rng.uniform(1 - self.max_scale, 1 + self.max_scale, (n, 2))
        self._warps = rng.normal(0, self.warp, (n, 2, _WARPED, _WARPED))
        self._lights = rng.uniform(-self.max_light, self.max_light, (n, 3))

    def _batch(self, part):
        changed = [
            self._change(self.x[image], place)
            for place, image in enumerate(self._order[part], start=part.start)
        ]
        x = np.clip(np.stack(changed), 0, 1)
        x = x.reshape(len(x), -1) if self.flatten else x
        return x, x

    def _change(self, image, place):
        image = image[:, ::-1] if self._flips[place] else image
        height, width = image.shape[:2]
        row, column = (
            np.arange(height).reshape(-1, 1) - (height - 1) / 2,
            np.arange(width) - (width - 1) / 2,
        )  # from the middle
        # SciPy asks, for each pixel of the result, where in the original it comes from: everything
        # is undone.
        cos, sin = np.cos(self._angles[place]), np.sin(self._angles[place])
        (down, right), (tall, wide) = self._shifts[place], self._scales[place]
        above, left = (row - down) / tall, (column - right) / wide
        source = np.stack(
            [
                cos * above - sin * left + (height - 1) / 2,
                sin * above + cos * left + (width - 1) / 2,
            ]
        )
        if self.warp:
            source += self._between[0] @ self._warps[place] @ self._between[1].T
        channels = np.moveaxis(image.reshape(height, width, -1), 2, 0)
        moved = [
            ndimage.map_coordinates(channel, source, order=1, mode="nearest")
            for channel in channels
        ]
        light, fall, side = self._lights[place]
        factor = 1 + light + fall * 2 * row / height + side * 2 * column / width
        return (
            (np.stack(moved, axis=-1) * factor[..., np.newaxis])
            .reshape(image.shape)
            .astype(np.float32)
        )


@keras.saving.register_keras_serializable(package="course_utils")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises to a peak and falls to zero, each along half a cosine.

    The rise lets a network with random weights find its feet; the fall lets it settle. After Smith
    & Topin, "Super-convergence", arXiv:1708.07120 (2017).

    Args:
        peak: the highest learning rate, above 0.
        steps: of the whole run: epochs times batches an epoch. Steps beyond them have a rate of 0.
        warmup: the share of the steps in which it rises, above 0 and below 1.
        start: the rate at the first step, as a share of the peak, from 0 to 1.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> rate = OneCycle(peak=0.01, steps=100)
    >>> [round(float(rate(step)), 4) for step in (0, 30, 65, 100)]
    [0.0004, 0.01, 0.005, 0.0]
    """

    def __init__(self, peak, steps, warmup=0.3, start=0.04):
        self.peak = _validate.real("peak", peak, 0)
        self.steps = _validate.integer("steps", steps, 1)
        self.warmup = _validate.real("warmup", warmup, 0)
        self.start = _validate.real("start", start, 0)
        if not self.peak > 0:
            raise ValueError(f"peak must be above 0, got {peak}")
        if not 0 < self.warmup < 1:
            raise ValueError(f"warmup must be above 0 and below 1, got {warmup}")
        if self.start > 1:
            raise ValueError(f"start must be from 0 to 1, got {start}")

    def __call__(self, step):
        done = ops.minimum(ops.cast(step, "float32") / self.steps, 1.0)
        rising = self.start + (1 - self.start) * (1 - ops.cos(np.pi * done / self.warmup)) / 2
        falling = (1 + ops.cos(np.pi * (done - self.warmup) / (1 - self.warmup))) / 2
        return self.peak * ops.where(done < self.warmup, rising, falling)

    def get_config(self):
        return {"peak": self.peak, "steps": self.steps, "warmup": self.warmup, "start": self.start}


class BetaWarmUp(keras.callbacks.Callback):
    """Raises a variational autoencoder's beta from 0 to a full value over the first epochs,
    whatever the model began with.

    Without a pull towards the prior the decoder first learns to use the latents; Bowman et al.,
    "Generating sentences from a continuous space", CoNLL (2016), section 3.1; Sonderby et al.,
    "Ladder variational autoencoders", NIPS (2016), section 2.3.

    Args:
        epochs: after how many beta has its full value, at least 1. In epoch i, from 0, it is i /
            epochs of it.
        beta: the full value, at least 0.

    The losses of the epochs before are weighted otherwise and can't be compared with later ones;
    "reconstruction_loss" and "kl_loss" can. A resumed run goes on with the beta of its epoch.

    Raises:
        TypeError, ValueError: if an argument will not do, or the model has no beta.

    >>> from course_utils.models import dense_vae
    >>> model = dense_vae([3, 2])
    >>> model.compile(optimizer="adam")
    >>> history = fit(model, np.ones((10, 3), "float32"), epochs=3, callbacks=[BetaWarmUp(2)])  # doctest: +ELLIPSIS
    3 epochs in ... s: ...
    >>> float(ops.convert_to_numpy(model.beta))
    1.0
    """

    def __init__(self, epochs, beta=1.0):
        super().__init__()
        self.epochs, self.beta = (
            _validate.integer("epochs", epochs, 1),
            _validate.real("beta", beta, 0),
        )

    def on_epoch_begin(self, epoch, logs=None):
        if not isinstance(self.model, VariationalAutoencoder):
            raise TypeError(
                f"the model must be a models.VariationalAutoencoder, which has a beta, got {type(self.model).__name__}"
            )
        self.model.beta.assign(self.beta * min(1.0, epoch / self.epochs))


def fastest_precision():
    """The dtype policy in which this machine, backend and device multiply matrices fastest.

    Half the bits are half the memory to move, and many processors have special instructions for
    them; on one that has not, they are emulated, slowly. So it is measured, in a fraction of a
    second. With "mixed_bfloat16" a layer computes in 16 bits and keeps its weights in 32. The
    environment variable COURSE_PRECISION, if set to "float32" or "mixed_bfloat16", decides instead:
    to see what another machine would do.

    Returns:
        "mixed_bfloat16" if products are at least 1.2 times as fast in it and convolutions not
        slower by more than that, else "float32".

    Raises:
        ValueError: if COURSE_PRECISION names anything else.

    >>> fastest_precision() in ("float32", "mixed_bfloat16")
    True
    """
    wanted = os.environ.get("COURSE_PRECISION", "").strip()
    if wanted:
        if wanted not in ("float32", "mixed_bfloat16"):
            raise ValueError(f"COURSE_PRECISION must be float32 or mixed_bfloat16, got {wanted!r}")
        return wanted
    product, convolution = (_time_of(operation) for operation in (_product, _convolution))
    # Products alone don't tell: a processor that emulates 16 bits can be as quick at products and
    # still train convolutions twelve times as slowly. A convolution that is not computed quicker is
    # a sign of it.
    faster = (
        product["float32"] > 1.2 * product["bfloat16"]
        and 1.2 * convolution["float32"] > convolution["bfloat16"]
    )
    return "mixed_bfloat16" if faster else "float32"


def _product(dtype):
    a, b = (
        ops.ones((256, 1000), dtype=dtype),
        ops.ones((1000, 500), dtype=dtype),
    )  # a layer of the network of lesson 03
    return lambda: ops.matmul(a, b)


def _convolution(dtype):
    images, kernel = ops.ones((16, 32, 32, 32), dtype=dtype), ops.ones((3, 3, 32, 32), dtype=dtype)
    return lambda: ops.conv(images, kernel, padding="same", data_format="channels_last")


def _time_of(make):
    """The shortest of ten times in seconds, for each precision."""
    seconds = {}
    for dtype in ("float32", "bfloat16"):
        operation, times = make(dtype), []
        for _ in range(10):
            start = time.perf_counter()
            ops.convert_to_numpy(
                ops.cast(ops.ravel(operation())[0], "float32")
            )  # waits for the result
            times.append(time.perf_counter() - start)
        seconds[dtype] = min(times)
    return seconds


def at_once(steps):
    """A value for `compile(steps_per_execution=...)`: how many steps to hand to the backend before
    returning to Python.

    Args:
        steps: how many, at least 1.

    Returns:
        `steps`, or 1 on PyTorch, which has no such thing.

    >>> at_once(16) in (1, 16)
    True
    """
    steps = _validate.integer("steps", steps, 1)
    return 1 if keras.backend.backend() == "torch" else steps


def restart(model, fresh):
    """Make a compiled model, trained or not, start again from the weights of a fresh one, without
    compiling anything anew.

    The first step of a model's training takes a second or more longer than the others, in which the
    backend compiles it. Whoever trains one network many times, on other data or from other weights,
    pays that once: one model is compiled, and before each further training it is restarted.

    Args:
        model: a built, compiled Keras model.
        fresh: a built model of the same layers, compiled or not; it is not changed.

    Returns:
        `model`. All variables, states of random generators among them, are those of `fresh`; its
        optimiser is as newly made: no step done, no memory of gradients.

    Raises:
        TypeError, ValueError: if either is no such model, or the two have other layers, settings or
            variables.

    >>> from course_utils.models import dense_autoencoder
    >>> model = dense_autoencoder([3, 2], seed=0)
    >>> model.compile(optimizer="adam", loss=SquaredError())
    >>> for seed in (0, 1, 2):
    ...     model = restart(model, dense_autoencoder([3, 2], seed=seed))
    ...     history = fit(model, np.ones((10, 3), "float32"), epochs=1, verbose=False)
    """
    for name, value in (("model", model), ("fresh", fresh)):
        if not isinstance(value, keras.Model):
            raise TypeError(f"{name} must be a Keras model, got {type(value).__name__}")
        if not value.built:
            raise ValueError(f"{name} must be built first, got {value.name!r} not built")
    if not model.compiled:
        raise ValueError(f"model must be compiled first, got {model.name!r} not compiled")
    if _design(model) != _design(fresh):
        raise ValueError(
            f"fresh must be made as model {model.name!r} was, got other layers or settings"
        )
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    optimizer.build(model.trainable_variables)
    ours, theirs = _variables(model), [*fresh.variables, *optimizer.variables]
    for variable, value in zip(ours, theirs):
        variable.assign(
            ops.convert_to_numpy(value).copy()
        )  # JAX gives the memory of what it trains away
    return model


def _design(layer):
    """What of a layer is compiled into the graph, as nested lists: its kind, settings and shapes,
    and those of the layers in it.

    Names and initial values may differ. A model's own settings can't be told from its class, but
    for the variational one's.
    """
    kind = [type(layer), [tuple(v.shape) for v in layer.variables]]
    parts = getattr(layer, "layers", None)
    if parts is not None:
        own = (
            [layer.likelihood, layer.variance] if isinstance(layer, VariationalAutoencoder) else []
        )
        return [*kind, *own, *map(_design, parts)]
    try:
        settings = layer.get_config()
    except (
        NotImplementedError
    ):  # Keras's word for a layer of one's own that says nothing of its settings
        return kind
    free = (
        "name",
        "seed",
        "build_config",
        "dense",
    )  # "dense": what a tied layer points to, which is in the list itself
    return [
        *kind,
        {k: v for k, v in settings.items() if k not in free and not k.endswith("_initializer")},
    ]


def fit(
    model,
    x,
    y=None,
    *,
    epochs,
    batch_size=256,
    validation=None,
    seed=0,
    checkpoint=None,
    label="",
    callbacks=(),
    verbose=True,
):
    """Train a compiled model: a progress bar while it runs, one line when it is done.

    An interruption (the stop button, Ctrl-C) waits for the end of the running step, so the model
    stays usable and keeps what it has learned. With a `checkpoint` the run is also stored after
    each epoch; called again with the same arguments and a freshly made model, `fit` goes on with
    the first epoch that was not finished. Weights, optimiser, schedule, random numbers, the order
    of the batches and the history are restored, so the result is that of an uninterrupted run. A
    run that is complete is only loaded.

    At the smoke budget (`runtime.current_budget`) an epoch is cut to ten steps.

    Args:
        model: a built, compiled Keras model.
        x: inputs, floating point, shape (n, ...), or `Batches`, `ShiftedBatches`,
            `AugmentedBatches` or another `keras.utils.PyDataset`.
        y: targets, shape (n, ...); the inputs themselves if not given. Not with a data set, which
            has its own.
        epochs: of the whole run, at least 1.
        batch_size, seed: as in `Batches`. Not used with a data set.
        validation: inputs to evaluate on after each epoch, or a pair (inputs, targets).
        checkpoint: path of a file, or None. It is written atomically and holds no code.
        label: a few words in front of the bar and the line.
        callbacks: more `keras.callbacks.Callback`s.
        verbose: False for neither bar nor line, where a cell trains many models.

    Returns:
        The `keras.callbacks.History`: `.history` holds a list of one value an epoch for each of
        "loss", "val_loss" (with validation), further metrics, and "seconds", the time from the
        start to the end of that epoch.

    Raises:
        TypeError, ValueError: if an argument will not do, or the checkpoint belongs to another run.
        KeyboardInterrupt: if interrupted, with a line that says what is kept.

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    >>> model.compile(optimizer="adam", loss=SquaredError())
    >>> history = fit(model, np.ones((10, 3), "float32"), epochs=2)  # doctest: +ELLIPSIS
    2 epochs in ... s: loss ...
    >>> len(history.history["loss"])
    2
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a Keras model, got {type(model).__name__}")
    if not (model.built and model.compiled):
        raise ValueError(
            f"model must be built and compiled first, got {model.name!r} {'not compiled' if model.built else 'not built'}"
        )
    epochs = _validate.integer("epochs", epochs, 1)
    if not isinstance(verbose, bool):
        raise TypeError(f"verbose must be True or False, got {verbose!r}")
    if isinstance(x, keras.utils.PyDataset):
        if y is not None:
            raise ValueError("y must not be given with a data set, which holds its own targets")
        batches = x
    else:
        batches = Batches(x, y, batch_size=batch_size, seed=seed)
    if validation is not None and not isinstance(validation, (tuple, keras.utils.PyDataset)):
        validation = (validation, validation)
    if isinstance(validation, tuple):
        if len(validation) != 2:
            raise ValueError(
                f"validation must be inputs, or a pair (inputs, targets), got {len(validation)} things"
            )
        validation = tuple(
            _validate.number_array(f"validation[{i}]", part) for i, part in enumerate(validation)
        )
        validation = _Evaluation(*validation)
    record = _Record()
    saved = None if checkpoint is None else _Checkpoint(checkpoint, batches, epochs, record)
    done = 0 if saved is None else saved.restore(model)
    ours = isinstance(batches, Batches)
    if ours and saved is not None:
        batches.epoch = done
    steps = min(len(batches), _SMOKE_STEPS) if runtime.current_budget() == "smoke" else len(batches)
    feed = _Feed(batches, steps, done)
    bar = _Bar(label, epochs, steps, done, verbose)
    interrupt = _InterruptAfterStep()
    try:
        if done < epochs:
            with interrupt.deferred():
                model.fit(
                    feed.for_tensorflow()
                    if ours and keras.backend.backend() == "tensorflow"
                    else feed,
                    epochs=epochs,
                    initial_epoch=done,
                    shuffle=not ours,
                    verbose=0,
                    validation_data=validation.for_keras()
                    if isinstance(validation, _Evaluation)
                    else validation,
                    validation_batch_size=_Evaluation.SIZE
                    if isinstance(validation, _Evaluation)
                    else None,
                    callbacks=[
                        feed.count,
                        record,
                        *callbacks,
                        *([] if saved is None else [saved]),
                        bar,
                        interrupt,
                    ],
                )
    except BaseException as error:
        finished = len(record.epoch)
        kept = f"stopped in epoch {finished + 1} of {epochs}: the model keeps what it has learned"
        if saved is not None:
            kept += f", and a new model and the same call go on after epoch {finished}"
        bar.close(kept)
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(kept) from None  # without the trace through Keras
        raise
    finally:
        feed.batches = None
        if isinstance(validation, _Evaluation):
            validation.x = validation.y = None
    last = ", ".join(f"{k} {v[-1]:.4g}" for k, v in record.history.items() if k != "seconds")
    took = f"{record.history['seconds'][-1]:.3g}"
    loaded = " (loaded from the checkpoint)" if done == epochs else ""
    bar.close(f"{epochs} epoch{'s' * (epochs > 1)} in {took} s: {last}{loaded}")
    return record


def train_layerwise(autoencoder, x, *, epochs, batch_size=256, optimizer=None, loss=None, seed=0):
    """Train an autoencoder greedily, from the outside in: one layer of the encoder and its partner
    in the decoder at a time.

    Phase i trains a shallow autoencoder of encoder layer i and the decoder layer that undoes it.
    Its data are the outputs of the encoder layers before it, computed once: those layers are
    frozen. Afterwards the halves stand assembled in the model, ready to be fine-tuned end to end.
    After Bengio et al., "Greedy layer-wise training of deep networks", NIPS (2006).

    Args:
        autoencoder: an `Autoencoder` whose halves are `keras.Sequential`s of one length; tied ones
            will do. It is trained in place.
        x: floating point, shape (n, n_features).
        epochs: of each phase, one number or a list of one for each.
        batch_size, seed: as in `Batches`.
        optimizer: a function without arguments that makes an optimiser for a phase; Adam's defaults
            if not given.
        loss: of each phase; `models.SquaredError` if not given.

    Returns:
        A list with the `keras.callbacks.History` of each phase. Losses are in the units of that
        phase's data.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> from course_utils.models import dense_autoencoder
    >>> model = dense_autoencoder([3, 2, 1])
    >>> phases = train_layerwise(model, np.ones((10, 3), "float32"), epochs=1)  # doctest: +ELLIPSIS
    phase 1 (3-2-3): 1 epoch in ... s: loss ...
    phase 2 (2-1-2): 1 epoch in ... s: loss ...
    """
    if not isinstance(autoencoder, Autoencoder):
        raise TypeError(
            f"autoencoder must be a models.Autoencoder, got {type(autoencoder).__name__}"
        )
    halves = autoencoder.encoder, autoencoder.decoder
    if (
        not all(isinstance(half, keras.Sequential) and half.built for half in halves)
        or len({len(h.layers) for h in halves}) > 1
    ):
        raise ValueError(
            "autoencoder must have an encoder and a decoder that are built Sequentials of as many layers each, without corruption or sparsity"
        )
    if optimizer is not None and not callable(optimizer):
        raise TypeError(
            f"optimizer must be a function that makes one for each phase, such as keras.optimizers.Adam, got {type(optimizer).__name__}"
        )
    x = _validate.number_array("x", x, ndim=2, floating=True)
    n_features = autoencoder.encoder.input_shape[-1]
    if x.shape[1] != n_features:
        raise ValueError(
            f"x must have {n_features} columns, as many as the encoder has inputs, got shape {x.shape}"
        )
    pairs = list(zip(autoencoder.encoder.layers, autoencoder.decoder.layers[::-1]))
    epochs = list(epochs) if isinstance(epochs, (list, tuple)) else [epochs] * len(pairs)
    if len(epochs) != len(pairs):
        raise ValueError(
            f"epochs must be one number, or one for each of the {len(pairs)} phases, got {len(epochs)}"
        )
    epochs = [_validate.integer("epochs", number, 1) for number in epochs]
    histories = []
    for phase, ((encode, decode), number) in enumerate(zip(pairs, epochs), start=1):
        shallow = _Pair(encode, decode)
        shallow.compile(
            optimizer=(optimizer or keras.optimizers.Adam)(), loss=loss or SquaredError()
        )
        shallow.build(x.shape)
        code_size = encode.compute_output_shape(x.shape)[-1]
        label = f"phase {phase} ({x.shape[1]}-{code_size}-{x.shape[1]})"
        histories.append(
            fit(shallow, x, epochs=number, batch_size=batch_size, seed=seed, label=label)
        )
        if phase < len(pairs):
            x = apply(encode, x)
    return histories


def apply(model, x, batch_size=1000):
    """What a model or a layer makes of `x`, batch by batch: `predict` without its start-up cost,
    and for layers too.

    Args:
        model: a Keras model or layer.
        x: inputs, shape (n, ...).
        batch_size: examples at a time.

    Returns:
        A float32 array of shape (n, ...); of a model with several outputs, such as a VAE's encoder,
        a tuple of them.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> apply(keras.layers.ReLU(), np.array([[-1.0, 2.0]])).tolist()
    [[0.0, 2.0]]
    """
    if not isinstance(model, keras.layers.Layer):
        raise TypeError(f"model must be a Keras model or layer, got {type(model).__name__}")
    x = _validate.number_array("x", x)
    batch_size = _validate.integer("batch_size", batch_size, 1)
    results = None
    with _no_gradients():
        for start in range(0, len(x), batch_size):
            outputs = model(x[start : start + batch_size], training=False)
            several = isinstance(outputs, (list, tuple))
            parts = [
                ops.convert_to_numpy(ops.cast(part, "float32"))
                for part in (outputs if several else [outputs])
            ]
            if results is None:
                results = tuple(np.empty((len(x), *part.shape[1:]), np.float32) for part in parts)
            for result, part in zip(results, parts):
                result[start : start + len(part)] = part
    return results if several else results[0]


def log_likelihood_bound(model, x, n_samples=5000, *, batch_size=1000, seed=0):
    """The importance-weighted bound on the log-likelihood of each image, in nats; the more samples,
    the tighter.

    log (1/k) sum over k samples z from q(z | x) of p(x | z) p(z) / q(z | x): Burda, Grosse &
    Salakhutdinov, "Importance weighted autoencoders", ICLR (2016), equation 8. With one sample it
    is the ELBO, for beta = 1 whatever the model's is.

    Args:
        model: a `models.VariationalAutoencoder`.
        x: images of the shape that it takes, floating point, shape (n, ...). For published numbers
            binarised: `datasets.binarize`.
        n_samples: k, at least 1. Memory does not grow with it.
        batch_size: decoded images at a time, at least 1.
        seed: an integer, at least 0. The samples are NumPy's: the same on all backends.

    Returns:
        float64 array of shape (n,). Minus its mean is the number that papers call NLL.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> from course_utils.models import dense_vae
    >>> log_likelihood_bound(dense_vae([3, 2], seed=0), np.ones((5, 3), "float32"), n_samples=10).shape
    (5,)
    """
    if not isinstance(model, VariationalAutoencoder):
        raise TypeError(
            f"model must be a models.VariationalAutoencoder, got {type(model).__name__}"
        )
    x = _validate.number_array("x", x, floating=True)
    if x.shape[1:] != tuple(model.encoder.input_shape[1:]):
        raise ValueError(
            f"x must have shape (n, {', '.join(map(str, model.encoder.input_shape[1:]))}), got {x.shape}"
        )
    n_samples, batch_size = (
        _validate.integer("n_samples", n_samples, 1),
        _validate.integer("batch_size", batch_size, 1),
    )
    seed = _validate.integer("seed", seed, 0)
    # As many images at a time as have room with all their samples, or one image with as many
    # samples as have room.
    images, samples = max(1, batch_size // n_samples), min(n_samples, batch_size)
    parts = [slice(start, start + images) for start in range(0, len(x), images)]
    with _no_gradients():
        return np.concatenate(
            [_bounds(model, x[part], n_samples, samples, part.start, seed) for part in parts]
        )


def _bounds(model, x, n_samples, at_a_time, first, seed):
    """`log_likelihood_bound` of a few images, of which the first has the number `first`."""
    z_mean, z_log_var = (
        ops.convert_to_numpy(ops.cast(part, "float32")).astype(float)
        for part in model.encoder(x, training=False)
    )
    z_log_var = np.clip(z_log_var, -LOG_VAR_LIMIT, LOG_VAR_LIMIT)[:, np.newaxis]
    rngs = [
        np.random.default_rng((seed, first + i)) for i in range(len(x))
    ]  # an image's samples do not depend on the others
    total = np.full(len(x), -np.inf)  # log of the sum of the weights so far
    for start in range(0, n_samples, at_a_time):
        k = min(at_a_time, n_samples - start)
        epsilon = np.stack([rng.standard_normal((k, z_mean.shape[1])) for rng in rngs])
        z = z_mean[:, np.newaxis] + np.exp(z_log_var / 2) * epsilon
        x_hat = model.decoder(z.reshape(-1, z.shape[2]).astype(np.float32), training=False)
        log_likelihood = -ops.convert_to_numpy(
            model.reconstruction_nats(x.repeat(k, axis=0), x_hat)
        ).reshape(len(x), k)
        # Both densities without the factor (2 pi)^(d/2), which cancels.
        log_prior, log_q = -(z**2).sum(axis=2) / 2, -(epsilon**2 + z_log_var).sum(axis=2) / 2
        total = np.logaddexp(
            total, scipy.special.logsumexp(log_likelihood + log_prior - log_q, axis=1)
        )
    return total - np.log(n_samples)


def _no_gradients():
    """PyTorch records every operation for a gradient unless told not to."""
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()


class _Feed(keras.utils.PyDataset):
    """What Keras gets instead of the batches: a data set that the smoke budget can cut.

    TensorFlow never lets go of a data set that it has read from, so this one lets go of the images.
    """

    def __init__(self, batches, steps, done):
        super().__init__(workers=batches.workers, use_multiprocessing=batches.use_multiprocessing)
        self.batches, self.steps = batches, steps
        self._before = getattr(batches, "epoch", 0) - done
        self.count = keras.callbacks.LambdaCallback(on_epoch_begin=self._count)

    def _count(self, epoch, logs=None):
        # Keras begins the first epoch of a model that it has not compiled yet twice, and what comes
        # then is the second.
        if isinstance(self.batches, Batches):
            self.batches.epoch = self._before + epoch

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        return self.batches[index]

    def on_epoch_begin(self):
        self.batches.on_epoch_begin()

    def on_epoch_end(self):
        self.batches.on_epoch_end()

    def for_tensorflow(self):
        """The same as a `tf.data.Dataset`, which begins an epoch whenever it is read anew."""

        def epoch():
            self.on_epoch_begin()
            for i in range(self.steps):
                yield self.batches[i]

        return _tensorflow_dataset(epoch, self.batches[0], self.steps)


class _Evaluation:
    """What Keras gets instead of arrays to evaluate on, a thousand examples at a time."""

    SIZE = 1000

    def __init__(self, x, y):
        if len(x) != len(y):
            raise ValueError(
                f"validation must have one target for each of the {len(x)} inputs, got {len(y)}"
            )
        self.x, self.y = x, y

    def for_keras(self):
        if keras.backend.backend() != "tensorflow":
            return self.x, self.y
        starts = range(0, len(self.x), self.SIZE)

        def batches():
            for i in starts:
                yield self.x[i : i + self.SIZE], self.y[i : i + self.SIZE]

        return _tensorflow_dataset(batches, (self.x, self.y), len(starts))


def _tensorflow_dataset(batches, example, n_batches):
    """A `tf.data.Dataset` of what `batches()` yields: so many pairs of arrays, shaped but for their
    length as `example`.

    Keras would make one itself, with TensorFlow's autotuning. That has a flaw which costs minutes:
    when a data set has been read to its end, its tuning thread sometimes misses the signal to stop,
    and all wait for it, idle, until it wakes up for its next round, which is after about as long as
    the epoch took. There is nothing to tune here, so it is switched off.
    """
    import tensorflow as tf

    signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in example)
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = (
        tf.data.Dataset.from_generator(batches, output_signature=signature)
        .prefetch(2)
        .with_options(options)
    )
    return dataset.apply(tf.data.experimental.assert_cardinality(n_batches))


class _Pair(keras.Model):
    """Two layers, called in turn, without a graph of their own: they stay what they are in the
    model they come from."""

    def __init__(self, encode, decode):
        super().__init__(name="pair")
        self.encode, self.decode = encode, decode

    def build(self, input_shape):
        self.built = True

    def call(self, inputs, training=None):
        return self.decode(self.encode(inputs, training=training), training=training)


class _Record(keras.callbacks.History):
    """Keras's history, which goes on where a resumed run stopped, with the seconds."""

    def __init__(self):
        super().__init__()
        self.epoch = []

    def on_train_begin(self, logs=None):  # Keras's own forgets the epochs before
        self._start = time.perf_counter() - (self.history["seconds"][-1] if self.epoch else 0.0)

    def on_epoch_end(self, epoch, logs=None):
        logs = {k: float(v) for k, v in (logs or {}).items()}
        super().on_epoch_end(epoch, logs | {"seconds": time.perf_counter() - self._start})


class _InterruptAfterStep(keras.callbacks.Callback):
    """Holds an interruption back until a step is complete: in the middle of one, JAX has given the
    weights' memory away."""

    def __init__(self):
        super().__init__()
        self._wanted = False

    @contextlib.contextmanager
    def deferred(self):
        before = signal.getsignal(signal.SIGINT)
        # Signals come to the main thread only; and a process in the background may have been told
        # to ignore this one.
        if threading.current_thread() is not threading.main_thread() or not callable(before):
            yield
            return

        def want(number, frame):
            if self._wanted:  # asked twice: at once, then
                return before(number, frame)
            self._wanted = True

        signal.signal(signal.SIGINT, want)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
        if self._wanted:  # it came after the last step
            raise KeyboardInterrupt

    def on_train_batch_end(self, batch, logs=None):
        if self._wanted:
            self._wanted = False
            raise KeyboardInterrupt

    on_test_batch_end = on_train_batch_end


class _Checkpoint(keras.callbacks.Callback):
    """After each epoch: every variable of model and optimiser, and the history, in one file,
    replaced in one go."""

    def __init__(self, path, batches, epochs, record):
        super().__init__()
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"checkpoint must be the path of a file, got {type(path).__name__}")
        self.path = pathlib.Path(path)
        if self.path.is_dir() or not self.path.parent.is_dir():
            raise ValueError(
                f"checkpoint must be the path of a file in a folder that is there, got {str(path)!r}"
            )
        self.record = record
        self.run = {
            "epochs": epochs,
            "batches": len(batches),
            "seed": getattr(batches, "seed", None),
            "data": _told(batches),
        }

    def restore(self, model):
        """Put the stored state into the model; return the number of epochs done, 0 if there is no
        checkpoint."""
        if not self.path.exists():
            return 0
        told = f"checkpoint {str(self.path)!r}"
        try:
            with np.load(self.path, allow_pickle=False) as stored:
                note = json.loads(str(stored["note"]))
                values = [stored[f"v{i}"] for i in range(len(stored.files) - 1)]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{told} can't be read ({error}): delete it, or name another"
            ) from error
        variables = _variables(model)
        run = self.run | {"shapes": [list(v.shape) for v in variables]}
        for name, wanted in run.items():
            if note["run"].get(name) != wanted:
                ours, theirs = (
                    ("another model", "this one")
                    if name == "shapes"
                    else (f"{name} {note['run'].get(name)}", wanted)
                )
                raise ValueError(
                    f"{told} is of a run with {ours}, wanted {theirs}: delete it, or name another"
                )
        for variable, value in zip(variables, values):
            variable.assign(value)
        self.record.epoch, self.record.history = note["epoch"], note["history"]
        return len(note["epoch"])

    def on_epoch_end(self, epoch, logs=None):
        variables = _variables(self.model)
        run = self.run | {"shapes": [list(v.shape) for v in variables]}
        note = {"run": run, "epoch": self.record.epoch, "history": self.record.history}
        handle, unfinished = tempfile.mkstemp(prefix=self.path.name, dir=self.path.parent)
        try:
            with io.FileIO(handle, "wb") as file:
                arrays = {f"v{i}": ops.convert_to_numpy(v) for i, v in enumerate(variables)}
                np.savez(file, note=np.array(json.dumps(note)), **arrays)
            os.replace(unfinished, self.path)
        except BaseException:
            os.unlink(unfinished)
            raise


def _told(batches):
    """The kind of a data set and its settings, as text: "AugmentedBatches(batch_size=32,
    flatten=False, ...)"."""
    settings = {
        k: v
        for k, v in vars(batches).items()
        if isinstance(v, (bool, int, float)) and k[0] != "_" and k != "epoch"
    }
    return f"{type(batches).__name__}({', '.join(f'{k}={v}' for k, v in sorted(settings.items()))})"


def _variables(model):
    """All that a run changes: weights, moving averages, states of random generators, and the
    optimiser's own."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


class _Bar(keras.callbacks.Callback):
    """One line that is rewritten as the training goes on, and that ends as the summary.

    In a notebook the line is a display that is updated, so what is stored is its last state: the
        summary alone.
    """

    _PAUSE = (
        1.0  # seconds between two updates: each costs time, in the kernel and in whatever shows it
    )

    def __init__(self, label, epochs, n_batches, done, verbose):
        super().__init__()
        self._verbose = verbose
        self._label, self._n, self._total, self._at = (
            label,
            n_batches,
            epochs * n_batches,
            done * n_batches,
        )
        self._first, self._last = self._at, 0.0
        self._losses = ""
        self._notebook = _in_notebook()
        self._display = None
        self._start = time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self._at = self._epoch * self._n + batch + 1
        now = time.perf_counter()
        if now - self._last > self._PAUSE:
            self._last = now
            self._show(
                tqdm.format_meter(
                    self._at,
                    self._total,
                    now - self._start,
                    ncols=100,
                    initial=self._first,
                    postfix=self._losses,
                    prefix=self._label,
                    unit="step",
                )
            )

    def on_epoch_end(self, epoch, logs=None):
        self._losses = ", ".join(f"{k} {float(v):.4g}" for k, v in (logs or {}).items())

    def close(self, line):
        if not self._verbose:
            return
        line = f"{self._label}: {line}" if self._label else line
        if self._notebook:
            self._show(line)
        else:
            print("\r\x1b[K" * sys.stdout.isatty() + line)

    def _show(self, line):
        if not self._verbose:
            return
        if self._notebook:
            from IPython.display import display

            if self._display is None:
                self._display = display({"text/plain": line}, raw=True, display_id=True)
            else:
                self._display.update({"text/plain": line}, raw=True)
        elif sys.stdout.isatty():
            sys.stdout.write("\r\x1b[K" + line)
            sys.stdout.flush()


def _in_notebook():
    """Whether a Jupyter kernel runs this."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")
