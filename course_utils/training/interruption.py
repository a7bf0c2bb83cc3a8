"""An interruption of a training (the stop button, Ctrl-C) that waits for the end of a step."""

import contextlib
import signal
import threading

import keras


class InterruptAfterStep(keras.callbacks.Callback):
    """Holds an interruption back until a step is complete: in the middle of one, JAX has given the
    weights' memory away."""

    def __init__(self):
        super().__init__()
        self._wanted = False

    @contextlib.contextmanager
    def deferred(self):
        """While Keras trains: one interruption waits, a second one does not."""
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
