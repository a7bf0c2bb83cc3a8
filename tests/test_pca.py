import numpy as np
import pytest
import scipy.linalg
import sklearn.decomposition
from sklearn.utils.estimator_checks import parametrize_with_checks

from course_utils import datasets
from course_utils.metrics import principal_angles, squared_error
from course_utils.pca import PCA


@parametrize_with_checks([PCA(), PCA(solver="svd"), PCA(solver="covariance"), PCA(n_components=1)])
def test_scikit_learns_estimator_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def mnist():
    (x_train, _), (x_test, _) = datasets.load_mnist()
    return x_train.reshape(-1, 784), x_test.reshape(-1, 784)


@pytest.fixture(scope="module")
def faces():
    return datasets.load_faces()[0].reshape(400, -1)


def assert_equal_to_scikit_learns(ours, theirs, x, atol):
    np.testing.assert_allclose(ours.mean_, theirs.mean_, atol=1e-5)
    np.testing.assert_allclose(ours.components_, theirs.components_, atol=atol)  # with their signs
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_, rtol=1e-3)
    np.testing.assert_allclose(
        ours.explained_variance_ratio_, theirs.explained_variance_ratio_, rtol=1e-3
    )
    np.testing.assert_allclose(ours.singular_values_, theirs.singular_values_, rtol=1e-3)
    np.testing.assert_allclose(ours.transform(x), theirs.transform(x), atol=20 * atol)
    np.testing.assert_allclose(
        ours.inverse_transform(ours.transform(x)),
        theirs.inverse_transform(theirs.transform(x)),
        atol=20 * atol,
    )


def test_equals_scikit_learn_on_mnist(mnist):
    x_train, x_test = mnist
    # In float64: in float32 their mean is off by 2e-5 and their components by 2e-4, which is no
    # yardstick.
    theirs = sklearn.decomposition.PCA(30, svd_solver="covariance_eigh").fit(
        x_train.astype(np.float64)
    )
    assert_equal_to_scikit_learns(PCA(30).fit(x_train), theirs, x_test, atol=1e-4)


@pytest.mark.parametrize("solver", ["svd", "auto"])
def test_equals_scikit_learn_on_the_faces(faces, solver):
    theirs = sklearn.decomposition.PCA(50, svd_solver="full").fit(faces)
    assert_equal_to_scikit_learns(PCA(50, solver=solver).fit(faces), theirs, faces, atol=1e-3)


def test_mnist_in_thirty_components_has_the_published_error(mnist):
    x_train, x_test = mnist
    model = PCA(30).fit(x_train)
    # Hinton & Salakhutdinov 2006, figure 2B: 13.87
    assert squared_error(x_test, model.inverse_transform(model.transform(x_test))) == pytest.approx(
        13.866, abs=0.002
    )


@pytest.mark.parametrize("shape", [(50, 8), (8, 50), (20, 20), (21, 20)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_solvers_agree(shape, dtype):
    x = (np.random.default_rng(0).normal(size=shape) * np.linspace(1, 5, shape[1])).astype(
        dtype
    ) + 3
    k = min(shape) - 1
    svd, covariance = PCA(k, solver="svd").fit(x), PCA(k, solver="covariance").fit(x)
    assert svd.components_.dtype == covariance.components_.dtype == dtype
    tolerance = {
        "atol": 2e-3 if dtype == np.float32 else 1e-9,
        "rtol": 1e-3 if dtype == np.float32 else 1e-9,
    }
    np.testing.assert_allclose(svd.components_, covariance.components_, **tolerance)
    np.testing.assert_allclose(svd.explained_variance_, covariance.explained_variance_, **tolerance)


def test_the_error_is_the_variance_left_out():
    x = np.random.default_rng(1).normal(size=(40, 6)) * [6, 5, 4, 3, 2, 1]
    for k in range(1, 6):
        model, rest = PCA(k).fit(x), PCA().fit(x).singular_values_[k:]
        error = squared_error(x, model.inverse_transform(model.transform(x)))
        assert error == pytest.approx((rest**2).sum() / 40)


def test_signs_are_deterministic():
    x = np.random.default_rng(2).normal(size=(30, 5))
    components = PCA().fit(x).components_
    np.testing.assert_allclose(PCA().fit(-x).components_, components, atol=1e-12)
    assert (components[np.arange(5), np.abs(components).argmax(axis=1)] > 0).all()


def test_data_far_from_the_origin():
    x = np.random.default_rng(3).normal(size=(5000, 3)).astype(np.float32) * np.float32([3, 2, 1])
    near, far = PCA().fit(x), PCA().fit(x + 1000)
    assert principal_angles(near.components_[:1], far.components_[:1])[0] < 0.1
    np.testing.assert_allclose(near.explained_variance_, far.explained_variance_, rtol=1e-3)


def test_data_of_lower_rank_and_constant_data():
    rank_one = np.outer(np.arange(10.0), [1, 2, 3])
    model = PCA().fit(rank_one)
    np.testing.assert_allclose(model.explained_variance_ratio_, [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(model.components_ @ model.components_.T, np.eye(3), atol=1e-8)
    constant = PCA().fit(np.ones((5, 3)))
    np.testing.assert_array_equal(constant.explained_variance_ratio_, [0, 0, 0])


def test_fit_leaves_the_data_alone():
    x = np.random.default_rng(4).normal(size=(20, 3))
    before = x.copy()
    PCA().fit_transform(x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    "model, x, error, sentence",
    [
        (PCA(4), np.ones((10, 3)), ValueError, "n_components must be from 1 to 3, got 4"),
        (PCA(0), np.ones((10, 3)), ValueError, "n_components must be from 1 to 3, got 0"),
        (
            PCA(0.9),
            np.ones((10, 3)),
            TypeError,
            "n_components must be an integer, got 0.9 of type float",
        ),
        (PCA(True), np.ones((10, 3)), TypeError, "n_components must be an integer, got True"),
        (
            PCA(solver="magic"),
            np.ones((10, 3)),
            ValueError,
            "solver must be 'auto', 'svd' or 'covariance', got 'magic'",
        ),
        (PCA(), np.ones(10), ValueError, "Expected 2D array, got 1D array"),
        (PCA(), np.ones((10, 28, 28)), ValueError, "PCA expected <= 2|dim 3"),
        (
            PCA(),
            np.array([[1.0, np.nan], [0, 1]]),
            ValueError,
            r"^X must be finite, got NaN or infinity in an array of shape \(2, 2\)$",
        ),
        (PCA(), np.ones((0, 3)), ValueError, "0 sample"),
        (PCA(), np.ones((1, 3)), ValueError, "minimum of 2"),
    ],
)
def test_bad_input_to_fit(model, x, error, sentence):
    with pytest.raises(error, match=sentence):
        model.fit(x)


def test_bad_input_to_transform_and_back():
    x = np.random.default_rng(5).normal(size=(20, 3))
    model = PCA(2).fit(x)
    with pytest.raises(
        ValueError,
        match="X has 20 features, but PCA is expecting 3 features as input: is it transposed",
    ):
        model.transform(x.T)
    with pytest.raises(
        ValueError, match=r"X must have 2 columns, one a component, got shape \(20, 3\)"
    ):
        model.inverse_transform(x)
    with pytest.raises(ValueError, match="X must be finite"):
        model.inverse_transform(np.full((3, 2), np.nan))


def test_never_a_matrix_of_examples_by_examples(mnist, monkeypatch):
    """60,000 squared would be 13 GiB in float32: watch every decomposition that is asked for."""
    shapes = []
    for module, name in (
        (scipy.linalg, "qr"),
        (scipy.linalg, "svd"),
        (np.linalg, "eigh"),
        (np.linalg, "svd"),
    ):
        original = getattr(module, name)

        def watched(a, *args, original=original, **kwargs):
            result = original(a, *args, **kwargs)
            shapes.extend(factor.shape for factor in result)
            return result

        monkeypatch.setattr(module, name, watched)
    x = mnist[0][:5000]
    for solver in ("svd", "covariance"):
        model = PCA(5, solver=solver).fit(x)
        assert model.components_.shape == (5, 784)
    assert set(shapes) == {(5000, 784), (784, 784), (784,)}  # no factor of 5000 x 5000
