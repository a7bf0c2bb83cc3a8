"""Loading what was saved, with all that it may be made of."""

import os

import keras

from course_utils.models import autoencoder, one_cycle, variational  # noqa: F401 (Keras asks for them)


def load(path):
    """Load a model that was saved as a .keras file, in a new process, too.

    `keras.saving.load_model` does the same, once the classes of this course have been imported:
    that of the model, its layers, its loss and its learning rate. This import suffices for all.

    Args:
        path: of the file.

    Returns:
        The model, compiled if it was, tied weights still tied.

    Raises:
        TypeError, ValueError: if there is no such file, or it holds no model of Keras.

    >>> import tempfile
    >>> from course_utils import models
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     models.dense_autoencoder([4, 2]).save(f"{folder}/small.keras")
    ...     models.load(f"{folder}/small.keras").encoder.output_shape
    (None, 2)
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be that of a .keras file, got {type(path).__name__}")
    if not os.path.isfile(path):
        raise ValueError(f"path must be that of a .keras file, got {str(path)!r}, which is no file")
    return keras.saving.load_model(path)
