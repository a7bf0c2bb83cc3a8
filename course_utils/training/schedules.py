"""What changes over a run: the learning rate, and a variational autoencoder's beta."""

import keras

from course_utils import _validate
from course_utils.models import VariationalAutoencoder
from course_utils.models.one_cycle import OneCycle as OneCycle


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
