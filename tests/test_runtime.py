import pytest

from course_utils import runtime


@pytest.mark.parametrize("name, epochs, rate", [(None, 15, 0.1), ("quick", 15, 0.1), ("full", 200, 0.01), ("smoke", 1, 0.1)])
def test_the_budget_chooses(monkeypatch, name, epochs, rate):
    if name:
        monkeypatch.setenv("COURSE_BUDGET", name)
    assert runtime.budget(quick=15, full=200) == epochs
    assert runtime.budget(quick=0.1, full=0.01) == rate


def test_smoke_can_be_given(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "smoke")
    assert runtime.budget(quick=15, full=200, smoke=3) == 3
    assert runtime.budget(quick=True, full=False) is True


def test_an_unknown_budget_is_refused(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "fast")
    with pytest.raises(ValueError, match="COURSE_BUDGET must be one of smoke, quick, full, got 'fast'"):
        runtime.budget(quick=1, full=2)


def test_describe_names_backend_device_and_budget():
    text = runtime.describe()
    for word in ("Python", "Keras", "CPU", "GPU", "Budget  quick"):
        assert word in text
    assert "unknown" not in text
