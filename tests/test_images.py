"""The pictures in images/: drawn by its script, used, and fit to be read."""

import importlib.metadata
import importlib.util
import pathlib
import re
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
IMAGES = ROOT / "images"
# Not a system's own (.DS_Store), not Python's (__pycache__), not the figure that `make results`
# takes from a lesson.
OTHERS = ("draw.py", "plane.png")
STORED = sorted(
    path.name for path in IMAGES.glob("[!.]*") if path.is_file() and path.name not in OTHERS
)


def load():
    spec = importlib.util.spec_from_file_location("draw", IMAGES / "draw.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


draw = load()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    draw.draw_all(folder)
    return folder


def pixels(path):
    return np.asarray(Image.open(path).convert("RGBA")).astype(int)


def test_the_script_draws_every_file_and_no_other(drawn):
    assert sorted(path.name for path in drawn.iterdir()) == STORED


@pytest.mark.parametrize("name", STORED)
def test_a_stored_picture_is_the_one_that_the_script_draws(name, drawn):
    if name in draw.DIAGRAMS:
        # Letters' outlines and the choice of a palette may differ by a hair in other versions.
        constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
        for package in ("matplotlib", "pillow"):
            pinned = re.search(rf"^{package}==(\S+)", constraints, re.MULTILINE)[1]
            here = importlib.metadata.version(package)
            if here != pinned:
                pytest.skip(
                    f"{name} was drawn with {package} {pinned} (constraints.txt), here is {here}"
                )
    if name.endswith(".svg"):
        assert (IMAGES / name).read_text(encoding="utf-8") == (drawn / name).read_text(
            encoding="utf-8"
        )
    else:
        np.testing.assert_array_equal(pixels(IMAGES / name), pixels(drawn / name))


def test_another_process_in_another_folder_with_other_settings_draws_the_same_bytes(
    drawn, tmp_path
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "matplotlibrc").write_text(
        "font.size: 30\naxes.linewidth: 9\nsavefig.bbox: tight\n", encoding="utf-8"
    )
    (tmp_path / "draw.py").write_bytes((IMAGES / "draw.py").read_bytes())
    subprocess.run([sys.executable, tmp_path / "draw.py"], cwd=elsewhere, check=True)
    for name in STORED:
        assert (tmp_path / name).read_bytes() == (drawn / name).read_bytes(), name


@pytest.mark.parametrize("name", STORED)
def test_a_picture_is_used_or_an_odd_one(name):
    # A diagram's SVG counts as used where its PNG is: only JupyterLab's attachments need that one.
    uses = re.compile(rf"(?:images/|attachment:){pathlib.Path(name).stem}\.(?:svg|png)\b")
    readers = [
        ROOT / "README.md",
        *(ROOT / "notebooks").glob("*.ipynb"),
        *(ROOT / "course_utils").glob("*.py"),
    ]
    assert name in draw.STROKES or any(
        uses.search(path.read_text(encoding="utf-8")) for path in readers
    )


@pytest.mark.parametrize(
    "diagram", dict.fromkeys(draw.DIAGRAMS.values()), ids=lambda diagram: diagram.__name__
)
def test_no_label_is_cut_off_or_hides_another(diagram):
    with draw.matplotlib.style.context(["default", draw.SETTINGS], after_reset=True):
        (ax,) = diagram().axes
        labels = [
            text.get_window_extent().transformed(ax.transData.inverted()) for text in ax.texts
        ]
    assert len(labels) >= 5
    for i, one in enumerate(labels):
        assert one.x0 > 5 and one.x1 < ax.get_xlim()[1] - 5
        assert one.y0 > 5 and one.y1 < ax.get_ylim()[1] - 5
        assert not any(one.overlaps(other) for other in labels[:i])


def test_diagrams_stand_on_a_white_card():
    picture = pixels(IMAGES / "vae.png")
    assert (picture[..., 3] == 255).all()
    for edge in (picture[:8], picture[-8:], picture[:, :8], picture[:, -8:]):
        assert (edge == 255).all()
    for name in draw.DIAGRAMS:
        if name.endswith(".svg"):
            source = (IMAGES / name).read_text(encoding="utf-8")
            whole = re.search(r'viewBox="0 0 (\d+) (\d+)"', source).groups()
            first = re.search(r'<path d="([^"]*)" style="([^"]*)"', source)
            assert re.findall(r"-?[\d.]+ -?[\d.]+", first[1])[2] == f"{whole[0]} 0"
            assert "fill: #ffffff" in first[2] and "opacity" not in first[2]


@pytest.mark.parametrize("name", [name for name in STORED if name.endswith(".svg")])
def test_an_svg_says_what_it_shows_and_needs_no_font(name):
    source = (IMAGES / name).read_text(encoding="utf-8")
    assert len(re.search(r"<title>(.+)</title>", source)[1]) > 60
    assert "<text" not in source and "font" not in source


def test_an_attached_diagram_is_sharp_and_small():
    assert 1400 <= Image.open(IMAGES / "vae.png").width <= 1600
    assert (IMAGES / "vae.png").stat().st_size < 60_000


@pytest.mark.parametrize("name", draw.STROKES)
def test_an_odd_picture_is_like_mnists(name):
    grey = pixels(IMAGES / name)
    assert grey.shape == (28, 28, 4)
    assert (grey[..., 3] == 255).all() and (grey[..., :3] == grey[..., :1]).all()
    ink = grey[..., 0] / 255
    assert ink.min() == 0 and ink.max() == 1
    assert ((ink > 0.1) & (ink < 0.9)).sum() / (ink > 0.1).sum() > 0.05  # soft edges
    ys, xs = np.nonzero(ink > 0.4)
    for at in (ys, xs):
        assert 17 <= np.ptp(at) + 1 <= 22  # of ink
        assert abs((at.min() + at.max() + 1) / 2 - 14) <= 1  # centred


def test_the_house_is_the_one_of_lesson_03_whose_numbers_are_asserted():
    assert zlib.crc32(pixels(IMAGES / "house.png")[..., 0].astype(np.uint8).tobytes()) == 2667233372
