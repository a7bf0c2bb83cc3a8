"""Curves, bars and histograms of what was measured: losses, shares, scores, errors."""

import itertools

import numpy as np
from sklearn.metrics import roc_curve

from course_utils import _validate, metrics
from course_utils.plotting import _shared


def learning_curves(history, reference=None, ylabel="loss", log=True, alt=None, ax=None):
    """Losses over the epochs as curves, with values to compare them with as dashed lines.

    Args:
        history: a dictionary from labels to sequences of one value an epoch, such as
            `fit(...).history`. What that has beside losses is not drawn: "seconds" and
            "learning_rate".
        reference: a dictionary from labels to numbers in the unit of the losses, such as
            {"PCA": 13.87}; None for none.
        ylabel: what is measured, with its unit.
        log: logarithmic vertical axis (all values must be above 0).
        alt, ax: as in `image_grid`.

    Returns:
        The figure; epochs count from 1.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> learning_curves({"train": [3.0, 2.0], "validation": [3.1, 2.2]}, {"PCA": 1.9}).alt
    'loss over 2 epochs: train from 3 to 2, validation from 3.1 to 2.2; for comparison PCA at 1.9.'
    """
    history = _shared.labelled_arrays("history", history, ndim=1, what="sequences")
    losses = {k: v for k, v in history.items() if k not in ("seconds", "learning_rate")}
    history = losses or history
    reference = _shared.labelled_numbers("reference", reference)
    least = min(np.min(values) for values in (*history.values(), *reference.values()))
    if log and least <= 0:
        raise ValueError(
            "history and reference must lie above 0 on a logarithmic axis: pass log=False"
        )
    told = _courses(history, reference, ylabel)
    fig, ax = _shared.axes(ax, alt, told, 5.5, 3.2)
    for (label, values), colour in zip(history.items(), itertools.cycle(_shared.COLOURS)):
        ax.plot(np.arange(1, len(values) + 1), values, color=colour, label=label)
    for (label, value), dashes in zip(reference.items(), itertools.cycle(("--", ":", "-."))):
        ax.axhline(value, color="0.3", linestyle=dashes, linewidth=1, label=label)
    ax.set(xlabel="epoch", ylabel=ylabel, yscale="log" if log else "linear")
    if log:  # 3 and 20, where Matplotlib would write 3 x 10^0 and 2 x 10^1
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.yaxis.set_minor_formatter(
            lambda value, _: f"{value:g}" if f"{value:e}"[0] in "235" else ""
        )
    ax.legend(fontsize=8)
    return fig


def explained_variance(ratio, alt=None, ax=None):
    """Each component's share of the variance as a bar, and the running total as a line.

    A scree plot (Cattell, "The scree test for the number of factors", Multivariate Behavioral
    Research 1 (1966)), of shares in place of eigenvalues.

    Args:
        ratio: shape (k,), shares from 0 to 1, largest first, adding up to at most 1.
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> explained_variance(np.array([0.7, 0.2])).alt
    'Explained variance of 2 components: the first holds 70 %, all together 90 %.'
    """
    ratio = _validate.number_array("ratio", ratio, ndim=1)
    total = ratio.sum()
    if ratio.min() < 0 or total > 1 + 1e-4:
        raise ValueError(
            "ratio must be shares of the variance that add up to at most 1, "
            f"got a sum of {total:.4g}"
        )
    counted = _shared.counted(len(ratio), "component")
    told = f"Explained variance of {counted}: the first holds {100 * ratio[0]:.0f} %, "
    told += f"all together {100 * total:.0f} %."
    fig, ax = _shared.axes(ax, alt, told, 5.5, 3.2)
    component = np.arange(1, len(ratio) + 1)
    ax.bar(component, ratio, color=_shared.COLOURS[0], label="one component")
    style = {"color": _shared.COLOURS[1], "marker": "." if len(ratio) < 40 else None}
    ax.plot(component, np.cumsum(ratio), label="running total", **style)
    ax.set(xlabel="component", ylabel="share of the variance", ylim=(0, 1.02))
    ax.legend(fontsize=8)
    return fig


def score_histograms(scores, threshold=None, bins=60, alt=None, ax=None):
    """The scores of a detector, one histogram for each group of examples, and the threshold.

    Args:
        scores: a dictionary from labels to arrays of shape (n,), the higher the odder.
        threshold: drawn as a vertical line, in the unit of the scores; None for none.
        bins: how many, from the least score to the 99.5th percentile of the group that reaches
            farthest; the last bin also holds what lies beyond.
        alt, ax: as in `image_grid`.

    Returns:
        The figure; each histogram has an area of 1, however many examples its group has.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> groups = {"normal": [1.0, 2.0], "anomalous": [3.0, 4.0, 5.0]}
    >>> score_histograms(groups, threshold=1.5).alt
    'Histograms of scores: normal, median 1.5, 50 % above the threshold of 1.5; anomalous, median 4,
    100 % above the threshold of 1.5.'
    """
    scores = _shared.labelled_arrays("scores", scores, ndim=1)
    bins = _validate.integer("bins", bins, 1)
    threshold = None if threshold is None else _validate.real("threshold", threshold)
    least = min(values.min() for values in scores.values())
    most = max(np.percentile(values, 99.5) for values in scores.values())
    histograms, told = {}, []
    for label, values in scores.items():
        inside = np.clip(values, least, most)
        histograms[label] = np.histogram(inside, bins, (least, most), density=True)
        above = "" if threshold is None else _share_above(values, threshold)
        told.append(f"{label}, median {np.median(values):.3g}{above}")
    fig, ax = _shared.axes(ax, alt, f"Histograms of scores: {'; '.join(told)}.", 5.5, 3.2)
    _shared.outlines(ax, histograms)
    if threshold is not None:
        ax.axvline(threshold, color="black", linestyle="--", label="threshold")
    ax.set(xlabel="score", ylabel="density")
    ax.legend(fontsize=8)
    return fig


def roc(scores, marks=None, alt=None, ax=None):
    """ROC curves of detectors: recall against the false-alarm rate, for all thresholds at once.

    ROC stands for receiver operating characteristic. See Fawcett, "An introduction to ROC
    analysis", Pattern Recognition Letters 27 (2006).

    Args:
        scores: a dictionary from labels to pairs (normal, anomalous) of scores, shapes (n,) and
            (m,), the higher the odder.
        marks: a dictionary from some of these labels to a threshold, in the unit of those scores,
            drawn as a dot on that curve; None for none.
        alt, ax: as in `image_grid`.

    Returns:
        The figure. The area under each curve, in percent (`metrics.auroc`), is in the legend.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> roc({"PCA": ([1.0, 2.0, 3.0], [2.5, 4.0])}).alt
    'ROC curves, recall against false-alarm rate: PCA, area 83.3 %.'
    """
    _shared.labelled("scores", scores, "pairs (normal, anomalous)")
    for label, pair in scores.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                f"scores[{label!r}] must be a pair (normal, anomalous), got {type(pair).__name__}"
            )
    marked = _marked(scores, {} if marks is None else marks)
    areas = {label: metrics.auroc(*pair) for label, pair in scores.items()}
    named = "; ".join(f"{label}, area {area:.1f} %" for label, area in areas.items())
    told = f"ROC curves, recall against false-alarm rate: {named}."
    fig, ax = _shared.axes(ax, alt, told, 4, 3.8)
    for (label, pair), colour in zip(scores.items(), itertools.cycle(_shared.COLOURS)):
        is_anomaly = np.repeat([0, 1], [len(part) for part in pair])
        false_alarm_rate, recall, _ = roc_curve(is_anomaly, np.concatenate(pair).astype(float))
        ax.plot(false_alarm_rate, recall, color=colour, label=f"{label}, {areas[label]:.1f} %")
        if label in marked:
            ax.plot(marked[label].false_alarm_rate, marked[label].recall, "o", color=colour)
    ax.plot([0, 1], [0, 1], color="black", linestyle=":", linewidth=1)
    ax.set(xlabel="false-alarm rate", ylabel="recall", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.legend(fontsize=8, loc="lower right")
    return fig


def error_bars(images, x_hat, names, errors, reference=None, alt=None, ax=None):
    """Images beside their reconstructions, one pair a row, each with a bar as long as its error.

    Args:
        images: floating point in [0, 1], shape (n, height, width).
        x_hat: their reconstructions, of the same shape; values outside [0, 1] are drawn as the
            nearest of 0 and 1.
        names: n texts.
        errors: shape (n,), at least 0: the squared error of each image, summed over its pixels.
        reference: a dictionary from labels to numbers in the unit of the errors, drawn as dashed
            lines, such as {"most digits are below": 6.0}; None for none.
        alt, ax: as in `image_grid`.

    Returns:
        The figure.

    Raises:
        TypeError, ValueError: if an argument will not do; images of 0 to 255 are refused.

    >>> x = np.zeros((2, 28, 28), "float32")
    >>> error_bars(x, x, ["digit", "shoe"], np.array([2.0, 30.0])).alt
    'Images, reconstructions and squared errors: digit 2, shoe 30.'
    """
    images, x_hat = _shared.image_pair("images", images, x_hat)
    errors, names = _errors(errors, names, images)
    reference = _shared.labelled_numbers("reference", reference)
    named = ", ".join(f"{name} {error:.3g}" for name, error in zip(names, errors, strict=True))
    told = f"Images, reconstructions and squared errors: {named}."
    fig, ax = _shared.axes(ax, alt, told, 6.5, 0.75 * len(images) + 0.6)
    rows = np.arange(len(images))[::-1]
    ax.barh(rows, errors, height=0.6, color=_shared.COLOURS[0])
    limit = 1.15 * max([*errors, *reference.values()]) or 1.0  # where no image has an error
    frame = {"frameon": False, "annotation_clip": False}
    for row, image, copy, error in zip(rows, images, x_hat, errors, strict=True):
        _shared.thumbnail(ax, image, (-0.26 * limit, row), 36, cmap="gray", **frame)
        _shared.thumbnail(ax, copy, (-0.12 * limit, row), 36, cmap="gray", **frame)
        ax.text(error + 0.01 * limit, row, f"{error:.3g}", va="center", fontsize=9)
    for (label, value), colour in zip(reference.items(), itertools.cycle(_shared.COLOURS[1:])):
        ax.axvline(value, color=colour, linestyle="--", label=label)
    if reference:
        ax.legend(fontsize=8, loc="lower right")
    ax.set_yticks(rows, names)
    # The pictures stand between the names and the bars.
    ax.tick_params(axis="y", pad=0.33 * 72 * 5, length=0)
    ax.set(xlim=(0, limit), ylim=(-0.6, len(images) - 0.4), xlabel="squared error")
    return fig


def _courses(history, reference, ylabel):
    """What learning curves show, in words."""
    epochs = _shared.counted(max(map(len, history.values())), "epoch")
    told = ", ".join(f"{label} from {c[0]:.4g} to {c[-1]:.4g}" for label, c in history.items())
    compared = ", ".join(f"{label} at {value:.4g}" for label, value in reference.items())
    return f"{ylabel} over {epochs}: {told}{compared and '; for comparison ' + compared}."


def _share_above(values, threshold):
    share = (values > threshold).mean()
    return f", {100 * share:.0f} % above the threshold of {threshold:.3g}"


def _marked(scores, marks):
    """What each of these thresholds does: a dictionary from labels to `metrics.Detection`."""
    if not isinstance(marks, dict) or not marks.keys() <= scores.keys():
        raise ValueError(
            f"marks must be a dictionary from labels of scores ({', '.join(scores)}) "
            f"to thresholds, got {marks!r}"
        )
    return {
        label: metrics.detection(*scores[label], _validate.real(f"marks[{label!r}]", threshold))
        for label, threshold in marks.items()
    }


def _errors(errors, names, images):
    """An error and a name for each image."""
    errors, names = _validate.number_array("errors", errors, ndim=1), _shared.listed("names", names)
    if not len(names) == len(errors) == len(images):
        raise ValueError(
            f"names and errors must be one for each of the {len(images)} images, "
            f"got {len(names)} and {len(errors)}"
        )
    if errors.min() < 0:
        raise ValueError(f"errors must be at least 0, got {errors.min():.4g}")
    return errors, names
