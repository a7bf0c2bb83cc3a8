"""Diagrams: how a network is built, and how it is trained."""

import itertools

import numpy as np

from course_utils import _validate
from course_utils.plotting import _shared

_ENCODER, _CODE, _DECODER = _shared.COLOURS[:3]


def network(layer_sizes, alt=None, ax=None):
    """A diagram of an autoencoder: one bar for each layer, higher for a larger layer.

    The height is the logarithm of the size, so that a small code can be seen beside a large input.

    Args:
        layer_sizes: an odd number of whole numbers, three or more, such as [784, 300, 30, 300,
            784]; the middle one is the code's.
        alt, ax: as in `image_grid`.

    Returns:
        The figure: encoder blue, code orange, decoder green.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> network([784, 30, 784]).alt
    'An autoencoder as a row of layers: input x of 784 numbers, code z of 30,
    reconstruction of 784.'
    """
    sizes = _sizes(layer_sizes)
    if len(sizes) < 3 or len(sizes) % 2 == 0:
        raise ValueError(
            f"layer_sizes must be an odd number of sizes, three or more, got {len(sizes)}"
        )
    middle = len(sizes) // 2
    fig, ax = _shared.axes(ax, alt, _row_of_layers(sizes), 1.5 + 1.3 * len(sizes), 2.2)
    colours = [_ENCODER] * middle + [_CODE] + [_DECODER] * middle
    heights = np.log2(np.array(sizes) + 1)
    tallest = heights.max()
    for i, (size, height, colour) in enumerate(zip(sizes, heights, colours, strict=True)):
        ax.bar(i, height, width=0.22, bottom=-height / 2, color=colour)
        ax.text(i, -0.58 * tallest, size, ha="center", va="top", fontsize=9)
    for i in range(1, len(sizes)):
        colour = _ENCODER if i <= middle else _DECODER
        _connect(ax, i, heights, gap=0.14, color=colour, alpha=0.15, linewidth=0)
    outer = {0: "input $x$", middle: "code $z$", 2 * middle: r"reconstruction $\hat x$"}
    for i, name in outer.items():
        ax.text(i, 0.58 * tallest, name, ha="center", va="bottom", fontsize=10)
    for i, name in ((0.5, "encoder"), (2 * middle - 0.5, "decoder")):
        ax.text(i, 0, name, ha="center", va="center", fontsize=10)
    ax.set(xlim=(-0.6, len(sizes) - 0.4), ylim=(-0.8 * tallest, 0.85 * tallest))
    ax.set_axis_off()
    return fig


def greedy_phases(layer_sizes, alt=None, ax=None):
    """A diagram of greedy layerwise training: the network once a phase, and once for fine-tuning.

    The training is that of Bengio et al., "Greedy layer-wise training of deep networks", NIPS
    (2006): each phase trains one more pair of layers, the last trains all.

    Args:
        layer_sizes: of the encoder, from the input to the code, two or more; the decoder mirrors
            them.
        alt, ax: as in `image_grid`.

    Returns:
        The figure. In colour what is trained, in grey what is frozen, as an outline what waits or
        is not needed yet.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> greedy_phases([784, 300, 30]).alt
    'Greedy training of 784-300-30-300-784: phase 1 trains 784-300-784, phase 2 trains 300-30-300,
    then all is fine-tuned.'
    """
    sizes = _sizes(layer_sizes)
    if len(sizes) < 2:
        raise ValueError(
            f"layer_sizes must have two sizes or more, from the input to the code, got {len(sizes)}"
        )
    depth, whole = len(sizes) - 1, sizes + sizes[-2::-1]
    told = _phases(sizes, whole)
    fig, ax = _shared.axes(ax, alt, told, 1.8 + 0.85 * len(whole), 1.0 * (depth + 1))
    heights = np.log2(np.array(whole) + 1) / np.log2(max(whole) + 1)
    for phase in range(depth + 1):
        y = -1.25 * phase
        label = f"phase {phase + 1}" if phase < depth else "fine-tuning"
        ax.text(-0.4, y, label, ha="right", va="center", fontsize=10)
        for i in range(1, len(whole)):
            style = _look(i, phase, depth)
            _connect(ax, i, heights, gap=0.08, y=y, linewidth=1, **style)
    below = -1.25 * depth - 0.62
    for i, size in enumerate(whole):
        ax.text(i, below, size, ha="center", va="top", fontsize=9)
    ax.set(xlim=(-1.6, len(whole) - 0.6), ylim=(-1.25 * depth - 1.0, 0.6))
    ax.set_axis_off()
    return fig


def _sizes(layer_sizes):
    sizes = _shared.listed("layer_sizes", layer_sizes)
    return [_validate.integer(f"layer_sizes[{i}]", size, 1) for i, size in enumerate(sizes)]


def _row_of_layers(sizes):
    """What a network's diagram shows, in words."""
    middle = len(sizes) // 2
    names = [f"a hidden layer of {size}" for size in sizes]
    names[0], names[middle] = f"input x of {sizes[0]} numbers", f"code z of {sizes[middle]}"
    names[-1] = f"reconstruction of {sizes[-1]}"
    return f"An autoencoder as a row of layers: {', '.join(names)}."


def _phases(sizes, whole):
    """What the diagram of a greedy training shows, in words."""
    steps = [
        f"phase {i} trains {outer}-{inner}-{outer}"
        for i, (outer, inner) in enumerate(itertools.pairwise(sizes), start=1)
    ]
    network = "-".join(map(str, whole))
    return f"Greedy training of {network}: {', '.join(steps)}, then all is fine-tuned."


def _look(layer, phase, depth):
    """How a layer is drawn in a phase: trained, frozen, or waiting. Layers count from 1, phases
    from 0; phase `depth` is the fine-tuning."""
    pair = min(layer, 2 * depth + 1 - layer) - 1  # 0 for the outermost pair of layers
    in_encoder = layer <= depth
    if phase in (pair, depth):
        return {"facecolor": _ENCODER if in_encoder else _DECODER, "alpha": 0.45}
    if pair < phase and in_encoder:
        return {"facecolor": "0.85"}
    return {"facecolor": "none", "edgecolor": "0.85"}


def _connect(ax, i, heights, gap, y=0.0, **style):
    """What leads from one size to the next, `heights[i - 1]` high on its left and `heights[i]` on
    its right, around height y."""
    left, right = i - 1 + gap, i - gap
    before, after = heights[i - 1] / 2, heights[i] / 2
    ax.fill([left, right, right, left], [y + before, y + after, y - after, y - before], **style)
