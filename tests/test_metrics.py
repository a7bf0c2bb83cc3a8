import numpy as np
import pytest

from course_utils.metrics import principal_angles, squared_error


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
        (np.zeros((2, 3), np.uint8), np.zeros((2, 3)), TypeError, "x must be floating point, got uint8: convert images"),
        (np.zeros((2, 3)), np.zeros((2, 3), int), TypeError, "x_hat must be floating point, got int"),
        (np.zeros((2, 3)), np.zeros((3, 2)), ValueError, r"one shape, got \(2, 3\) and \(3, 2\): is one of them transposed"),
        (np.zeros((2, 3)), np.zeros((2, 1)), ValueError, r"one shape, got \(2, 3\) and \(2, 1\)"),  # would broadcast
        (np.zeros((0, 3)), np.zeros((0, 3)), ValueError, r"x must not be empty, got shape \(0, 3\)"),
        (np.zeros(3), np.zeros(3), ValueError, "x must be at least 2-D"),
        (np.full((2, 3), np.nan), np.zeros((2, 3)), ValueError, "x must be finite, got NaN or infinity"),
        (np.zeros((2, 3)), np.full((2, 3), np.inf), ValueError, "x_hat must be finite"),
        ([[1.0], [1.0, 2.0]], [[1.0], [1.0]], ValueError, "x must be an array whose rows have one length"),
        ("images", "pictures", TypeError, "x must be an array of real numbers"),
    ],
)
def test_squared_error_bad_input(x, x_hat, error, sentence):
    with pytest.raises(error, match=sentence):
        squared_error(x, x_hat)


def test_principal_angles_of_planes_in_space():
    floor = np.array([[1.0, 0, 0], [0, 1, 0]])
    ramp = np.array([[1.0, 0, 0], [0, np.cos(0.3), np.sin(0.3)]])  # shares one direction, turned by 0.3 in the other
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
        (np.ones((5, 2)), np.ones((1, 2)), ValueError, r"a must have no more rows .* got shape \(5, 2\): is it transposed"),
        (np.eye(3)[:2], np.ones((1, 4)), ValueError, "one number of columns"),
        (np.ones((2, 3)), np.eye(3)[:2], ValueError, "a must have linearly independent rows, got 2 rows of rank 1"),
        (np.ones(3), np.eye(3), ValueError, "a must be 2-D, got 1-D"),
        (np.eye(3), np.full((1, 3), np.nan), ValueError, "b must be finite"),
        (np.eye(3) * 1j, np.eye(3), TypeError, "a must be an array of real numbers"),
    ],
)
def test_principal_angles_bad_input(a, b, error, sentence):
    with pytest.raises(error, match=sentence):
        principal_angles(a, b)
