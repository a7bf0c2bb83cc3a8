"""What the notebooks need to know about where they run: the budget, the machine, the backend."""

import importlib.metadata
import json
import numbers
import os
import pathlib
import platform
import time

BUDGETS = ("smoke", "quick", "full")


def current_budget():
    """The budget that the environment variable COURSE_BUDGET names.

    Returns:
        "quick" (the default), "full" or "smoke".

    Raises:
        ValueError: if it names anything else.

    >>> current_budget() in ("smoke", "quick", "full")
    True
    """
    name = os.environ.get("COURSE_BUDGET", "").strip().lower() or "quick"
    if name not in BUDGETS:
        raise ValueError(f"COURSE_BUDGET must be one of {', '.join(BUDGETS)}, got {name!r}")
    return name


def budget(quick, full, smoke=None):
    """Choose a value by the budget.

    Args:
        quick: the value for two CPU cores and a student's patience, which CI judges.
        full: the value for a GPU or a night.
        smoke: the value when a cell need only run. Follows by itself: an integer (a number of
            epochs or of steps) becomes 1, anything else (a learning rate, a bound) stays as in
            `quick`.

    Returns:
        One of the three.

    Raises:
        ValueError: if COURSE_BUDGET names no budget.

    >>> epochs = budget(quick=15, full=200)
    """
    if smoke is None:
        is_count = isinstance(quick, numbers.Integral) and not isinstance(quick, bool)
        smoke = 1 if is_count else quick
    return {"smoke": smoke, "quick": quick, "full": full}[current_budget()]


def speed():
    """How fast this machine multiplies matrices with the current backend, measured in about a
    second. Imports Keras.

    The product is a layer's, for a batch: 256 x 1000 by 1000 x 500. On a GPU, which is done with it
    before the next one has been asked for, the rates say less than it can do.

    Returns:
        Billions of floating-point operations a second: {"float32": ..., "bfloat16": ...}, the best
        of several rounds.

    >>> sorted(speed())
    ['bfloat16', 'float32']
    """
    from keras import ops  # here, so that the ground floor does not load it

    rates = {}
    for dtype in ("float32", "bfloat16"):
        a, b = ops.ones((256, 1000), dtype=dtype), ops.ones((1000, 500), dtype=dtype)
        rounds, end = [], time.perf_counter() + 0.3
        while len(rounds) < 3 or time.perf_counter() < end:
            start = time.perf_counter()
            # JAX and GPUs answer before they have computed: only a number that has arrived shows
            # that they have.
            ops.convert_to_numpy(ops.cast(ops.matmul(a, b)[0, 0], "float32"))
            rounds.append(time.perf_counter() - start)
        rates[dtype] = float(f"{2 * 256 * 1000 * 500 / min(rounds) / 1e9:.3g}")
    return rates


def describe():
    """What machine, backend and device this is. Imports Keras.

    Where the course's notebooks lie beside the package, the machine is compared with the one that
    ran them.

    Returns:
        Text of one fact a line.

    >>> print(describe())  # doctest: +ELLIPSIS
    Python  ...
    """
    import keras  # here, so that the ground floor does not load it

    backend = keras.backend.backend()
    version = importlib.metadata.version(backend)
    return "\n".join(
        (
            f"Python  {platform.python_version()} on {platform.system()} ({platform.machine()})",
            f"Keras   {keras.__version__} with the {backend} backend {version}",
            f"CPU     {_cores()} cores",
            f"GPU     {_or_error(lambda: _told_devices(_devices(backend)))}",
            f"Speed   {_or_error(lambda: _told_speed(speed(), _stored_speed()))}",
            f"Budget  {current_budget()}",
        )
    )


def _or_error(answer):
    """What it answers. A driver that is half there must not stop the first lesson: then, what it
    said."""
    try:
        return answer()
    except Exception as error:
        return f"unknown: {type(error).__name__}: {error}"


def _told_devices(devices):
    return (
        ", ".join(devices) + " (used by itself)"
        if devices
        else "no GPU: everything runs on the CPU"
    )


def _told_speed(rates, stored):
    """Both rates, and how they compare with those of the machine on which the notebooks were
    stored, if known."""
    told = f"{rates['float32']:.3g} GFLOP/s in float32, {rates['bfloat16']:.3g} in bfloat16"
    if stored is None:
        return told
    times = _used_rate(rates) / _used_rate(stored)
    if 0.8 < times < 1.25:  # the same machine differs by as much from hour to hour
        return f"{told}: about as fast as the machine of README's minutes"
    told += f": about {times:.2g} times as fast as the machine of README's minutes"
    return (
        told
        if times > 1
        else f"{told}, so expect lessons to take about {1 / times:.2g} times as long"
    )


def _used_rate(rates):
    """The rate of the precision in which lessons train, by the rule of
    `training.fastest_precision`."""
    return rates["bfloat16"] if rates["bfloat16"] >= 1.2 * rates["float32"] else rates["float32"]


# Of the repository, unless the package is installed alone.
_NOTEBOOKS = pathlib.Path(__file__).resolve().parent.parent / "notebooks"


def _stored_speed(notebooks=_NOTEBOOKS):
    """The rates stored with the first notebook, or None if there is none."""
    try:
        book = json.loads((notebooks / "00_start_here.ipynb").read_text(encoding="utf-8"))
        return book["metadata"]["course"]["speed"]
    except (OSError, ValueError, KeyError):
        return None


def _devices(backend):
    """Names of the GPUs that the backend sees."""
    if backend == "tensorflow":
        import tensorflow as tf

        return [
            device.name.removeprefix("/physical_device:")
            for device in tf.config.list_physical_devices("GPU")
        ]
    if backend == "jax":
        import jax

        return [str(device) for device in jax.devices() if device.platform != "cpu"]
    import torch

    if torch.backends.mps.is_available():
        return ["Apple MPS"]
    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


def _cores():
    """The number of CPU cores that this process may use, which in a container is less than the
    machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
