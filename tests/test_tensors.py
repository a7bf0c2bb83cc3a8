"""Exercises take tensors of the backend for an answer, with gradients or without."""

import keras
import numpy as np
import pytest

from course_utils import exercises

NETWORKS = (exercises.check_build_halves, exercises.check_refiner)  # what is asked for there
CHECKS = [getattr(exercises, name) for name in exercises.__all__ if name.startswith("check_")]
CHECKS = [check for check in CHECKS if check not in NETWORKS]


def variable(value):
    dtype = np.asarray(value).dtype
    # PyTorch has gradients for floating point alone.
    return keras.Variable(value, dtype=str(dtype), trainable=dtype.kind == "f")


def with_gradient(value):
    tensor = keras.ops.convert_to_tensor(value)
    recorded = keras.backend.backend() == "torch" and tensor.is_floating_point()
    return tensor.requires_grad_() if recorded else tensor


def in_parts(value):
    return [with_gradient(part) for part in value] if np.ndim(value) else with_gradient(value)


def half(value):
    return keras.ops.cast(value, "bfloat16")


@pytest.mark.parametrize(
    "kind",
    [keras.ops.convert_to_tensor, variable, with_gradient, in_parts],
    ids=lambda k: k.__name__,
)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_right_answer_may_be_a_tensor(check, kind):
    if check is exercises.check_scale and kind is in_parts:
        pytest.skip("a list has no dtype, and this exercise asks for one")
    many_calls = check in (exercises.check_sample, exercises.check_hold_people_out)
    if many_calls and kind is in_parts:
        pytest.skip("it is called hundreds of times: that many tensors take seconds to be made")

    def student(*arguments):
        answer = check.exercise.reference(*arguments)
        parts = answer if isinstance(answer, tuple) else (answer,)
        # Copied: a tensor can't share an array that is read backwards.
        tensors = tuple(kind(np.asarray(part).copy()) for part in parts)
        return tensors if isinstance(answer, tuple) else tensors[0]

    assert check(student), check(student)


def test_sixteen_bits_are_read_and_judged_as_what_they_are():
    verdict = exercises.check_centre(lambda x: half(x - x.mean(axis=0)))
    assert not verdict and "you got" in verdict.message
    assert exercises.check_count_dead(lambda codes: half((codes == 0).all(axis=0).sum()))
