"""How well a score tells anomalies from normal examples."""

import typing

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats

from course_utils import _validate


def auroc(normal, anomalous):
    """Area under the ROC curve of a score for anomalies, in percent.

    It is the probability that an anomaly, drawn at random, has a higher score than a normal
    example; of equal scores half count (Hanley & McNeil, "The meaning and use of the area under a
    ROC curve", Radiology 143 (1982)). 50 is guessing, and less than 50 ranks anomalies as the more
    normal.

    Args:
        normal: scores of normal examples, shape (n,); the higher, the odder.
        anomalous: scores of anomalies, shape (m,).

    Returns:
        A float from 0 to 100.

    Raises:
        TypeError, ValueError: if the scores will not do.

    >>> auroc([1.0, 2.0, 3.0], [2.5, 4.0])  # of six pairs, five are in order
    83.33333333333333
    """
    normal, anomalous = _scores("normal", normal), _scores("anomalous", anomalous)
    ranks = scipy.stats.rankdata(np.concatenate([normal, anomalous]))[len(normal) :]
    pairs = len(normal) * len(anomalous)
    return float(100 * (ranks.sum() - len(anomalous) * (len(anomalous) + 1) / 2) / pairs)


class Detection(typing.NamedTuple):
    """The answer of `detection`: what a threshold does.

    Attributes:
        false_alarm_rate: share of the normal examples with an alarm, from 0 to 1.
        recall: share of the anomalies with an alarm, from 0 to 1.
        precision: share of the alarms that are anomalies, from 0 to 1; NaN if there is no alarm.

    >>> Detection(false_alarm_rate=0.25, recall=1.0, precision=0.6).recall
    1.0
    """

    false_alarm_rate: float
    recall: float
    precision: float


def detection(normal, anomalous, threshold, prevalence=None):
    """False-alarm rate, recall and precision if every score above a threshold raises an alarm.

    With r the recall, f the false-alarm rate and p the prevalence, the precision is
    rp / (rp + f(1 - p)), by Bayes's rule.

    Args:
        normal: scores of normal examples, shape (n,); the higher, the odder.
        anomalous: scores of anomalies, shape (m,).
        threshold: a number. A score equal to it raises no alarm.
        prevalence: the share of anomalies where the detector is to be used, between 0 and 1. By
            default that of these examples, m / (n + m), which in a test set is rarely that of life.

    Returns:
        A `Detection`, of shares from 0 to 1.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> detection([1.0, 2.0, 3.0, 4.0], [3.5, 5.0], threshold=3.0)
    Detection(false_alarm_rate=0.25, recall=1.0, precision=0.6666666666666666)
    """
    normal, anomalous = _scores("normal", normal), _scores("anomalous", anomalous)
    threshold = _validate.real("threshold", threshold)
    if prevalence is None:
        prevalence = len(anomalous) / (len(normal) + len(anomalous))
    elif not 0 < _validate.real("prevalence", prevalence) < 1:
        hint = ": a share, not a percentage" if prevalence > 1 else ""
        raise ValueError(f"prevalence must be above 0 and below 1, got {prevalence:.4g}{hint}")
    false_alarm_rate = float((normal > threshold).mean())
    recall = float((anomalous > threshold).mean())
    found, false = recall * prevalence, false_alarm_rate * (1 - prevalence)
    precision = found / (found + false) if found + false else float("nan")
    return Detection(false_alarm_rate, recall, precision)


def _scores(name, value):
    return _validate.number_array(name, value, ndim=1).astype(float)
