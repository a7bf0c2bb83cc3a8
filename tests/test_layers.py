import keras
import numpy as np
import pytest
from keras import ops

from course_utils.layers import DenseTranspose


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(6, 5)).astype("float32")


def tied_stack():
    dense = keras.layers.Dense(3, "tanh")
    return keras.Sequential([keras.Input((5,)), dense, DenseTranspose(dense, "tanh")])


def test_it_multiplies_by_the_transposed_kernel(x):
    model = tied_stack()
    dense, transposed = model.layers
    transposed.bias.assign(np.arange(5, dtype="float32"))
    kernel = ops.convert_to_numpy(dense.kernel)
    z = np.tanh(x @ kernel)
    wanted = np.tanh(z @ kernel.T + np.arange(5))
    assert np.allclose(model.predict(x, verbose=0), wanted, atol=1e-5)


def test_it_owns_a_bias_and_no_kernel():
    model = tied_stack()
    assert model.count_params() == 5 * 3 + 3 + 5
    assert model.layers[1].bias.shape == (5,)
    dense = keras.layers.Dense(3)
    dense.build((None, 5))
    assert DenseTranspose(dense, use_bias=False)(np.ones((2, 3), "float32")).shape == (2, 5)


def test_the_kernel_is_one_and_the_same_during_training(x):
    model = tied_stack()
    dense, transposed = model.layers
    before = ops.convert_to_numpy(dense.kernel).copy()
    model.compile(optimizer="sgd", loss="mse")
    model.fit(x, x, epochs=2, verbose=0)
    assert transposed.dense.kernel is dense.kernel
    assert not np.allclose(ops.convert_to_numpy(dense.kernel), before)
    # What the decoder computes follows a change of the encoder's kernel: it holds no copy.
    z = np.ones((1, 3), "float32")
    dense.kernel.assign(np.zeros((5, 3), "float32"))
    transposed.bias.assign(np.zeros(5, "float32"))
    assert np.allclose(ops.convert_to_numpy(transposed(z)), 0)


def test_both_uses_of_the_kernel_are_in_its_gradient():
    # x = 2, kernel = 3, linear, target 0: output 2 * 3 * 3 = 18, d(output^2)/dkernel = 2 * 18 * 2 * 2 * 3 = 432
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(3.0))
    model = keras.Sequential([keras.Input((1,)), dense, DenseTranspose(dense, use_bias=False)])
    model.compile(optimizer=keras.optimizers.SGD(0.001), loss="mse")
    model.fit(np.array([[2.0]]), np.array([[0.0]]), verbose=0)
    assert np.allclose(ops.convert_to_numpy(dense.kernel), 3 - 0.432, atol=1e-4)


def test_a_loaded_stack_is_still_tied(x, tmp_path):
    model = tied_stack()
    model.save(tmp_path / "tied.keras")
    loaded = keras.saving.load_model(tmp_path / "tied.keras", safe_mode=True)
    assert loaded.layers[1].dense is loaded.layers[0]
    assert np.allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)


@pytest.mark.parametrize("dense", ["dense", None, keras.layers.ReLU()])
def test_what_is_no_dense_layer_is_refused(dense):
    with pytest.raises(TypeError, match="dense must be a keras.layers.Dense"):
        DenseTranspose(dense)


def test_an_unbuilt_layer_and_a_wrong_input_are_refused():
    with pytest.raises(ValueError, match="must be built before its kernel can be used"):
        DenseTranspose(keras.layers.Dense(3))(np.ones((2, 3), "float32"))
    dense = keras.layers.Dense(3)
    dense.build((None, 5))
    with pytest.raises(ValueError, match="must have 3 numbers.*got shape"):
        DenseTranspose(dense)(np.ones((2, 5), "float32"))
