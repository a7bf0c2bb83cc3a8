"""What the notebooks need to know about where they run: the budget, the machine, the backend."""
import importlib.metadata
import numbers
import os
import platform

BUDGETS = ("smoke", "quick", "full")


def current_budget():
    """The budget that the environment variable COURSE_BUDGET names: "quick" (the default), "full" or "smoke".

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
        smoke: the value when a cell need only run. Follows by itself: an integer (a number of epochs or of steps)
            becomes 1, anything else (a learning rate, a bound) stays as in `quick`.

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


def describe():
    """What machine, backend and device this is, as text of one fact a line. Imports Keras.

    >>> print(describe())  # doctest: +ELLIPSIS
    Python  ...
    """
    import keras  # here, so that the ground floor does not load it

    backend = keras.backend.backend()
    try:
        devices = _devices(backend)
        device = ", ".join(devices) + " (used by itself)" if devices else "no GPU: everything runs on the CPU"
    except Exception as error:  # a driver that is half there must not stop the first lesson; say what it said
        device = f"unknown: {type(error).__name__}: {error}"
    return "\n".join(
        (
            f"Python  {platform.python_version()} on {platform.system()} ({platform.machine()})",
            f"Keras   {keras.__version__} with the {backend} backend {importlib.metadata.version(backend)}",
            f"CPU     {_cores()} cores",
            f"GPU     {device}",
            f"Budget  {current_budget()}",
        )
    )


def _devices(backend):
    """Names of the GPUs that the backend sees."""
    if backend == "tensorflow":
        import tensorflow as tf

        return [device.name.removeprefix("/physical_device:") for device in tf.config.list_physical_devices("GPU")]
    if backend == "jax":
        import jax

        return [str(device) for device in jax.devices() if device.platform != "cpu"]
    import torch

    if torch.backends.mps.is_available():
        return ["Apple MPS"]
    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


def _cores():
    """The number of CPU cores that this process may use, which in a container is less than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
