"""Greedy training of an autoencoder, one pair of layers at a time."""

import keras

from course_utils import _validate
from course_utils.models import Autoencoder, SquaredError
from course_utils.training.evaluation import apply
from course_utils.training.fitting import fit


def train_layerwise(autoencoder, x, *, epochs, batch_size=256, optimizer=None, loss=None, seed=0):
    """Train an autoencoder greedily, from the outside in: one layer of the encoder and its partner
    in the decoder at a time.

    Phase i trains a shallow autoencoder of encoder layer i and the decoder layer that undoes it.
    Its data are the outputs of the encoder layers before it, computed once: those layers are
    frozen. Afterwards the halves stand assembled in the model, ready to be fine-tuned end to end.
    After Bengio et al., "Greedy layer-wise training of deep networks", NIPS (2006).

    Args:
        autoencoder: an `Autoencoder` whose halves are `keras.Sequential`s of as many layers each;
            tied ones will do. It is trained in place.
        x: floating point, shape (n, n_features).
        epochs: of each phase, one number or a list of one for each, at least 1.
        batch_size, seed: as in `Batches`.
        optimizer: a function without arguments that makes an optimiser for a phase; Adam's defaults
            if not given.
        loss: of each phase; `models.SquaredError` if not given.

    Returns:
        A list with the `keras.callbacks.History` of each phase. Losses are in the units of that
        phase's data.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> import numpy as np
    >>> from course_utils import models, training
    >>> model, x = models.dense_autoencoder([3, 2, 1]), np.ones((10, 3), "float32")
    >>> phases = training.train_layerwise(model, x, epochs=1)  # doctest: +ELLIPSIS
    phase 1 (3-2-3): 1 epoch in ... s: loss ...
    phase 2 (2-1-2): 1 epoch in ... s: loss ...
    """
    pairs = _pairs(autoencoder)
    if optimizer is not None and not callable(optimizer):
        raise TypeError(
            "optimizer must be a function that makes one for each phase, "
            f"such as keras.optimizers.Adam, got {type(optimizer).__name__}"
        )
    x = _validate.number_array("x", x, ndim=2, floating=True)
    n_features = autoencoder.encoder.input_shape[-1]
    if x.shape[1] != n_features:
        raise ValueError(
            f"x must have {n_features} columns, as many as the encoder has inputs, "
            f"got shape {x.shape}"
        )
    epochs = _one_for_each(epochs, len(pairs))
    histories = []
    for phase, ((encode, decode), number) in enumerate(zip(pairs, epochs, strict=True), start=1):
        shallow = _Pair(encode, decode)
        shallow.compile(
            optimizer=(optimizer or keras.optimizers.Adam)(), loss=loss or SquaredError()
        )
        shallow.build(x.shape)
        code_size = encode.compute_output_shape(x.shape)[-1]
        label = f"phase {phase} ({x.shape[1]}-{code_size}-{x.shape[1]})"
        histories.append(
            fit(shallow, x, epochs=number, batch_size=batch_size, seed=seed, label=label)
        )
        if phase < len(pairs):
            x = apply(encode, x)
    return histories


def _pairs(autoencoder):
    """Each layer of the encoder with the layer of the decoder that undoes it, from the outside
    in."""
    if not isinstance(autoencoder, Autoencoder):
        raise TypeError(
            f"autoencoder must be a models.Autoencoder, got {type(autoencoder).__name__}"
        )
    halves = autoencoder.encoder, autoencoder.decoder
    sequential = all(isinstance(half, keras.Sequential) and half.built for half in halves)
    if not sequential or len(halves[0].layers) != len(halves[1].layers):
        raise ValueError(
            "autoencoder must have an encoder and a decoder that are built Sequentials of as many "
            "layers each, without corruption or sparsity"
        )
    return list(zip(halves[0].layers, halves[1].layers[::-1], strict=True))


def _one_for_each(epochs, n_phases):
    epochs = list(epochs) if isinstance(epochs, (list, tuple)) else [epochs] * n_phases
    if len(epochs) != n_phases:
        raise ValueError(
            f"epochs must be one number, or one for each of the {n_phases} phases, "
            f"got {len(epochs)}"
        )
    return [_validate.integer("epochs", number, 1) for number in epochs]


class _Pair(keras.Model):
    """Two layers, called in turn, without a graph of their own: they stay what they are in the
    model they come from."""

    def __init__(self, encode, decode):
        super().__init__(name="pair")
        self.encode, self.decode = encode, decode

    def build(self, input_shape):
        self.built = True

    def call(self, inputs, training=None):
        return self.decode(self.encode(inputs, training=training), training=training)
