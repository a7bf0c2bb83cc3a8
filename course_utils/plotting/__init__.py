"""Figures from arrays, never from models.

Every plotter returns the figure and shows nothing: as the last line of a cell it is displayed once.
Pass `ax` to draw into axes of your own, best those of `figure`: a notebook shows a figure of
pyplot's a second time by itself, and stores no alternative text with it. Each plotter sets an
alternative text, which the notebook stores with the picture for readers who can't see it; `figure`
makes an empty figure that does the same. Images are drawn on a fixed scale, 0 black and 1 white, so
that two of them can be compared; small ones on a white map are drawn as ink on paper, 0 white and
1 black. Lines and points use the colours of Okabe & Ito, "Color universal design" (2008), which
colour-blind readers can tell apart.
"""

from course_utils.plotting._shared import COLOURS, AltFigure, figure
from course_utils.plotting.curves import (
    error_bars,
    explained_variance,
    learning_curves,
    roc,
    score_histograms,
)
from course_utils.plotting.diagrams import greedy_phases, network
from course_utils.plotting.images import (
    codes,
    faces,
    filters,
    image_grid,
    image_rows,
    plane,
    reconstructions,
)
from course_utils.plotting.latents import activations, embedding, latent_histograms, unit_maxima
from course_utils.plotting.points import (
    code_along_curve,
    loading_vectors,
    projection_arrows,
    vector_field,
)

__all__ = [
    "COLOURS",
    "AltFigure",
    "activations",
    "code_along_curve",
    "codes",
    "embedding",
    "error_bars",
    "explained_variance",
    "faces",
    "figure",
    "filters",
    "greedy_phases",
    "image_grid",
    "image_rows",
    "latent_histograms",
    "learning_curves",
    "loading_vectors",
    "network",
    "plane",
    "projection_arrows",
    "reconstructions",
    "roc",
    "score_histograms",
    "unit_maxima",
    "vector_field",
]
