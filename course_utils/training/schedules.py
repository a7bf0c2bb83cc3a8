"""What changes over a run: the learning rate, and a variational autoencoder's beta."""

import keras
import numpy as np
from keras import ops

from course_utils import _validate
from course_utils.models import VariationalAutoencoder


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


class BetaWarmUp(keras.callbacks.Callback):
    """Raises beta, the weight of a variational autoencoder's KL term, from 0 to its full value over
    the first epochs.

    Without a pull towards the prior the decoder first learns to use the latents; Bowman et al.,
    "Generating sentences from a continuous space", CoNLL (2016), section 3.1; Sonderby et al.,
    "Ladder variational autoencoders", NIPS (2016), section 2.3.

    Args:
        epochs: how many the rise takes, at least 1. In epoch i, counted from 0, beta is i / epochs
            of its full value.
        beta: the full value, at least 0. The beta that the model was made with plays no part.

    The losses of the epochs of the rise are weighted otherwise and can't be compared with later
    ones; "reconstruction_loss" and "kl_loss" can. A resumed run goes on with the beta of its epoch.

    Raises:
        TypeError, ValueError: if an argument will not do, or, as training begins, if the model has
            no beta.

    >>> import keras
    >>> import numpy as np
    >>> from course_utils import models, training
    >>> model = models.dense_vae([3, 2])
    >>> model.compile(optimizer="adam")
    >>> x, rise = np.ones((10, 3), "float32"), training.BetaWarmUp(2)
    >>> history = training.fit(model, x, epochs=3, callbacks=[rise], verbose=False)
    >>> float(keras.ops.convert_to_numpy(model.beta))
    1.0
    """

    def __init__(self, epochs, beta=1.0):
        super().__init__()
        self.epochs = _validate.integer("epochs", epochs, 1)
        self.beta = _validate.real("beta", beta, 0)

    def on_epoch_begin(self, epoch, logs=None):
        if not isinstance(self.model, VariationalAutoencoder):
            raise TypeError(
                "the model must be a models.VariationalAutoencoder, which has a beta, "
                f"got {type(self.model).__name__}"
            )
        self.model.beta.assign(self.beta * min(1.0, epoch / self.epochs))
