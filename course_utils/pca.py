"""Principal component analysis by our own use of the SVD, with scikit-learn's interface."""

import numbers
import warnings

import numpy as np
import scipy.linalg
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from course_utils import _validate


class PCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Principal component analysis (Pearson 1901, Hotelling 1933; Jolliffe, Principal Component
    Analysis, 2002), and the Gaussian model of the data that goes with it (Tipping & Bishop,
    Probabilistic Principal Component Analysis, Journal of the Royal Statistical Society B 61,
    611-622, 1999).

    The data are centred, never scaled. The components are the right singular vectors of the centred
    data, largest singular value first; the sign of each is chosen so that its largest loading is
    positive.

    In the model, the data are normal about their mean. Their variance is the one explained along
    each component, and `noise_variance_` in every direction at right angles to the components.

    Args:
        n_components: how many components to keep, an integer from 1 to min(n_samples, n_features);
            or a share of the total variance, above 0 and below 1: the fewest components that
            explain more than this share; None keeps them all.
        solver: "svd", the economy singular value decomposition of the centred data; "covariance",
            the eigenvectors of the n_features x n_features covariance, far quicker when there are
            many more examples than features (it squares the condition number: components whose
            singular value is under about 1e-3 (float32) or 1e-8 (float64) of the largest are
            noise); "auto", the covariance when n_samples >= 2 * n_features, else the SVD. Neither
            ever forms an n_samples x n_samples matrix from more samples than features.
        whiten: if True, `transform` divides each score by its standard deviation, so that those of
            the training data have variance 1, and `inverse_transform` multiplies by it again. A
            component whose variance is no more than rounding error has scores near 0. The
            components and the model stay as they are, and so do `score`, `get_covariance` and
            `get_precision` (those of scikit-learn 1.9 change, which is an error: its issue 13898).

    Attributes:
        components_: shape (n_components, n_features), orthonormal rows, the dtype of the data.
        mean_: shape (n_features,).
        explained_variance_: shape (n_components,), variance of each score: squared singular value /
            (n_samples - 1).
        explained_variance_ratio_: shape (n_components,), the same as shares of the total variance.
        singular_values_: shape (n_components,), of the centred data.
        noise_variance_: a float, the mean of the min(n_samples, n_features) - n_components
            variances that are left out, 0 if none is. This is scikit-learn's rule; with more
            features than samples, Tipping & Bishop also count the directions without variance.
        n_components_, n_samples_, n_features_in_: integers.
        feature_names_in_: shape (n_features,), if the data are a table whose columns have names.

    Raises:
        TypeError, ValueError: in `fit`, if an argument or the data will not do; elsewhere, if the
            number of columns is not that of the data (in `inverse_transform`, of the components).
        ValueError: in `get_precision`, if the model has no density, because its variance is 0 in
            some direction: too few samples, or features that others determine, for so many
            components.

    Warns:
        UserWarning: in `score` and `score_samples`, in the same case. They take the rounding error
            for the variance that is 0, and their huge numbers say no more than whether a row lies
            in the directions in which the data vary.

    float32 data stay float32 (log-likelihoods are added up in float64); anything else becomes
    float64.

    >>> import numpy as np
    >>> x = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    >>> pca = PCA(n_components=1).fit(x)
    >>> pca.components_.round(4), pca.explained_variance_ratio_.round(4)
    (array([[0.7071, 0.7071]]), array([1.]))
    >>> scores = pca.transform(x)  # shape (3, 1)
    >>> bool(np.allclose(pca.inverse_transform(scores), x))
    True
    >>> x = np.random.default_rng(0).normal(size=(1000, 3)) * [3, 2, 1]
    >>> pca = PCA(n_components=0.8, whiten=True).fit(x)  # one explains 9/14, two explain 13/14
    >>> pca.n_components_, pca.transform(x).std(axis=0).round(2)
    (2, array([1., 1.]))
    >>> pca.score_samples([[0, 0, 0], [0, 0, 9]]).round()  # in nats: the second is an outlier
    array([ -5., -44.])
    """

    def __init__(self, n_components=None, solver="auto", whiten=False):
        self.n_components = n_components
        self.solver = solver
        self.whiten = whiten

    def fit(self, X, y=None):
        """Find the components of data.

        Args:
            X: shape (n_samples, n_features), at least two rows, finite.
            y: ignored.

        Returns:
            self.

        Raises:
            TypeError, ValueError: if a setting or the data will not do.
        """
        x = validate_data(
            self, X, dtype=[np.float64, np.float32], ensure_min_samples=2, ensure_all_finite=False
        )
        _validate.number_array("X", x)  # finite, or one sentence instead of scikit-learn's five
        n_samples, n_features = x.shape
        most = min(x.shape)
        wanted = _number_or_share(self.n_components, most)
        if self.solver not in ("auto", "svd", "covariance"):
            raise ValueError(f"solver must be 'auto', 'svd' or 'covariance', got {self.solver!r}")
        if not isinstance(self.whiten, (bool, np.bool_)):
            raise TypeError(f"whiten must be True or False, got {self.whiten!r}")
        by_covariance = self.solver == "covariance" or (
            self.solver == "auto" and n_samples >= 2 * n_features
        )

        _refuse_what_squares_lose(x)
        mean = _sum_over_blocks(lambda block: block.sum(axis=0), x, rows=1000) / n_samples
        variances, components = (_by_covariance if by_covariance else _by_svd)(x, mean)
        total = variances.sum()
        ratios = variances / total if total > 0 else np.zeros_like(variances)
        k = wanted if isinstance(wanted, int) else _fewest_for(wanted, ratios[:most])

        self.mean_ = mean.astype(x.dtype)
        self.components_ = _fix_signs(components[:k]).astype(x.dtype)
        self.explained_variance_ = variances[:k].astype(x.dtype)
        self.explained_variance_ratio_ = ratios[:k].astype(x.dtype)
        self.singular_values_ = np.sqrt(variances[:k] * (n_samples - 1)).astype(x.dtype)
        self.noise_variance_ = float(variances[k:most].mean()) if k < most else 0.0
        self.n_components_ = k
        self.n_samples_ = n_samples
        self._rounding_error = _rounding_error(total, mean, x.dtype, by_covariance)
        self._rank = int((variances > self._rounding_error).sum())
        return self

    def transform(self, X):
        """The scores: coordinates along the components, from the mean.

        Args:
            X: shape (n_samples, n_features).

        Returns:
            Shape (n_samples, n_components); with `whiten`, in standard deviations.
        """
        x = self._validated(X)
        scores = x @ self.components_.T - self.mean_ @ self.components_.T
        return scores / self._deviations() if self.whiten else scores

    def inverse_transform(self, X):
        """The points that have these scores, on the plane of the components.

        Args:
            X: scores, shape (n_samples, n_components), as `transform` returns them.

        Returns:
            Shape (n_samples, n_features).

        Raises:
            TypeError, ValueError: if they are none.
        """
        check_is_fitted(self)
        scores = _validate.number_array("X", X, ndim=2)
        if scores.shape[1] != self.n_components_:
            raise ValueError(
                f"X must have {self.n_components_} columns, one a component, "
                f"got shape {scores.shape}"
            )
        if self.whiten:
            scores = scores * self._deviations()
        return scores @ self.components_ + self.mean_

    def score_samples(self, X):
        """The log-likelihood of each example under probabilistic PCA.

        Args:
            X: shape (n_samples, n_features).

        Returns:
            Nats, shape (n_samples,), float64.
        """
        x = self._validated(X)
        variances, noise = self._model_variances()
        if problem := self._lack_of_density():
            error = self._rounding_error
            warnings.warn(
                f"{problem}; scored with a variance of {error:.2g}, the rounding error",
                stacklevel=2,
            )
            variances, noise = np.maximum(variances, error), max(noise, error)
        distances = [
            _squared_distances(
                x[start : start + 2000] - self.mean_, self.components_, variances, noise
            )
            for start in range(0, len(x), 2000)
        ]
        n_features = x.shape[1]
        spectrum = np.append(variances, np.full(n_features - len(variances), noise))
        constant = n_features * np.log(2 * np.pi) + np.log(spectrum).sum()
        return -0.5 * (constant + np.concatenate(distances))

    def score(self, X, y=None):
        """The mean log-likelihood of the examples: that of `score_samples`.

        Args:
            X: shape (n_samples, n_features).
            y: ignored.

        Returns:
            A float, in nats per example.
        """
        return float(self.score_samples(X).mean())

    def get_covariance(self):
        """The covariance of the model, shape (n_features, n_features), the dtype of the data."""
        check_is_fitted(self)
        return self._matrix(*self._model_variances())

    def get_precision(self):
        """The inverse of the covariance of the model, shape (n_features, n_features), the dtype of
        the data."""
        check_is_fitted(self)
        if problem := self._lack_of_density():
            raise ValueError(problem)
        variances, noise = self._model_variances()
        return self._matrix(1 / variances, 1 / noise if noise > 0 else 0.0)

    @property
    def _n_features_out(self):
        return self.n_components_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _validated(self, X):
        check_is_fitted(self)
        shape, wanted = getattr(X, "shape", ()), self.n_features_in_
        if len(shape) == 2 and shape[0] == wanted != shape[1]:
            raise ValueError(
                f"X has {shape[1]} features, but PCA is expecting {wanted} features as input: "
                "is it transposed?"
            )
        x = validate_data(
            self, X, dtype=[np.float64, np.float32], reset=False, ensure_all_finite=False
        )
        return _validate.number_array("X", x)

    def _deviations(self):
        """The standard deviations that whitening divides by, never under the rounding error:
        divided by its own deviation, noise would look like data."""
        variances = self.explained_variance_
        return np.sqrt(np.maximum(variances, self._rounding_error)).astype(variances.dtype)

    def _model_variances(self):
        """The variances of the model in float64: along each component, and in every other
        direction."""
        noise = self.noise_variance_
        return np.maximum(self.explained_variance_, noise, dtype=np.float64), noise

    def _matrix(self, along_components, elsewhere):
        """The symmetric matrix that has the components as eigenvectors, with these eigenvalues."""
        components = self.components_.astype(np.float64)
        matrix = (components.T * (along_components - elsewhere)) @ components
        matrix[np.diag_indices_from(matrix)] += elsewhere
        return matrix.astype(self.components_.dtype)

    def _lack_of_density(self):
        """What is wrong if the variance of the model is 0 in some direction; else None."""
        k, n_features = self.components_.shape
        if k < self._rank or self._rank == n_features:
            return None
        below = f"use n_components below {self._rank}"
        return (
            f"the model has no density: the data vary in {self._rank} of {n_features} directions "
            f"only, and n_components={k} leaves nothing to the noise: "
            + (below if self._rank > 1 else "give data that vary in more directions")
        )


def _number_or_share(value, most):
    """n_components as an integer from 1 to `most`, or as a float between 0 and 1."""
    if value is None:
        return most
    if isinstance(value, str) and value == "mle":
        raise ValueError(
            "n_components='mle' is not offered here: give an integer, "
            "or a share of the variance such as 0.95"
        )
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(
            "n_components must be an integer, a share of the variance or None, "
            f"got {value!r} of type {type(value).__name__}"
        )
    if isinstance(value, numbers.Integral):
        return _validate.integer("n_components", value, 1, most)
    if not 0 < value < 1:
        raise ValueError(
            "n_components must be an integer, or a share of the variance above 0 and below 1, "
            f"got {value}"
        )
    return float(value)


def _fewest_for(share, ratios):
    """How many components it takes to explain more than this share of the variance."""
    if ratios[0] == 0:
        raise ValueError(
            f"X must vary for n_components={share:.4g} to be a share of its variance: "
            "its rows are all alike"
        )
    enough = np.searchsorted(np.cumsum(ratios), share, side="right") + 1
    return min(int(enough), len(ratios))  # rounding can keep the sum of all ratios under the share


def _rounding_error(total, mean, dtype, by_covariance):
    """How large a variance can be where exact arithmetic would find none.

    Five units in the last place: of the data, mean included, and of the covariance, if its
    eigenvectors were taken. On data of known rank, with means up to 3,000 deviations from the
    origin, we measured at most 0.73 of this.
    """
    unit = 5 * float(np.finfo(dtype).eps)
    error = unit**2 * (total + mean @ mean) + (unit * total if by_covariance else 0.0)
    return max(float(error), float(np.finfo(dtype).tiny))


def _refuse_what_squares_lose(x):
    """ValueError if variances, or their sums, would leave the range of the data's dtype."""
    limit = 1e15 if x.dtype == np.float32 else 1e150
    spread = float(x.max()) - float(x.min())
    if spread > limit or 0 < spread < 1 / limit:
        wider = "convert it with X.astype('float64'), or " if x.dtype == np.float32 else ""
        raise ValueError(
            f"X must hold {x.dtype} values that differ by {1 / limit:g} to {limit:g}, so that "
            f"their squares can be added up, got {spread:.3g}: {wider}take another unit"
        )


def _squared_distances(centred, components, variances, noise):
    """The squared Mahalanobis distance of each row from the mean, in the covariance of the model.

    We square what the components leave out of a row, rather than subtract the squares of its
    scores from that of the row: the noise variance may be tiny, and digits that cancel would be
    divided by it. The products may then be in float32, which is quick; the squares are in float64.
    """
    scores = centred @ components.T
    with np.errstate(over="ignore"):  # off the plane of data without noise, infinity is right
        distances = (np.square(scores, dtype=np.float64) / variances).sum(axis=1)
        if len(components) < components.shape[1]:
            left_out = centred - scores @ components
            distances += np.square(left_out, dtype=np.float64).sum(axis=1) / noise
    return distances


def _sum_over_blocks(function, x, rows):
    """The sum of function(block) over blocks of rows, added up in float64: no large copy, no loss
    of digits."""
    total = 0.0
    for start in range(0, len(x), rows):
        total = np.add(total, function(x[start : start + rows]), dtype=np.float64)
    return total


def _by_svd(x, mean):
    """(variances, components) by the economy SVD.

    The left singular vectors of a tall matrix are never formed, since PCA does not need them: R of
    its QR decomposition has the same singular values and right singular vectors (Golub & Van Loan,
    section 8.6).
    """
    centred = x - mean.astype(x.dtype)
    if len(x) >= x.shape[1]:
        r = scipy.linalg.qr(centred, mode="r", overwrite_a=True, check_finite=False)[0][
            : x.shape[1]
        ]
        _, singular_values, components = scipy.linalg.svd(r, overwrite_a=True, check_finite=False)
    else:
        components, singular_values, _ = scipy.linalg.svd(
            centred.T, full_matrices=False, overwrite_a=True, check_finite=False
        )
        components = components.T
    return singular_values.astype(np.float64) ** 2 / (len(x) - 1), components


def _by_covariance(x, mean):
    """(variances, components) by the eigenvectors of the covariance, which is added up in float64.

    Subtracting the mean after the product, not before, saves a pass over the data, at the cost of
    the digits that cancel: where a mean square is over ten times the variance, we go back and
    subtract it before.
    """
    n_samples = len(x)
    mean_square = _sum_over_blocks(lambda block: block.T @ block, x, rows=20_000) / n_samples
    covariance = mean_square - np.outer(mean, mean)
    if (np.diag(mean_square) > 10 * np.diag(covariance)).any():
        shift = mean.astype(x.dtype)

        def centred_product(block):
            centred = block - shift
            return centred.T @ centred

        covariance = _sum_over_blocks(centred_product, x, rows=20_000) / n_samples
    variances, vectors = np.linalg.eigh(covariance)
    return np.clip(variances[::-1], 0, None) * n_samples / (n_samples - 1), vectors[:, ::-1].T


def _fix_signs(components):
    """A component and its negative serve equally: take the one whose largest loading is
    positive."""
    largest = np.abs(components).argmax(axis=1)
    return components * np.sign(components[np.arange(len(components)), largest])[:, np.newaxis]
