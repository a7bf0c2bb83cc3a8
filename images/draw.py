"""Draws the picture that is no digit, `house.png`, for lesson 03:  python images/draw.py

28 x 28 grey pixels, white strokes on black, as thick and as soft as those of MNIST.
"""
import pathlib

import numpy as np
from matplotlib import image

STROKES = [  # corners of a house, (x, y) in pixels
    [(6, 24), (6, 13), (14, 5), (22, 13), (22, 24), (6, 24)],
    [(12, 24), (12, 18), (16, 18), (16, 24)],
    [(4, 15), (6, 13)],
    [(22, 13), (24, 15)],
]
HALF_WIDTH = 1.0  # of a stroke; its edge fades out over one pixel

ys, xs = np.mgrid[0:28, 0:28] + 0.5
pixels = np.zeros((28, 28))
for corners in STROKES:
    for (x0, y0), (x1, y1) in zip(corners, corners[1:]):
        along = ((xs - x0) * (x1 - x0) + (ys - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2)
        along = np.clip(along, 0, 1)
        distance = np.hypot(xs - x0 - along * (x1 - x0), ys - y0 - along * (y1 - y0))
        pixels = np.maximum(pixels, np.clip(HALF_WIDTH + 0.5 - distance, 0, 1))
image.imsave(pathlib.Path(__file__).with_name("house.png"), pixels, cmap="gray", vmin=0, vmax=1)
