"""Performance of scores for two classes."""

from __future__ import annotations

from modeltap.config.catalogue.catalogue_entry import CatalogueEntry

OF_SCORES = (
    CatalogueEntry(
        "roc_auc",
        "score",
        "higher",
        "performance",
        "performance",
        True,
        "area under the ROC curve of scores",
    ),
    CatalogueEntry(
        "brier",
        "score",
        "lower",
        "performance",
        "performance",
        True,
        "mean squared gap of scores and labels",
        explained_by=("accuracy", "roc_auc"),
    ),
    CatalogueEntry(
        "log_loss",
        "nats",
        "lower",
        "performance",
        "performance",
        False,
        "mean negative logarithm of the probability of the label",
    ),
    CatalogueEntry(
        "calibration_error",
        "score",
        "lower",
        "performance",
        "performance",
        False,
        "root mean squared distance of scores and rates of the positive class, without chance",
    ),
    CatalogueEntry(
        "calibration_rate",
        "fraction",
        None,
        None,
        "performance",
        False,
        "positive rows in a bin of scores: a point of the calibration curve",
    ),
    CatalogueEntry(
        "average_precision",
        "score",
        "higher",
        "performance",
        "performance",
        False,
        "area under the precision-recall curve of scores",
    ),
)
