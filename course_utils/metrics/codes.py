"""What codes are like, and what they know of classes and subspaces."""

import typing

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from course_utils import _validate
from course_utils.metrics.reconstruction import ROWS

_LARGEST = 1e15  # of a code whose distances are to be computed in 32 bits


def units_used(code, threshold=1e-2):
    """How many units of a code an example uses, averaged over examples.

    A unit is used if its value lies further from 0 than the threshold. This is the "L0 norm" of a
    code that is sparse in earnest (top-k); for one whose small values are not quite 0, such as a
    sigmoid's, it depends on the threshold, which belongs to the number.

    Args:
        code: shape (n, units).
        threshold: at least 0.

    Returns:
        A float, from 0 to the number of units.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> units_used([[0.0, 0.5, -0.5], [0.0, 0.0, 0.001]])
    1.0
    """
    code = _validate.number_array("code", code, ndim=2)
    threshold = _validate.real("threshold", threshold, 0)
    return float(np.count_nonzero(np.abs(code) > threshold) / len(code))


def hoyer_sparsity(code):
    """How sparse a code is: 0 if all its units are equally strong, 1 if each example uses one only.

    (sqrt(n) - sum |z| / sqrt(sum z^2)) / (sqrt(n) - 1) for an example z of n values, averaged over
    examples. It needs no threshold and does not change with the scale of the code. Hoyer,
    "Non-negative matrix factorization with sparseness constraints", JMLR 5 (2004), section 3.1.

    Args:
        code: shape (n, units), of two units or more. An example that is all 0 uses none: it counts
            as 1.

    Returns:
        A float from 0 to 1.

    Raises:
        TypeError, ValueError: if the code will not do.

    >>> hoyer_sparsity([[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 3.0, 0.0]])
    0.5
    """
    code = _validate.number_array("code", code, ndim=2)
    if code.shape[1] < 2:
        raise ValueError(f"code must have two units or more, got shape {code.shape}")
    root, total = np.sqrt(code.shape[1]), 0.0
    for start in range(0, len(code), ROWS):
        z = np.abs(code[start : start + ROWS].astype(np.float64))
        # So that no square overflows.
        z /= np.maximum(z.max(axis=1, keepdims=True), np.finfo(float).tiny)
        norm = np.sqrt((z**2).sum(axis=1))
        ratio = np.divide(z.sum(axis=1), norm, out=np.ones(len(z)), where=norm > 0)
        total += ((root - ratio) / (root - 1)).sum()
    return float(total / len(code))


class Probe(typing.NamedTuple):
    """The answer of `linear_probe`: the errors of the classifier, and which one it is.

    Attributes:
        error: share of the test examples that it gets wrong, in percent.
        validation_error: the same of the validation examples, in percent.
        strength: C, the inverse strength of the L2 penalty, as chosen on the validation examples.

    >>> Probe(error=8.5, validation_error=8.0, strength=0.1).error
    8.5
    """

    error: float
    validation_error: float
    strength: float


def linear_probe(train, validation, test, strengths=(0.01, 0.1, 1.0)):
    """How well a linear classifier tells classes apart by their codes: its error in percent.

    Multinomial logistic regression (scikit-learn's) is fitted to the training examples once for
    each strength; the one with the least error on the validation examples is then tried, once, on
    the test examples. Codes are centred and divided by one number, the standard deviation of all
    their values, so that a strength means much the same for any code. After Alain & Bengio,
    "Understanding intermediate layers using linear classifier probes", arXiv:1610.01644 (2016).

    Args:
        train, validation, test: each a pair of codes, floating point, shape (n, units), and
            classes, integers, shape (n,).
        strengths: values of C, above 0: the smaller, the stronger the L2 penalty on the weights. Of
            equally good ones the smallest is taken.

    Returns:
        A `Probe`: `.error` (test) and `.validation_error` in percent, and the `.strength` chosen.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> import numpy as np
    >>> codes, classes = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    >>> linear_probe((codes, classes), (codes, classes), (codes, classes)).error
    0.0
    """
    parts = {"train": train, "validation": validation, "test": test}
    parts = {name: _codes_and_classes(name, part) for name, part in parts.items()}
    codes, classes = parts["train"]
    for name in ("validation", "test"):
        if parts[name][0].shape[1] != codes.shape[1]:
            raise ValueError(
                f"{name} must have codes of {codes.shape[1]} units, as those of train, "
                f"got shape {parts[name][0].shape}"
            )
    if len(np.unique(classes)) < 2:
        raise ValueError(f"train must have two classes or more, got only {classes[0]}")
    strengths = list(strengths) if np.iterable(strengths) and not isinstance(strengths, str) else []
    if not strengths:
        raise TypeError("strengths must be a list of one number or more")
    for i, strength in enumerate(strengths):
        if not _validate.real(f"strengths[{i}]", strength, 0):
            raise ValueError(f"strengths[{i}] must be above 0, got 0")
    mean, scale = codes.mean(axis=0), float(codes.std()) or 1.0

    def standard(x):
        x = x - mean
        x /= scale  # in place: codes of all of MNIST are a quarter of a gigabyte
        return x

    def error(model, part):
        return float(100 * np.mean(model.predict(standard(part[0])) != part[1]))

    x, best = standard(codes), None
    for strength in sorted(strengths):
        # The tolerance is loose for an optimum and tight for a count of errors: hundreds of
        # iterations fewer.
        model = LogisticRegression(C=strength, tol=1e-3, max_iter=1000).fit(x, classes)
        wrong = error(model, parts["validation"])
        if best is None or wrong < best[0]:
            best = wrong, float(strength), model
    return Probe(error(best[2], parts["test"]), best[0], best[1])


def nearest_neighbour_accuracy(train, test=None):
    """How often an example's nearest neighbour is of its own class, in percent.

    The distance is Euclidean (scikit-learn's `NearestNeighbors`). It asks of a code, or of a map of
    codes, whether examples of one class lie together, and trains nothing.

    Args:
        train: a pair of codes, floating point, shape (n, units), and classes, integers, shape (n,):
            among these a neighbour is looked for.
        test: likewise: for these. None: for those of `train` themselves, each time without the
            example in question ("leave one out").

    Returns:
        A float from 0 to 100.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> import numpy as np
    >>> codes, classes = np.array([[0.0], [1.0], [5.0]]), np.array([3, 3, 7])
    >>> round(nearest_neighbour_accuracy((codes, classes)), 2)  # the neighbour of 5 is 1
    66.67
    """
    codes, classes = _codes_and_classes("train", train)
    asked, wanted = (None, classes) if test is None else _codes_and_classes("test", test)
    if asked is None and len(codes) < 2:
        raise ValueError(
            "train must have two examples or more, if each is to have another as its neighbour, "
            "got 1"
        )
    if asked is not None and asked.shape[1] != codes.shape[1]:
        raise ValueError(
            f"test must have codes of {codes.shape[1]} units, as those of train, "
            f"got shape {asked.shape}"
        )
    for name, values in (("train", codes), ("test", codes if asked is None else asked)):
        if np.abs(values).max() > _LARGEST:
            raise ValueError(
                f"{name}[0] must be at most {_LARGEST:g} in magnitude, whose square is finite, "
                f"got {np.abs(values).max():g}"
            )
    # Asked for nothing, scikit-learn answers for its own examples, each without itself.
    search = NearestNeighbors(n_neighbors=1).fit(codes)
    neighbours = search.kneighbors(asked, return_distance=False)[:, 0]
    return float(100 * np.mean(classes[neighbours] == wanted))


def _codes_and_classes(name, part):
    if not isinstance(part, (tuple, list)) or len(part) != 2:
        raise TypeError(f"{name} must be a pair (codes, classes), got {type(part).__name__}")
    codes = _validate.number_array(f"{name}[0]", part[0], ndim=2, floating=True)
    # In 16 bits the squares of codes overflow.
    codes = codes.astype(np.float32) if codes.dtype == np.float16 else codes
    classes = _validate.number_array(f"{name}[1]", part[1], ndim=1)
    if classes.dtype.kind not in "ui":
        raise TypeError(f"{name}[1] must be classes, integers, got {classes.dtype}")
    if len(codes) != len(classes):
        raise ValueError(
            f"{name} must have one class for each of its {len(codes)} codes, got {len(classes)}"
        )
    return codes, classes


def principal_angles(a, b):
    """Principal angles, in degrees, between the subspaces that the rows of two arrays span.

    The first is the largest. 0 everywhere: one subspace lies in the other. Rows are vectors, which
    is how `PCA.components_` and the kernel of a Keras decoder are stored. Computed by SciPy
    (`scipy.linalg.subspace_angles`) after Björck & Golub, "Numerical methods for computing angles
    between linear subspaces", Mathematics of Computation 27 (1973).

    Args:
        a: shape (k, n_features), k linearly independent rows.
        b: shape (m, n_features), m linearly independent rows.

    Returns:
        The angles in degrees, from 0 to 90, largest first, float64, shape (min(k, m),).

    Raises:
        TypeError: if either holds no real numbers.
        ValueError: if either is not 2-D, has more rows than columns, or has linearly dependent
            rows, or if their numbers of columns differ.

    >>> principal_angles([[1.0, 0.0]], [[1.0, 1.0]]).round(6)
    array([45.])
    """
    a, b = (_independent_rows(name, value) for name, value in (("a", a), ("b", b)))
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"a and b must have one number of columns, got shapes {a.shape} and {b.shape}"
        )
    return np.degrees(scipy.linalg.subspace_angles(a.T, b.T))


def _independent_rows(name, value):
    rows = _validate.number_array(name, value, ndim=2).astype(np.float64)
    if len(rows) > rows.shape[1]:
        raise ValueError(
            f"{name} must have no more rows (vectors) than columns (features), "
            f"got shape {rows.shape}: is it transposed?"
        )
    rank = np.linalg.matrix_rank(rows)
    if rank < len(rows):
        raise ValueError(
            f"{name} must have linearly independent rows, got {len(rows)} rows of rank {rank}"
        )
    return rows
