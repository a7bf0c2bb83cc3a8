"""Exercises that ask for networks, tried with right and wrong ones: on each backend."""

import keras
import pytest

from course_utils import checks


def _net(n_in, *units, activation="gelu", last=None):
    hidden = [keras.layers.Dense(n, activation=activation) for n in units[:-1]]
    end = keras.layers.Dense(units[-1], activation=last)
    return keras.Sequential([keras.Input((n_in,)), *hidden, end])


def _own_halves(k):
    """Another design, in the functional way."""
    pixels, codes = keras.Input((784,)), keras.Input((k,))
    encoder, decoder = _net(784, 40, 20, k), _net(k, 50, 784, last="sigmoid")
    return keras.Model(pixels, encoder(pixels)), keras.Model(codes, decoder(codes))


HALVES = (
    _own_halves,
    {
        "the encoder is linear": lambda k: [
            _net(784, k), _net(k, 50, 784, last="sigmoid")
        ],
        "the decoder has no hidden layer with": lambda k: (
            _net(784, 40, k), _net(k, 784, last="sigmoid")
        ),
        "both halves are linear": lambda k: (
            _net(784, 40, k, activation=None), _net(k, 40, 784, activation=None, last="sigmoid")
        ),
        "stays between -1 and 1": lambda k: (
            _net(784, 40, k, last="tanh"), _net(k, 40, 784, last="sigmoid")
        ),
        "the code is never negative": lambda k: (
            _net(784, 40, k, last="softplus"), _net(k, 40, 784, last="sigmoid")
        ),
        "stays between 0 and 1": lambda k: (
            _net(784, 40, k, last="softmax"), _net(k, 40, 784, last="sigmoid")
        ),
        "the decoder takes inputs of shape (None, 3)": lambda k: (
            _net(784, 40, k), _net(3, 40, 784, last="sigmoid")
        ),
        "inputs of shape of no model, but str": lambda k: ("encoder", "decoder"),
        "the decoder ends with a sigmoid": lambda k: (_net(784, 40, k), _net(k, 40, 784)),
        "k is 7": lambda k: (_net(784, 40, 2 * k), _net(k, 40, 784, last="sigmoid")),
        "return the encoder first": lambda k: _own_halves(k)[::-1],
        "wanted 2 results": lambda k: _own_halves(k)[0],
    },
)  # fmt: skip


def _own_refiner(decoder, z):
    codes = keras.layers.Embedding(*z.shape, embeddings_initializer=lambda *_, **__: z)
    decoder.trainable = False
    numbers = keras.Input((), dtype="int64")
    return keras.Model(numbers, decoder(codes(numbers)))


def _thawed(decoder, z):
    network = _own_refiner(decoder, z)
    decoder.trainable = True
    return network


def _frozen(decoder, z):
    network = _own_refiner(decoder, z)
    network.trainable = False
    return network


REFINER = (
    _own_refiner,
    {
        "the decoder would be trained too": _thawed,
        "its trainable weights have the shapes []": _frozen,
        "the table does not begin with z": lambda decoder, z: _own_refiner(decoder, 0 * z),
        "these are the codes themselves": lambda decoder, z: keras.Sequential(
            _own_refiner(decoder, z).layers[1:2]
        ),
        "can't be judged": lambda decoder, z: decoder,
    },
)
EXERCISES = {checks.check_build_halves: HALVES, checks.check_refiner: REFINER}
WRONG = [
    pytest.param(check, hint, wrong, id=f"{check.__name__}-{hint}")
    for check, (_, mistakes) in EXERCISES.items()
    for hint, wrong in mistakes.items()
]


@pytest.mark.parametrize("check", EXERCISES, ids=lambda check: check.__name__)
def test_another_right_design_passes(check):
    verdict = check(EXERCISES[check][0])
    assert verdict and repr(verdict) == "✓ right"


@pytest.mark.parametrize("check, hint, wrong", WRONG)
def test_each_mistake_gets_its_own_hint(check, hint, wrong):
    verdict = check(wrong)
    assert not verdict
    assert hint in verdict.message
    assert "\n" not in verdict.message


@pytest.mark.parametrize("check", EXERCISES, ids=lambda check: check.__name__)
def test_what_is_no_solution_gets_a_sentence(check):
    assert "returns nothing yet" in check(lambda *arguments: None).message
    assert "pass the function itself" in check(3.0).message
    for nonsense in ("text", {"an": "object"}, [[1], [1, 2]], float("nan"), True):
        verdict = check(lambda *arguments, nonsense=nonsense: nonsense)
        assert not verdict and "\n" not in verdict.message
