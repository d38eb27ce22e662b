"""NannyML's estimates of a set of `estimates.py`, which calls this with NannyML's Python.

PYTHON benchmarks/nannyml_estimates.py SET.npz ESTIMATES.npz
"""

from __future__ import annotations

import sys
import time

import nannyml
import numpy as np
import pandas as pd

own = np.load(sys.argv[1])
inputs, outputs, labels = own["inputs"], own["outputs"], own["labels"]
names = [f"x{place}" for place in range(inputs.shape[1])]
frame = pd.DataFrame(inputs, columns=names).assign(output=outputs, label=labels)
reference, window = int(own["reference"]), int(own["window"])
if own["of_classes"]:
    frame["predicted"] = (outputs >= 0.5).astype(int)
    frame["label"] = frame["label"].astype(int)
    metrics = ["accuracy", "roc_auc", "f1"]
    estimator = nannyml.CBPE(
        y_pred_proba="output",
        y_pred="predicted",
        y_true="label",
        metrics=metrics,
        chunk_size=window,
        problem_type="classification_binary",
    )
else:
    metrics = ["mae", "rmse"]
    estimator = nannyml.DLE(
        feature_column_names=names,
        y_pred="output",
        y_true="label",
        metrics=metrics,
        chunk_size=window,
    )
rows = reference + (len(labels) - reference) // window * window
started = time.perf_counter()
estimator.fit(frame[:reference])
fitted = time.perf_counter() - started
result = estimator.estimate(frame[reference:rows]).filter(period="analysis").to_df()
seconds = time.perf_counter() - started - fitted
estimates = {
    metric: result[metric][
        ["value", "lower_confidence_boundary", "upper_confidence_boundary"]
    ].to_numpy(float)
    for metric in metrics
}
np.savez(sys.argv[2], fit_seconds=fitted, seconds=seconds, **estimates)
