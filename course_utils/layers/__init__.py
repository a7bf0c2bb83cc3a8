"""Layers of the course's own, written with `keras.ops`: TensorFlow, JAX and PyTorch run them."""

from course_utils.layers.corruption import BlockCorruption, GaussianCorruption, MaskingCorruption
from course_utils.layers.sampling import LOG_VAR_LIMIT, Sampling
from course_utils.layers.sparsity import KLSparsity, TopK
from course_utils.layers.tied import DenseTranspose, sharing

__all__ = [
    "BlockCorruption",
    "DenseTranspose",
    "GaussianCorruption",
    "KLSparsity",
    "LOG_VAR_LIMIT",
    "MaskingCorruption",
    "Sampling",
    "TopK",
    "sharing",
]
