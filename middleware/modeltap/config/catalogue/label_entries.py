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
)
