"""A run, stored after each epoch, so that it can go on where it stopped."""

import hashlib
import io
import json
import os
import pathlib
import re
import tempfile
import zipfile

import keras
import numpy as np
from keras import ops

from course_utils.training.design import design


class Checkpoint(keras.callbacks.Callback):
    """After each epoch: every variable of model and optimiser, and the history, in one file,
    replaced in one go.

    `record` is the run's `keras.callbacks.History`: it is stored, and restored.

    Raises:
        TypeError, ValueError: if `path` is not the path of a file in a folder that is there.
    """

    def __init__(self, path, batches, epochs, record):
        super().__init__()
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"checkpoint must be the path of a file, got {type(path).__name__}")
        self._path = pathlib.Path(path)
        if self._path.is_dir() or not self._path.parent.is_dir():
            raise ValueError(
                "checkpoint must be the path of a file in a folder that is there, "
                f"got {str(path)!r}"
            )
        self._record = record
        self._run = {
            "epochs": epochs,
            "batches": len(batches),
            "seed": getattr(batches, "seed", None),
            "data": _told(batches),
            "inputs": _fingerprint(getattr(batches, "x", None)),
            "targets": _fingerprint(getattr(batches, "y", None)),
        }

    def restore(self, model):
        """Put the stored state into the model; return the number of epochs done, 0 if there is no
        checkpoint."""
        variables = run_variables(model)
        # Once, before training: a callback may change the learning rate, and the run stays the run.
        self._run |= _settings(model) | {"shapes": [list(v.shape) for v in variables]}
        if not self._path.exists():
            return 0
        note, values = self._read()
        self._refuse_another_run(note["run"])
        for variable, value in zip(variables, values, strict=True):
            variable.assign(ops.cast(value, variable.dtype))
        self._record.epoch, self._record.history = note["epoch"], note["history"]
        return len(note["epoch"])

    def on_epoch_end(self, epoch, logs=None):
        variables = run_variables(self.model)
        note = {
            "run": self._run,
            "epoch": self._record.epoch,
            "history": self._record.history,
        }
        arrays = {f"v{i}": _array(v) for i, v in enumerate(variables)}
        handle, unfinished = tempfile.mkstemp(prefix=self._path.name, dir=self._path.parent)
        try:
            with io.FileIO(handle, "wb") as file:
                np.savez(file, note=np.array(json.dumps(note)), **arrays)
            os.replace(unfinished, self._path)
        except BaseException:
            os.unlink(unfinished)
            raise

    def _read(self):
        try:
            with np.load(self._path, allow_pickle=False) as stored:
                note = json.loads(str(stored["note"]))
                return note, [stored[f"v{i}"] for i in range(len(stored.files) - 1)]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{self._name()} can't be read ({error}): delete it, or name another"
            ) from error

    def _refuse_another_run(self, stored):
        for name, wanted in self._run.items():
            got = stored.get(name)
            if got == wanted:
                continue
            told = f"{name} {got}, wanted {wanted}"
            if name in _TOLD:
                told = f"{_TOLD[name]}, wanted this call's"
            raise ValueError(f"{self._name()} is of a run with {told}: delete it, or name another")

    def _name(self):
        return f"checkpoint {str(self._path)!r}"


def _told(batches):
    """The kind of a data set and its settings, as text: "AugmentedBatches(batch_size=32,
    flatten=False, ...)"."""
    settings = {
        k: v
        for k, v in vars(batches).items()
        if isinstance(v, (bool, int, float)) and k[0] != "_" and k != "epoch"
    }
    return f"{type(batches).__name__}({', '.join(f'{k}={v}' for k, v in sorted(settings.items()))})"


# What is compared as a fingerprint or as a long text, in words.
_TOLD = {
    "shapes": "another model",
    "inputs": "other inputs",
    "targets": "other targets",
    "model": "another model: other layers or settings",
    "optimizer": "another optimizer or learning rate",
    "loss": "another loss",
}


def _fingerprint(array):
    """Of the values of an array, as text; the same array has the same in every process."""
    if array is None:
        return None
    digest = hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16).hexdigest()
    return f"{array.shape} {array.dtype} {digest}"


def _settings(model):
    """How the model, its optimiser and its loss were made, as texts that two processes share."""
    return {
        "model": _text(design(model)),
        "optimizer": _text(model.optimizer),
        "loss": _text(getattr(model, "loss", None)),
    }


def _text(part):
    """Settings as text. Functions and classes stand by their names, and without the numbers that
    Keras gives to the second of a kind."""
    if isinstance(part, dict):
        return str({k: _text(v) for k, v in sorted(part.items()) if k != "name"})
    if isinstance(part, (list, tuple)):
        return str([_text(one) for one in part])
    if hasattr(part, "get_config") and not isinstance(part, type):
        return f"{type(part).__name__} {_text(part.get_config())}"
    return re.sub(r"_\d+\b", "", str(getattr(part, "__qualname__", part)))


def _array(variable):
    """Its value as NumPy can store it: it knows no bfloat16, of which float32 loses nothing."""
    narrow = keras.backend.standardize_dtype(variable.dtype) == "bfloat16"
    return ops.convert_to_numpy(ops.cast(variable, "float32") if narrow else variable)


def run_variables(model):
    """All that a run changes: weights, moving averages, states of random generators, and the
    optimiser's own."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
