"""The exercises of the lessons, the engine that checks them, and questions to predict by.

Each lesson has a module: reference solutions, their named mistakes, the questions. Notebooks call
the checks by the name of `checks`.
"""

from course_utils.exercises._values import Within
from course_utils.exercises.engine import Verdict, audit, exercise
from course_utils.exercises.lesson00 import check_mirror, check_scale
from course_utils.exercises.lesson01 import (
    ask_first_direction,
    check_centre,
    check_components_needed,
    check_reconstruct,
)
from course_utils.exercises.lesson02 import (
    check_angle,
    check_count_parameters,
    check_linear_optimum,
)
from course_utils.exercises.lesson03 import check_count_dead, check_shift
from course_utils.exercises.lesson04 import check_tied_parameters, check_tied_reconstruct
from course_utils.exercises.lesson05 import check_mean_image_error, check_phases
from course_utils.exercises.lesson06 import check_mask, check_psnr, check_shrinkage
from course_utils.exercises.lesson07 import check_kl_penalty, check_top_k
from course_utils.exercises.lesson08 import (
    check_convolution_parameters,
    check_hold_people_out,
    check_transposed_convolution,
)
from course_utils.exercises.lesson09 import check_gaussian_kl, check_sample
from course_utils.exercises.lesson10 import check_importance_bound, check_slerp
from course_utils.exercises.lesson11 import check_auroc, check_precision, check_threshold
from course_utils.exercises.predictions import predict

__all__ = [
    "Verdict",
    "Within",
    "ask_first_direction",
    "audit",
    "check_angle",
    "check_auroc",
    "check_centre",
    "check_components_needed",
    "check_convolution_parameters",
    "check_count_dead",
    "check_count_parameters",
    "check_gaussian_kl",
    "check_hold_people_out",
    "check_importance_bound",
    "check_kl_penalty",
    "check_linear_optimum",
    "check_mask",
    "check_mean_image_error",
    "check_mirror",
    "check_phases",
    "check_precision",
    "check_psnr",
    "check_reconstruct",
    "check_sample",
    "check_scale",
    "check_shift",
    "check_shrinkage",
    "check_slerp",
    "check_threshold",
    "check_tied_parameters",
    "check_tied_reconstruct",
    "check_top_k",
    "check_transposed_convolution",
    "exercise",
    "predict",
]
