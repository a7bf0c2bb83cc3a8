"""`fit`: Keras's own, with a bar, a checkpoint and an interruption that loses nothing."""

import time

import keras

from course_utils import _validate, runtime
from course_utils.models.variational import refuse_no_probabilities
from course_utils.training.bar import Bar
from course_utils.training.batches import Batches, true_or_false
from course_utils.training.checkpoint import Checkpoint
from course_utils.training.feed import Feed, Validation
from course_utils.training.interruption import InterruptAfterStep

_SMOKE_STEPS = 10  # of an epoch


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
    """Train a compiled model, with a progress bar while it runs and one line when it is done.

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
        y: targets, real numbers of any dtype, shape (n, ...); the inputs themselves if not given.
            Not with a data set, which has its own.
        epochs: how many the whole run has, at least 1.
        batch_size, seed: as in `Batches`. Not used with a data set.
        validation: inputs to evaluate on after each epoch, floating point, shape (n_validation,
            ...), a pair (inputs, targets) of arrays, or a `keras.utils.PyDataset`.
        checkpoint: path of a file, or None. It is written atomically and holds no code.
        label: a few words in front of the bar and the line.
        callbacks: more `keras.callbacks.Callback`s, a list; or one; or None.
        verbose: False for neither bar nor line, where a cell trains many models.

    Returns:
        The `keras.callbacks.History`: `.history` holds a list of one value an epoch for each of
        "loss", "val_loss" (with validation), further metrics, and "seconds", the time from the
        start of the run to the end of that epoch. Losses are in the units of the model's own.

    Raises:
        TypeError, ValueError: if an argument will not do, or the checkpoint belongs to another run.
        KeyboardInterrupt: if interrupted, with a line that says what is kept.

    >>> import keras
    >>> import numpy as np
    >>> from course_utils import models, training
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    >>> model.compile(optimizer="adam", loss=models.SquaredError())
    >>> x = np.ones((10, 3), "float32")
    >>> history = training.fit(model, x, epochs=2)  # doctest: +ELLIPSIS
    2 epochs in ... s: loss ...
    >>> len(history.history["loss"])
    2
    """
    _refuse_unready(model)
    epochs = _validate.integer("epochs", epochs, 1)
    verbose = true_or_false("verbose", verbose)
    callbacks = _as_callbacks(callbacks)
    batches = _as_batches(x, y, batch_size, seed)
    validation = Validation(validation)
    refuse_no_probabilities(model, "x", getattr(batches, "x", batches))
    refuse_no_probabilities(model, "validation", validation.inputs)
    record = _Record()
    saved = None if checkpoint is None else Checkpoint(checkpoint, batches, epochs, record)
    done = 0 if saved is None else saved.restore(model)
    if saved is not None and isinstance(batches, Batches):
        batches.epoch = done
    steps = min(len(batches), _SMOKE_STEPS) if runtime.current_budget() == "smoke" else len(batches)
    feed = Feed(batches, steps, done)
    bar = Bar(label, epochs, steps, done, verbose)
    interrupt = InterruptAfterStep()
    # In this order: the checkpoint stores what the record holds, and an interruption comes last.
    ours = [record, *callbacks, *([] if saved is None else [saved]), bar, interrupt]
    try:
        if done < epochs:
            with interrupt.deferred():
                model.fit(
                    feed.for_keras(),
                    # Ours are shuffled already. Of others Keras shuffles the order of the batches.
                    shuffle=not feed.ours,
                    **validation.for_keras(),
                    epochs=epochs,
                    initial_epoch=done,
                    verbose=0,
                    callbacks=[feed.count, *ours],
                )
    except BaseException as error:
        kept = _told_kept(len(record.epoch), epochs, saved is not None)
        bar.close(kept)
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(kept) from None  # without the trace through Keras
        raise
    finally:
        feed.let_go()
        validation.let_go()
    bar.close(_told_result(record, epochs, loaded=done == epochs))
    return record


def _refuse_unready(model):
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a Keras model, got {type(model).__name__}")
    if not (model.built and model.compiled):
        missing = "compiled" if model.built else "built"
        raise ValueError(
            f"model must be built and compiled first, got {model.name!r} not {missing}"
        )


def _as_callbacks(given):
    """A list of callbacks, from what Keras's own `fit` takes."""
    one = isinstance(given, keras.callbacks.Callback)
    callbacks = [] if given is None else [given] if one else given
    if not isinstance(callbacks, (list, tuple)):
        kind = type(given).__name__
        raise TypeError(f"callbacks must be a list of keras.callbacks.Callback, got {kind}")
    for i, callback in enumerate(callbacks):
        if not isinstance(callback, keras.callbacks.Callback):
            hint = ": make one, with parentheses" if isinstance(callback, type) else ""
            raise TypeError(
                f"callbacks[{i}] must be a keras.callbacks.Callback, got {callback!r}{hint}"
            )
    return list(callbacks)


def _as_batches(x, y, batch_size, seed):
    if not isinstance(x, keras.utils.PyDataset):
        return Batches(x, y, batch_size=batch_size, seed=seed)
    if y is not None:
        raise ValueError("y must not be given with a data set, which holds its own targets")
    return x


def _told_kept(finished, epochs, stored):
    kept = f"stopped in epoch {finished + 1} of {epochs}: the model keeps what it has learned"
    if stored:
        kept += f", and a new model and the same call go on after epoch {finished}"
    return kept


def _told_result(record, epochs, loaded):
    last = ", ".join(f"{k} {v[-1]:.4g}" for k, v in record.history.items() if k != "seconds")
    took = f"{record.history['seconds'][-1]:.3g}"
    told = f"{epochs} epoch{'s' * (epochs > 1)} in {took} s: {last}"
    return told + " (loaded from the checkpoint)" * loaded


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
