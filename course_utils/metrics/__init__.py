"""Measures on arrays. Each has one unit, said in its docstring."""

from course_utils.metrics.anomalies import Detection, auroc, detection
from course_utils.metrics.codes import (
    Probe,
    hoyer_sparsity,
    linear_probe,
    nearest_neighbour_accuracy,
    principal_angles,
    units_used,
)
from course_utils.metrics.reconstruction import psnr, squared_error
from course_utils.metrics.variational import Rate, active_units, gaussian_kl, split_rate

__all__ = [
    "Detection",
    "Probe",
    "Rate",
    "active_units",
    "auroc",
    "detection",
    "gaussian_kl",
    "hoyer_sparsity",
    "linear_probe",
    "nearest_neighbour_accuracy",
    "principal_angles",
    "psnr",
    "split_rate",
    "squared_error",
    "units_used",
]
