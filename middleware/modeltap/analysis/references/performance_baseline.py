"""The performance baseline, learnt from the labelled rows of a reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from msgspec.structs import replace

from modeltap import clock
from modeltap.analysis.estimation.outcomes import confidences
from modeltap.analysis.inference.value_lists import all_known, numbers_of
from modeltap.analysis.model.baseline import (
    Baseline,
    ScoreBaseline,
    Task,
    is_unknown,
    listed,
    pooled_baseline,
)
from modeltap.analysis.model.calibration import FEWEST_CALIBRATED, Calibration, learn_calibration
from modeltap.analysis.model.moments import moments
from modeltap.analysis.model.reference import MIN_BLOCKS, Reference
from modeltap.analysis.performance.class_metrics import MAX_CLASSES
from modeltap.analysis.performance.class_scores import with_scores
from modeltap.analysis.performance.classification import F1_FLOOR
from modeltap.analysis.performance.labelled import loss_floor
from modeltap.analysis.performance.paired import Paired, pair_up
from modeltap.analysis.performance.positive_class import DEFAULT_FORM, LabelForm
from modeltap.analysis.performance.scoring import FEWEST_OF_A_CLASS
from modeltap.analysis.row_metrics.quantile_loss import point_forecasts
from modeltap.analysis.statistics.confusion import accuracy, class_names, f1_macro
from modeltap.analysis.statistics.scores import roc_area, squared_gaps
from modeltap.config.settings import Settings
from modeltap.decoding.outputs import output_pairs

_MIN_ROWS = 30
"""With fewer rows, the mean of errors is not nearly normal, and too inexact to compare."""

_NEARLY_ALL = 0.95
"""With this fraction of labels, the others will not change the result."""

_HOURS_DIFFER = 0.001
"""The level of the test that hours differ; if they do not, all rows together are more exact."""

_BLOCKS_VARY = 0.01
"""The level of the test that blocks vary: one reference in a hundred does by chance."""

_WORST = 2.0
"""The distance of the worst block, in standard deviations between blocks."""


@dataclass(frozen=True)
class Times:
    """(n,) event times in Unix seconds, NaN where unknown, and the starts of their windows."""

    moments: np.ndarray
    starts: np.ndarray
    min_rows: int = 100


def label_form(settings: Settings) -> LabelForm:
    """Return a model's settings of labels."""
    return LabelForm(settings.positive, settings.decision_threshold)


def learn_baseline(
    predictions: Sequence[Any] | None,
    labels: Sequence[Any],
    task: Task | None = None,
    times: Times | None = None,
    form: LabelForm = DEFAULT_FORM,
    scores: Sequence[Any] | None = None,
) -> Baseline | None:
    """Return the model's performance; None if it cannot be measured.

    Args:
        predictions: (n,) numbers or classes, None where the model's outputs are unknown.
        labels: (n,) true values, None where unknown.
        task: inferred from the values by default.
        times: of the rows; without them neither hours nor the baseline variation are learnt.
        form: settings of the labels.
        scores: (n,) scores that accompany the predictions.

    Raises `InputError` unless both shapes are (n,).

    >>> learn_baseline([1.5] * 40, [3.5] * 40).mean
    2.0
    """
    if predictions is None or all(label is None for label in labels):
        return None
    paired = with_scores(pair_up(predictions, labels, task, form), scores, form)
    whole = None if paired.mismatch is not None else _record(paired)
    if whole is None or whole.rows < _MIN_ROWS:
        return None
    if whole.scores is not None and _can_calibrate(paired.positive):
        calibration = _calibration(paired, listed(predictions), scores)
        whole = replace(whole, scores=replace(whole.scores, calibration=calibration))
    whole = replace(whole, confidence=_confidence(paired, scores))
    labelled = len(labels) if all_known(labels) else sum(not is_unknown(own) for own in labels)
    whole = replace(whole, complete=labelled >= _NEARLY_ALL * len(labels))
    return whole if times is None else _with_times(whole, paired, times)


def learn_baselines(
    predictions: Sequence[Any] | None,
    labels: Sequence[Any],
    task: Task | None = None,
    times: Times | None = None,
    form: LabelForm = DEFAULT_FORM,
    scores: Sequence[Any] | None = None,
) -> dict[str, Baseline]:
    """Return the performance of each of several outputs by name; of a single output under ''.

    Arguments and errors are those of `learn_baseline`.

    >>> baselines = learn_baselines([{"price": 1.5}] * 40, [{"price": 3.5}] * 40)
    >>> baselines["price"].mean
    2.0
    """
    predictions = point_forecasts(predictions)
    by_output = output_pairs(predictions or (), labels)
    if not by_output:
        each = {"": learn_baseline(predictions, labels, task, times, form, scores)}
    else:
        each = {name: learn_baseline(*own, task, times, form) for name, own in by_output.items()}
    return {name: baseline for name, baseline in each.items() if baseline is not None}


def with_records(reference: Reference, records: Mapping[str, Baseline]) -> Reference:
    """Return a reference with the performance of its outputs by name; of a single one under ''."""
    outputs = {name: record for name, record in records.items() if name}
    first = next(iter(records.values()), None)
    return replace(reference, performance=first, output_performance=outputs)


def _record(paired: Paired) -> Baseline | None:
    """Return the performance in some rows; None if there are none."""
    if not paired.rows:
        return None
    if paired.task == "classification":
        return _classes(paired)
    errors = paired.predictions - paired.labels
    own = moments(np.abs(errors))
    return Baseline(
        task="regression",
        rows=own.rows,
        mean=own.mean,
        variance=own.second * own.rows / max(1, own.rows - 1),
        bias=float(errors.mean()),
        third=own.third,
    )


def _classes(paired: Paired) -> Baseline:
    pairs = Counter(zip(paired.predictions.tolist(), paired.labels.tolist(), strict=True))
    mean = accuracy(pairs)
    few = len({name for pair in pairs for name in pair}) <= MAX_CLASSES
    return Baseline(
        task="classification",
        rows=paired.rows,
        mean=mean,
        variance=mean * (1 - mean),
        third=mean * (1 - mean) * (1 - 2 * mean),
        pairs=tuple((*pair, count) for pair, count in sorted(pairs.items())) if few else (),
        scores=_scores(paired),
    )


def _scores(paired: Paired) -> ScoreBaseline | None:
    if paired.scores is None:
        return None
    return ScoreBaseline(
        area=roc_area(paired.scores, paired.positive),
        brier=moments(squared_gaps(paired.scores, paired.positive)),
        additional=paired.additional,
    )


def _can_calibrate(positive: np.ndarray) -> bool:
    """Return whether (n,) labelled rows, and those of both classes, say what a score means."""
    rows, positives = len(positive), int(positive.sum())
    return rows >= FEWEST_CALIBRATED and min(positives, rows - positives) >= FEWEST_OF_A_CLASS


def _confidence(paired: Paired, column: Sequence[Any] | None) -> Calibration | None:
    """Return how often predicted classes were right by their score; None without scores.

    Scores of two classes have a calibration of their own.
    """
    if paired.task != "classification" or paired.scores is not None or column is None:
        return None
    scores = confidences(column, paired.places)
    right = np.array(paired.predictions == paired.labels, dtype=bool)[np.isfinite(scores)]
    return learn_calibration(scores[np.isfinite(scores)], right) if _can_calibrate(right) else None


def _calibration(
    paired: Paired, predictions: Sequence[Any], column: Sequence[Any] | None
) -> Calibration:
    """Return what the scores mean, and how those of rows without labels are to be read.

    Args:
        predictions: (n,) those of all rows, as they came.
        column: (n,) the scores that accompany them.
    """
    assert paired.scores is not None
    own = learn_calibration(paired.scores, paired.positive)
    if not paired.additional or column is None:
        return own
    positive = set(paired.labels[paired.positive].tolist())
    places = paired.places.tolist()
    spelled = class_names([predictions[place] for place in places])
    both = set(zip(spelled, paired.predictions.tolist(), strict=True))
    names = {name for name, predicted in both if predicted in positive}
    given = np.clip(numbers_of([column[place] for place in places]), 0.0, 1.0)
    of_predicted = not np.array_equal(given, paired.scores)
    return replace(own, names=tuple(sorted(names)), of_predicted=of_predicted)


def _with_times(whole: Baseline, paired: Paired, times: Times) -> Baseline:
    """Return the baseline with that of each hour, if they differ, and the baseline variation."""
    own = Times(times.moments[paired.places], times.starts[paired.places], times.min_rows)
    places = np.flatnonzero(~np.isnan(own.moments))
    timed = replace(whole, hours=_hours(paired, own, places))
    blocks = [
        (block, _hours_of(own, part))
        for part in _blocks(own, places)
        if (block := _record(paired.take(part))) is not None
    ]
    if len(blocks) < MIN_BLOCKS:
        return timed
    return replace(
        timed,
        baseline_loss=_baseline_loss(timed, blocks, own.min_rows),
        baseline_f1_loss=_baseline_f1_loss(timed, blocks, own.min_rows),
        scores=timed.scores and _baseline_scores(timed.scores, [block for block, _ in blocks]),
    )


def _hours_of(times: Times, places: np.ndarray) -> np.ndarray:
    return np.asarray(times.moments[places] % clock.DAY // clock.HOUR)


def _hours(paired: Paired, times: Times, places: np.ndarray) -> dict[int, Baseline]:
    """Return the baseline of each hour of the day if they differ beyond chance and by a floor.

    With fewer than four days, the effects of hour and day cannot be separated.
    """
    days = np.unique(times.moments[places] // clock.DAY)
    if len(days) < MIN_BLOCKS:
        return {}
    own = _hours_of(times, places)
    parts = {int(hour): _record(paired.take(places[own == hour])) for hour in np.unique(own)}
    hours = {hour: replace(part, scores=None) for hour, part in parts.items() if part is not None}
    return hours if _differ(list(hours.values())) else {}


def _differ(parts: Sequence[Baseline]) -> bool:
    """Return whether means differ, by a chi-square test of homogeneity and a minimal effect."""
    large = [part for part in parts if part.rows >= _MIN_ROWS]
    if len(large) < 2:
        return False
    whole = pooled_baseline(large)
    if not whole.variance > 0:
        return False
    gaps = np.array([part.mean - whole.mean for part in large])
    rows = np.array([part.rows for part in large])
    p = float(scipy.special.chdtrc(len(large) - 1, float(np.sum(rows * gaps**2)) / whole.variance))
    return p < _HOURS_DIFFER and bool(np.abs(gaps).max() > loss_floor(whole))


def _blocks(times: Times, places: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the positions of each window; windows with too few rows are joined with the next."""
    order = places[np.argsort(times.moments[places], kind="stable")]
    cuts = np.flatnonzero(np.diff(times.starts[order])) + 1
    waiting: list[np.ndarray] = []
    for part in np.split(order, cuts):
        waiting.append(part)
        if sum(map(len, waiting)) >= times.min_rows:
            yield np.concatenate(waiting)
            waiting = []


Block = tuple[Baseline, np.ndarray]


def _baseline_loss(whole: Baseline, blocks: Sequence[Block], min_rows: int) -> float:
    """Return how much worse than its hours a block may be in the reference, beyond sampling.

    Twice the standard deviation between blocks: the excess of their squared gaps over their
    sampling variance (the method of moments; DerSimonian & Laird, 1986), at most the worst block's
    gap. 0 if a chi-square test of homogeneity finds no variation.
    """
    sign = 1.0 if whole.task == "regression" else -1.0
    expected = [whole.at({int(hour) for hour in hours}, min_rows) for _, hours in blocks]
    pairs = [(block, own) for (block, _), own in zip(blocks, expected, strict=True)]
    losses = np.array([sign * (block.mean - own.mean) for block, own in pairs])
    noise = np.array([own.variance * (1 / block.rows + 1 / own.rows) for block, own in pairs])
    return _beyond_noise(losses, noise)


def _beyond_noise(losses: np.ndarray, noise: np.ndarray) -> float:
    """Return twice the deviation of (n,) losses beyond their sampling variances; see
    `_baseline_loss`."""
    if not (noise > 0).all():
        return 0.0
    p = float(scipy.special.chdtrc(len(losses) - 1, float(np.sum(losses**2 / noise))))
    between = float(np.mean(losses**2) - np.mean(noise))
    if p >= _BLOCKS_VARY or between <= 0:
        return 0.0
    return max(0.0, min(_WORST * float(np.sqrt(between)), float(losses.max())))


def _baseline_scores(whole: ScoreBaseline, blocks: Sequence[Baseline]) -> ScoreBaseline:
    """Return the scores with their baseline losses of the ROC area and the Brier score."""
    parts = [block.scores for block in blocks if block.scores is not None]
    brier = np.array([part.brier.mean - whole.brier.mean for part in parts])
    noise = np.array(
        [whole.brier.second * (1 / part.brier.rows + 1 / whole.brier.rows) for part in parts]
    )
    areas = [part.area for part in parts if part.area is not None]
    before = whole.area
    if before is None or len(areas) < MIN_BLOCKS:
        return replace(whole, baseline_brier_loss=_beyond_noise(brier, noise))
    falls = np.array([before.value - area.value for area in areas])
    errors = np.array([before.variance + area.variance for area in areas])
    return replace(
        whole,
        baseline_loss=_beyond_noise(falls, errors),
        baseline_brier_loss=_beyond_noise(brier, noise),
    )


def _baseline_f1_loss(whole: Baseline, blocks: Sequence[Block], min_rows: int) -> float:
    """Return the baseline loss of macro F1; its noise is that of draws of the blocks' sizes."""
    if not whole.pairs:
        return 0.0
    rng = np.random.default_rng(len(blocks))
    losses, noises = [], []
    for block, hours in blocks:
        expected = whole.at({int(hour) for hour in hours}, min_rows)
        score = f1_macro(expected.counts)
        losses.append(score - f1_macro(block.counts))
        drawn = rng.multinomial(block.rows, [count / expected.rows for *_, count in expected.pairs])
        pairs = zip(expected.counts, drawn.tolist(), strict=True)
        noises.append(score - f1_macro({pair: count for pair, count in pairs if count}))
    noise = max(noises)
    return max(0.0, max(losses) - max(noise, F1_FLOOR))
