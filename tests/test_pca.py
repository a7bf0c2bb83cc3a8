import numpy as np
import pytest
import scipy.linalg
import scipy.stats
import sklearn.decomposition
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from course_utils import datasets
from course_utils.metrics import principal_angles, squared_error
from course_utils.pca import PCA


@pytest.mark.filterwarnings("ignore:the model has no density")  # nine samples of ten features
@parametrize_with_checks(
    [
        PCA(),
        PCA(solver="svd"),
        PCA(solver="covariance"),
        PCA(n_components=1),
        PCA(n_components=0.9),
        PCA(whiten=True),
        PCA(n_components=0.5, solver="svd", whiten=True),
    ]
)
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
        *[
            (
                PCA(share),
                np.eye(3),
                ValueError,
                "^n_components must be an integer, or a share of the variance above 0 and below 1, "
                f"got {share}$",
            )
            for share in (1.0, 0.0, -0.5, 95.0, np.nan, np.inf)
        ],
        *[
            (
                PCA(value),
                np.eye(3),
                TypeError,
                "^n_components must be an integer, a share of the variance or None, "
                f"got {value!r} of type {type(value).__name__}$",
            )
            for value in (True, "0.9", 1j)
        ],
        (
            PCA("mle"),
            np.eye(3),
            ValueError,
            "^n_components='mle' is not offered here: give an integer, "
            r"or a share of the variance such as 0\.95$",
        ),
        (
            PCA(0.9),
            np.ones((10, 3)),
            ValueError,
            r"^X must vary for n_components=0\.9 to be a share of its variance: "
            "its rows are all alike$",
        ),
        (PCA(whiten="yes"), np.eye(3), TypeError, "^whiten must be True or False, got 'yes'$"),
        (PCA(whiten=1), np.eye(3), TypeError, "^whiten must be True or False, got 1$"),
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


@pytest.mark.parametrize("method", ["score", "score_samples"])
def test_bad_input_to_the_score(method):
    x = np.random.default_rng(5).normal(size=(20, 3))
    score = getattr(PCA(2).fit(x), method)
    with pytest.raises(ValueError, match="expecting 3 features as input: is it transposed"):
        score(x.T)
    with pytest.raises(ValueError, match="^X must be finite"):
        score(np.full((4, 3), np.inf))


@pytest.mark.parametrize(
    "use",
    [
        lambda model: model.score(np.eye(3)),
        lambda model: model.score_samples(np.eye(3)),
        lambda model: model.get_covariance(),
        lambda model: model.get_precision(),
    ],
)
def test_the_model_must_be_fitted(use):
    with pytest.raises(NotFittedError):
        use(PCA())


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


SHAPES = [(60, 8), (12, 8), (20, 20), (8, 60)]


def spread_out(shape, dtype=np.float64, seed=6):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) * np.geomspace(4, 0.5, shape[1]) + 2).astype(dtype)


def fitted_pair(x, n_components, solver="auto", whiten=False):
    """Ours, and scikit-learn's of the same data in float64, by the full SVD."""
    theirs = sklearn.decomposition.PCA(n_components, whiten=whiten, svd_solver="full")
    return PCA(n_components, solver, whiten).fit(x), theirs.fit(x.astype(np.float64))


def tolerance_of(dtype):
    return {"rtol": 2e-4, "atol": 2e-4} if dtype == np.float32 else {"rtol": 1e-8, "atol": 1e-8}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["svd", "covariance"])
@pytest.mark.parametrize("n_components", [1, 3, 0.5, 0.85])
def test_the_model_equals_scikit_learns(shape, dtype, solver, n_components):
    x, new = spread_out(shape, dtype), spread_out((30, shape[1]), dtype, seed=7)
    ours, theirs = fitted_pair(x, n_components, solver)
    tolerance = tolerance_of(dtype)
    assert ours.n_components_ == theirs.n_components_ == len(ours.components_)
    assert type(ours.n_components_) is int and type(ours.noise_variance_) is float
    np.testing.assert_allclose(ours.noise_variance_, theirs.noise_variance_, **tolerance)
    for name in ("get_covariance", "get_precision"):
        matrix = getattr(ours, name)()
        assert matrix.dtype == dtype
        np.testing.assert_allclose(matrix, getattr(theirs, name)(), **tolerance)
    log_likelihoods = ours.score_samples(new)
    assert log_likelihoods.dtype == np.float64 and log_likelihoods.shape == (30,)
    np.testing.assert_allclose(
        log_likelihoods, theirs.score_samples(new.astype(np.float64)), **tolerance
    )
    assert type(ours.score(new)) is float
    assert ours.score(new) == pytest.approx(theirs.score(new.astype(np.float64)), **RELATIVE[dtype])


RELATIVE = {np.float32: {"rel": 1e-4}, np.float64: {"rel": 1e-10}}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_components", [1, 3, 0.5, 0.85])
def test_whitening_equals_scikit_learns(shape, dtype, n_components):
    x, new = spread_out(shape, dtype), spread_out((30, shape[1]), dtype, seed=7)
    ours, theirs = fitted_pair(x, n_components, whiten=True)
    tolerance = tolerance_of(dtype)
    np.testing.assert_allclose(ours.components_, theirs.components_, **tolerance)
    scores = ours.transform(new)
    assert scores.dtype == ours.inverse_transform(scores).dtype == dtype
    np.testing.assert_allclose(scores, theirs.transform(new.astype(np.float64)), **tolerance)
    np.testing.assert_allclose(
        ours.inverse_transform(scores), theirs.inverse_transform(scores), **tolerance
    )
    np.testing.assert_allclose(ours.transform(x).std(axis=0, ddof=1), 1, rtol=1e-4)


@pytest.mark.parametrize("whiten", [False, True])
def test_whitening_leaves_the_model_alone(whiten):
    """scikit-learn 1.9 scores whitened data by a covariance that is not theirs (issue 13898)."""
    x = spread_out((60, 8))
    model = PCA(whiten=whiten).fit(x)
    np.testing.assert_allclose(model.get_covariance(), np.cov(x.T), rtol=1e-10, atol=1e-12)
    normal = scipy.stats.multivariate_normal(x.mean(axis=0), np.cov(x.T))
    np.testing.assert_allclose(model.score_samples(x), normal.logpdf(x), rtol=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_score_is_the_log_density_of_a_normal_distribution(shape):
    x = spread_out(shape)
    model = PCA(3, whiten=True).fit(x)
    normal = scipy.stats.multivariate_normal(model.mean_, model.get_covariance())
    np.testing.assert_allclose(model.score_samples(x), normal.logpdf(x), rtol=1e-9)
    assert model.score(x) == pytest.approx(normal.logpdf(x).mean())
    np.testing.assert_allclose(
        model.get_precision() @ model.get_covariance(), np.eye(shape[1]), atol=1e-10
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["svd", "covariance"])
def test_all_components_of_tall_data_leave_no_noise(dtype, solver):
    x = spread_out((60, 8), dtype)
    ours, theirs = fitted_pair(x, None, solver)
    assert ours.noise_variance_ == theirs.noise_variance_ == 0
    tolerance = tolerance_of(dtype)
    np.testing.assert_allclose(ours.get_covariance(), theirs.get_covariance(), **tolerance)
    np.testing.assert_allclose(ours.get_precision(), theirs.get_precision(), **tolerance)
    np.testing.assert_allclose(
        ours.score_samples(x), theirs.score_samples(x.astype(np.float64)), **tolerance
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("solver", ["svd", "covariance"])
def test_the_noise_variance_is_the_mean_of_the_variances_left_out(shape, solver):
    x, most = spread_out(shape), min(shape)
    variances = PCA(solver="svd").fit(x).explained_variance_
    for k in range(1, most + 1):
        wanted = variances[k:].mean() if k < most else 0
        assert PCA(k, solver).fit(x).noise_variance_ == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("solver", ["svd", "covariance"])
def test_a_share_is_exceeded_by_the_fewest_components(shape, solver):
    x, most = spread_out(shape), min(shape)
    sums = PCA(solver=solver).fit(x).explained_variance_ratio_[:most].cumsum()
    for k, reached in enumerate(sums[: most - 2], start=1):
        assert PCA(np.nextafter(reached, 0), solver).fit(x).n_components_ == k
        assert PCA(reached, solver).fit(x).n_components_ == k + 1  # reached is not exceeded
    almost_all = PCA(np.nextafter(1.0, 0), solver).fit(x)
    assert almost_all.n_components_ == len(almost_all.components_) <= most
    assert PCA(1e-9, solver).fit(x).n_components_ == 1


def test_a_share_of_mnist(mnist):
    model = PCA(0.95).fit(mnist[0])
    assert model.n_components_ == 154
    assert model.explained_variance_ratio_[:-1].sum() < 0.95 < model.explained_variance_ratio_.sum()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kwargs", [{}, {"n_components": 0.9}, {"n_components": 2}])
@pytest.mark.parametrize("whiten", [False, True])
def test_fit_transform_is_fit_and_transform(shape, kwargs, whiten):
    x = spread_out(shape, np.float32)
    model = PCA(whiten=whiten, **kwargs)
    np.testing.assert_array_equal(
        model.fit_transform(x), PCA(whiten=whiten, **kwargs).fit(x).transform(x)
    )


def test_whitening_and_back_does_not_depend_on_the_unit():
    x = spread_out((60, 8), np.float32)
    for factor in np.float32([1e-9, 1, 1e9]):
        model = PCA(whiten=True).fit(x * factor)
        scores = model.transform(x * factor)
        np.testing.assert_allclose(scores.std(axis=0, ddof=1), 1, rtol=1e-4)
        np.testing.assert_allclose(model.inverse_transform(scores), x * factor, rtol=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["svd", "covariance"])
def test_whitening_does_not_blow_up_noise(dtype, solver):
    """Three directions of eight: the scores along the other five are rounding error."""
    rng = np.random.default_rng(8)
    directions = rng.normal(size=(3, 8))
    x = (rng.normal(size=(200, 3)) @ directions).astype(dtype)
    new = (rng.normal(size=(50, 3)) @ directions).astype(dtype)
    model = PCA(solver=solver, whiten=True).fit(x)
    np.testing.assert_allclose(model.transform(x)[:, :3].std(axis=0, ddof=1), 1, rtol=1e-3)
    assert np.abs(model.transform(new)[:, 3:]).max() < 1
    np.testing.assert_allclose(
        model.inverse_transform(model.transform(new)),
        new,
        atol=1e-4 if dtype == np.float32 else 1e-9,
    )
    for constant in (np.ones((5, 3), dtype), np.zeros((5, 3), dtype)):
        np.testing.assert_array_equal(PCA(whiten=True).fit_transform(constant), np.zeros((5, 3)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["svd", "covariance"])
@pytest.mark.parametrize(
    "shape, rank, advice",
    [
        ((8, 60), 7, "use n_components below 7"),  # eight points span seven directions
        ((200, 8), 3, "use n_components below 3"),
        ((200, 8), 1, "give data that vary in more directions"),
        ((200, 8), 0, "give data that vary in more directions"),
    ],
)
def test_where_nothing_is_left_to_the_noise_there_is_no_density(dtype, solver, shape, rank, advice):
    rng = np.random.default_rng(9)
    x = (rng.normal(size=(shape[0], rank)) @ rng.normal(size=(rank, shape[1]))).astype(dtype)
    for k in {max(rank, 1), rank + 1, min(shape)}:
        model = PCA(k, solver).fit(x)
        sentence = (
            f"the model has no density: the data vary in {rank} of {shape[1]} directions only, "
            f"and n_components={k} leaves nothing to the noise: {advice}"
        )
        with pytest.raises(ValueError, match=f"^{sentence}$"):
            model.get_precision()
        ending = r"; scored with a variance of \S+, the rounding error$"
        with pytest.warns(UserWarning, match=f"^{sentence}{ending}"):
            on, off = model.score_samples(x), model.score_samples(x + np.arange(shape[1]))
        assert on.min() > 0 > -1e6 > off.max()
        assert np.isfinite(model.get_covariance()).all()
    for k in range(1, rank):  # as advised
        ours, theirs = fitted_pair(x, k, solver)
        expected = theirs.score(x.astype(np.float64))
        assert ours.score(x) == pytest.approx(expected, rel=1e-3 if dtype == np.float32 else 1e-9)


def test_float32_is_scored_in_float64():
    """With deviations from 1,000 to 0.1, digits that cancel in float32 would leave noise."""
    x = spread_out((500, 6), np.float32) * np.float32([1000, 100, 10, 1, 0.1, 0.1])
    ours, theirs = fitted_pair(x, 4, "svd")
    expected = theirs.score_samples(x.astype(np.float64))
    np.testing.assert_allclose(ours.score_samples(x), expected, rtol=1e-4)
    outlier = np.full((1, 6), 1e25, np.float32)  # its square is beyond float32
    assert ours.score_samples(outlier).dtype == np.float64
    assert -np.inf < ours.score(outlier) < -1e40


def test_the_score_of_many_rows_is_that_of_each():
    x = spread_out((4500, 5), np.float32)
    model = PCA(2).fit(x)
    alone = np.concatenate([model.score_samples(part) for part in np.array_split(x, 7)])
    np.testing.assert_allclose(model.score_samples(x), alone, rtol=1e-12)
    assert model.score(x, y="ignored") == pytest.approx(alone.mean(), rel=1e-12)


@pytest.mark.parametrize("size, dtype", [(1e-25, "float32"), (1e18, "float32"), (1e160, "float64")])
def test_sizes_whose_squares_are_lost_are_refused(size, dtype):
    x = (np.random.default_rng(0).normal(size=(20, 5)) * size).astype(dtype)
    with pytest.raises(
        ValueError, match="differ by .* to .*, so that .*their squares can be added"
    ):
        PCA(2).fit(x)
    if dtype == "float32":
        ratios = PCA(2).fit(x.astype("float64")).explained_variance_ratio_
        plain = PCA(2).fit((x / size).astype("float64")).explained_variance_ratio_
        np.testing.assert_allclose(ratios, plain, rtol=1e-5)
