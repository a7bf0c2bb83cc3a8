import json
import time

import keras
import numpy as np
import pytest

from course_utils import runtime


@pytest.mark.parametrize(
    "name, epochs, rate",
    [(None, 15, 0.1), ("quick", 15, 0.1), ("full", 200, 0.01), ("smoke", 1, 0.1)],
)
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
    with pytest.raises(
        ValueError, match="COURSE_BUDGET must be one of smoke, quick, full, got 'fast'"
    ):
        runtime.budget(quick=1, full=2)


def test_describe_names_backend_device_speed_and_budget():
    text = runtime.describe()
    for word in ("Python", "Keras", "CPU", "GPU", "Speed", "Budget  quick"):
        assert word in text
    assert "unknown" not in text


def test_describe_goes_on_where_a_driver_is_half_there(monkeypatch):
    def fail(*_):
        raise RuntimeError("no such library")

    monkeypatch.setattr(runtime, "speed", fail)
    monkeypatch.setattr(runtime, "_devices", fail)
    text = runtime.describe()
    error = "unknown: RuntimeError: no such library"
    for line in (f"GPU     {error}", f"Speed   {error}", "Budget  quick"):
        assert line in text.splitlines()


def test_the_speed_is_of_finished_products():
    """A product that was not awaited would seem some fifty times as fast as NumPy's, which always
    is."""
    rates = runtime.speed()
    assert set(rates) == {"float32", "bfloat16"} and all(
        rate == float(f"{rate:.3g}") > 0 for rate in rates.values()
    )
    if runtime._devices(keras.backend.backend()):
        pytest.skip("NumPy has no GPU to compare with")
    a, b, seconds = np.ones((256, 1000), "float32"), np.ones((1000, 500), "float32"), []
    for _ in range(100):
        start = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - start)
    assert rates["float32"] / (0.256 / min(seconds)) < 15


STORED = {"float32": 100, "bfloat16": 110, "epoch": 9}
THAN = "as fast as the machine of README's minutes"


@pytest.mark.parametrize(
    "float32, bfloat16, stored, told",
    [
        (126, 12, None, "126 GFLOP/s in float32, 12 in bfloat16"),
        (90.3, 12, STORED, f": about {THAN}"),
        (
            110,
            131,
            STORED,
            f": about {THAN}",
        ),  # so little is gained by 16 bits that lessons stay in 32
        (
            50,
            12,
            STORED,
            f": about 0.5 times {THAN}, so expect lessons to take about 2 times as long",
        ),
        (100, 350, STORED, f": about 3.5 times {THAN}"),
        (
            100,
            12,
            STORED | {"bfloat16": 250},
            f": about 0.4 times {THAN}, so expect lessons to take about 2.5 times as long",
        ),
    ],
)
def test_the_speed_is_told_beside_that_of_the_stored_lessons(
    monkeypatch, float32, bfloat16, stored, told
):
    monkeypatch.setattr(runtime, "speed", lambda: {"float32": float32, "bfloat16": bfloat16})
    monkeypatch.setattr(runtime, "_stored_speed", lambda: stored)
    (line,) = [line for line in runtime.describe().splitlines() if line.startswith("Speed   ")]
    assert line.endswith(told) and f"{float32} GFLOP/s in float32, {bfloat16} in bfloat16" in line


def test_the_stored_speed_is_that_of_the_first_notebook(tmp_path):
    assert runtime._stored_speed(tmp_path) is None
    for metadata, speed in (
        ({}, None),
        ({"course": {"seconds": 3}}, None),
        ({"course": {"speed": STORED}}, STORED),
    ):
        (tmp_path / "00_start_here.ipynb").write_text(
            json.dumps({"metadata": metadata}), encoding="utf-8"
        )
        assert runtime._stored_speed(tmp_path) == speed
    (tmp_path / "00_start_here.ipynb").write_text("<<<<<<< half merged", encoding="utf-8")
    assert runtime._stored_speed(tmp_path) is None
