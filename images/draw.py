"""Draws every picture in this folder:  python images/draw.py

Diagrams of networks for the prose, and 28 x 28 pictures that are no digits, to try on networks
trained on MNIST. Run it again and it writes the same bytes; `tests/test_images.py` compares.
Diagrams stand on a white card of their own, as the lessons' figures do, so that they can be read in
light and dark themes. JupyterLab shows no attached SVG: what a lesson attaches is a PNG.
"""

import io
import itertools
import pathlib

import matplotlib.style
import numpy as np
from matplotlib import colors, image, patches
from matplotlib.figure import Figure
from PIL import Image

from course_utils.plotting import COLOURS

# Text becomes outlines, which look the same in every browser; a fixed salt gives the parts of an
# SVG fixed names.
SETTINGS = {
    "svg.fonttype": "path",
    "svg.hashsalt": "autoencoders",
    "font.size": 16,
    "text.color": "#222222",
    "text.hinting": "none",
}
PIXELS_PER_INCH = 144  # of a diagram's PNG: two pixels for each unit, sharp on dense screens
EDGE = {"edgecolor": "#333333", "linewidth": 1.5}

BLUE, VERMILION, GREEN, _, ORANGE, _, BLACK = COLOURS
DATA, ENCODER, CODE, DECODER, CHANCE = BLACK, BLUE, VERMILION, GREEN, ORANGE
# Height of the line along which the boxes of a diagram stand; lengths are in points, 1/72 inch.
MIDDLE = 126
TALL, SHORT = 150, 56  # many numbers, few numbers


# ---- diagrams


def canvas(title, width, height):
    """An empty white card; x grows to the right, y upwards, one unit is one point."""
    fig = Figure(figsize=(width / 72, height / 72), facecolor="white")
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height), label=title)
    ax.axis("off")
    return ax


def tint(colour):
    """A light shade of a colour; opaque, for what lies beneath must not show through."""
    return 1 - 0.2 * (1 - np.array(colors.to_rgb(colour)))


def box(ax, left, right, colour, start=TALL, end=None, y=MIDDLE):
    """A box around height y, `start` high on the left and `end` on the right: as high, or
    narrowing, or widening."""
    end = start if end is None else end
    corners = [
        (left, y - start / 2),
        (left, y + start / 2),
        (right, y + end / 2),
        (right, y - end / 2),
    ]
    ax.add_patch(patches.Polygon(corners, facecolor=tint(colour), joinstyle="miter", **EDGE))


def disc(ax, x, radius, colour):
    ax.add_patch(patches.Circle((x, MIDDLE), radius, facecolor=tint(colour), **EDGE))


def arrow(ax, start, end):
    """From edge to edge; it leaves a small gap at both ends."""
    style = patches.ArrowStyle("->", head_length=6, head_width=4)
    ends = {"shrinkA": 3, "shrinkB": 4}
    ax.add_patch(
        patches.FancyArrowPatch(
            start, end, arrowstyle=style, color=EDGE["edgecolor"], linewidth=1.5, **ends
        )
    )


def label(ax, x, y, text):
    # Aligned by the baseline: centred, a word with a descender would stand higher than its
    # neighbour.
    ax.text(x, y - 5, text, ha="center", va="baseline")


def autoencoder():
    ax = canvas(
        "An autoencoder: the input x, many numbers, goes through the encoder into the code z, few "
        "numbers, and through the decoder into the reconstruction x-hat, many numbers again.",
        640,
        220,
    )
    box(ax, 64, 98, DATA)
    arrow(ax, (98, MIDDLE), (134, MIDDLE))
    box(ax, 134, 262, ENCODER, TALL, SHORT)
    arrow(ax, (262, MIDDLE), (303, MIDDLE))
    box(ax, 303, 337, CODE, SHORT)
    arrow(ax, (337, MIDDLE), (378, MIDDLE))
    box(ax, 378, 506, DECODER, SHORT, TALL)
    arrow(ax, (506, MIDDLE), (542, MIDDLE))
    box(ax, 542, 576, DATA)
    label(ax, 81, 26, "input $x$")
    label(ax, 198, MIDDLE, "encoder")
    label(ax, 320, MIDDLE - 47, "code $z$")
    label(ax, 442, MIDDLE, "decoder")
    label(ax, 559, 26, r"reconstruction $\hat{x}$")
    return ax.figure


def vae():
    ax = canvas(
        "A variational autoencoder: the encoder turns the image x into two vectors, the mean mu "
        "and log sigma squared. With a random epsilon they give one latent z = mu + sigma times "
        "epsilon, which the decoder turns into the reconstruction x-hat.",
        756,
        220,
    )
    above, below = MIDDLE + 35, MIDDLE - 35
    box(ax, 32, 62, DATA)
    arrow(ax, (62, MIDDLE), (94, MIDDLE))
    box(ax, 94, 212, ENCODER, TALL, 80)
    arrow(ax, (212, MIDDLE + 20), (252, above))
    arrow(ax, (212, MIDDLE - 20), (252, below))
    box(ax, 252, 282, CODE, 46, y=above)
    box(ax, 252, 282, CODE, 46, y=below)
    arrow(ax, (282, above), (331, MIDDLE + 16))
    arrow(ax, (282, below), (331, MIDDLE - 16))
    disc(ax, 364, 37, CHANCE)
    arrow(ax, (364, 40), (364, MIDDLE - 37))
    arrow(ax, (401, MIDDLE), (436, MIDDLE))
    box(ax, 436, 466, CODE, 46)
    arrow(ax, (466, MIDDLE), (502, MIDDLE))
    box(ax, 502, 620, DECODER, 80, TALL)
    arrow(ax, (620, MIDDLE), (656, MIDDLE))
    box(ax, 656, 686, DATA)
    label(ax, 47, 26, "image $x$")
    label(ax, 153, MIDDLE, "encoder")
    label(ax, 267, above + 38, r"mean $\mu$")
    label(ax, 267, below - 41, r"$\log \, \sigma^2$")
    label(ax, 364, MIDDLE, r"$\mu + \sigma \epsilon$")
    label(ax, 364, 26, r"$\epsilon$, a random draw")
    label(ax, 451, MIDDLE + 38, "latent $z$")
    label(ax, 561, MIDDLE, "decoder")
    label(ax, 671, 26, r"reconstruction $\hat{x}$")
    return ax.figure


DIAGRAMS = {"autoencoder.svg": autoencoder, "vae.svg": vae, "vae.png": vae}


def save(diagram, path):
    """Draws a diagram into a file, without what changes from run to run or with the user's own
    settings."""
    with matplotlib.style.context(["default", SETTINGS], after_reset=True):
        fig = diagram()
        if path.suffix == ".svg":
            title = fig.axes[0].get_label()  # for readers who can't see it
            fig.savefig(path, metadata={"Title": title, "Date": None, "Creator": None})
        else:
            drawn = io.BytesIO()
            fig.savefig(drawn, format="png", dpi=PIXELS_PER_INCH)
            # A palette of 256 colours looks the same and takes a third of the bytes.
            picture = Image.open(drawn).convert("RGB")
            picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
                path, optimize=True
            )


# ---- pictures that are no digits: 28 x 28 grey pixels, white strokes on black, as thick and as
# soft as those of MNIST


def turn(radii, start=0, end=360, centre=(14, 14)):
    """Corners around a centre, clockwise from angle `start` to `end` (0 is up), one for each
    radius."""
    angles = np.radians(np.linspace(start, end, len(radii)))
    xs, ys = centre[0] + radii * np.sin(angles), centre[1] - radii * np.cos(angles)
    return list(zip(xs, ys, strict=True))


STROKES = {  # each through its corners, (x, y) in pixels; y grows downwards
    "house.png": [
        [(6, 24), (6, 13), (14, 5), (22, 13), (22, 24), (6, 24)],
        [(12, 24), (12, 18), (16, 18), (16, 24)],
        [(4, 15), (6, 13)],
        [(22, 13), (24, 15)],
    ],
    "letter_a.png": [[(6, 23), (14, 5), (22, 23)], [(9, 17), (19, 17)]],
    "smile.png": [
        turn([9.0] * 37),
        [(11, 10), (11, 12)],
        [(17, 10), (17, 12)],
        turn([4.5] * 9, 110, 250),
    ],
    "star.png": [turn([9.6, 4.2] * 5 + [9.6], centre=(14, 15))],
    "cross_hatch.png": [[(at, 5), (at, 23)] for at in (8, 14, 20)]
    + [[(5, at), (23, at)] for at in (8, 14, 20)],
}
HALF_WIDTH = 1.0  # of a stroke; its edge fades out over one pixel


def rasterise(strokes):
    ys, xs = np.mgrid[0:28, 0:28] + 0.5
    pixels = np.zeros((28, 28))
    for corners in strokes:
        for (x0, y0), (x1, y1) in itertools.pairwise(corners):
            along = ((xs - x0) * (x1 - x0) + (ys - y0) * (y1 - y0)) / (
                (x1 - x0) ** 2 + (y1 - y0) ** 2
            )
            along = np.clip(along, 0, 1)
            distance = np.hypot(xs - x0 - along * (x1 - x0), ys - y0 - along * (y1 - y0))
            pixels = np.maximum(pixels, np.clip(HALF_WIDTH + 0.5 - distance, 0, 1))
    return pixels


def draw_all(folder):
    """Draws every picture into a folder that exists."""
    folder = pathlib.Path(folder)
    for name, diagram in DIAGRAMS.items():
        save(diagram, folder / name)
    for name, strokes in STROKES.items():
        image.imsave(folder / name, rasterise(strokes), cmap="gray", vmin=0, vmax=1)


if __name__ == "__main__":
    draw_all(pathlib.Path(__file__).resolve().parent)
