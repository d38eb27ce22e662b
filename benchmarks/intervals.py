"""Coverage of the intervals of performance metrics, in simulated windows.

    OMP_NUM_THREADS=1 python benchmarks/intervals.py [--windows 2000] [--rows 100 500 5000]
        [--shares 0.5 0.02]

Each window is evaluated as the analysis does it. The log odds of two classes are normal, and the
scores exaggerate them by a third, so that they are not calibrated. Numbers have normal errors, or
those of Student's t with 5 degrees of freedom. The truth is that of four million rows; that of the
calibration error is the one of the window's own scores and bins. A cell has the fraction of windows
whose interval holds the truth, and a mark if it is below .93 by more than chance (three standard
errors). A dash means that fewer than 100 windows have an interval: it takes five rows of a class.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy
from machine import describe
from sklearn.metrics import average_precision_score

from modeltap.analysis.model.baseline import Baseline, Task
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.performance.calibration_error import calibration_bins
from modeltap.analysis.performance.class_metrics import class_metrics
from modeltap.analysis.performance.evaluation import evaluate
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.analysis.row_metrics.quantile_loss import quantile_losses, quantile_metrics
from modeltap.analysis.statistics.confusion import accuracy, f1_macro
from modeltap.analysis.statistics.scores import log_losses, roc_area, squared_gaps

ROWS, SHARES = (100, 500, 5000), (0.5, 0.02)
LEAST = 0.93
GAP, EXAGGERATED = 5.0, 4 / 3
TRUTH_ROWS = 4_000_000
REFERENCE_ROWS = 10_000
FEWEST_INTERVALS = 100

Key = tuple[str, str | None]
Truths = Mapping[Key, float]

QUANTILES = {level: float(scipy.special.ndtri(level)) for level in (0.1, 0.5, 0.9)}
"""Quantiles of a number, less its prediction: those of normal errors."""


@dataclass(frozen=True)
class Drawn:
    """A window; `chance` is the true probability of the positive class."""

    predictions: np.ndarray
    labels: np.ndarray
    chance: np.ndarray | None = None


Draw = Callable[[np.random.Generator, int], Drawn]


def scored(share: float) -> Draw:
    """Return a source of scores for two classes, of which one has this fraction of the rows."""

    def draw(rng: np.random.Generator, rows: int) -> Drawn:
        labels = (rng.random(rows) < share).astype(int)
        evidence = rng.normal(GAP * (labels - 0.5), math.sqrt(GAP))
        odds = math.log(share / (1 - share)) + evidence
        expit = scipy.special.expit
        return Drawn(expit(EXAGGERATED * odds), labels, expit(odds))

    return draw


def numbers(freedom: float) -> Draw:
    """Return a source of numbers, whose errors have so many degrees of freedom."""

    def draw(rng: np.random.Generator, rows: int) -> Drawn:
        labels = rng.uniform(5, 15, rows)
        errors = rng.normal(size=rows) if math.isinf(freedom) else rng.standard_t(freedom, rows)
        return Drawn(labels + 0.3 + errors, labels)

    return draw


def truths_of_scores(drawn: Drawn) -> dict[Key, float]:
    """Return the metrics of very many scores."""
    scores, positive = drawn.predictions, drawn.labels == 1
    cells = zip((scores >= 0.5).astype(int), drawn.labels, strict=True)
    pairs = {(str(p), str(label)): count for (p, label), count in Counter(cells).items()}
    truths: dict[Key, float] = {
        (own.metric, own.segment): own.value
        for own in class_metrics(pairs)
        if own.value is not None
    }
    area = roc_area(scores, positive)
    return truths | {
        ("accuracy", None): accuracy(pairs),
        ("f1_macro", None): f1_macro(pairs),
        ("roc_auc", None): 0.0 if area is None else area.value,
        ("brier", None): float(squared_gaps(scores, positive).mean()),
        ("log_loss", None): float(log_losses(scores, positive).mean()),
        ("average_precision", None): float(average_precision_score(positive, scores)),
        ("label_mean", None): float(positive.mean()),
        ("prediction_mean", None): float(scores.mean()),
    }


def truths_of_numbers(drawn: Drawn) -> dict[Key, float]:
    """Return the metrics of very many numbers."""
    errors = drawn.predictions - drawn.labels
    losses = {
        level: quantile_losses(drawn.predictions + gap, drawn.labels, level).mean()
        for level, gap in QUANTILES.items()
    }
    return {
        **{("quantile_loss", f"quantile={level:g}"): float(loss) for level, loss in losses.items()},
        ("quantile_loss", None): float(np.mean(list(losses.values()))),
        ("interval_coverage", None): float((np.abs(errors) <= QUANTILES[0.9]).mean()),
        ("mae", None): float(np.abs(errors).mean()),
        ("rmse", None): math.sqrt(float((errors**2).mean())),
        ("bias", None): float(errors.mean()),
        ("median_absolute_error", None): float(np.median(np.abs(errors))),
        ("r2", None): 1 - float((errors**2).mean() / drawn.labels.var()),
        ("mape", None): float((np.abs(errors) / drawn.labels).mean()),
        ("label_mean", None): float(drawn.labels.mean()),
        ("prediction_mean", None): float(drawn.predictions.mean()),
    }


def true_calibration_error(drawn: Drawn) -> float:
    """Return the calibration error of a window's scores, by their true probabilities."""
    assert drawn.chance is not None
    places = calibration_bins(drawn.predictions)
    rows = np.bincount(places)
    gaps = np.bincount(places, weights=drawn.predictions - drawn.chance)
    return math.sqrt(float(np.sum(gaps[rows > 0] ** 2 / rows[rows > 0]) / len(places)))


def baseline_of(drawn: Drawn) -> Baseline | None:
    """Return the performance in a reference, which knows the classes."""
    return learn_baseline(drawn.predictions.tolist(), drawn.labels.tolist(), task_of(drawn))


def task_of(drawn: Drawn) -> Task:
    """Return the task of a window."""
    return "regression" if drawn.chance is None else "classification"


def measured(drawn: Drawn, baseline: Baseline | None) -> list[Metric]:
    """Return the metrics of a window."""
    predictions, labels = drawn.predictions.tolist(), drawn.labels.tolist()
    own = evaluate(LabelledContext(task_of(drawn), predictions, labels, baseline, min_rows=2))
    return own if drawn.chance is not None else [*own, *measured_quantiles(predictions, labels)]


def measured_quantiles(predictions: list[float], labels: list[float]) -> list[Metric]:
    """Return the metrics of a window of quantiles around these predictions."""
    sets = [{level: own + gap for level, gap in QUANTILES.items()} for own in predictions]
    return quantile_metrics(sets, labels, min_rows=2)


def coverage(draw: Draw, truths: Truths, rows: int, windows: int, seed: int) -> dict[Key, str]:
    """Return the fraction of intervals that hold the truth, by metric."""
    held: dict[Key, list[bool]] = defaultdict(list)
    baseline = baseline_of(draw(np.random.default_rng(seed), REFERENCE_ROWS))
    for window in range(windows):
        drawn = draw(np.random.default_rng([seed, rows, window]), rows)
        for own in measured(drawn, baseline):
            key = own.metric, own.segment
            truth = truths.get(key)
            if own.metric == "calibration_error":
                truth = true_calibration_error(drawn)
            if truth is not None and own.value is not None:
                held.setdefault(key, [])
                if own.low is not None and own.high is not None:
                    held[key].append(own.low - 1e-9 <= truth <= own.high + 1e-9)
    return {key: _cell(own) for key, own in held.items()}


def _cell(held: list[bool]) -> str:
    if len(held) < FEWEST_INTERVALS:
        return "-"
    own = float(np.mean(held))
    error = math.sqrt(LEAST * (1 - LEAST) / len(held))
    return f"{own:.3f}{'!' if own < LEAST - 3 * error else ''}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--windows", type=int, default=2000)
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--shares", type=float, nargs="*", default=list(SHARES))
    parser.add_argument("--freedoms", type=float, nargs="*", default=[math.inf, 5.0])
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print(describe("numpy", "scipy"))
    rng = np.random.default_rng(args.seed)
    kinds = [
        *((f"share {share:g}", scored(share), truths_of_scores) for share in args.shares),
        *((f"t {freedom:g}", numbers(freedom), truths_of_numbers) for freedom in args.freedoms),
    ]
    table: dict[Key, dict[str, str]] = defaultdict(dict)
    columns = []
    for name, draw, truths_of in kinds:
        truths = truths_of(draw(rng, TRUTH_ROWS))
        for rows in args.rows:
            columns.append(f"{name}, n={rows:,}")
            for key, cell in coverage(draw, truths, rows, args.windows, args.seed).items():
                table[key][columns[-1]] = cell
    print(f"| {'metric':28} | {' | '.join(columns)} |")
    print(f"|{'-' * 30}|{'---|' * len(columns)}")
    for (metric, segment), cells in table.items():
        named = f"{metric} {segment or ''}".strip()
        print(f"| {named:28} | {' | '.join(cells.get(column, '') for column in columns)} |")


if __name__ == "__main__":
    main()
