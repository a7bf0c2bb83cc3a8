"""Training one compiled model again and again, from other weights each time."""

import keras
from keras import ops

from course_utils.training.checkpoint import run_variables
from course_utils.training.design import design


def restart(model, fresh):
    """Give a compiled model the weights of a freshly made one, to train it again without compiling
    it again.

    The first step of a model's training takes a second or more longer than the others, in which the
    backend compiles it. Whoever trains one network many times, on other data or from other weights,
    pays that once: one model is compiled, and before each further training it is restarted.

    Args:
        model: a built, compiled Keras model, trained or not.
        fresh: a built model of the same layers, compiled or not; it is not changed.

    Returns:
        `model`. All variables, states of random generators among them, are those of `fresh`; its
        optimiser is as newly made: no step done, no memory of gradients.

    Raises:
        TypeError, ValueError: if either is no such model, or the two have other layers, settings or
            variables.

    >>> import numpy as np
    >>> from course_utils import models, training
    >>> model, x = models.dense_autoencoder([3, 2], seed=0), np.ones((10, 3), "float32")
    >>> model.compile(optimizer="adam", loss=models.SquaredError())
    >>> for seed in (0, 1, 2):
    ...     model = training.restart(model, models.dense_autoencoder([3, 2], seed=seed))
    ...     history = training.fit(model, x, epochs=1, verbose=False)
    """
    for name, value in (("model", model), ("fresh", fresh)):
        if not isinstance(value, keras.Model):
            raise TypeError(f"{name} must be a Keras model, got {type(value).__name__}")
        if not value.built:
            raise ValueError(f"{name} must be built first, got {value.name!r} not built")
    if not model.compiled:
        raise ValueError(f"model must be compiled first, got {model.name!r} not compiled")
    if design(model) != design(fresh):
        raise ValueError(
            f"fresh must be made as model {model.name!r} was, got other layers or settings"
        )
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    optimizer.build(model.trainable_variables)
    ours, theirs = run_variables(model), [*fresh.variables, *optimizer.variables]
    for variable, value in zip(ours, theirs, strict=True):
        # A copy: JAX gives the memory of what it trains away.
        variable.assign(ops.convert_to_numpy(value).copy())
    return model
