import numpy as np
import pytest
import scipy.stats

from course_utils import latent

A, B = np.random.default_rng(0).normal(size=(2, 30))


def test_the_grid_holds_quantiles_and_is_drawn_as_axes_are():
    grid = latent.normal_grid(5, 0.1, 0.9)
    assert grid.shape == (5, 5, 2) and grid.dtype == np.float32
    np.testing.assert_allclose(
        scipy.stats.norm.cdf(grid[0, :, 0]), [0.1, 0.3, 0.5, 0.7, 0.9], atol=1e-6
    )
    assert (np.diff(grid[:, :, 0], axis=1) > 0).all() and (np.diff(grid[:, :, 1], axis=0) < 0).all()
    assert np.ptp(grid[:, 2, 0]) == 0 and np.ptp(grid[2, :, 1]) == 0


@pytest.mark.parametrize("path", [latent.lerp, latent.slerp])
def test_a_path_begins_and_ends_where_it_should(path):
    points = path(A, B, [0, 0.25, 1])
    np.testing.assert_allclose(points[[0, 2]], [A, B], atol=1e-5)
    np.testing.assert_allclose(path(A, B, 0.25), points[1], atol=1e-6)
    many = path(np.stack([A, B]), np.stack([B, A]), np.array([0.25, 0.75]))
    assert many.shape == (2, 2, 30)
    np.testing.assert_allclose(many[0, 0], points[1], atol=1e-6)


def test_the_arc_keeps_the_length_that_the_line_loses():
    a, b = np.eye(2) * [[3], [5]]
    t = np.linspace(0, 1, 9)
    np.testing.assert_allclose(np.linalg.norm(latent.slerp(a, b, t), axis=1), 3 + 2 * t, rtol=1e-6)
    assert np.linalg.norm(latent.lerp(a, b, 0.5)) < 3
    arc = latent.slerp(a, b, t)
    np.testing.assert_allclose(np.degrees(np.arctan2(arc[:, 1], arc[:, 0])), 90 * t, atol=1e-4)


@pytest.mark.parametrize(
    "b",
    [2 * A, A, -A, 0 * A, A * (1 + 1e-9)],
    ids=["parallel", "equal", "opposite", "zero", "nearly equal"],
)
def test_where_there_is_no_arc_it_is_the_line(b):
    t = [0.0, 0.3, 1.0]
    np.testing.assert_allclose(latent.slerp(A, b, t), latent.lerp(A, b, t), atol=1e-6)
    assert np.isfinite(latent.slerp(0 * A, 0 * A, t)).all()


def test_the_arc_is_exact_near_the_cases_without_one():
    near = A + 1e-3 * B
    exact = latent.lerp(A, near, 0.5)  # on so short an arc they agree
    np.testing.assert_allclose(latent.slerp(A, near, 0.5), exact, atol=1e-5)


def test_an_attribute_is_a_difference_of_means():
    z, has = np.random.default_rng(1).normal(size=(50, 4)), np.arange(50) % 3 == 0
    z[has] += [1, 0, -2, 0]
    np.testing.assert_allclose(
        latent.attribute_vector(z, has), z[has].mean(0) - z[~has].mean(0), rtol=1e-6
    )


@pytest.mark.parametrize(
    "call, error, sentence",
    [
        (lambda: latent.normal_grid(1), ValueError, "n must be at least 2, got 1"),
        (
            lambda: latent.normal_grid(3, 0.0),
            ValueError,
            "low and high must be probabilities, 0 < low < high < 1, got 0.0 and 0.95",
        ),
        (lambda: latent.normal_grid(3, 0.9, 0.1), ValueError, "low and high must be probabilities"),
        (lambda: latent.lerp(A, B[:3], 0.5), ValueError, "a and b must have one shape"),
        (lambda: latent.slerp(A, B, [[0.5]]), ValueError, "t must be 0-D or 1-D"),
        (
            lambda: latent.attribute_vector([[1.0]], [1]),
            TypeError,
            "has must be boolean, got int64",
        ),
        (
            lambda: latent.attribute_vector([[1.0], [2.0]], [True]),
            ValueError,
            "one value for each of the 2 latents, got 1",
        ),
        (
            lambda: latent.attribute_vector([[1.0], [2.0]], [True, True]),
            ValueError,
            "True for some and False for others, got all True",
        ),
    ],
)
def test_bad_input(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
