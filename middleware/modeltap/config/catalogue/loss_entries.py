"""Parts of a loss of performance."""

from __future__ import annotations

from modeltap.config.catalogue.catalogue_entry import CatalogueEntry

LOSSES = (
    CatalogueEntry(
        "loss_from_drift",
        "the loss's",
        "lower",
        None,
        "performance",
        False,
        "part of a loss of performance that goes with drifted inputs, or with those of a feature",
    ),
    CatalogueEntry(
        "loss_from_relation",
        "the loss's",
        "lower",
        None,
        "performance",
        False,
        "part of a loss of performance that goes with a changed relation of inputs and labels",
    ),
)
