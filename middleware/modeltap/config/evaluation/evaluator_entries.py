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
    CatalogueEntry(
        "judge_rate",
        "fraction",
        "higher",
        "evaluators",
        "evaluate",
        True,
        "outputs that a judge rates positive",
    ),
    CatalogueEntry(
        "judge_corrected_rate",
        "fraction",
        "higher",
        "evaluators",
        "evaluate",
        True,
        "positive outputs, by the judge's ratings and errors",
    ),
    CatalogueEntry(
        "judge_kappa",
        "kappa",
        "higher",
        None,
        "evaluate",
        False,
        "agreement of a judge and people beyond chance",
    ),
    CatalogueEntry(
        "judge_sensitivity",
        "fraction",
        "higher",
        None,
        "evaluate",
        False,
        "outputs that people rate positive, and the judge, too",
    ),
    CatalogueEntry(
        "judge_specificity",
        "fraction",
        "higher",
        None,
        "evaluate",
        False,
        "outputs that people do not rate positive, nor the judge",
    ),
    CatalogueEntry(
        "judge_order_change_rate",
        "fraction",
        "lower",
        None,
        "evaluate",
        False,
        "ratings that change with the order of the choices",
    ),
    CatalogueEntry(
        "cost", "currency", "lower", None, "evaluate", False, "cost of the tokens of all exchanges"
    ),
    CatalogueEntry(
        "cost_per_exchange",
        "currency",
        "lower",
        None,
        "evaluate",
        False,
        "mean cost of an exchange",
    ),
    CatalogueEntry(
        "not_priced_rate",
        "fraction",
        "lower",
        None,
        "evaluate",
        False,
        "exchanges of language models without a price",
    ),
    CatalogueEntry(
        "judge_failed_rate",
        "fraction",
        "lower",
        None,
        "evaluate",
        False,
        "questions to a judge without a rating",
    ),
)
