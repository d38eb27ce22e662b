"""Concept drift: false alarms where only inputs move, and the months of `bike_sharing`.

    OMP_NUM_THREADS=1 python benchmarks/concept_drift.py [--data FOLDER] [--references 60]

Simulated references of 2,000 and 8,000 labelled rows are followed by 50 windows each, whose inputs
wander while the relation of inputs and errors stays, or errors grow by a fifth. `bike_sharing` is
predicted by a model of its first 30 %, without the year and the month; it goes through import and
analysis, and each month's row is printed with its alerts.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scored_sets
from estimates import BLOCKS, drawn_errors
from machine import describe

from modeltap.analysis.concept.concept_drift import ExcessAt, InputChanges, concept_drift
from modeltap.analysis.concept.excess import Expected, excess, expected_of
from modeltap.analysis.concept.window_concept import CONCEPT_SHARE
from modeltap.analysis.counting.sample import ROWS
from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.estimation.error_model import ErrorModel
from modeltap.analysis.estimation.estimates import (
    estimated_metrics,
    expected_error,
    metrics_of_errors,
)
from modeltap.analysis.estimation.unlabelled import Outputs
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import ALERT, NORMAL_95, Metric
from modeltap.analysis.performance.evaluation import evaluate
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.references.performance_baseline import learn_baseline
from modeltap.ingest.files.table import open_table
from modeltap.ingest.importer import import_table
from modeltap.ingest.roles import choose_roles
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect

WINDOWS = 50
LEVEL = ALPHA["normal"] * CONCEPT_SHARE
MONTHS = (
    "select m.window_start, m.value, m.verdict, e.value, e.low, e.high, c.verdict, c.explanation "
    "from metrics m left join metrics e on e.metric = 'estimated_mae' "
    "and e.window_start = m.window_start left join metrics c on c.metric = 'concept_drift' "
    "and c.window_start = m.window_start where m.metric = 'mae' and m.segment is null order by 1"
)


class Run(NamedTuple):
    """The windows of one reference that alerted, and the first of them."""

    alerts: int
    first: int | None


def run(reference_rows: int, rows: int, factor: float, seed: int) -> Run:
    rng = np.random.default_rng(seed)
    inputs, errors = drawn_errors(reference_rows, 0.0, rng)
    blocks = np.arange(reference_rows) * BLOCKS // reference_rows
    model = ErrorModel(inputs, np.abs(errors), blocks)
    known = learn_baseline(errors.tolist(), [0.0] * reference_rows, "regression")
    assert known is not None
    earlier: list[ExcessAt] = []
    alerts, shift = [], 0.0
    for window in range(WINDOWS):
        shift = 0.95 * shift + rng.normal(0, 0.2)
        inputs, errors = drawn_errors(rows, shift, rng)
        measured, expected = sides(model, inputs, factor * errors)
        own = metric(measured, expected, known, earlier)
        earlier.append(ExcessAt("", rows, excess(measured, expected)))
        if own.verdict == ALERT:
            alerts.append(window)
    return Run(len(alerts), alerts[0] if alerts else None)


def sides(model: ErrorModel, inputs: np.ndarray, errors: np.ndarray) -> tuple[Metric, Expected]:
    """Return the measured and the expected error of a window."""
    labels = [0.0] * len(errors)
    measured = evaluate(LabelledContext("regression", errors.tolist(), labels))[0]
    estimated = metrics_of_errors(model, inputs[:ROWS], len(errors), "regression")[0]
    expected = expected_of([estimated])
    assert expected is not None
    return measured, expected


def run_of_classes(reference_rows: int, rows: int, seed: int) -> Run:
    """Return a run of scores whose calibration is that of the reference; their level wanders."""
    rng = np.random.default_rng(seed)
    scores, labels = drawn_scores(reference_rows, 0.0, rng)
    known = learn_baseline(scores.tolist(), labels.astype(int).tolist())
    assert known is not None
    earlier: list[ExcessAt] = []
    alerts, shift = [], 0.0
    for window in range(WINDOWS):
        shift = 0.95 * shift + rng.normal(0, 0.2)
        scores, labels = drawn_scores(rows, shift, rng)
        outputs = Outputs(scores.tolist(), [None] * rows)
        expected = expected_of(expected_error(estimated_metrics(outputs, known, 0.5, 2)))
        assert expected is not None
        right = float(np.mean((scores >= 0.5) == labels))
        half = NORMAL_95 * (right * (1 - right) / rows) ** 0.5
        measured = Metric(
            metric="accuracy", rows=rows, value=right, low=right - half, high=right + half
        )
        own = metric(measured, expected, known, earlier)
        earlier.append(ExcessAt("", rows, excess(measured, expected)))
        if own.verdict == ALERT:
            alerts.append(window)
    return Run(len(alerts), alerts[0] if alerts else None)


def drawn_scores(
    rows: int, shift: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    odds = rng.normal(shift, 1.5, rows)
    scores = 1 / (1 + np.exp(-odds))
    return scores, rng.uniform(size=rows) < 1 / (1 + np.exp(-0.8 * odds - 0.3))


def metric(
    measured: Metric, expected: Expected, known: Baseline, earlier: list[ExcessAt]
) -> Metric:
    inputs = InputChanges((), compared=True)
    return concept_drift(measured, expected, known, inputs, earlier, "", LEVEL)


def simulated(references: int) -> None:
    print(f"\n{WINDOWS} windows after each of {references} references; level {LEVEL:.4f}")
    print("reference  window  errors   windows with an alert  references with one  first window")
    for reference_rows, rows in ((2000, 200), (2000, 1000), (8000, 1000)):
        for factor in (1.0, 1.2):
            runs = [run(reference_rows, rows, factor, seed) for seed in range(references)]
            show(f"{reference_rows:9}  {rows:6}  x {factor:.1f}  ", runs)
    runs = [run_of_classes(2000, 500, seed) for seed in range(references)]
    show(f"{2000:9}  {500:6}  classes", runs)


def show(name: str, runs: list[Run]) -> None:
    firsts = [own.first for own in runs if own.first is not None]
    share = sum(own.alerts for own in runs) / len(runs) / WINDOWS
    print(
        f"{name} {share:21.4f}  {len(firsts) / len(runs):19.3f}  "
        f"{np.median(firsts) if firsts else '-'}",
        flush=True,
    )


def bikes(folder: Path) -> None:
    own = scored_sets.bikes(folder)
    rows = scored_sets.read(folder / "bike_sharing" / "data.csv.gz")
    names = scored_sets.bike_inputs(rows)
    with tempfile.TemporaryDirectory() as scratch:
        path, store = Path(scratch) / "bikes.csv", Path(scratch) / "taps.db"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["timestamp", *names, "cnt", "prediction"])
            for row, value in zip(rows, own.outputs.tolist(), strict=True):
                writer.writerow([row["timestamp"], *(row[n] for n in names), row["cnt"], value])
        connection = connect(store)
        table = open_table(path)
        roles = choose_roles(table, timestamp="timestamp", label="cnt", prediction="prediction")
        import_table(connection, table, roles, model="bikes")
        options = {"window": "1 month", "reference": f"first {own.reference} rows"}
        Analyzer(store, connection, options).run(include_open=True)
        print("\nmonth     mae  verdict   expected  interval       concept_drift")
        for month in connection.execute(MONTHS):
            start, mae, verdict, value, low, high, concept, text = month
            print(
                f"{start[:7]}  {mae:5.1f}  {verdict:8}  {value:8.1f}  {low:5.1f}-{high:5.1f}    "
                f"{concept or 'reference'}: {text or ''}"
            )
        for alert in connection.execute(
            "select rule, state, window_start, summary from alerts "
            "where rule in ('performance', 'concept_drift')"
        ):
            print(*alert, sep="  ")
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--references", type=int, default=60)
    args = parser.parse_args()
    print(describe("numpy", "scipy", "scikit-learn"))
    if args.data is not None:
        bikes(args.data)
    if args.references:
        simulated(args.references)


if __name__ == "__main__":
    main()
