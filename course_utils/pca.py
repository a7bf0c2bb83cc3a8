"""Principal component analysis on our own singular value decomposition, with scikit-learn's interface."""
import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from course_utils import _validate

_ROWS = 4096  # rows centred at a time: no centred copy of the data is ever held


class PCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Principal component analysis (Pearson 1901, Hotelling 1933; Jolliffe, Principal Component Analysis, 2002).

    The data are centred, never scaled. The components are the right singular vectors of the centred data, largest
    singular value first; the sign of each is chosen so that its largest loading is positive.

    Args:
        n_components: how many components to keep, 1 to min(n_samples, n_features); None keeps them all.
        solver: "svd", the economy singular value decomposition of the centred data; "covariance", the eigenvectors
            of the n_features x n_features covariance, far quicker when there are many more examples than features
            (it squares the condition number: components whose singular value is under about 1e-3 (float32) or 1e-8
            (float64) of the largest are noise); "auto", the covariance when n_samples >= 2 * n_features, else the
            SVD. Neither ever forms an n_samples x n_samples matrix from more samples than features.

    Attributes:
        components_: shape (n_components, n_features), orthonormal rows, the dtype of the data.
        mean_: shape (n_features,).
        explained_variance_: shape (n_components,), variance of each score: squared singular value / (n_samples - 1).
        explained_variance_ratio_: shape (n_components,), the same as shares of the total variance.
        singular_values_: shape (n_components,), of the centred data.
        n_components_, n_samples_, n_features_in_: integers.

    Raises:
        TypeError, ValueError: in `fit`, if an argument or the data will not do; in `transform` and
            `inverse_transform`, if the number of columns is not that of the data (of the components).

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
        """Find the components of `X`, shape (n_samples, n_features). `y` is ignored. Returns self."""
        x = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
        n_samples, n_features = x.shape
        k = min(x.shape)
        if self.n_components is not None:
            k = _validate.integer("n_components", self.n_components, 1, k)
        if self.solver not in ("auto", "svd", "covariance"):
            raise ValueError(f"solver must be 'auto', 'svd' or 'covariance', got {self.solver!r}")
        by_covariance = self.solver == "covariance" or (self.solver == "auto" and n_samples >= 2 * n_features)

        mean = x.mean(axis=0, dtype=np.float64).astype(x.dtype)
        variances, components = (_by_covariance if by_covariance else _by_svd)(x, mean)
        total = variances.sum()

        self.mean_ = mean
        self.components_ = _fix_signs(components[:k]).astype(x.dtype)
        self.explained_variance_ = variances[:k].astype(x.dtype)
        ratio = variances[:k] / total if total > 0 else np.zeros(k)
        self.explained_variance_ratio_ = ratio.astype(x.dtype)
        self.singular_values_ = np.sqrt(variances[:k] * (n_samples - 1)).astype(x.dtype)
        self.n_components_ = k
        self.n_samples_ = n_samples
        return self

    def transform(self, X):
        """The scores of `X`, shape (n_samples, n_components): coordinates along the components, from the mean."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return x @ self.components_.T - self.mean_ @ self.components_.T

    def inverse_transform(self, X):
        """The points, shape (n_samples, n_features), whose scores are `X`, shape (n_samples, n_components)."""
        check_is_fitted(self)
        scores = _validate.number_array("X", X, ndim=2)
        if scores.shape[1] != self.n_components_:
            raise ValueError(f"X must have {self.n_components_} columns, one a component, got shape {scores.shape}")
        return scores @ self.components_ + self.mean_

    @property
    def _n_features_out(self):
        return self.n_components_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _by_svd(x, mean):
    """(variances, components) by the economy SVD, by way of the triangular factor of a QR decomposition.

    The left singular vectors are never formed: PCA does not need them (Golub & Van Loan, Matrix Computations, 8.6).
    All that is factored further is square in the *smaller* of n_samples and n_features.
    """
    centred = x - mean
    if len(x) >= x.shape[1]:
        _, singular_values, components = np.linalg.svd(np.linalg.qr(centred, mode="r"))
    else:
        q, r = np.linalg.qr(centred.T)
        _, singular_values, rotation = np.linalg.svd(r.T)
        components = rotation @ q.T
    return singular_values.astype(np.float64) ** 2 / (len(x) - 1), components


def _by_covariance(x, mean):
    """(variances, components) by the eigenvectors of the covariance, added up in float64 over blocks of rows."""
    n_samples, n_features = x.shape
    scatter = np.zeros((n_features, n_features))
    for start in range(0, n_samples, _ROWS):
        block = x[start : start + _ROWS] - mean
        scatter += block.T @ block
    variances, vectors = np.linalg.eigh(scatter / (n_samples - 1))
    return np.clip(variances[::-1], 0, None), vectors[:, ::-1].T


def _fix_signs(components):
    """A component and its negative serve equally: take the one whose largest loading is positive."""
    largest = np.abs(components).argmax(axis=1)
    return components * np.sign(components[np.arange(len(components)), largest])[:, np.newaxis]
