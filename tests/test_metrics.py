import numpy as np
import pytest
import scipy.stats
import sklearn.metrics

from course_utils.metrics import (
    active_units,
    auroc,
    detection,
    gaussian_kl,
    hoyer_sparsity,
    linear_probe,
    nearest_neighbour_accuracy,
    principal_angles,
    psnr,
    split_rate,
    squared_error,
    units_used,
)


def test_squared_error_is_summed_over_pixels_and_averaged_over_images():
    x = np.zeros((3, 2, 2), np.float32)
    x_hat = x.copy()
    x_hat[0] = 1  # four pixels wrong by 1, in one image of three
    assert squared_error(x, x_hat) == pytest.approx(4 / 3)
    assert squared_error(x.reshape(3, 4), x_hat.reshape(3, 4)) == pytest.approx(4 / 3)


def test_squared_error_over_more_than_one_block_of_rows():
    rng = np.random.default_rng(0)
    x, x_hat = rng.normal(size=(2, 10_001, 7))
    assert squared_error(x, x_hat) == pytest.approx(((x - x_hat) ** 2).sum(axis=1).mean())


def test_squared_error_is_symmetric_and_accepts_mixed_precision():
    rng = np.random.default_rng(0)
    x = rng.random((5, 8)).astype(np.float32)
    x_hat = rng.random((5, 8))
    assert squared_error(x, x_hat) == squared_error(x_hat, x)


@pytest.mark.parametrize(
    "x, x_hat, error, sentence",
    [
        (
            np.zeros((2, 3), np.uint8),
            np.zeros((2, 3)),
            TypeError,
            "x must be floating point, got uint8: convert images",
        ),
        (
            np.zeros((2, 3)),
            np.zeros((2, 3), int),
            TypeError,
            "x_hat must be floating point, got int",
        ),
        (
            np.zeros((2, 3)),
            np.zeros((3, 2)),
            ValueError,
            r"one shape, got \(2, 3\) and \(3, 2\): is one of them transposed",
        ),
        # These would broadcast.
        (np.zeros((2, 3)), np.zeros((2, 1)), ValueError, r"one shape, got \(2, 3\) and \(2, 1\)"),
        (
            np.zeros((0, 3)),
            np.zeros((0, 3)),
            ValueError,
            r"x must not be empty, got shape \(0, 3\)",
        ),
        (np.zeros(3), np.zeros(3), ValueError, "x must be at least 2-D"),
        (
            np.full((2, 3), np.nan),
            np.zeros((2, 3)),
            ValueError,
            "x must be finite, got NaN or infinity",
        ),
        (np.zeros((2, 3)), np.full((2, 3), np.inf), ValueError, "x_hat must be finite"),
        (
            [[1.0], [1.0, 2.0]],
            [[1.0], [1.0]],
            ValueError,
            "x must be an array whose rows have one length",
        ),
        ("images", "pictures", TypeError, "x must be an array of real numbers"),
    ],
)
def test_squared_error_bad_input(x, x_hat, error, sentence):
    with pytest.raises(error, match=sentence):
        squared_error(x, x_hat)


def test_principal_angles_of_planes_in_space():
    floor = np.array([[1.0, 0, 0], [0, 1, 0]])
    # Shares one direction, turned by 0.3 in the other.
    ramp = np.array([[1.0, 0, 0], [0, np.cos(0.3), np.sin(0.3)]])
    np.testing.assert_allclose(principal_angles(floor, ramp), [np.degrees(0.3), 0], atol=1e-6)
    np.testing.assert_allclose(principal_angles(floor, [[0, 0, 2.0]]), [90])


def test_principal_angles_ignore_the_basis():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(3, 10))
    assert principal_angles(a, rng.normal(size=(3, 3)) @ a).max() < 1e-5
    np.testing.assert_allclose(principal_angles(a, -a), 0, atol=1e-5)


@pytest.mark.parametrize(
    "a, b, error, sentence",
    [
        (
            np.ones((5, 2)),
            np.ones((1, 2)),
            ValueError,
            r"a must have no more rows .* got shape \(5, 2\): is it transposed",
        ),
        (np.eye(3)[:2], np.ones((1, 4)), ValueError, "one number of columns"),
        (
            np.ones((2, 3)),
            np.eye(3)[:2],
            ValueError,
            "a must have linearly independent rows, got 2 rows of rank 1",
        ),
        (np.ones(3), np.eye(3), ValueError, "a must be 2-D, got 1-D"),
        (np.eye(3), np.full((1, 3), np.nan), ValueError, "b must be finite"),
        (np.eye(3) * 1j, np.eye(3), TypeError, "a must be an array of real numbers"),
    ],
)
def test_principal_angles_bad_input(a, b, error, sentence):
    with pytest.raises(error, match=sentence):
        principal_angles(a, b)


def test_psnr_is_the_mean_over_images_of_scikit_images_own():
    from skimage.metrics import peak_signal_noise_ratio

    rng = np.random.default_rng(0)
    x = rng.random((5000, 4, 5)).astype(np.float32)
    x_hat = x + rng.normal(size=x.shape).astype(np.float32) * rng.random((5000, 1, 1)).astype(
        np.float32
    )
    wanted = np.mean(
        [peak_signal_noise_ratio(a, b, data_range=1) for a, b in zip(x, x_hat, strict=True)]
    )
    assert psnr(x, x_hat) == pytest.approx(wanted, abs=1e-3)
    assert psnr(x.reshape(5000, 20), x_hat.reshape(5000, 20)) == pytest.approx(wanted, abs=1e-3)
    together = -10 * np.log10(((x - x_hat) ** 2).mean())
    assert abs(psnr(x, x_hat) - together) > 1


def test_psnr_of_a_perfect_copy_is_infinite():
    assert psnr(np.ones((2, 3)), np.ones((2, 3))) == np.inf


@pytest.mark.parametrize(
    "x, x_hat, error, sentence",
    [
        (
            np.full((2, 3), 200.0),
            np.zeros((2, 3)),
            ValueError,
            r"x must lie in \[0, 1\], got values from 200 to 200: divide by 255",
        ),
        (
            np.zeros((2, 3), np.uint8),
            np.zeros((2, 3)),
            TypeError,
            "x must be floating point, got uint8",
        ),
        (np.zeros((2, 3)), np.zeros((3, 2)), ValueError, "one shape"),
        (np.zeros(3), np.zeros(3), ValueError, "x must be at least 2-D"),
    ],
)
def test_psnr_bad_input(x, x_hat, error, sentence):
    with pytest.raises(error, match=sentence):
        psnr(x, x_hat)


def test_units_used_counts_what_lies_beyond_the_threshold():
    code = np.array([[0.0, 0.5, -0.5, 0.005], [0.0, 0.0, 0.0, 0.02]])
    assert units_used(code) == 1.5
    assert units_used(code, threshold=0) == 2.0
    with pytest.raises(ValueError, match="threshold must be finite and at least 0, got -1"):
        units_used(code, threshold=-1)
    with pytest.raises(ValueError, match="code must be 2-D"):
        units_used(code[0])


def test_hoyer_sparsity_of_codes_that_are_known():
    one_of_nine, all_alike = np.eye(9)[:1] * 5, np.full((1, 9), -2.0)
    assert hoyer_sparsity(one_of_nine) == pytest.approx(1)
    assert hoyer_sparsity(all_alike) == pytest.approx(0)
    assert hoyer_sparsity(np.zeros((1, 9))) == 1
    assert hoyer_sparsity(np.full((1, 9), 1e200)) == pytest.approx(0, abs=1e-9)
    code = np.random.default_rng(0).random((5000, 9))
    assert hoyer_sparsity(code) == pytest.approx(hoyer_sparsity(7 * code))
    by_hand = np.mean([(3 - np.abs(z).sum() / np.linalg.norm(z)) / 2 for z in code])
    assert hoyer_sparsity(code) == pytest.approx(by_hand)
    with pytest.raises(ValueError, match=r"code must have two units or more, got shape \(3, 1\)"):
        hoyer_sparsity(np.ones((3, 1)))


def clusters(n, seed, noise=1.0):
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 3, n)
    return (
        np.eye(3)[classes] @ np.random.default_rng(9).normal(size=(3, 6))
        + noise * rng.normal(size=(n, 6))
    ), classes


def test_linear_probe_chooses_on_validation_and_tests_once():
    from sklearn.linear_model import LogisticRegression

    train, validation, test = clusters(60, 0), clusters(300, 1), clusters(400, 2)
    strengths = (0.001, 0.1, 1000.0)
    probe = linear_probe(train, validation, test, strengths)
    mean, scale = train[0].mean(axis=0), train[0].std()
    models = {
        c: LogisticRegression(C=c, tol=1e-3, max_iter=1000).fit((train[0] - mean) / scale, train[1])
        for c in strengths
    }
    errors = {
        name: {c: 100 * (1 - model.score((x - mean) / scale, y)) for c, model in models.items()}
        for name, (x, y) in {"validation": validation, "test": test}.items()
    }
    best = min(strengths, key=errors["validation"].get)
    assert probe.strength == best
    assert probe.validation_error == pytest.approx(errors["validation"][best])
    assert probe.error == pytest.approx(errors["test"][best])
    # The choice looks at the validation examples alone: other test classes do not move it.
    shuffled = test[0], np.roll(test[1], 1)
    assert linear_probe(train, validation, shuffled, strengths)[1:] == probe[1:]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("scale", [1e-4, 1e3])
def test_linear_probe_does_not_mind_dtype_and_scale(dtype, scale):
    parts = clusters(100, 0, 0.1), clusters(100, 1, 0.1), clusters(200, 2, 0.1)
    probe = linear_probe(
        *((np.asarray(scale * x, dtype), y) for x, y in parts), strengths=iter((1.0, 0.1))
    )
    assert probe.error < 2 and probe.strength == 0.1  # both are right: the smaller


def test_linear_probe_does_not_mind_scale_and_offset():
    train, validation, test = clusters(100, 0), clusters(100, 1), clusters(200, 2)
    moved = [(1000 * x + 5000, y) for x, y in (train, validation, test)]
    assert linear_probe(*moved).error == pytest.approx(
        linear_probe(train, validation, test).error, abs=0.6
    )


@pytest.mark.parametrize(
    "change, error, sentence",
    [
        (
            {"train": np.ones((4, 2))},
            TypeError,
            r"train must be a pair \(codes, classes\), got ndarray",
        ),
        (
            {"test": (np.ones((4, 2)), np.arange(3))},
            ValueError,
            "test must have one class for each of its 4 codes, got 3",
        ),
        (
            {"test": (np.ones((4, 3)), np.arange(4))},
            ValueError,
            r"test must have codes of 6 units.*got shape \(4, 3\)",
        ),
        (
            {"train": (np.ones((4, 6)), np.zeros(4, int))},
            ValueError,
            "train must have two classes or more, got only 0",
        ),
        (
            {"train": (np.ones((4, 6)), np.ones(4))},
            TypeError,
            r"train\[1\] must be classes, integers, got float64",
        ),
        (
            {"train": (np.ones((4, 6), int), np.arange(4))},
            TypeError,
            r"train\[0\] must be floating point",
        ),
        ({"strengths": (0.0,)}, ValueError, r"strengths\[0\] must be above 0, got 0"),
        ({"strengths": np.array(1.0)}, TypeError, "strengths must be a list of one number or more"),
        ({"strengths": ()}, TypeError, "strengths must be a list of one number or more"),
    ],
)
def test_linear_probe_bad_input(change, error, sentence):
    given = {
        "train": clusters(20, 0),
        "validation": clusters(20, 1),
        "test": clusters(20, 2),
    } | change
    with pytest.raises(error, match=sentence):
        linear_probe(**given)


def test_nearest_neighbours_against_all_distances():
    (codes, classes), (others, theirs) = clusters(60, 0), clusters(80, 1)
    distance = ((others[:, np.newaxis] - codes) ** 2).sum(axis=2)
    expected = 100 * (classes[distance.argmin(axis=1)] == theirs).mean()
    assert nearest_neighbour_accuracy((codes, classes), (others, theirs)) == pytest.approx(expected)
    assert 20 < expected < 100  # not a case in which all is right
    within = ((codes[:, np.newaxis] - codes) ** 2).sum(axis=2)
    np.fill_diagonal(within, np.inf)
    expected = 100 * (classes[within.argmin(axis=1)] == classes).mean()
    assert nearest_neighbour_accuracy((codes, classes)) == pytest.approx(expected)


def test_an_example_is_not_its_own_neighbour_but_its_double_is():
    codes, classes = np.array([[0.0], [0.0], [5.0]]), np.array([0, 1, 1])
    # The doubles are of two classes; the third has 0 or 1 beside it.
    assert nearest_neighbour_accuracy((codes, classes)) == 0


@pytest.mark.parametrize(
    "arguments, error, sentence",
    [
        ((np.ones((3, 2)),), TypeError, "train must be a pair"),
        (
            ((np.full((3, 2), 1e200), np.ones(3, int)),),
            ValueError,
            r"train\[0\] must be at most 1e\+15 in magnitude.*got 1e\+200",
        ),
        (
            ((np.ones((3, 2)), np.ones(3, int)), (np.full((3, 2), 1e200), np.ones(3, int))),
            ValueError,
            r"test\[0\] must be at most",
        ),
        (((np.ones((1, 2)), np.ones(1, int)),), ValueError, "train must have two examples or more"),
        (
            ((np.ones((3, 2)), np.ones(3, int)), (np.ones((3, 4)), np.ones(3, int))),
            ValueError,
            "test must have codes of 2 units",
        ),
        (
            ((np.ones((3, 2)), np.ones(2, int)),),
            ValueError,
            "train must have one class for each of its 3 codes, got 2",
        ),
    ],
)
def test_nearest_neighbours_refuse(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        nearest_neighbour_accuracy(*arguments)


# Of latents

MEAN, LOG_VAR = np.random.default_rng(0).normal(size=(2, 6, 3))


def test_kl_agrees_with_monte_carlo():
    rng = np.random.default_rng(1)
    std = np.exp(LOG_VAR / 2)
    z = MEAN + std * rng.standard_normal((200_000, 6, 3))
    ratio = scipy.stats.norm.logpdf(z, MEAN, std) - scipy.stats.norm.logpdf(z)
    np.testing.assert_allclose(
        gaussian_kl(MEAN, LOG_VAR), ratio.sum(axis=2).mean(axis=0), rtol=0.01, atol=0.02
    )


def test_kl_agrees_with_torch():
    torch = pytest.importorskip("torch")
    from torch.distributions import Normal, kl_divergence

    q = Normal(torch.tensor(MEAN), torch.tensor(np.exp(LOG_VAR / 2)))
    theirs = kl_divergence(
        q, Normal(torch.zeros(6, 3, dtype=torch.float64), torch.ones(6, 3, dtype=torch.float64))
    ).sum(dim=1)
    np.testing.assert_allclose(gaussian_kl(MEAN, LOG_VAR), theirs.numpy(), rtol=1e-10)


def test_active_units_are_those_whose_mean_moves():
    z_mean = np.random.default_rng(0).normal(size=(1000, 4)) * [1, 0.2, 0.05, 0] + [0, 5, 0, 9]
    assert active_units(z_mean) == 2 and active_units(z_mean, threshold=1e-3) == 3


def test_the_two_parts_of_the_rate_add_up():
    rng = np.random.default_rng(2)
    z_mean, z_log_var = 1.5 * rng.normal(size=(3000, 2)), np.full((3000, 2), np.log(0.5))
    rate = split_rate(z_mean, z_log_var)
    assert rate.mutual_information + rate.aggregate_kl == pytest.approx(
        gaussian_kl(z_mean, z_log_var).mean(), rel=0.02
    )
    # The sum of two normal variables: both parts are known. Variance 2.25 + 0.5 in each of two
    # latents.
    assert rate.mutual_information == pytest.approx(2 * 0.5 * np.log(2.75 / 0.5), rel=0.05)
    assert rate.aggregate_kl == pytest.approx(2 * 0.5 * (2.75 - 1 - np.log(2.75)), rel=0.15)


def test_few_examples_are_told_apart_perfectly():
    rate = split_rate(10.0 * np.arange(20).reshape(-1, 1), np.full((20, 1), -4.0))
    assert rate.mutual_information == pytest.approx(np.log(20))


@pytest.mark.parametrize(
    "call, error, sentence",
    [
        (
            lambda: gaussian_kl(MEAN, LOG_VAR[:, :2]),
            ValueError,
            "z_mean and z_log_var must have one shape",
        ),
        (
            lambda: gaussian_kl(MEAN, 1000 * np.ones((6, 3))),
            ValueError,
            "z_log_var must be logarithms of variances.*1000",
        ),
        (lambda: gaussian_kl(MEAN[0], LOG_VAR[0]), ValueError, "z_mean must be 2-D"),
        (lambda: active_units(MEAN, -1), ValueError, "threshold must be finite and at least 0"),
        (lambda: split_rate(MEAN, LOG_VAR, seed=0.5), TypeError, "seed must be an integer"),
    ],
)
def test_bad_latents_are_refused(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


@pytest.mark.parametrize("levels", [3, 1000])  # with many ties, and with few
def test_auroc_is_scikit_learns_in_percent(levels):
    rng = np.random.default_rng(0)
    normal, anomalous = rng.integers(0, levels, 300), rng.integers(0, levels, 70) + levels // 4
    is_anomaly = np.repeat([0, 1], [300, 70])
    wanted = 100 * sklearn.metrics.roc_auc_score(is_anomaly, np.concatenate([normal, anomalous]))
    assert auroc(normal, anomalous) == pytest.approx(wanted)
    assert auroc(anomalous, normal) == pytest.approx(100 - wanted)
    assert auroc(normal, normal) == 50


def test_detection_is_scikit_learns_and_bayes_agrees_with_counting():
    rng = np.random.default_rng(0)
    normal, anomalous = rng.normal(0, 1, 900), rng.normal(1, 1, 100)
    alarm = np.concatenate([normal, anomalous]) > 0.7
    is_anomaly = np.repeat([False, True], [900, 100])
    found = detection(normal, anomalous, 0.7)
    assert found.precision == pytest.approx(sklearn.metrics.precision_score(is_anomaly, alarm))
    assert found.recall == pytest.approx(sklearn.metrics.recall_score(is_anomaly, alarm))
    assert found.false_alarm_rate == (normal > 0.7).mean()
    # A hundred times as many normal examples of the same kind: counting them gives what Bayes's
    # rule gives.
    many = detection(np.tile(normal, 100), anomalous, 0.7)
    assert detection(normal, anomalous, 0.7, prevalence=100 / 90_100).precision == pytest.approx(
        many.precision
    )
    assert np.isnan(detection(normal, anomalous, 99).precision)
    assert detection([1.0], [1.0], 1).recall == 0  # equal to the threshold: no alarm


@pytest.mark.parametrize(
    "call, error, sentence",
    [
        (lambda: auroc([1.0, np.nan], [1.0]), ValueError, "normal must be finite, got NaN"),
        (lambda: auroc([1.0], np.zeros((2, 2))), ValueError, "anomalous must be 1-D, got 2-D"),
        (lambda: auroc([1.0], []), ValueError, "anomalous must not be empty"),
        (lambda: detection([1.0], [2.0], None), TypeError, "threshold must be a number, got None"),
        (
            lambda: detection([1.0], [2.0], 1, prevalence=5),
            ValueError,
            "prevalence must be above 0 and below 1, got 5: a share, not",
        ),
        (
            lambda: detection([1.0], [2.0], 1, prevalence=0),
            ValueError,
            "prevalence must be above 0 and below 1, got 0",
        ),
        (
            lambda: detection([1.0], [2.0], 1, prevalence=1),
            ValueError,
            "prevalence must be above 0 and below 1, got 1$",
        ),
    ],
)
def test_scores_that_will_not_do(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
