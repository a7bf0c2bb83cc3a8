"""A run, stored after each epoch, so that it can go on where it stopped."""

import io
import json
import os
import pathlib
import tempfile
import zipfile

import keras
import numpy as np
from keras import ops


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
        }

    def restore(self, model):
        """Put the stored state into the model; return the number of epochs done, 0 if there is no
        checkpoint."""
        if not self._path.exists():
            return 0
        note, values = self._read()
        variables = run_variables(model)
        self._refuse_another_run(note["run"], self._run_of(variables))
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        self._record.epoch, self._record.history = note["epoch"], note["history"]
        return len(note["epoch"])

    def on_epoch_end(self, epoch, logs=None):
        variables = run_variables(self.model)
        note = {
            "run": self._run_of(variables),
            "epoch": self._record.epoch,
            "history": self._record.history,
        }
        arrays = {f"v{i}": ops.convert_to_numpy(v) for i, v in enumerate(variables)}
        handle, unfinished = tempfile.mkstemp(prefix=self._path.name, dir=self._path.parent)
        try:
            with io.FileIO(handle, "wb") as file:
                np.savez(file, note=np.array(json.dumps(note)), **arrays)
            os.replace(unfinished, self._path)
        except BaseException:
            os.unlink(unfinished)
            raise

    def _run_of(self, variables):
        return self._run | {"shapes": [list(v.shape) for v in variables]}

    def _read(self):
        try:
            with np.load(self._path, allow_pickle=False) as stored:
                note = json.loads(str(stored["note"]))
                return note, [stored[f"v{i}"] for i in range(len(stored.files) - 1)]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{self._name()} can't be read ({error}): delete it, or name another"
            ) from error

    def _refuse_another_run(self, stored, run):
        for name, wanted in run.items():
            got = stored.get(name)
            if got == wanted:
                continue
            told = (
                "another model, wanted this one"
                if name == "shapes"
                else f"{name} {got}, wanted {wanted}"
            )
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


def run_variables(model):
    """All that a run changes: weights, moving averages, states of random generators, and the
    optimiser's own."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
