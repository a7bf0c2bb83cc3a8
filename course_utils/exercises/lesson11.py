"""Lesson 11: anomaly detection."""

import numpy as np
from scipy import stats

from course_utils.exercises._values import Within
from course_utils.exercises.engine import exercise

_ROUNDED = "right, but rounded: return the number as it is"


def auroc(normal, anomalous):
    """The share of pairs in which the anomaly has the higher score (lesson 11, exercise 1).

    Args:
        normal: scores of normal examples, shape (n,).
        anomalous: scores of anomalies, shape (m,).

    Returns:
        A number from 0 to 100, percent. Equal scores count half.

    >>> auroc(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    87.5
    """
    return float(100 * _share(normal, anomalous, tied=0.5))


def _share(normal, anomalous, tied):
    pairs = anomalous[:, np.newaxis]
    return (pairs > normal).mean() + tied * (pairs == normal).mean()


def _scores(rng):
    """Some of them equal, some negative."""
    n, m = rng.integers(3, 15, 2)
    middle = rng.normal()
    return rng.normal(middle, 1, n).round(1), rng.normal(middle + 0.7, 1, m).round(1)


_NORMAL = np.array([0.1, 0.7, 0.3, 0.2, 0.9, 0.4])
_ANOMALOUS = np.array([0.8, 0.35, 1.5, 0.15, 0.5])
_ANY_TIE = (0.0, 0.5, 1.0)

check_auroc = exercise(
    auroc,
    rtol=1e-5,
    cases={
        "scores that differ": (_NORMAL, _ANOMALOUS),  # 19 of 30 pairs
        "equal scores, of which half should count": (
            np.array([1.0, 2.0, 2.0, 3.0]),
            np.array([2.0, 3.0]),
        ),
        "scores around -5 that lie close together": (_NORMAL / 1000 - 5, _ANOMALOUS / 1000 - 5),
    },
    draw=_scores,
    goal="of all pairs of an anomaly and a normal example, the share in which the anomaly has the "
    "higher score, in percent; one number for all pairs together, and no grid of thresholds",
    mistakes={
        "this is a share: in percent it is 100 times as much": [
            lambda n, a, tied=tied: _share(n, a, tied) for tied in _ANY_TIE
        ],
        "the wrong way round: an *anomaly* should have the higher score": [
            lambda n, a, tied=tied, whole=whole: whole * _share(a, n, tied)
            for tied in _ANY_TIE
            for whole in (1, 100)
        ],
        "this is the number of pairs in order: divide by the number of all pairs, n times m": [
            lambda n, a, tied=tied: _share(n, a, tied) * n.size * a.size for tied in _ANY_TIE
        ],
        "you compared the first with the first, the second with the second: every anomaly meets "
        "every normal example": [
            lambda n, a: 100 * (a > n[: len(a)]).mean(),
            lambda n, a: 100 * np.mean([y > x for x, y in zip(n, a, strict=False)]),
        ],
        "this is the recall at one threshold: there is none here; every anomaly meets every normal "
        "example": [
            lambda n, a: 100 * (a > n.mean()).mean(),
            lambda n, a: 100 * (a > np.median(n)).mean(),
            lambda n, a: 100 * (a > n.max()).mean(),
        ],
        "one number for all pairs together: this is one for each anomaly":
            lambda n, a: 100 * (a[:, np.newaxis] > n).mean(axis=1),
        "two equal scores count as nothing: half of them should count, as if a coin were thrown":
            lambda n, a: 100 * _share(n, a, 0),
        "two equal scores count in full: half of them should count, as if a coin were thrown":
            lambda n, a: 100 * _share(n, a, 1),
        "compare the scores as they are: no absolute values, and no grid of thresholds":
            lambda n, a: 100 * _share(abs(n), abs(a), 0.5),
        _ROUNDED: [
            lambda n, a, tied=tied, digits=digits: round(100 * _share(n, a, tied), digits)
            for tied in _ANY_TIE
            for digits in (0, 1, 2)
        ],
    },
)  # fmt: skip


def threshold(normal, false_alarm_rate):
    """Set a threshold by normal scores alone (lesson 11, exercise 2).

    Args:
        normal: scores of normal examples held back, shape (n,).
        false_alarm_rate: a number between 0 and 1.

    Returns:
        A number above which that share of the scores lies.

    >>> threshold(np.arange(101.0), 0.25)
    75.0
    """
    return float(np.quantile(normal, 1 - false_alarm_rate))


def _alarms(call, normal, false_alarm_rate):
    found = call(normal, false_alarm_rate, shape=())
    above = 100 * (normal > found).mean()
    return {
        "this is no finite number": bool(np.isfinite(found)),
        "your threshold of {got} lies beyond all scores": Within(
            found if found > normal.max() or found < normal.min() else 0.0, 1e-6
        ),
        # Any definition of a quantile will do: they differ by one score.
        "{got}% of the normal scores lie above your threshold, where {wanted}% should: take a "
        "quantile of the scores, and use both arguments as they come": Within(
            above, 150 / normal.size
        ),
    }


def _normal_scores(rng):
    """A whole number of them belongs above the threshold; some are negative."""
    n, rate = 1000 * rng.integers(1, 4), rng.integers(2, 400) / 1000
    return rng.normal(rng.normal(), rng.uniform(0.5, 3), n), float(rate)


def _deviations(z):
    return lambda normal, rate: normal.mean() + z * normal.std()


_1000 = np.random.default_rng(9).exponential(2.0, 1000)
_400 = np.random.default_rng(10).exponential(1.0, 400)

check_threshold = exercise(
    threshold,
    measure=_alarms,
    cases={"a rate of 0.1": (_1000, 0.1), "0.2 and 400 other scores": (_400, 0.2)},
    draw=_normal_scores,
    mistakes={
        "90% of the normal scores lie above your threshold, where 10% should: the high scores are "
        "the alarms": lambda normal, rate: np.quantile(normal, rate),
        "almost every score lies above it: np.percentile counts from 0 to 100, np.quantile from 0 "
        "to 1": lambda normal, rate: np.percentile(normal, 1 - rate),
        "this is the smallest score: every other normal example would raise an alarm":
            lambda normal, rate: normal.min(),
        "this is the largest score: no normal example would raise an alarm, few anomalies would":
            lambda normal, rate: normal.max(),
        "mean and standard deviations presume a normal distribution, and scores are lopsided: take "
        "a quantile": [
            lambda normal, rate: normal.mean() + stats.norm.ppf(1 - rate) * normal.std(),
            *map(_deviations, (1, 1.2816, 1.6449, 2, 3)),
        ],
        "this is the mean: it knows nothing of the rate": lambda normal, rate: normal.mean(),
        "this is the median: it knows nothing of the rate": lambda normal, rate: np.median(normal),
        "scores may be negative: take them as they are, with no absolute values":
            lambda normal, rate: np.quantile(np.abs(normal), 1 - rate),
    },
)  # fmt: skip


def precision(recall, false_alarm_rate, prevalence):
    """The share of alarms that are right (lesson 11, exercise 3).

    Args:
        recall: the share of anomalies that raise an alarm, from 0 to 1.
        false_alarm_rate: the share of normal examples that raise an alarm, from 0 to 1.
        prevalence: the share of anomalies among all examples, from 0 to 1.

    Returns:
        A number from 0 to 1.

    >>> round(precision(0.8, 0.05, 0.01), 4)
    0.1391
    """
    found, false = recall * prevalence, false_alarm_rate * (1 - prevalence)
    return found / (found + false)


def _rates(rng):
    r, f, p = rng.uniform([0.1, 0.01, 0.005], [1.0, 0.6, 0.6]).tolist()
    edges = [(r, 0.0, p), (r, 1.0, p), (r, f, 1.0)]
    return edges[rng.integers(3)] if rng.random() < 0.3 else (r, f, p)


check_precision = exercise(
    precision,
    cases={
        "rare anomalies (a prevalence of 0.01)": (0.8, 0.05, 0.01),
        "a prevalence of 0.2": (0.6, 0.25, 0.2),
    },
    draw=_rates,
    goal="of what raises an alarm, the share that are anomalies: found / (found + false alarms), "
    "each as a share of all examples",
    mistakes={
        "this is in percent: a share from 0 to 1 is wanted":
            lambda r, f, p: 100 * precision(r, f, p),
        "this forgets how rare anomalies are: weigh the recall with prevalence, the false alarms "
        "with 1 - prevalence": lambda r, f, p: r / (r + f),
        "this is the share of all examples that are found anomalies: divide it by the share that "
        "raises an alarm": lambda r, f, p: r * p,
        "this is the share of all examples that raise an alarm: divide the found ones by it":
            lambda r, f, p: r * p + f * (1 - p),
        "false alarms come from the normal examples alone: their share is "
        "false_alarm_rate * (1 - prevalence)": lambda r, f, p: r * p / (r * p + f),
        "prevalence is the share of *anomalies*: it belongs to the recall":
            lambda r, f, p: precision(r, f, 1 - p),
        "this is the share of *false* alarms among the alarms":
            lambda r, f, p: 1 - precision(r, f, p),
        "these are the odds, found over false: divide by found + false":
            lambda r, f, p: r * p / (f * (1 - p)),
        "both are weighed with the prevalence: false alarms come from the normal examples, a share "
        "of 1 - prevalence": [
            lambda r, f, p: r * p / (p + f * (1 - p)),
        ],
        _ROUNDED: [
            lambda r, f, p, digits=digits: round(precision(r, f, p), digits)
            for digits in (1, 2, 3, 4)
        ],
    },
)  # fmt: skip
