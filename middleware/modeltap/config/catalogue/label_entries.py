"""Arrival of labels."""

from __future__ import annotations

from modeltap.config.catalogue.catalogue_entry import CatalogueEntry

LABELS = (
    CatalogueEntry(
        "label_coverage",
        "fraction",
        "higher",
        None,
        "performance",
        False,
        "predictions with a label",
    ),
    CatalogueEntry(
        "label_arrival_1h",
        "fraction",
        "higher",
        None,
        "performance",
        False,
        "rows whose label arrived within an hour of the prediction",
    ),
    CatalogueEntry(
        "label_arrival_1d",
        "fraction",
        "higher",
        None,
        "performance",
        False,
        "rows whose label arrived within a day of the prediction",
    ),
    CatalogueEntry(
        "label_arrival_7d",
        "fraction",
        "higher",
        None,
        "performance",
        False,
        "rows whose label arrived within a week of the prediction",
    ),
    CatalogueEntry(
        "label_delay_p50_seconds",
        "seconds",
        "lower",
        None,
        "performance",
        False,
        "median time from a prediction to its label",
    ),
)
