"""The exercises of the lessons, the engine that checks them, and questions to predict by.

Each lesson has a module: reference solutions, their named mistakes, the questions. Notebooks call
the checks by the name of `checks`.
"""

from course_utils.exercises._values import Within
from course_utils.exercises.engine import Verdict, audit, exercise
from course_utils.exercises.lesson00 import (
    ask_reversed,
    ask_two_pixels,
    check_mirror,
    check_scale,
    check_squared_error,
)
from course_utils.exercises.lesson01 import (
    ask_first_direction,
    ask_one_component,
    ask_other_units,
    ask_uncentred_digits,
    check_centre,
    check_components_needed,
    check_pca_reconstruction,
    check_reconstruct,
)
from course_utils.exercises.lesson02 import (
    ask_columns,
    ask_least_loss,
    ask_weight_decay,
    ask_which_half,
    check_angle,
    check_count_parameters,
    check_linear_optimum,
)
from course_utils.exercises.lesson02_descent import (
    check_descend,
    check_gradient_step,
    check_regularised_loss,
    check_rotation,
)
from course_utils.exercises.lesson03 import check_count_dead, check_shift
from course_utils.exercises.lesson03_networks import (
    ask_ingredient,
    ask_random_codes,
    ask_wide_code,
    check_build_halves,
    check_refiner,
)
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
from course_utils.exercises.predictions import predict, question

__all__ = [
    "Verdict",
    "Within",
    "ask_columns",
    "ask_first_direction",
    "ask_ingredient",
    "ask_least_loss",
    "ask_one_component",
    "ask_other_units",
    "ask_random_codes",
    "ask_reversed",
    "ask_two_pixels",
    "ask_uncentred_digits",
    "ask_weight_decay",
    "ask_which_half",
    "ask_wide_code",
    "audit",
    "check_angle",
    "check_auroc",
    "check_build_halves",
    "check_centre",
    "check_components_needed",
    "check_convolution_parameters",
    "check_count_dead",
    "check_count_parameters",
    "check_descend",
    "check_gaussian_kl",
    "check_gradient_step",
    "check_hold_people_out",
    "check_importance_bound",
    "check_kl_penalty",
    "check_linear_optimum",
    "check_mask",
    "check_mean_image_error",
    "check_mirror",
    "check_pca_reconstruction",
    "check_phases",
    "check_precision",
    "check_psnr",
    "check_reconstruct",
    "check_refiner",
    "check_regularised_loss",
    "check_rotation",
    "check_sample",
    "check_scale",
    "check_shift",
    "check_shrinkage",
    "check_slerp",
    "check_squared_error",
    "check_threshold",
    "check_tied_parameters",
    "check_tied_reconstruct",
    "check_top_k",
    "check_transposed_convolution",
    "exercise",
    "predict",
    "question",
]
