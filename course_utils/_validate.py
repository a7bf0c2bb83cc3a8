"""Checks of arguments: one sentence that names the argument, what came and what was wanted."""

import contextlib
import numbers

import numpy as np


def number_array(name, value, ndim=None, floating=False):
    """`value` as an array of finite numbers, not empty, of the rank wanted.

    `ndim` is that rank, or a tuple of those allowed, or None for any. Raises TypeError if it does
    not hold real numbers (with `floating`, floating-point ones), ValueError otherwise.
    """
    value = readable(name, value)
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of unequal length
        raise ValueError(
            f"{name} must be an array whose rows have one length, got a ragged {_kind(value)}"
        ) from error
    except (RuntimeError, TypeError, NotImplementedError) as error:
        hint = "pass keras.ops.convert_to_numpy(...) of it"
        raise TypeError(
            f"{name} must be a NumPy array or what NumPy can read, got {_kind(value)}: {hint}"
        ) from error
    if array.dtype.kind == "V":  # bfloat16 and its like, which NumPy can't compute with
        with contextlib.suppress(TypeError, ValueError):
            array = array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"{name} must be an array of real numbers, got {_kind(value)} of dtype {array.dtype}"
        )
    if floating and array.dtype.kind != "f":
        hint = "convert it with x.astype('float32')"
        if array.dtype.kind != "b":
            hint = "convert images with x.astype('float32') / 255, "
            hint += "other numbers with x.astype('float32')"
        raise TypeError(f"{name} must be floating point, got {array.dtype}: {hint}")
    ranks = (ndim,) if isinstance(ndim, int) else ndim
    if ranks is not None and array.ndim not in ranks:
        wanted = " or ".join(f"{rank}-D" for rank in ranks)
        raise ValueError(f"{name} must be {wanted}, got {array.ndim}-D of shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    if array.dtype.kind == "f" and not _all_finite(array):
        raise ValueError(
            f"{name} must be finite, got NaN or infinity in an array of shape {array.shape}"
        )
    return array


def readable(name, value):
    """`value` as it is, or if it is a tensor of PyTorch, its numbers where NumPy can read them.

    Raises TypeError if it is a symbol of Keras, TensorFlow or JAX, which stands for numbers that
    are still to come.
    """
    kind = _kind(value)
    if kind in ("KerasTensor", "SymbolicTensor") or "Tracer" in kind:
        raise TypeError(
            f"{name} is symbolic ({kind}) and holds no numbers: measure after training, on arrays; "
            "in a model, a loss or a Keras metric compute with keras.ops"
        )
    if hasattr(value, "detach"):  # it may record gradients, or lie on another device
        value = value.detach().cpu()
        return value.float() if "bfloat16" in str(value.dtype) else value
    return value


def images(name, value, ndim=(3, 4)):
    """`value` as floating-point images of any values: (n, height, width), or channels last."""
    array = number_array(name, value, ndim, floating=True)
    shape = array.shape
    if array.ndim == 3 and shape[2] in (1, 3) and min(shape[:2]) > 3:
        raise ValueError(
            f"{name} must be images, (n, height, width) or (n, height, width, channels), "
            f"got shape {shape}: one image? pass {name}[np.newaxis]"
        )
    if array.ndim == 4 and shape[1] in (1, 3) and shape[3] not in (1, 3):
        raise ValueError(
            f"{name} must be images, (n, height, width, channels), got shape {shape}: "
            f"channels come last, np.moveaxis({name}, 1, -1)"
        )
    return array


def unit_images(name, value, ndim=(3, 4)):
    """`value` as floating-point images in [0, 1], give or take the rounding of an average.

    With `ndim` None they may be flat, or of any shape.
    """
    array = images(name, value, ndim) if ndim else number_array(name, value, floating=True)
    low, high = array.min(), array.max()
    if low < -1e-3 or high > 1 + 1e-3:
        hint = ": divide by 255" if low >= 0 and 2 < high <= 255 else ""
        raise ValueError(
            f"{name} must lie in [0, 1], got values from {low:.4g} to {high:.4g}{hint}"
        )
    return array


def integer(name, value, at_least, at_most=None):
    """`value` as an int between the bounds, both included."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}")
    if value < at_least or (at_most is not None and value > at_most):
        wanted = f"at least {at_least}" if at_most is None else f"from {at_least} to {at_most}"
        raise ValueError(f"{name} must be {wanted}, got {value}")
    return int(value)


def real(name, value, at_least=None):
    """`value` as a finite float, not below the bound."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
    if not np.isfinite(value) or (at_least is not None and value < at_least):
        wanted = "finite" if at_least is None else f"finite and at least {at_least}"
        raise ValueError(f"{name} must be {wanted}, got {value}")
    return float(value)


def image_shape(name, value):
    """`value` as (height, width), each at least 1."""
    if isinstance(value, str) or not hasattr(value, "__iter__") or len(tuple(value)) != 2:
        raise TypeError(f"{name} must be a pair (height, width), got {value!r}")
    height, width = value
    return integer(f"{name}[0]", height, 1), integer(f"{name}[1]", width, 1)


def share(name, value):
    """`value` as a float from 0 to below 1."""
    value = real(name, value, 0)
    if value >= 1:
        hint = ": a share, not a percentage" if value > 1 else ""
        raise ValueError(f"{name} must be from 0 to below 1, got {value:.4g}{hint}")
    return value


def same_shape(name, value, other_name, other):
    """Raise ValueError unless the two arrays have one shape."""
    if value.shape != other.shape:
        hint = ": is one of them transposed?" if value.shape == other.shape[::-1] else ""
        raise ValueError(
            f"{name} and {other_name} must have one shape, "
            f"got {value.shape} and {other.shape}{hint}"
        )


def _kind(value):
    return type(value).__name__


def _all_finite(array):
    # The sum of finite numbers is finite unless it overflows: one pass, and no mask as large as
    # the array.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())
