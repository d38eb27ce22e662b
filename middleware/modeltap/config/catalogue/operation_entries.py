"""Operation of modeltap itself, and missing data."""

from __future__ import annotations

from modeltap.config.catalogue.catalogue_entry import CatalogueEntry

OPERATION = (
    CatalogueEntry(
        "capture_loss",
        "exchanges",
        "lower",
        "capture_loss",
        None,
        True,
        "exchanges that were not recorded",
    ),
    CatalogueEntry(
        "no_traffic", "boolean", "lower", "no_traffic", None, True, "no requests for too long"
    ),
    CatalogueEntry(
        "no_labels", "boolean", "lower", "no_labels", None, True, "no labels for too long"
    ),
    CatalogueEntry(
        "not_monitored",
        "fraction",
        "lower",
        "not_monitored",
        None,
        True,
        "exchanges, rows or settings that are not monitored at all",
    ),
    CatalogueEntry(
        "analysis_failed",
        "boolean",
        "lower",
        "analysis_failed",
        None,
        True,
        "the analysis failed repeatedly",
    ),
    CatalogueEntry(
        "delivery_failed",
        "boolean",
        "lower",
        "delivery_failed",
        None,
        True,
        "messages could not be delivered",
    ),
)
