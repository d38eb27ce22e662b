"""Performance estimated without labels, against the truth: errors, and intervals that hold it.

    python benchmarks/estimates.py [--data FOLDER] [--nannyml PYTHON] [--windows 2000] [--only NAME]

Real data with scores (`car_loan`, `nyc_flights`, `adult`, and `adult` with inputs that moved), each
by the calibration of all labelled rows of the reference (`plain`), by the one that is weighted
towards the inputs of the window (`weighted`, which the product uses where inputs drifted), and by
NannyML's CBPE. Then numbers (`bike_sharing`, air time of `nyc_flights`) by the error model and
NannyML's DLE. Last, simulated windows: scores that are calibrated except for a constant factor of
the odds, with a reference of 5,000 rows; and errors that depend on inputs that move.

NannyML needs an environment of its own: `--nannyml` is its Python. `--only ''` leaves out the real
data.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scored_sets
from machine import describe
from scored_sets import ScoredSet
from sklearn.metrics import f1_score, roc_auc_score

from modeltap.analysis.counting.sample import REFERENCE_ROWS, ROWS
from modeltap.analysis.estimation.error_model import ErrorModel
from modeltap.analysis.estimation.simulated_labels import Estimate, estimate
from modeltap.analysis.estimation.weighted_calibration import density_ratios, moved_calibration
from modeltap.analysis.model.calibration import Calibration, learn_calibration

METRICS = ("accuracy", "f1_macro", "roc_auc", "brier")
SCORES: tuple[Callable[[Path], ScoredSet], ...] = (
    scored_sets.car_loan,
    scored_sets.late_flights,
    scored_sets.adult,
    scored_sets.moved_adult,
)
NUMBERS: tuple[Callable[[Path], ScoredSet], ...] = (scored_sets.bikes, scored_sets.air_time)
BLOCKS = 24

Pair = tuple[dict[str, Estimate], dict[str, float]]


class Rows(NamedTuple):
    """(n,) scores, whether the positive class is predicted, and whether it is true."""

    scores: np.ndarray
    predicted: np.ndarray
    positive: np.ndarray


def truth(rows: Rows) -> dict[str, float]:
    return {
        "accuracy": float(np.mean(rows.predicted == rows.positive)),
        "f1_macro": float(f1_score(rows.positive, rows.predicted, average="macro")),
        "roc_auc": float(roc_auc_score(rows.positive, rows.scores)),
        "brier": float(np.mean((rows.scores - rows.positive) ** 2)),
    }


def true_errors(own: ScoredSet, part: slice) -> dict[str, float]:
    errors = own.outputs[part] - own.labels[part]
    return {"mae": float(np.abs(errors).mean()), "rmse": float(np.sqrt(np.mean(errors**2)))}


def rows_of(own: ScoredSet, part: slice) -> Rows:
    scores = own.outputs[part]
    return Rows(scores, scores >= 0.5, own.labels[part] == 1)


def some(places: slice, most: int) -> np.ndarray:
    """Return the places of a sample of rows, in order."""
    rows = np.arange(places.start, places.stop)
    rng = np.random.default_rng(places.start)
    return np.sort(rng.choice(rows, min(most, len(rows)), replace=False))


def by_scores(own: ScoredSet) -> None:
    known = rows_of(own, slice(0, own.reference))
    calibration = learn_calibration(known.scores, known.positive)
    sampled = some(slice(0, own.reference), REFERENCE_ROWS)
    pairs: dict[str, list[Pair]] = {"plain": [], "weighted": []}
    seconds = dict.fromkeys(pairs, 0.0)
    for part in own.windows():
        rows = rows_of(own, part)
        for name, made in pairs.items():
            started = time.perf_counter()
            used = calibration
            if name == "weighted":
                used = weighted(own, calibration, sampled, part)
            made.append((estimate(rows.scores, rows.predicted, used), truth(rows)))
            seconds[name] += time.perf_counter() - started
    for name, made in pairs.items():
        show(f"{own.name}, {name}", made, METRICS, seconds[name])


def weighted(own: ScoredSet, known: Calibration, sampled: np.ndarray, part: slice) -> Calibration:
    ratios = density_ratios(own.inputs[sampled], own.inputs[some(part, ROWS)])
    return moved_calibration(known, own.outputs[sampled], own.labels[sampled] == 1, ratios)


def by_errors(own: ScoredSet) -> None:
    rows = np.column_stack([own.inputs, own.outputs])
    sampled = some(slice(0, own.reference), REFERENCE_ROWS)
    started = time.perf_counter()
    errors = np.abs(own.outputs - own.labels)[sampled]
    model = ErrorModel(rows[sampled], errors, sampled // own.window)
    pairs = []
    for part in own.windows():
        expected = model.expected(rows[some(part, ROWS)])
        estimates = {
            "mae": model.mean_error(expected, own.window),
            "rmse": model.root_mean_square(expected, own.window),
        }
        pairs.append((estimates, true_errors(own, part)))
    show(f"{own.name}, trees", pairs, ("mae", "rmse"), time.perf_counter() - started)


def by_nannyml(own: ScoredSet, python: Path, *, of_classes: bool) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        given, made = Path(scratch) / "set.npz", Path(scratch) / "estimates.npz"
        fields = {name: value for name, value in own._asdict().items() if name != "name"}
        np.savez(given, of_classes=of_classes, **fields)
        script = Path(__file__).with_name("nannyml_estimates.py")
        subprocess.run([python, script, given, made], check=True, capture_output=True)
        results = np.load(made)
        metrics = ("accuracy", "roc_auc") if of_classes else ("mae", "rmse")
        pairs = []
        for place, part in enumerate(own.windows()):
            true = truth(rows_of(own, part)) if of_classes else true_errors(own, part)
            pairs.append(
                ({name: Estimate(*results[name][place].tolist()) for name in metrics}, true)
            )
        name = f"{own.name}, NannyML {'CBPE' if of_classes else 'DLE'}"
        show(name, pairs, metrics, float(results["fit_seconds"] + results["seconds"]))


def drawn(rows: int, share: float, rng: np.random.Generator) -> Rows:
    """Return rows whose true odds are twice those that the scores say."""
    level = np.log(share / (1 - share))
    odds = rng.normal(level, 1.5, rows)
    scores = 1 / (1 + np.exp(-odds))
    true = 1 / (1 + np.exp(-odds - np.log(2)))
    return Rows(scores, scores >= 0.5, rng.uniform(size=rows) < true)


def simulated(rows: int, share: float, windows: int, rng: np.random.Generator) -> Iterator[Pair]:
    """Yield estimates and truth of windows, 20 for each reference."""
    for number in range(windows):
        if number % 20 == 0:
            reference = drawn(5_000, share, rng)
            calibration = learn_calibration(reference.scores, reference.positive)
        window = drawn(rows, share, rng)
        if window.positive.all() or not window.positive.any():
            continue
        yield estimate(window.scores, window.predicted, calibration, number), truth(window)


def drawn_errors(
    rows: int, shift: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, 4) inputs and (n,) errors, whose spread depends on two inputs."""
    inputs = rng.normal(size=(rows, 4))
    inputs[:, 0] += shift
    spread = np.exp(0.4 * inputs[:, 0] + 0.3 * np.sin(2 * inputs[:, 1]))
    return inputs, spread * rng.standard_t(5, rows)


def simulated_errors(
    rows: int, shift: float, windows: int, rng: np.random.Generator
) -> Iterator[Pair]:
    """Yield estimates and truth of windows, 20 for each reference of 5,000 rows."""
    for number in range(windows):
        if number % 20 == 0:
            inputs, errors = drawn_errors(5_000, 0.0, rng)
            model = ErrorModel(inputs, np.abs(errors), np.arange(5_000) * BLOCKS // 5_000)
        inputs, errors = drawn_errors(rows, shift, rng)
        expected = model.expected(inputs[:ROWS])
        estimates = {
            "mae": model.mean_error(expected, rows),
            "rmse": model.root_mean_square(expected, rows),
        }
        mae, square = float(np.abs(errors).mean()), float(np.mean(errors**2))
        yield estimates, {"mae": mae, "rmse": square**0.5}


def show(
    name: str, pairs: list[Pair], metrics: tuple[str, ...], seconds: float | None = None
) -> None:
    """Print mean errors, also relative, the share within .01, and the share inside the interval."""
    for metric in metrics:
        errors = np.array([abs(own[metric].value - true[metric]) for own, true in pairs])
        values = np.array([true[metric] for _, true in pairs])
        held = [own[metric].low <= true[metric] <= own[metric].high for own, true in pairs]
        width = np.mean([own[metric].high - own[metric].low for own, _ in pairs])
        took = "" if seconds is None else f"  {seconds / len(pairs):.2f}"
        print(
            f"{name:36} {metric:9} {len(pairs):5}  {errors.mean():8.4f}  "
            f"{np.mean(errors / values):6.3f}  {np.mean(errors <= 0.01):5.2f}  "
            f"{np.mean(held):6.3f}  {width:8.3f}{took}",
            flush=True,
        )


def real(folder: Path, python: Path | None, only: str | None) -> None:
    for loaders, method, of_classes in ((SCORES, by_scores, True), (NUMBERS, by_errors, False)):
        for load in loaders:
            if only is not None and load.__name__ != only:
                continue
            own = load(folder)
            method(own)
            if python is not None:
                by_nannyml(own, python, of_classes=of_classes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--nannyml", type=Path, help="the Python of an environment with NannyML")
    parser.add_argument("--windows", type=int, default=2_000)
    parser.add_argument("--only", help="a function of scored_sets.py")
    args = parser.parse_args()
    print(describe("numpy", "scipy", "scikit-learn"))
    print(f"{'':36} {'':9} {'n':>5}  error     relat.  <=.01  inside  width     seconds a window")
    if args.data is not None:
        real(args.data, args.nannyml, args.only)
    rng = np.random.default_rng(0)
    for size in (100, 500, 5000) if args.windows else ():
        for share in (0.5, 0.02):
            pairs = list(simulated(size, share, args.windows, rng))
            show(f"simulated, {size} rows, {share:.0%}", pairs, METRICS)
        for shift in (0.0, 0.5, 1.0):
            pairs = list(simulated_errors(size, shift, args.windows, rng))
            show(f"simulated, {size} rows, {shift} sd", pairs, ("mae", "rmse"))


if __name__ == "__main__":
    main()
