"""What Keras is fed: batches and validation data, in the form that trains fastest."""

import numbers

import keras

from course_utils import _validate
from course_utils.training.batches import Batches

_EVALUATED = 1000  # examples at a time


class Feed(keras.utils.PyDataset):
    """A run's batches as Keras gets them: cut to so many steps an epoch, numbered by the epochs of
    the run, and let go of at its end.

    TensorFlow never lets go of a data set that it has read from, so this one lets go of the images.
    """

    def __init__(self, batches, steps, done):
        super().__init__(workers=batches.workers, use_multiprocessing=batches.use_multiprocessing)
        self.batches, self.steps = batches, steps
        self.ours = isinstance(batches, Batches)
        self._before = batches.epoch - done if self.ours else 0
        self.count = keras.callbacks.LambdaCallback(on_epoch_begin=self._count)

    def _count(self, epoch, logs=None):
        # Keras begins the first epoch of a model that it has not compiled yet twice, and what comes
        # then is the second.
        if self.ours:
            self.batches.epoch = self._before + epoch

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        return self.batches[index]

    def on_epoch_begin(self):
        self.batches.on_epoch_begin()

    def on_epoch_end(self):
        self.batches.on_epoch_end()

    def for_keras(self):
        """The data, for its `fit`: on TensorFlow a `tf.data.Dataset`, which begins an epoch each
        time that it is read."""
        if not self.ours or keras.backend.backend() != "tensorflow":
            return self

        def epoch():
            self.on_epoch_begin()
            for i in range(self.steps):
                yield self.batches[i]

        return _tensorflow_dataset(epoch, self.batches[0], self.steps)

    def let_go(self):
        self.batches = None


class Validation:
    """What to evaluate on after each epoch, as Keras gets it.

    Raises:
        TypeError, ValueError: if `given` is not None, inputs, a pair (inputs, targets) of as many
            each, or a `keras.utils.PyDataset`.
    """

    def __init__(self, given):
        self._dataset = self._x = self._y = None
        if given is None:
            return
        if isinstance(given, keras.utils.PyDataset):
            self._dataset = given
            return
        if isinstance(given, numbers.Number):
            raise TypeError(
                "validation must be inputs, or a pair (inputs, targets), got the number "
                f"{given}: give arrays, not a share"
            )
        if isinstance(given, (tuple, list)):
            if len(given) != 2:
                raise ValueError(
                    "validation must be inputs, or a pair (inputs, targets), "
                    f"got {len(given)} things"
                )
            self._x = _validate.number_array("validation[0]", given[0], floating=True)
            self._y = _validate.number_array("validation[1]", given[1])
        else:
            self._x = self._y = _validate.number_array("validation", given, floating=True)
        if len(self._x) != len(self._y):
            raise ValueError(
                f"validation must have one target for each of the {len(self._x)} inputs, "
                f"got {len(self._y)}"
            )

    @property
    def inputs(self):
        """An array, a data set, or None."""
        return self._dataset if self._x is None else self._x

    def for_keras(self):
        """The data, as arguments of its `fit`."""
        if self._x is None:
            return {"validation_data": self._dataset}
        if keras.backend.backend() != "tensorflow":
            return {"validation_data": (self._x, self._y), "validation_batch_size": _EVALUATED}
        starts = range(0, len(self._x), _EVALUATED)

        def batches():
            for i in starts:
                yield self._x[i : i + _EVALUATED], self._y[i : i + _EVALUATED]

        return {"validation_data": _tensorflow_dataset(batches, (self._x, self._y), len(starts))}

    def let_go(self):
        self._x = self._y = None


def _tensorflow_dataset(batches, example, n_batches):
    """A `tf.data.Dataset` of what `batches()` yields: so many pairs of arrays, shaped but for their
    length as `example`.

    Keras would make one itself, with TensorFlow's autotuning. That has a flaw which costs minutes:
    when a data set has been read to its end, its tuning thread sometimes misses the signal to stop,
    and all wait for it, idle, until it wakes up for its next round, which is after about as long as
    the epoch took. There is nothing to tune here, so it is switched off.
    """
    import tensorflow as tf

    signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in example)
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    dataset = dataset.prefetch(2).with_options(options)
    return dataset.apply(tf.data.experimental.assert_cardinality(n_batches))
