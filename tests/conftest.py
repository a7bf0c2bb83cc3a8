import pytest


@pytest.fixture(autouse=True)
def no_claims_recorded(monkeypatch):
    """`expect` called by a unit test is no claim of a lesson."""
    monkeypatch.delenv("COURSE_CLAIMS", raising=False)
    monkeypatch.delenv("COURSE_BUDGET", raising=False)
