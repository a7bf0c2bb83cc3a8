"""Batches of arrays and of images, in an order that their seed repeats."""

import keras
import numpy as np

from course_utils import _validate


class Batches(keras.utils.PyDataset):
    """Batches of inputs and targets, shuffled anew in each epoch.

    The order of an epoch depends on the seed and on the epoch's number alone, so a run can be
    repeated, and one that was interrupted can go on.

    Args:
        x: inputs, floating point, shape (n, ...).
        y: targets, real numbers of any dtype, shape (n, ...); the inputs themselves if not given,
            as an autoencoder wants it.
        batch_size: examples in a batch, at least 1; the last batch of an epoch has what is left.
        seed: an integer, at least 0.

    `batches[i]` is batch i of the current epoch, a pair (inputs, targets) of arrays of shape
    (batch, ...), with the dtypes that were given. Keras calls `on_epoch_begin` before each epoch;
    without Keras, call it yourself. Give Keras's own `fit` `shuffle=False`: it would shuffle the
    batches once more.

    `epoch` counts the epochs that have begun. Set it to 5, and the next epoch is the sixth of the
    run, in the order that the sixth always has; `fit` does so when it resumes a run.

    Raises:
        TypeError, ValueError: if an argument will not do.
        IndexError: if there is no batch i.

    >>> import numpy as np
    >>> from course_utils import training
    >>> batches = training.Batches(np.zeros((10, 3), "float32"), batch_size=4)
    >>> [inputs.shape for inputs, targets in batches]
    [(4, 3), (4, 3), (2, 3)]
    """

    def __init__(self, x, y=None, *, batch_size=256, seed=0):
        super().__init__()
        self.x = _validate.number_array("x", x, floating=True)
        self.y = None if y is None else _validate.number_array("y", y)
        if self.y is not None and len(self.y) != len(self.x):
            raise ValueError(
                f"y must have one target for each of the {len(self.x)} inputs, got {len(self.y)}"
            )
        self.batch_size = _validate.integer("batch_size", batch_size, 1)
        self.seed = _validate.integer("seed", seed, 0)
        self.epoch = 0
        self._begin()

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, index):
        if not 0 <= index < len(self):  # also ends a `for` loop over the batches
            raise IndexError(f"index must be from 0 to {len(self) - 1}, got {index}")
        return self._batch(slice(index * self.batch_size, (index + 1) * self.batch_size))

    def on_epoch_begin(self):
        self._begin()
        self.epoch += 1  # not in `on_epoch_end`, which Keras also calls before the first epoch

    def _begin(self):
        self._draw(np.random.default_rng((self.seed, self.epoch)))

    def _draw(self, rng):
        self._order = rng.permutation(len(self.x))

    def _batch(self, part):
        chosen = self._order[part]
        x = self.x[chosen]
        return x, x if self.y is None else self.y[chosen]


class ShiftedBatches(Batches):
    """Batches of images, each moved at random by a few whole pixels; the target is the moved image.

    A network that sees each digit in nine places (for one pixel) instead of one has less to learn
    by heart. What is moved out of the picture is lost, and what comes in is 0.

    Args:
        images: floating point in [0, 1], shape (n, height, width) or (n, height, width, channels).
        batch_size, seed: as in `Batches`.
        max_shift: the largest move along each axis, in pixels, an integer from 0 to less than
            height and width. All moves up to it are equally likely.
        flatten: True for a dense network: batches have shape (batch, height * width) (times
            channels).

    `batches[i]` is a pair (inputs, targets), as in `Batches`: one array, twice.

    Raises:
        TypeError, ValueError: if an argument will not do; flat images, (n, height * width), can't
            be shifted.

    >>> import numpy as np
    >>> from course_utils import training
    >>> images = np.ones((10, 28, 28), "float32")
    >>> batches = training.ShiftedBatches(images, batch_size=5, flatten=True)
    >>> x, target = batches[0]
    >>> x.shape, x is target
    ((5, 784), True)
    """

    def __init__(self, images, *, batch_size=256, max_shift=1, flatten=False, seed=0):
        images = _validate.unit_images("images", images)
        self.max_shift = _validate.integer("max_shift", max_shift, 0, min(images.shape[1:3]) - 1)
        self.flatten = true_or_false("flatten", flatten)
        super().__init__(images, batch_size=batch_size, seed=seed)

    def _draw(self, rng):
        super()._draw(rng)
        self._moves = rng.integers(0, 2 * self.max_shift + 1, (len(self.x), 2))

    def _batch(self, part):
        chosen, moves, by = self.x[self._order[part]], self._moves[part], self.max_shift
        height, width = chosen.shape[1:3]
        wide = np.pad(chosen, ((0, 0), (by, by), (by, by)) + ((0, 0),) * (chosen.ndim - 3))
        x = np.empty_like(chosen)
        for down, right in np.unique(moves, axis=0):  # all images of one move at once
            same = (moves == (down, right)).all(axis=1)
            x[same] = wide[same, down : down + height, right : right + width]
        x = x.reshape(len(x), -1) if self.flatten else x
        return x, x


class BinarizedBatches(Batches):
    """Batches of images whose pixels are 0 or 1, drawn anew in each epoch from the pixels' greys.

    A pixel is 1 with the probability that its grey says. This is *dynamic* binarisation: Burda,
    Grosse & Salakhutdinov, "Importance weighted autoencoders", ICLR (2016), section 5.1. To draw
    once, for an evaluation, there is `datasets.binarize`.

    Args:
        images: floating point in [0, 1], shape (n, ...): images, or flat ones.
        batch_size, seed: as in `Batches`.

    `batches[i]` is a pair (inputs, targets), as in `Batches`: one array, twice.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> import numpy as np
    >>> from course_utils import training
    >>> grey = np.full((10, 784), 0.5, "float32")
    >>> x, target = training.BinarizedBatches(grey, batch_size=5)[0]
    >>> np.unique(x).tolist(), x is target
    ([0.0, 1.0], True)
    """

    def __init__(self, images, *, batch_size=256, seed=0):
        images = _validate.unit_images("images", images, ndim=None)
        super().__init__(images, batch_size=batch_size, seed=seed)

    def _draw(self, rng):
        super()._draw(rng)
        self._drawn = self.epoch

    def _batch(self, part):
        grey = self.x[self._order[part]]
        # A generator of the batch's own: asked for again, or in another order, it is the same.
        rng = np.random.default_rng((self.seed, self._drawn, part.start))
        x = (rng.random(grey.shape, np.float32) < grey).astype(grey.dtype)
        return x, x


def true_or_false(name, value):
    """`value`, if it is True or False; TypeError if not: a 1 in its place is often a slip."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return value
