"""Checks of outputs by evaluators."""

from __future__ import annotations

from modeltap.config.catalogue.catalogue_entry import CatalogueEntry

EVALUATORS = (
    CatalogueEntry(
        "evaluator_pass_rate",
        "fraction",
        "higher",
        "evaluators",
        "evaluate",
        True,
        "outputs that pass an evaluator",
    ),
    CatalogueEntry(
        "evaluator_score", "any", None, None, "evaluate", False, "mean number of an evaluator"
    ),
)
