"""Autoencoders in Keras 3, each with an `.encoder` and a `.decoder` to be called on their own."""

from course_utils.models.autoencoder import Autoencoder, SquaredError
from course_utils.models.convolutional import convolutional_autoencoder
from course_utils.models.dense import dense_autoencoder, tied_autoencoder
from course_utils.models.loading import load
from course_utils.models.one_cycle import OneCycle
from course_utils.models.vaes import convolutional_vae, dense_vae
from course_utils.models.variational import VariationalAutoencoder

__all__ = [
    "Autoencoder",
    "OneCycle",
    "SquaredError",
    "VariationalAutoencoder",
    "convolutional_autoencoder",
    "convolutional_vae",
    "dense_autoencoder",
    "dense_vae",
    "load",
    "tied_autoencoder",
]
