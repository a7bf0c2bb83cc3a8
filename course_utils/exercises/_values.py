"""What a student's function returns, as numbers; how two outcomes compare, and how they read."""

import collections
import reprlib
import typing

import numpy as np

from course_utils import _validate


class Within(typing.NamedTuple):
    """A measured number, or an array of them, and by how much another may differ from it.

    Attributes:
        value: a number, or an array of any shape.
        tolerance: a number at least 0, in the units of `value`.

    >>> Within(0.31, tolerance=0.02)
    Within(value=0.31, tolerance=0.02)
    """

    value: typing.Any
    tolerance: float


def as_array(value):
    """`value` as a NumPy array of bools, whole numbers or floats; TypeError if it is none.

    Lists, `np.matrix`, sparse matrices, `Decimal`, and tensors of TensorFlow, JAX, PyTorch and
    Keras are converted, with or without gradients, on any device. What a masked array hides
    becomes NaN.
    """
    if isinstance(value, np.ma.MaskedArray):
        hides = np.ma.getmaskarray(value).any()
        value = value.astype(float).filled(np.nan) if hides else value.data
    value = _validate.readable("the result", value)
    for method in ("toarray", "numpy"):  # SciPy's sparse matrices; TensorFlow, Keras, PyTorch
        if callable(getattr(value, method, None)):
            value = getattr(value, method)()
    if isinstance(value, (list, tuple)):
        plain = all(type(part) in (bool, int, float) for part in value)
        value = np.asarray(value if plain else [as_array(part) for part in value])
    array = np.asarray(value)
    if array.dtype.kind == "O" and any(part is None for part in array.flat):
        raise TypeError("None is no number")
    if array.dtype.kind in "OV":  # Decimal, Fraction, integers beyond 64 bits; bfloat16
        array = array.astype(float)
    if array.dtype.kind == "c" and not array.imag.any():
        array = array.real
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{type(value).__name__} holds no real numbers")
    return array


def close(got, wanted, rtol):
    """Whether two outcomes are the same: arrays, strings, or dictionaries of them.

    Whole numbers and bools must be equal. Floats may differ by `rtol` of themselves, and by a
    hundredth of that of the largest of them, since some are near 0; `Within` brings a tolerance of
    its own. NaN equals NaN.
    """
    if isinstance(wanted, dict) and isinstance(got, dict):
        same_keys = got.keys() == wanted.keys()
        return same_keys and all(close(got[key], wanted[key], rtol) for key in wanted)
    if isinstance(wanted, (dict, str)) or isinstance(got, (dict, str)):
        return isinstance(got, type(wanted)) and got == wanted
    return _numbers_close(got, wanted, rtol)


def _numbers_close(got, wanted, rtol):
    wide = isinstance(wanted, Within)
    tolerance, wanted = (wanted.tolerance if wide else 0.0), _plain(wanted)
    got = _plain(got)
    if got.shape != wanted.shape:
        return False
    if wide or wanted.dtype.kind != "f":
        rtol = 0.0
    else:
        size = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
        tolerance = 1e-6 + rtol / 100 * size
    with np.errstate(all="ignore"):
        numbers = got.astype(float), wanted.astype(float)
        return np.allclose(*numbers, rtol=rtol, atol=tolerance, equal_nan=True)


def _plain(value):
    return np.asarray(value.value if isinstance(value, Within) else value)


def difference(got, wanted, rtol):
    """In words how an outcome differs from the wanted one; both are of one kind, and not close."""
    if isinstance(wanted, dict):
        key = next(key for key in wanted if not close(got.get(key), wanted[key], rtol))
        return key.format(got=words(got.get(key)), wanted=words(wanted[key]))
    got = got + 0.0 if got.dtype.kind == "f" else got  # no -0
    if got.shape != wanted.shape:
        return f"the shape is {got.shape}, wanted {wanted.shape or 'one number'}"
    if wanted.dtype.kind in "iu" and not wanted.shape and got != np.round(got):
        return f"the answer is a whole number, you got {words(got)}"
    if wanted.size <= 8:
        return _both(got, wanted)
    with np.errstate(all="ignore"):
        numbers = got.astype(float), wanted.astype(float)
        apart = ~np.isclose(*numbers, rtol=rtol, atol=1e-6, equal_nan=True)
    place = tuple(map(int, np.argwhere(apart)[0]))
    return f"at {place} {_both(got[place], wanted[place])}"


def _both(got, wanted):
    texts = [words(got), words(wanted)]
    if texts[0] == texts[1]:  # they differ further behind the point
        texts = [str(np.asarray(value).tolist()) for value in (got, wanted)]
    return f"you got {texts[0]}, wanted {texts[1]}"


def words(value):
    """An outcome, or a part of it, as text."""
    if isinstance(value, str):
        return value
    value = _plain(value)
    if value.shape:
        return np.array2string(value, precision=4, suppress_small=True, separator=", ", threshold=9)
    if value.dtype.kind == "b":
        return "True" if value else "False"
    return f"{value.item():.6g}" if value.dtype.kind == "f" else str(value.item())


def shown(arguments, names=()):
    """The arguments of a call, as a message tells them: `names` are those of the parameters."""
    names = [*names, *[""] * len(arguments)]
    return ", ".join(_argument(*pair) for pair in zip(arguments, names, strict=False))


def _argument(value, name):
    if isinstance(value, np.random.Generator):
        return name or "a random generator"
    if isinstance(value, np.ndarray) and value.size > 6:
        return f"{name or 'an array'} of shape {value.shape}"
    is_number = isinstance(value, (float, np.generic, np.ndarray))
    text = words(value) if is_number else reprlib.repr(value)
    return f"{name} = {text}" if name else text


def same(before, after):
    """Whether an argument is what it was."""
    if isinstance(before, np.ndarray):
        kind = isinstance(after, np.ndarray) and before.dtype == after.dtype
        return kind and np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
    return type(before) is type(after) and before == after


def one_line(text, limit=400):
    """The text without line breaks, cut where it becomes too long to be read."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_lazy(value):
    """Whether the numbers of a result are still to be computed, as a generator's or `zip`'s."""
    return isinstance(value, collections.abc.Iterator)
