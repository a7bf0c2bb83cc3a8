"""The one line that a training shows."""

import sys
import time

import keras
from tqdm import tqdm

_PAUSE = 1.0  # seconds between two updates: each costs time, in the kernel and in what shows it


class Bar(keras.callbacks.Callback):
    """One line that is rewritten as the training goes on, and that ends as the summary.

    In a notebook the line is a display that is updated, so what is stored is its last state: the
    summary alone.
    """

    def __init__(self, label, epochs, n_batches, done, verbose):
        super().__init__()
        self._verbose = verbose
        self._label = label
        self._n = n_batches
        self._total = epochs * n_batches
        self._first = done * n_batches
        self._last = 0.0
        self._losses = ""
        self._notebook = _in_notebook()
        self._display = None
        self._start = time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        if now - self._last > _PAUSE:
            self._last = now
            self._show(self._meter(self._epoch * self._n + batch + 1, now - self._start))

    def on_epoch_end(self, epoch, logs=None):
        self._losses = ", ".join(f"{k} {float(v):.4g}" for k, v in (logs or {}).items())

    def close(self, line):
        """End with this line."""
        if not self._verbose:
            return
        line = f"{self._label}: {line}" if self._label else line
        if self._notebook:
            self._show(line)
        else:
            print("\r\x1b[K" * sys.stdout.isatty() + line)

    def _meter(self, at, seconds):
        return tqdm.format_meter(
            at,
            self._total,
            seconds,
            ncols=100,
            initial=self._first,
            postfix=self._losses,
            prefix=self._label,
            unit="step",
        )

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
