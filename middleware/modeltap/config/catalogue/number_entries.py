"""Performance of predicted numbers, means of labels and predictions, and errors of slices."""

from __future__ import annotations

from modeltap.config.catalogue.catalogue_entry import CatalogueEntry

OF_NUMBERS = (
    CatalogueEntry(
        "mae",
        "unit of the label",
        "lower",
        "performance",
        "performance",
        True,
        "mean absolute error",
    ),
    CatalogueEntry(
        "rmse",
        "unit of the label",
        "lower",
        "performance",
        "performance",
        False,
        "root of the mean squared error",
    ),
    CatalogueEntry(
        "bias",
        "unit of the label",
        None,
        None,
        "performance",
        False,
        "mean of prediction minus label",
    ),
    CatalogueEntry(
        "median_absolute_error",
        "unit of the label",
        "lower",
        "performance",
        "performance",
        False,
        "median absolute error",
    ),
    CatalogueEntry(
        "r2",
        "score",
        "higher",
        "performance",
        "performance",
        False,
        "fraction of the labels' variance that is predicted",
    ),
    CatalogueEntry(
        "mape",
        "fraction",
        "lower",
        "performance",
        "performance",
        False,
        "mean absolute error relative to the label",
    ),
    CatalogueEntry(
        "quantile_loss",
        "unit of the label",
        "lower",
        "performance",
        "performance",
        False,
        "mean pinball loss of predicted quantiles",
    ),
    CatalogueEntry(
        "interval_coverage",
        "fraction",
        None,
        "performance",
        "performance",
        False,
        "labels from the lowest to the highest predicted quantile",
    ),
    CatalogueEntry(
        "label_mean", "unit of the label", None, None, "performance", False, "mean label"
    ),
    CatalogueEntry(
        "prediction_mean", "unit of the label", None, None, "performance", False, "mean prediction"
    ),
    CatalogueEntry(
        "slice_error",
        "the error's",
        "lower",
        None,
        "performance",
        False,
        "error of a slice that is worse than the other rows",
    ),
)
