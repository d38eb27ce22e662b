"""Performance that is estimated before labels arrive, and the labels that contradict it."""

from __future__ import annotations

from modeltap.config.catalogue.catalogue_entry import CatalogueEntry

ESTIMATES = (
    CatalogueEntry(
        "estimated_accuracy",
        "fraction",
        "higher",
        "performance",
        "performance",
        False,
        "correct predictions, expected from scores without labels",
    ),
    CatalogueEntry(
        "estimated_f1_macro",
        "score",
        "higher",
        "performance",
        "performance",
        False,
        "mean F1 score of the classes, expected from scores",
    ),
    CatalogueEntry(
        "estimated_roc_auc",
        "score",
        "higher",
        "performance",
        "performance",
        False,
        "area under the ROC curve, expected from scores",
    ),
    CatalogueEntry(
        "estimated_brier",
        "score",
        "lower",
        "performance",
        "performance",
        False,
        "mean squared gap of scores and labels, expected from scores",
    ),
    CatalogueEntry(
        "estimated_log_loss",
        "nats",
        "lower",
        "performance",
        "performance",
        False,
        "log loss, expected from scores",
    ),
    CatalogueEntry(
        "estimated_mae",
        "unit of the label",
        "lower",
        "performance",
        "performance",
        False,
        "mean absolute error, expected from inputs and predictions",
    ),
    CatalogueEntry(
        "estimated_rmse",
        "unit of the label",
        "lower",
        "performance",
        "performance",
        False,
        "root of the mean squared error, expected from inputs and predictions",
    ),
    CatalogueEntry(
        "expected_error",
        "unit of the label, or fraction",
        "lower",
        None,
        None,
        False,
        "mean absolute error or fraction of errors, expected without any label of the window",
    ),
    CatalogueEntry(
        "concept_drift",
        "unit of the label, or fraction",
        "lower",
        "concept_drift",
        "performance",
        True,
        "error less the one that the inputs lead to expect",
        # A loss of performance has the same cause, and its message says so.
        explained_by=("mae", "accuracy", "f1_macro", "roc_auc", "brier"),
    ),
)
