"""Lesson 03: what is built there of Keras, the halves of an autoencoder and the refiner, and the
questions."""

import numpy as np

from course_utils.exercises._values import as_array
from course_utils.exercises.engine import exercise
from course_utils.exercises.predictions import question


def build_halves(k):
    """Build an encoder and a decoder with a hidden layer each (lesson 03, build 1).

    Args:
        k: the numbers in the code, an integer of at least 1.

    Returns:
        The encoder, a Keras model from 784 pixels to a code of k numbers of any size; and the
        decoder, a Keras model from such a code to 784 pixels from 0 to 1. Each has a hidden layer
        with an activation.

    >>> encoder, decoder = build_halves(7)
    >>> encoder.output_shape, decoder.output_shape
    ((None, 7), (None, 784))
    """
    return _halves(k)


def _halves(k, hidden=("silu", "silu"), code=None, pixels="sigmoid", n_code=None, n_pixels=784):
    """Both halves, or what becomes of them by a mistake. No `hidden` activation: no such layer."""
    return _stack(784, hidden[0], n_code or k, code), _stack(k, hidden[1], n_pixels, pixels)


def _stack(n_in, hidden, n_out, activation):
    import keras  # here, so that the ground floor does not load it
    from keras import layers

    middle = [layers.Dense(30, activation=hidden)] if hidden else []
    return keras.Sequential([keras.Input((n_in,)), *middle, layers.Dense(n_out, activation)])


def _facts(call, k):
    encoder, decoder = call(k, parts=("encoder", "decoder"), raw=True)
    others = call(k, parts=("encoder", "decoder"), raw=True)
    facts = {
        "the encoder takes inputs of shape {got}, wanted {wanted}": _inputs(encoder),
        "the decoder takes inputs of shape {got}, wanted {wanted}": _inputs(decoder),
    }
    if list(facts.values()) != ["(None, 784)", f"(None, {k})"]:
        return facts
    rng = np.random.default_rng(0)
    x = rng.random((20, 784)).astype("float32")
    codes = rng.normal(size=(20, k)).astype("float32")
    z, x_hat = as_array(encoder(x)), as_array(decoder(codes))
    far = as_array(decoder(1e3 * codes))
    return facts | {
        f"20 images became codes of shape {{got}}, wanted {{wanted}}: k is {k}": str(z.shape),
        "20 codes became reconstructions of shape {got}, wanted {wanted}": str(x_hat.shape),
        "a second call returns the same networks: make new layers inside the function":
            encoder is not others[0] and decoder is not others[1],
        "no code is negative: leave its layer without an activation": bool(z.min() < 0),
        "codes stay between -1 and 1, whatever comes in: leave their layer without an activation":
            bool(np.abs(as_array(encoder(1e3 * x))).max() > 1),
        "pixels leave the range from 0 to 1: end the decoder with a sigmoid":
            bool(far.min() >= 0 and far.max() <= 1),
        "the encoder is linear: give it a hidden layer with an activation":
            _bend(encoder, x) > 1e-3,
        "the decoder bends nothing but a weighted sum of its code: give it a hidden layer with an "
        "activation": _bend(lambda z: _logit(as_array(decoder(z))), codes) > 1e-3,
    }  # fmt: skip


def _inputs(model):
    return str(getattr(model, "input_shape", f"of no model, but {type(model).__name__}"))


def _bend(function, a):
    """How far the function is from f(2a) + f(0) = 2 f(a), as a share of the largest f(2a)."""
    zero, once, twice = (as_array(function(a * factor)) for factor in (0, 1, 2))
    return float(np.abs(twice + zero - 2 * once).max() / max(np.abs(twice).max(), 1e-9))


def _logit(p):
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


_MADE_ONCE = {}


def _outside(k):
    """Always the same networks for one k."""
    return _MADE_ONCE.setdefault(k, _halves(k))


check_build_halves = exercise(
    build_halves,
    measure=_facts,
    # Of sixty numbers or more one is negative.
    cases={"k = 7": (7,), "k = 12": (12,)},
    draw=lambda rng: (int(rng.integers(3, 40)),),
    draws=2,
    seconds=30,
    mistakes={
        "the code has always the same size: end the encoder with k units":
            lambda k: _halves(k, n_code=9),
        "the decoder ends with one pixel: an image has 784": lambda k: _halves(k, n_pixels=1),
        "the code stays between 0 and 1: leave its layer without an activation":
            lambda k: _halves(k, code="sigmoid"),
        "the code is never negative: leave its layer without an activation":
            lambda k: _halves(k, code="relu"),
        "the code stays between -1 and 1: leave its layer without an activation":
            lambda k: _halves(k, code="tanh"),
        "pixels leave the range from 0 to 1: the decoder ends with a sigmoid": [
            lambda k: _halves(k, pixels=None),
            lambda k: _halves(k, pixels="relu"),
        ],
        "the encoder is linear: give it a hidden layer, with an activation":
            lambda k: _halves(k, hidden=(None, "silu")),
        "the decoder has no hidden layer with an activation":
            lambda k: _halves(k, hidden=("silu", None)),
        "both halves are linear: give each a hidden layer with an activation": [
            lambda k: _halves(k, hidden=(None, None)),
            lambda k: _halves(k, hidden=("linear", "linear")),
        ],
        "return the encoder first, then the decoder": lambda k: _halves(k)[::-1],
        "a second call returned the same networks: make new ones at every call": _outside,
    },
)  # fmt: skip


def refiner(decoder, z):
    """Build the network whose training refines codes (lesson 03, build 2).

    Args:
        decoder: a built Keras model from k numbers to a reconstruction.
        z: the codes to begin with, shape (n, k).

    Returns:
        A Keras model that turns numbers of images, integers from 0 to n - 1, shape (batch,), into
        what the decoder makes of their codes. The codes are its only trainable weights.

    >>> import keras
    >>> decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(5)])
    >>> network = refiner(decoder, np.zeros((10, 2)))
    >>> [tuple(weight.shape) for weight in network.trainable_weights]
    [(10, 2)]
    """
    return _refiner(decoder, z)


def _refiner(decoder, z, frozen=True, start=True, decodes=True):
    import keras
    from keras import layers

    decoder.trainable = not frozen
    codes = layers.Embedding(*z.shape)
    after = [decoder] if decodes else []
    network = keras.Sequential([keras.Input((), dtype="int32"), codes, *after])
    if start:
        codes.embeddings.assign(z)
    return network


def _refines(call, kernel, z):
    import keras

    decoder = keras.Sequential(
        [keras.Input((z.shape[1],)), keras.layers.Dense(kernel.shape[1], activation="sigmoid")]
    )
    decoder.set_weights([kernel, np.zeros(kernel.shape[1])])
    decoded = as_array(decoder(z.astype("float32")))
    network = call(decoder, z, raw=True)
    numbers = np.arange(len(z))[::-1]
    made = as_array(network(numbers))
    trained = [str(tuple(weight.shape)) for weight in network.trainable_weights]
    return {
        "for all n numbers the shape of the output is {got}, wanted {wanted}": str(made.shape),
        "the network does not begin with the codes z: assign them to the table": _apart(
            made, decoded[::-1]
        ),
        "its trainable weights have the shapes {got}, wanted {wanted}, the codes alone": str(
            trained
        ),
        "the decoder's weights are others than before": all(
            np.array_equal(as_array(now), before)
            for now, before in zip(decoder.get_weights(), [kernel, 0 * kernel[0]], strict=True)
        ),
    }


def _apart(got, wanted):
    return got.shape != wanted.shape or bool(np.abs(got - wanted).max() > 1e-4)


def _decoder_and_codes(rng):
    n, k, n_pixels = (int(rng.integers(*pair)) for pair in ((6, 12), (2, 6), (13, 20)))
    kernel = rng.normal(size=(k, n_pixels)).astype("float32")
    return kernel, rng.normal(size=(n, k)).astype("float32")


def _with_other_weights(decoder, z):
    network = _refiner(decoder, z)
    decoder.set_weights([1.5 * weight + 0.1 for weight in decoder.get_weights()])
    return network


check_refiner = exercise(
    refiner,
    measure=_refines,
    cases=[_decoder_and_codes(np.random.default_rng(0))],
    draw=_decoder_and_codes,
    draws=2,
    seconds=30,
    mistakes={
        "the decoder would be trained too: freeze it, decoder.trainable = False":
            lambda decoder, z: _refiner(decoder, z, frozen=False),
        "the table does not begin with z: assign z to its embeddings":
            lambda decoder, z: _refiner(decoder, z, start=False),
        "the table does not begin with z, and the decoder would be trained too":
            lambda decoder, z: _refiner(decoder, z, frozen=False, start=False),
        "these are the codes themselves: let the decoder follow the table":
            lambda decoder, z: _refiner(decoder, z, decodes=False),
        "the decoder must stay as it is": _with_other_weights,
    },
)  # fmt: skip


ask_wide_code = question(
    "ask_wide_code",
    "Two such networks are trained alike for a few epochs, one with a code of 150 numbers and one "
    "with 32. Which of them has a smaller error than PCA with as many components?",
    {
        "both: a network with activations can do all that PCA can, and more":
            "It could, had it found the best weights. PCA has them from one formula, a network "
            "only comes nearer by training.",
        "only the one with 150: the more room, the better":
            "With 150 components PCA keeps 95 % of the variance. There is little left to gain, and "
            "a short training does not get that near.",
        "only the one with 32":
            "Where room is short PCA has to leave much out, and there a network's freedom pays, "
            "even after a short training.",
    },
    2,
)  # fmt: skip
ask_random_codes = question(
    "ask_random_codes",
    "The decoder draws digits from thirty numbers. We draw thirty numbers at random, with the mean "
    "and covariance that the codes of real digits have, and decode them. What comes out?",
    {
        "digits that nobody has written": "Single parts often look like pen strokes, since the "
            "decoder draws nothing else. But nothing in training asked for whole digits between "
            "the codes of real ones.",
        "strokes that rarely make a digit": "The decoder was trained at the codes of real digits. "
            "What lies between them, it never had to care about.",
        "grey noise": "The decoder knows nothing but strokes: whatever the code, it draws some.",
    },
    1,
)  # fmt: skip
ask_ingredient = question(
    "ask_ingredient",
    "Each of four ingredients is left out, one at a time, in a short training on few images. What "
    "does the network miss most?",
    {
        "the shifts: they make nine images out of one":
            "They pay in the end, when a network has begun to learn images by heart. A short "
            "training does not get that far.",
        "the falling learning rate": "A short training hardly has the time to jump about: a high "
            "rate that stays high does about as well.",
        "the start at the mean image": "Otherwise a short training goes, for a good part, into "
            "finding out what all digits have in common.",
        "Adam's settings": "They change how long Adam remembers, and the error by about a tenth.",
    },
    2,
)  # fmt: skip
