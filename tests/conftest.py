import os

import pytest

# Without it scikit-learn skips one of its estimator checks. SciPy reads it when it is imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")


@pytest.fixture(autouse=True)
def no_claims_recorded(monkeypatch):
    """`expect` called by a unit test is no claim of a lesson."""
    monkeypatch.delenv("COURSE_CLAIMS", raising=False)
    monkeypatch.delenv("COURSE_BUDGET", raising=False)
