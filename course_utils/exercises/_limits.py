"""A student's function under a clock, and with what it prints kept within bounds."""

import contextlib
import ctypes
import io
import sys
import threading
import time


class TimeUp(BaseException):
    """Raised inside a function to end it."""


def within(seconds, work):
    """What `work()` returns or raises, or None if neither has happened after that many seconds.

    It runs in a thread of its own, the same way on every system, and is then ended from outside.
    What can't be ended is one long step inside a library: it goes on in the background until it is
    done; and a step that keeps Python to itself meanwhile (`10 ** 10**9`) makes everybody wait.
    Where there are no threads, as in a browser's Python, there is no clock.
    """
    answer, raised = [], []

    def run():
        try:
            answer.append(work())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return work()
    try:
        thread.join(seconds)
    finally:  # the person in front of it may interrupt, too
        _end(thread)
    if raised and not isinstance(raised[0], TimeUp):
        raise raised[0]
    return answer[0] if answer else None


def _end(thread):
    """Raise `TimeUp` in the thread, again and again if its code catches everything."""
    deadline = time.monotonic() + 1
    while thread.is_alive() and hasattr(ctypes, "pythonapi") and time.monotonic() < deadline:
        raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
        raise_in(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeUp))
        thread.join(0.05)


class _Start(io.StringIO):
    """Keeps the first characters that are written to it while `wanted()`, and forgets the rest."""

    limit, cut = 2000, False

    def __init__(self, wanted):
        super().__init__()
        self.wanted = wanted

    def write(self, text):
        if self.wanted():
            room = self.limit - self.tell()
            self.cut = self.cut or len(text) > room
            super().write(text[:room])
        return len(text)


@contextlib.contextmanager
def short_prints(wanted):
    """What is printed while `wanted()`, warnings included, is shown afterwards: the start of it."""
    kept = _Start(wanted)
    try:
        with contextlib.redirect_stdout(kept), contextlib.redirect_stderr(kept):
            yield
    finally:
        sys.stdout.write(kept.getvalue() + ("\n… (and more)\n" if kept.cut else ""))
