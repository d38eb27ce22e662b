"""The metrics' names, and which of them are better when they are higher or lower."""

from __future__ import annotations

HIGHER_IS_BETTER = frozenset(("accuracy", "f1_macro", "label_coverage", "throughput_rps"))
LOWER_IS_BETTER = frozenset(
    (
        "mae",
        "rmse",
        "error_rate",
        "latency_p50_ms",
        "latency_p95_ms",
        "latency_p99_ms",
        "not_decoded_rate",
        "missing_rate",
        "unseen_rate",
        "type_mismatch_rate",
        "out_of_range_rate",
        "outlier_rate",
        "iqr_outlier_rate",
        "row_outlier_rate",
        "duplicate_rate",
        "drift",
        "psi",
        "ks",
        "js",
        "wasserstein",
        "chi2",
        "multivariate_drift",
        "pca_reconstruction_error",
        "cosine_distance",
        "gap_seconds",
        "freshness_seconds",
        "constant_feed",
        "schema_change",
        "capture_loss",
        "no_traffic",
        "no_labels",
        "analysis_failed",
        "delivery_failed",
    )
)
METRICS = HIGHER_IS_BETTER | LOWER_IS_BETTER | {"bias", "label_mean", "prediction_mean"}
"""Every name that the table `metrics` may hold."""
