"""Performance of `car_loan` per 5,000 rows, from import to report, against scikit-learn.

    python benchmarks/exact_metrics.py --data FOLDER [--rows 5000]

FOLDER has `car_loan/data.csv.gz`. The rows are imported by `modeltap import` and analysed by
`modeltap analyze`; the metrics of each window are compared with those that scikit-learn computes
from the file. The largest difference is printed, by metric.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from machine import describe
from sklearn import metrics as peer

MODEL = "car_loan"
SETTINGS = """
[models.{model}]
window = "{rows} rows"
reference = "first 50000 rows"
multivariate = false
positive = 1
"""


def modeltap(folder: Path, *words: str) -> str:
    """Run a command in a folder."""
    command = [sys.executable, "-m", "modeltap", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def reported(data: pd.DataFrame, rows: int) -> list[dict[str, object]]:
    """Return the metrics of all windows, from a store of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "modeltap.toml").write_text(SETTINGS.format(model=MODEL, rows=rows))
        data.to_csv(folder / "rows.csv", index=False)
        columns = ("--prediction", "y_pred", "--score", "y_pred_proba", "--label", "repaid")
        times = ("--timestamp", "timestamp", "--id", "id")
        modeltap(folder, "import", "rows.csv", "--model", MODEL, *columns, *times)
        modeltap(folder, "analyze", "--open", "--no-deliver")
        lines = modeltap(folder, "metrics", "--model", MODEL, "--json").splitlines()
    return [row for row in map(json.loads, lines) if row["segment"] is None]


def expected(part: pd.DataFrame) -> dict[str, float]:
    """Return scikit-learn's metrics of the rows of a window."""
    label, predicted, score = part["repaid"], part["y_pred"], part["y_pred_proba"]
    return {
        "accuracy": peer.accuracy_score(label, predicted),
        "balanced_accuracy": peer.balanced_accuracy_score(label, predicted),
        "f1_macro": peer.f1_score(label, predicted, average="macro"),
        "f1_weighted": peer.f1_score(label, predicted, average="weighted"),
        "precision_macro": peer.precision_score(label, predicted, average="macro"),
        "recall_macro": peer.recall_score(label, predicted, average="macro"),
        "roc_auc": peer.roc_auc_score(label, score),
        "average_precision": peer.average_precision_score(label, score),
        "brier": peer.brier_score_loss(label, score),
        "log_loss": peer.log_loss(label, score),
    }


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=5000)
    args = parser.parse_args()
    print(describe("numpy", "scikit-learn"))
    data = pd.read_csv(args.data / "car_loan" / "data.csv.gz")
    values: dict[str, list[float]] = defaultdict(list)
    for row in reported(data, args.rows):
        values[str(row["metric"])].append(float(str(row["value"] or "nan")))
    parts = [data[start : start + args.rows] for start in range(0, len(data), args.rows)]
    for name in expected(parts[0]):
        own = np.array([expected(part)[name] for part in parts])
        windows = len(values[name])
        gap = np.abs(np.array(values[name]) - own).max() if windows == len(parts) else np.nan
        print(f"{name:20} {windows} of {len(parts)} windows, largest difference {gap:.1e}")


if __name__ == "__main__":
    main()
