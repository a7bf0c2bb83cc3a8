"""What this machine and backend do fastest: the precision, and the steps run in one go."""

import functools
import os
import time

import keras
from keras import ops

from course_utils import _validate


def fastest_precision():
    """Find out by measuring, once, whether this machine trains faster in 16 bits than in 32.

    Half the bits are half the memory to move, and many processors have special instructions for
    them; on one that has not, they are emulated, slowly. So a matrix product and a convolution are
    timed, in a fraction of a second, with this backend on this device. With "mixed_bfloat16" a
    layer computes in 16 bits and keeps its weights in 32. The environment variable
    COURSE_PRECISION, if set to "float32" or "mixed_bfloat16", decides instead: to see what another
    machine would do.

    Returns:
        The name of a dtype policy, to be given as a model's or a layer's `dtype`: "mixed_bfloat16"
        if products are more than 1.2 times as fast in it and convolutions not slower by more than
        that, else "float32".

    Raises:
        ValueError: if COURSE_PRECISION names anything else.

    >>> from course_utils import training
    >>> training.fastest_precision() in ("float32", "mixed_bfloat16")
    True
    """
    wanted = os.environ.get("COURSE_PRECISION", "").strip()
    if wanted:
        if wanted not in ("float32", "mixed_bfloat16"):
            raise ValueError(f"COURSE_PRECISION must be float32 or mixed_bfloat16, got {wanted!r}")
        return wanted
    return _measured_precision()


@functools.cache  # or, on a busy machine, two networks that are compared could get different ones
def _measured_precision():
    product, convolution = _time_of(_product), _time_of(_convolution)
    # Products alone don't tell: a processor that emulates 16 bits can be as quick at products and
    # still train convolutions twelve times as slowly. A convolution that is not computed quicker is
    # a sign of it.
    faster = (
        product["float32"] > 1.2 * product["bfloat16"]
        and 1.2 * convolution["float32"] > convolution["bfloat16"]
    )
    return "mixed_bfloat16" if faster else "float32"


def _product(dtype):
    # A layer of the network of lesson 03.
    a = ops.ones((256, 1000), dtype=dtype)
    b = ops.ones((1000, 500), dtype=dtype)
    return lambda: ops.matmul(a, b)


def _convolution(dtype):
    images = ops.ones((16, 32, 32, 32), dtype=dtype)
    kernel = ops.ones((3, 3, 32, 32), dtype=dtype)
    return lambda: ops.conv(images, kernel, padding="same", data_format="channels_last")


def _time_of(make):
    """The shortest of ten times in seconds, for each precision."""
    seconds = {}
    for dtype in ("float32", "bfloat16"):
        operation, times = make(dtype), []
        for _ in range(10):
            start = time.perf_counter()
            # Only a number that has arrived shows that the backend has computed it.
            ops.convert_to_numpy(ops.cast(ops.ravel(operation())[0], "float32"))
            times.append(time.perf_counter() - start)
        seconds[dtype] = min(times)
    return seconds


def at_once(steps):
    """Choose how many training steps to run between two returns to Python: `steps`, if the backend
    can do so.

    Each return costs time. Callbacks learn of a group of steps when all of it is done.

    Args:
        steps: how many are wanted, at least 1.

    Returns:
        An integer to give as `model.compile(steps_per_execution=...)`: `steps`, or 1 on PyTorch,
        which can't.

    Raises:
        TypeError, ValueError: if `steps` is no integer, or below 1.

    >>> from course_utils import training
    >>> training.at_once(16) in (1, 16)
    True
    """
    steps = _validate.integer("steps", steps, 1)
    return 1 if keras.backend.backend() == "torch" else steps
