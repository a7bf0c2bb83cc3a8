"""Measures on arrays. Each has one unit, said in its docstring."""

import typing

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from course_utils import _validate

_LARGEST = 1e15  # of a code whose distances are to be computed in 32 bits
_ROWS = 4096  # rows worked on at a time: no temporary array as large as the data


def squared_error(x, x_hat):
    """Squared error (SE): summed over all values of an example, averaged over examples.

    This is the unit of Hinton & Salakhutdinov, "Reducing the dimensionality of data with neural
    networks", Science 313 (2006), figure 2. Keras's "mse" is the same divided by the number of
    values: SE = 784 MSE for MNIST.

    Args:
        x: the originals, floating point, shape (n, ...): (n, height, width), (n, height * width) or
            (n, features).
        x_hat: their reconstructions, floating point, of the same shape.

    Returns:
        A float, in squared units of `x` per example.

    Raises:
        TypeError: if either holds integers (images as 0 to 255) or no numbers at all.
        ValueError: if they differ in shape, are empty, have no axis of examples, or hold NaN or
            infinity. Their range is not looked at: not all data are images.

    >>> import numpy as np
    >>> x = np.zeros((5, 28, 28), "float32")
    >>> squared_error(x, x + 0.5)  # 784 pixels, each wrong by one half
    196.0
    """
    x = _validate.number_array("x", x, floating=True)
    x_hat = _validate.number_array("x_hat", x_hat, floating=True)
    _validate.same_shape("x", x, "x_hat", x_hat)
    if x.ndim < 2:
        raise ValueError(
            f"x must be at least 2-D, one example a row, got shape {x.shape}: try x[np.newaxis]"
        )
    total = 0.0
    for start in range(0, len(x), _ROWS):
        difference = x[start : start + _ROWS].astype(np.float64) - x_hat[start : start + _ROWS]
        total += np.vdot(difference, difference)
    return float(total / len(x))


def psnr(x, x_hat):
    """Peak signal-to-noise ratio of images in [0, 1]: of each image, then averaged over images.

    Of one image it is 10 log10(1 / MSE), with MSE the mean squared error over its pixels: 20 dB are
    a root-mean-square error of 0.1 a pixel, and half the MSE is 3 dB more. (The mean of the
    logarithms is not the logarithm of the mean: a PSNR computed from the error of all images
    together is lower.)

    Args:
        x: the originals, floating point in [0, 1], shape (n, ...).
        x_hat: their reconstructions, floating point, of the same shape. Values outside [0, 1] count
            as they are.

    Returns:
        A float in decibels (dB); infinity if an image is reproduced exactly.

    Raises:
        TypeError, ValueError: as `squared_error`, and if `x` does not lie in [0, 1].

    >>> import numpy as np
    >>> x = np.zeros((5, 28, 28), "float32")
    >>> round(psnr(x, x + np.float32(0.1)), 3)
    20.0
    """
    x, x_hat = (
        _validate.unit_images("x", x, ndim=None),
        _validate.number_array("x_hat", x_hat, floating=True),
    )
    _validate.same_shape("x", x, "x_hat", x_hat)
    if x.ndim < 2:
        raise ValueError(
            f"x must be at least 2-D, one image a row, got shape {x.shape}: try x[np.newaxis]"
        )
    decibels = np.empty(len(x))
    for start in range(0, len(x), _ROWS):
        rows = slice(start, start + _ROWS)
        difference = (x[rows].astype(np.float64) - x_hat[rows]).reshape(len(x[rows]), -1)
        with np.errstate(divide="ignore"):  # no error at all: infinitely many decibels
            decibels[rows] = -10 * np.log10(np.mean(difference**2, axis=1))
    return float(decibels.mean())


def units_used(code, threshold=1e-2):
    """How many units an example uses: those whose value lies further from 0 than the threshold,
    averaged over examples.

    The "L0 norm" of a code that is sparse in earnest (top-k); for one whose small values are not
    quite 0, such as a sigmoid's, it depends on the threshold, which belongs to the number.

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
    return float(
        np.count_nonzero(np.abs(code) > _validate.real("threshold", threshold, 0)) / len(code)
    )


def hoyer_sparsity(code):
    """How unevenly an example spreads over its units: 0 if all are equally strong, 1 if it uses
    one; averaged over examples.

    (sqrt(n) - sum |z| / sqrt(sum z^2)) / (sqrt(n) - 1) for an example z of n values. It needs no
    threshold and does not change with the scale of the code. Hoyer, "Non-negative matrix
    factorization with sparseness constraints", JMLR 5 (2004), section 3.1.

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
    for start in range(0, len(code), _ROWS):
        z = np.abs(code[start : start + _ROWS].astype(np.float64))
        z /= np.maximum(
            z.max(axis=1, keepdims=True), np.finfo(float).tiny
        )  # so that no square overflows
        norm = np.sqrt((z**2).sum(axis=1))
        ratio = np.divide(z.sum(axis=1), norm, out=np.ones(len(z)), where=norm > 0)
        total += ((root - ratio) / (root - 1)).sum()
    return float(total / len(code))


class Probe(typing.NamedTuple):
    """What `linear_probe` found."""

    error: float  # on the test examples, in percent
    validation_error: float  # in percent
    strength: float  # C, chosen on the validation examples


def linear_probe(train, validation, test, strengths=(0.01, 0.1, 1.0)):
    """How well the classes can be told apart by a linear classifier on frozen codes: its error in
    percent.

    Multinomial logistic regression (scikit-learn's) is fitted to the training examples once for
    each strength; the one with the least error on the validation examples is then tried, once, on
    the test examples. Codes are centred and divided by one number, the standard deviation of all
    their values, so that a strength means much the same for any code.

    Args:
        train, validation, test: each a pair of codes, shape (n, units), and classes, shape (n,),
            integers.
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
                f"{name} must have codes of {codes.shape[1]} units, as those of train, got shape {parts[name][0].shape}"
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
        train: a pair of codes, shape (n, units), and classes, shape (n,), integers: among these a
            neighbour is looked for.
        test: likewise: for these. None: for those of `train` themselves, each time without the
            example in question ("leave one out").

    Returns:
        A float from 0 to 100.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> import numpy as np
    >>> round(nearest_neighbour_accuracy((np.array([[0.0], [1.0], [5.0]]), np.array([3, 3, 7]))), 2)  # 5's neighbour is 1
    66.67
    """
    codes, classes = _codes_and_classes("train", train)
    asked, wanted = (None, classes) if test is None else _codes_and_classes("test", test)
    if asked is None and len(codes) < 2:
        raise ValueError(
            "train must have two examples or more, if each is to have another as its neighbour, got 1"
        )
    if asked is not None and asked.shape[1] != codes.shape[1]:
        raise ValueError(
            f"test must have codes of {codes.shape[1]} units, as those of train, got shape {asked.shape}"
        )
    for name, values in (("train", codes), ("test", codes if asked is None else asked)):
        if np.abs(values).max() > _LARGEST:
            raise ValueError(
                f"{name}[0] must be at most {_LARGEST:g} in magnitude, whose square is finite, got {np.abs(values).max():g}"
            )
    # Asked for nothing, scikit-learn answers for its own examples, each without itself.
    neighbours = (
        NearestNeighbors(n_neighbors=1).fit(codes).kneighbors(asked, return_distance=False)[:, 0]
    )
    return float(100 * np.mean(classes[neighbours] == wanted))


def _codes_and_classes(name, part):
    if not isinstance(part, (tuple, list)) or len(part) != 2:
        raise TypeError(f"{name} must be a pair (codes, classes), got {type(part).__name__}")
    codes = _validate.number_array(f"{name}[0]", part[0], ndim=2, floating=True)
    codes = (
        codes.astype(np.float32) if codes.dtype == np.float16 else codes
    )  # whose squares overflow
    classes = _validate.number_array(f"{name}[1]", part[1], ndim=1)
    if classes.dtype.kind not in "ui":
        raise TypeError(f"{name}[1] must be classes, integers, got {classes.dtype}")
    if len(codes) != len(classes):
        raise ValueError(
            f"{name} must have one class for each of its {len(codes)} codes, got {len(classes)}"
        )
    return codes, classes


def principal_angles(a, b):
    """Principal angles between the subspaces that the rows of `a` and of `b` span.

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
            f"{name} must have no more rows (vectors) than columns (features), got shape {rows.shape}: is it transposed?"
        )
    rank = np.linalg.matrix_rank(rows)
    if rank < len(rows):
        raise ValueError(
            f"{name} must have linearly independent rows, got {len(rows)} rows of rank {rank}"
        )
    return rows


def gaussian_kl(z_mean, z_log_var):
    """KL divergence of diagonal normal distributions from the standard normal one, in nats.

    (mean^2 + var - 1 - log var) / 2, summed over latents: Kingma & Welling, "Auto-encoding
    variational Bayes", ICLR (2014), appendix B.

    Args:
        z_mean, z_log_var: shape (n, n_latents): means and logarithms of the variances (not standard
            deviations).

    Returns:
        float64 array of shape (n,), one number for each example; its mean is the KL term of a VAE's
        loss.

    Raises:
        TypeError, ValueError: if the arguments will not do, or a variance overflows.

    >>> gaussian_kl([[0.0, 0.0], [1.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]).tolist()
    [0.0, 2.5]
    """
    z_mean, z_log_var = _mean_and_log_var(z_mean, z_log_var)
    return ((z_mean**2 + np.exp(z_log_var) - 1 - z_log_var) / 2).sum(axis=1)


def active_units(z_mean, threshold=1e-2):
    """How many latents say anything about the image: those whose mean varies over the data by more
    than the threshold.

    Burda, Grosse & Salakhutdinov, "Importance weighted autoencoders", ICLR (2016), section 5.2: the
    variance of E[z | x] over the examples, compared with 0.01. The others have collapsed to the
    prior.

    Args:
        z_mean: the encoder's means, shape (n, n_latents), of many examples.
        threshold: a variance, at least 0.

    Returns:
        The number of active latents, an int.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> active_units([[0.0, 0.01], [2.0, -0.01]])
    1
    """
    z_mean = _validate.number_array("z_mean", z_mean, ndim=2).astype(float)
    return int((z_mean.var(axis=0) > _validate.real("threshold", threshold, 0)).sum())


def auroc(normal, anomalous):
    """Area under the ROC curve of a score for anomalies, in percent.

    It is the probability that an anomaly, drawn at random, has a higher score than a normal
    example; of equal scores half count (Hanley & McNeil, "The meaning and use of the area under a
    ROC curve", Radiology 143 (1982)). 50 is guessing, and less than 50 ranks anomalies as the more
    normal.

    Args:
        normal: scores of normal examples, shape (n,); the higher, the odder.
        anomalous: scores of anomalies, shape (m,).

    Returns:
        A float from 0 to 100.

    Raises:
        TypeError, ValueError: if the scores will not do.

    >>> auroc([1.0, 2.0, 3.0], [2.5, 4.0])  # of six pairs, five are in order
    83.33333333333333
    """
    normal, anomalous = _scores("normal", normal), _scores("anomalous", anomalous)
    ranks = scipy.stats.rankdata(np.concatenate([normal, anomalous]))[len(normal) :]
    pairs = len(normal) * len(anomalous)
    return float(100 * (ranks.sum() - len(anomalous) * (len(anomalous) + 1) / 2) / pairs)


class Detection(typing.NamedTuple):
    """What a threshold does, as shares from 0 to 1; see `detection`."""

    false_alarm_rate: float
    recall: float
    precision: float


def detection(normal, anomalous, threshold, prevalence=None):
    """What becomes of examples if every score above the threshold raises an alarm.

    With r the recall, f the false-alarm rate and p the prevalence, the precision is rp / (rp + f(1
    - p)), by Bayes's rule.

    Args:
        normal: scores of normal examples, shape (n,); the higher, the odder.
        anomalous: scores of anomalies, shape (m,).
        threshold: a number. A score equal to it raises no alarm.
        prevalence: the share of anomalies where the detector is to be used, between 0 and 1. By
            default that of these examples, m / (n + m), which in a test set is rarely that of life.

    Returns:
        `Detection(false_alarm_rate, recall, precision)`: of the normal examples, the share with an
        alarm; of the anomalies, the share with an alarm; of the alarms, the share that are
        anomalies (NaN if there is no alarm).

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> detection([1.0, 2.0, 3.0, 4.0], [3.5, 5.0], threshold=3.0)
    Detection(false_alarm_rate=0.25, recall=1.0, precision=0.6666666666666666)
    """
    normal, anomalous = _scores("normal", normal), _scores("anomalous", anomalous)
    threshold = _validate.real("threshold", threshold)
    if prevalence is None:
        prevalence = len(anomalous) / (len(normal) + len(anomalous))
    elif not 0 < _validate.real("prevalence", prevalence) < 1:
        hint = ": a share, not a percentage" if prevalence > 1 else ""
        raise ValueError(f"prevalence must be above 0 and below 1, got {prevalence:.4g}{hint}")
    false_alarm_rate, recall = (
        float((normal > threshold).mean()),
        float((anomalous > threshold).mean()),
    )
    found, false = recall * prevalence, false_alarm_rate * (1 - prevalence)
    return Detection(
        false_alarm_rate, recall, found / (found + false) if found + false else float("nan")
    )


def _scores(name, value):
    return _validate.number_array(name, value, ndim=1).astype(float)


class Rate(typing.NamedTuple):
    """The two parts of a VAE's KL term, in nats; see `split_rate`."""

    mutual_information: float
    aggregate_kl: float


def split_rate(z_mean, z_log_var, seed=0):
    """The KL term of a VAE in two parts: what the latents tell of the image, and how far all
    latents together are from the prior.

    mean KL(q(z | x) || p(z)) = I(x; z) + KL(q(z) || p(z)), where q(z) is the mean of q(z | x) over
    the examples given: Hoffman & Johnson, "ELBO surgery" (2016). Estimated with one z from each
    example's own distribution. I(x; z) is at most log n: with few examples it is too small, and
    tells them apart perfectly.

    Args:
        z_mean, z_log_var: as in `gaussian_kl`; n in the thousands: it takes n^2 distances, in
            bounded memory.
        seed: an integer, at least 0.

    Returns:
        A `Rate`: `.mutual_information` and `.aggregate_kl` in nats. Their sum is the mean of
            `gaussian_kl`, up to the noise of the sampling.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> import numpy as np
    >>> rate = split_rate(np.zeros((100, 2)), np.zeros((100, 2)))  # latents that say nothing
    >>> abs(rate.mutual_information) < 1e-6, abs(rate.aggregate_kl) < 1e-6
    (True, True)
    """
    z_mean, z_log_var = _mean_and_log_var(z_mean, z_log_var)
    n, d = z_mean.shape
    rng = np.random.default_rng(_validate.integer("seed", seed, 0))
    z = z_mean + np.exp(z_log_var / 2) * rng.standard_normal((n, d))
    precision, constant = np.exp(-z_log_var), -0.5 * (z_log_var.sum(axis=1) + d * np.log(2 * np.pi))
    own, aggregate = np.empty(n), np.empty(n)
    for start in range(0, n, _ROWS // 16):
        rows = slice(start, start + _ROWS // 16)
        # log q(z_i | x_j) for some i and all j: the square of the difference, multiplied out, is
        # three matrix products.
        square = (
            z[rows] ** 2 @ precision.T
            - 2 * z[rows] @ (precision * z_mean).T
            + (precision * z_mean**2).sum(axis=1)
        )
        log_q = constant - square / 2
        own[rows] = log_q[np.arange(len(log_q)), np.arange(n)[rows]]
        aggregate[rows] = scipy.special.logsumexp(log_q, axis=1) - np.log(n)
    prior = -0.5 * ((z**2).sum(axis=1) + d * np.log(2 * np.pi))
    return Rate(float((own - aggregate).mean()), float((aggregate - prior).mean()))


def _mean_and_log_var(z_mean, z_log_var):
    z_mean = _validate.number_array("z_mean", z_mean, ndim=2).astype(float)
    z_log_var = _validate.number_array("z_log_var", z_log_var, ndim=2).astype(float)
    _validate.same_shape("z_mean", z_mean, "z_log_var", z_log_var)
    if z_log_var.max() > 500:
        raise ValueError(
            f"z_log_var must be logarithms of variances, got values up to {z_log_var.max():.4g}, whose exponential overflows"
        )
    return z_mean, z_log_var
