"""A learning rate that a compiled model is saved with."""

import keras
import numpy as np
from keras import ops

from course_utils import _validate


@keras.saving.register_keras_serializable(package="course_utils")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises to a peak and then falls to zero, each along half a cosine.

    The rise lets a network with random weights find its feet; the fall lets it settle. After Smith
    & Topin, "Super-convergence", arXiv:1708.07120 (2017).

    Args:
        peak: the highest learning rate, above 0.
        steps: how many the whole run has, at least 1: epochs times batches an epoch. Beyond them
            the rate is 0.
        warmup: the share of the steps in which the rate rises, above 0 and below 1.
        start: the rate at the first step, as a share of the peak, from 0 to 1.

    Called with the number of a step, counted from 0, it returns that step's rate, a float32 tensor
    of shape (); Keras's optimisers do so.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> from course_utils import training
    >>> rate = training.OneCycle(peak=0.01, steps=100)
    >>> [round(float(rate(step)), 4) for step in (0, 30, 65, 100)]
    [0.0004, 0.01, 0.005, 0.0]
    """

    def __init__(self, peak, steps, warmup=0.3, start=0.04):
        self.peak = _validate.real("peak", peak, 0)
        self.steps = _validate.integer("steps", steps, 1)
        self.warmup = _validate.real("warmup", warmup, 0)
        self.start = _validate.real("start", start, 0)
        if not self.peak > 0:
            raise ValueError(f"peak must be above 0, got {peak}")
        if not 0 < self.warmup < 1:
            raise ValueError(f"warmup must be above 0 and below 1, got {warmup}")
        if self.start > 1:
            raise ValueError(f"start must be from 0 to 1, got {start}")

    def __call__(self, step):
        done = ops.minimum(ops.cast(step, "float32") / self.steps, 1.0)
        rising = self.start + (1 - self.start) * (1 - ops.cos(np.pi * done / self.warmup)) / 2
        falling = (1 + ops.cos(np.pi * (done - self.warmup) / (1 - self.warmup))) / 2
        return self.peak * ops.where(done < self.warmup, rising, falling)

    def get_config(self):
        return {"peak": self.peak, "steps": self.steps, "warmup": self.warmup, "start": self.start}
