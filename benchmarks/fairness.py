"""Fairness by groups on the census data `adult`: counts, false alarms, power and cost.

    python benchmarks/fairness.py --data FOLDER [--shuffles 1000] [--window 2000]

FOLDER has `data.csv.gz` with the columns `sex`, `race`, `age` and `class`. A logistic regression of
a quarter of the rows predicts the others. Four results:

- The rates of a window's groups are compared with counts by pandas, and with fairlearn if it is
  installed.
- The labels of groups are shuffled, in the reference and in the window: the fraction of windows in
  which any gap alerts.
- From one to six of ten women lose their positive prediction: the fraction of windows with an alert
  of `sex`.
- Processor time of a window's fairness, beyond its performance, from the store.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from machine import describe
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from modeltap.analysis.fairness.fair_windows import GroupedWindow, grouped_window
from modeltap.analysis.fairness.gap_learning import ReferenceRows, key_of, learn_gaps
from modeltap.analysis.fairness.group_reader import GroupedRows
from modeltap.analysis.fairness.group_values import bin_name
from modeltap.analysis.fairness.groupings import with_intersections
from modeltap.analysis.fairness.treatment import Treatment, decisions, outcomes
from modeltap.analysis.model.metric import ALERT, Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.config import sources
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.labels import insert_labels
from modeltap.store.predictions import LAST, labelled_predictions

NUMBERS = ["age", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
CATEGORIES = ["workclass", "marital-status", "occupation", "relationship", "race", "sex"]
BINS = (25.0, 45.0, 65.0)
GROUPS = ["sex", "race", {"name": "age", "bins": list(BINS)}]
SETTINGS = sources.load({"groups": GROUPS}, environ={})
REFERENCE_WINDOWS = 5


def predicted(folder: Path) -> pd.DataFrame:
    """Return the rows that were not trained on, shuffled, with `prediction` and `label`."""
    data = pd.read_csv(folder / "data.csv.gz").sample(frac=1, random_state=1)
    data = data.reset_index(drop=True)
    label = (data["class"] == ">50K").astype(int)
    inputs = data[NUMBERS + CATEGORIES].fillna("?")
    encoder = make_column_transformer(
        (StandardScaler(), NUMBERS), (OneHotEncoder(handle_unknown="ignore"), CATEGORIES)
    )
    model = make_pipeline(encoder, LogisticRegression(max_iter=300))
    train = len(data) // 4
    model.fit(inputs[:train], label[:train])
    rest = data[train:].reset_index(drop=True)
    rest["prediction"] = model.predict(inputs[train:])
    rest["label"] = label[train:].to_numpy()
    rest["years"] = [bin_name(BINS, value) for value in rest["age"]]
    return rest


def grouped(rows: pd.DataFrame) -> GroupedRows:
    """Return rows with their groups, as the store would."""
    pairs = zip(rows["prediction"].tolist(), rows["label"].tolist(), strict=True)
    names = {"sex": rows["sex"], "race": rows["race"], "age": rows["years"]}
    listed = {name: column.tolist() for name, column in names.items()}
    return GroupedRows([LabelledPrediction(*pair) for pair in pairs], listed, {})


def treatments_of(rows: pd.DataFrame) -> tuple[Treatment, Treatment]:
    """Return the selected rows, and the outcomes of rows with labels."""
    predictions, labels = rows["prediction"].tolist(), rows["label"].tolist()
    return (
        decisions(predictions, LabelForm(), None, None),
        outcomes(predictions, labels, LabelForm(), None, None),
    )


def reference_of(
    rows: pd.DataFrame, treatments: tuple[Treatment, Treatment] | None = None
) -> Reference:
    """Return a reference with the gaps of its rows.

    Args:
        treatments: those of the rows, if they are known.
    """
    learnt = ReferenceRows(
        with_intersections(grouped(rows).groupings(SETTINGS.groups, None)),
        *(treatments or treatments_of(rows)),
        np.array_split(np.arange(len(rows)), REFERENCE_WINDOWS),
    )
    groups = learn_gaps(learnt, key_of(SETTINGS), 0)
    return Reference(
        model="adult", version="", source="", rows=len(rows), features=(), groups=groups
    )


def metrics_of(rows: pd.DataFrame, reference: Reference) -> list[Metric]:
    """Return the fairness metrics of a window."""
    window = GroupedWindow(grouped(rows), SETTINGS, reference)
    return [*window.selection_metrics(), *window.labelled_metrics()]


def differing_counts(rows: pd.DataFrame, reference: Reference) -> tuple[int, int]:
    """Return how many rates of groups were compared with pandas, and how many differ."""
    compared, differing = 0, 0
    for metric in metrics_of(rows, reference):
        segment = metric.segment or ""
        if metric.value is None or "=" not in segment:
            continue
        own = rows
        for part in segment.split(","):
            name, _, value = part.partition("=")
            own = own[own["years" if name == "age" else name] == value]
        by_rate = {
            "selection_rate": own["prediction"] == 1,
            "tpr": own[own["label"] == 1]["prediction"] == 1,
            "fpr": own[own["label"] == 0]["prediction"] == 1,
            "precision": own[own["prediction"] == 1]["label"] == 1,
            "misclassification_rate": own["prediction"] != own["label"],
        }
        expected = by_rate[metric.metric]
        compared += 1
        differing += (metric.count, metric.rows) != (int(expected.sum()), len(expected))
    return compared, differing


def beside_fairlearn(rows: pd.DataFrame, reference: Reference) -> None:
    """Print the gaps of `sex` next to those of fairlearn, if it is installed."""
    try:
        from fairlearn import metrics as peer
    except ImportError:
        print("fairlearn is not installed: pip install fairlearn")
        return
    own = {m.metric: m.value for m in metrics_of(rows, reference) if m.segment == "sex"}
    for name in (
        "demographic_parity_difference",
        "demographic_parity_ratio",
        "equalized_odds_difference",
        "equal_opportunity_difference",
    ):
        other = getattr(peer, name)(
            rows["label"], rows["prediction"], sensitive_features=rows["sex"]
        )
        print(f"  {name:32} {own[name]:.6f}   fairlearn {other:.6f}")


def shuffled_alerts(rows: pd.DataFrame, window: int, shuffles: int) -> int:
    """Return the number of windows in which any gap alerts, with shuffled labels of groups."""
    rng = np.random.default_rng(0)
    own = rows[: (REFERENCE_WINDOWS + 1) * window].copy()
    treatments = treatments_of(own[window:])
    alerts = 0
    for _ in range(shuffles):
        for name in ("sex", "race", "years"):
            own[name] = rng.permutation(own[name].to_numpy())
        reference = reference_of(own[window:], treatments)
        alerts += any(metric.verdict == ALERT for metric in metrics_of(own[:window], reference))
    return alerts


def unfair_alerts(rows: pd.DataFrame, window: int, denied: float, rounds: int = 40) -> float:
    """Return the fraction of windows with an alert of `sex` if women lose their positives."""
    rng = np.random.default_rng(1)
    alerts = 0
    for _ in range(rounds):
        own = rows.sample((REFERENCE_WINDOWS + 1) * window, random_state=rng).reset_index(drop=True)
        reference = reference_of(own[window:])
        now = own[:window].copy()
        gone = (now["sex"] == "Female") & (rng.random(window) < denied)
        now.loc[gone, "prediction"] = 0
        alerts += any(
            metric.verdict == ALERT and metric.segment == "sex"
            for metric in metrics_of(now, reference)
        )
    return alerts / rounds


def cost(rows: pd.DataFrame, window: int, rounds: int = 5) -> tuple[float, int]:
    """Return the median processor time (s) of a window's fairness from the store, and its groups.

    Both stages: the rates of predictions, and those of labels.
    """
    own = rows[:window]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "taps.db"
        connection = connect(path)
        names = [*NUMBERS, *CATEGORIES]
        with writing(connection):
            insert_exchanges(connection, [_exchange(n, row, names) for n, row in own.iterrows()])
            labels: list[Any] = [(f"r{n}", 0, int(label)) for n, label in own["label"].items()]
            insert_labels(connection, labels, source="benchmark")
        Analyzer(path, connection, {"multivariate": False}).run()
        reference = reference_of(rows[window : 5 * window])
        times = []
        for _ in range(rounds):
            start = time.process_time()
            stored = labelled_predictions(connection, "adult", "", ("", 0, 0), LAST)
            groups = grouped_window(connection, SETTINGS, reference, stored)
            metrics = [*groups.selection_metrics(), *groups.labelled_metrics()]
            times.append(time.process_time() - start)
        connection.close()
    segments = {metric.segment for metric in metrics if "=" in (metric.segment or "")}
    return statistics.median(times), len(segments)


def _exchange(number: Any, row: pd.Series, names: list[str]) -> ExchangeRow:
    body = {name: None if pd.isna(row[name]) else row[name] for name in names}
    when = f"2024-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}.000Z"
    return ExchangeRow(
        id=f"r{number}",
        model="adult",
        source="import",
        path="/predict",
        status=200,
        started_at=when,
        event_time=when,
        request_type="application/json",
        response_type="application/json",
        request_body=json.dumps(body, default=int),
        response_body=json.dumps({"prediction": int(row["prediction"])}),
        sample_rate=1.0,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of data.csv.gz")
    parser.add_argument("--shuffles", type=int, default=1000)
    parser.add_argument("--window", type=int, default=2000)
    arguments = parser.parse_args()
    window = arguments.window
    print(describe())
    rows = predicted(arguments.data)
    reference = reference_of(rows[window : 6 * window])
    compared, differing = differing_counts(rows[:window], reference)
    print(f"{compared} rates of groups compared with pandas, {differing} differ")
    beside_fairlearn(rows[:window], reference)
    seconds, groups = cost(rows, window)
    print(f"a window of {window:,} rows with {groups} groups: {seconds:.3f} s of processor time")
    for denied in (0.1, 0.2, 0.4, 0.6):
        part = unfair_alerts(rows, window, denied)
        print(f"{denied:.0%} of women denied: alert of sex in {part:.0%} of windows")
    alerts = shuffled_alerts(rows, window, arguments.shuffles)
    print(f"shuffled groups: {alerts} of {arguments.shuffles:,} windows with any alert")


if __name__ == "__main__":
    main()
