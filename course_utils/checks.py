"""What notebooks check by: `expect` for the lesson's claims, `check_...` for its exercises.

These are names only. The exercises are at home in `exercises`, `expect` in `claims`.
"""

from course_utils import exercises
from course_utils.claims import expect as expect
from course_utils.exercises import *  # noqa: F403
from course_utils.exercises import Verdict as Verdict

_CHECKS = [name for name in exercises.__all__ if name.startswith("check_")]
__all__ = ["expect", "Verdict", *_CHECKS]
