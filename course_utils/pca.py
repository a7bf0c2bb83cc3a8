"""Principal component analysis on our own singular value decomposition, with scikit-learn's
interface."""

import numpy as np
import scipy.linalg
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from course_utils import _validate


class PCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Principal component analysis (Pearson 1901, Hotelling 1933; Jolliffe, Principal Component
    Analysis, 2002).

    The data are centred, never scaled. The components are the right singular vectors of the centred
    data, largest singular value first; the sign of each is chosen so that its largest loading is
    positive.

    Args:
        n_components: how many components to keep, 1 to min(n_samples, n_features); None keeps them
            all.
        solver: "svd", the economy singular value decomposition of the centred data; "covariance",
            the eigenvectors of the n_features x n_features covariance, far quicker when there are
            many more examples than features (it squares the condition number: components whose
            singular value is under about 1e-3 (float32) or 1e-8 (float64) of the largest are
            noise); "auto", the covariance when n_samples >= 2 * n_features, else the SVD. Neither
            ever forms an n_samples x n_samples matrix from more samples than features.

    Attributes:
        components_: shape (n_components, n_features), orthonormal rows, the dtype of the data.
        mean_: shape (n_features,).
        explained_variance_: shape (n_components,), variance of each score: squared singular value /
            (n_samples - 1).
        explained_variance_ratio_: shape (n_components,), the same as shares of the total variance.
        singular_values_: shape (n_components,), of the centred data.
        n_components_, n_samples_, n_features_in_: integers.

    Raises:
        TypeError, ValueError: in `fit`, if an argument or the data will not do; in `transform` and
            `inverse_transform`, if the number of columns is not that of the data (of the
            components).

    float32 data stay float32; anything else becomes float64.

    >>> import numpy as np
    >>> x = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    >>> pca = PCA(n_components=1).fit(x)
    >>> pca.components_.round(4), pca.explained_variance_ratio_.round(4)
    (array([[0.7071, 0.7071]]), array([1.]))
    >>> scores = pca.transform(x)  # shape (3, 1)
    >>> bool(np.allclose(pca.inverse_transform(scores), x))
    True
    """

    def __init__(self, n_components=None, solver="auto"):
        self.n_components = n_components
        self.solver = solver

    def fit(self, X, y=None):
        """Find the components of `X`, shape (n_samples, n_features). `y` is ignored. Returns
        self."""
        x = validate_data(
            self, X, dtype=[np.float64, np.float32], ensure_min_samples=2, ensure_all_finite=False
        )
        _validate.number_array("X", x)  # finite, or one sentence instead of scikit-learn's five
        n_samples, n_features = x.shape
        k = min(x.shape)
        if self.n_components is not None:
            k = _validate.integer("n_components", self.n_components, 1, k)
        if self.solver not in ("auto", "svd", "covariance"):
            raise ValueError(f"solver must be 'auto', 'svd' or 'covariance', got {self.solver!r}")
        by_covariance = self.solver == "covariance" or (
            self.solver == "auto" and n_samples >= 2 * n_features
        )

        mean = _sum_over_blocks(lambda block: block.sum(axis=0), x, rows=1000) / n_samples
        variances, components = (_by_covariance if by_covariance else _by_svd)(x, mean)
        total = variances.sum()

        self.mean_ = mean.astype(x.dtype)
        self.components_ = _fix_signs(components[:k]).astype(x.dtype)
        self.explained_variance_ = variances[:k].astype(x.dtype)
        ratio = variances[:k] / total if total > 0 else np.zeros(k)
        self.explained_variance_ratio_ = ratio.astype(x.dtype)
        self.singular_values_ = np.sqrt(variances[:k] * (n_samples - 1)).astype(x.dtype)
        self.n_components_ = k
        self.n_samples_ = n_samples
        return self

    def transform(self, X):
        """The scores of `X`, shape (n_samples, n_components): coordinates along the components,
        from the mean."""
        check_is_fitted(self)
        shape, wanted = getattr(X, "shape", ()), self.n_features_in_
        if len(shape) == 2 and shape[0] == wanted != shape[1]:
            raise ValueError(
                f"X has {shape[1]} features, but PCA is expecting {wanted} features as input: is it transposed?"
            )
        x = validate_data(
            self, X, dtype=[np.float64, np.float32], reset=False, ensure_all_finite=False
        )
        _validate.number_array("X", x)
        return x @ self.components_.T - self.mean_ @ self.components_.T

    def inverse_transform(self, X):
        """The points, shape (n_samples, n_features), whose scores are `X`, shape (n_samples,
        n_components)."""
        check_is_fitted(self)
        scores = _validate.number_array("X", X, ndim=2)
        if scores.shape[1] != self.n_components_:
            raise ValueError(
                f"X must have {self.n_components_} columns, one a component, got shape {scores.shape}"
            )
        return scores @ self.components_ + self.mean_

    @property
    def _n_features_out(self):
        return self.n_components_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


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
        its QR
    decomposition has the same singular values and right singular vectors (Golub & Van Loan, section
        8.6).
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
