"""Settings that match nothing: features, rules, columns of a mapping, sections of models."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec.structs import replace

from modeltap.analysis.coverage.mapping_proposals import toml_key
from modeltap.analysis.coverage.recent_rows import RecentRows
from modeltap.analysis.coverage.unmonitored import Unmonitored
from modeltap.config.group_settings import GroupSettings
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.settings import Settings
from modeltap.decoding.shortfalls import Shortfall
from modeltap.errors import nearest
from modeltap.store.models import ModelVersion

_OF_NO_COLUMN = ("no_traffic", "no_labels", "analysis_failed", "delivery_failed", "not_monitored")
"""Rules whose `feature`, if any, is not a column."""

_CORRECT = "correct the name, or remove the setting"


def unmatched_settings(
    of: ModelVersion, settings: Settings, known: Collection[str], recent: RecentRows
) -> list[Unmonitored]:
    """Return the settings of a model that match none of its columns; none before it has rows.

    Args:
        of: the model, and its environment as an analysed version.
        settings: the model's own.
        known: its columns, and the measures of them.
    """
    model = of.model
    findings = list(_mapping(model, settings, recent))
    if not known:
        return findings
    features = (name for name in settings.features if not _is_known(name, known))
    findings += [
        _unmatched(model, f"[models.{toml_key(model)}.features.{toml_key(name)}]", name, known)
        for name in features
    ]
    findings += [
        _unmatched(model, f"{group.name} in groups of {model}", group.column, known)
        for group in settings.groups
        if _is_of_no_column(group, known)
    ]
    rules = (rule for rule in settings.rules if rule.enabled and _fits_no_column(rule, of, known))
    findings += [_unmatched(model, _subject(rule), rule.feature or "", known) for rule in rules]
    return findings


def unmatched_models(settings: Settings, models: Sequence[str]) -> list[Unmonitored]:
    """Return the sections and rules that match none of a store's models.

    Args:
        settings: those for all models.
        models: all models of the store; if it has none yet, nothing is reported.
    """
    if not models:
        return []
    findings = [
        _of_store(f"[models.{toml_key(name)}]", name, models)
        for name in settings.models
        if name not in models
    ]
    findings += [
        _of_store(f"the rule with model = {rule.model}", rule.model or "", models)
        for rule in settings.rules
        if rule.model is not None and not any(_is_of_model(rule, name) for name in models)
    ]
    return findings


def _unmatched(model: str, subject: str, name: str, known: Collection[str]) -> Unmonitored:
    return Unmonitored(
        check="settings",
        model=model,
        level="problem",
        subject=subject,
        reason=f"the model has no such column{nearest(name, known)}",
        fix=_CORRECT,
    )


def _of_store(subject: str, name: str, models: Sequence[str]) -> Unmonitored:
    return Unmonitored(
        check="settings",
        model=None,
        # One file may configure apps that have stores of their own.
        level="note",
        subject=subject,
        reason=f"this store has no such model{nearest(name, models)}",
        fix=_CORRECT,
    )


def _is_known(name: str, known: Collection[str]) -> bool:
    """Return whether a column has this name, or is an item or a member of it."""
    return name in known or any(column.startswith(f"{name}.") for column in known)


def _is_of_no_column(group: GroupSettings, known: Collection[str]) -> bool:
    """Return whether a group is a field that rows do not have."""
    return group.file is None and group.header is None and not _is_known(group.column, known)


def _is_of_model(rule: RuleSettings, model: str) -> bool:
    return replace(_only(rule), model=rule.model).is_about({"model": model})


def _fits_no_column(rule: RuleSettings, of: ModelVersion, known: Collection[str]) -> bool:
    if rule.feature is None or rule.rule in _OF_NO_COLUMN or not rule.is_of(*of):
        return False
    own = replace(_only(rule), feature=rule.feature)
    return not any(own.is_about({"feature": name}) for name in known)


def _subject(rule: RuleSettings) -> str:
    return f"the rule with feature = {rule.feature}"


def _only(rule: RuleSettings) -> RuleSettings:
    """Return a rule about everything."""
    return RuleSettings(rule=rule.rule)


def _mapping(model: str, settings: Settings, recent: RecentRows) -> Iterator[Unmonitored]:
    """Yield the parts of a mapping that match nothing in recent exchanges.

    Exchanges that lack `rows` or `prediction` have findings of their own.
    """
    mapping = settings.mapping
    if mapping is None or not recent.counts[Shortfall("rows")]:
        return
    section = f"[models.{toml_key(model)}.mapping]"
    batch = recent.batch
    if mapping.score and all(value is None for value in batch.scores):
        yield _nowhere(model, f"{section} score", recent)
    if mapping.probabilities and all(value is None for value in batch.probabilities):
        yield _nowhere(model, f"{section} probabilities", recent)
    names = set(mapping.columns)
    if names and not names & recent.columns.keys():
        yield Unmonitored(
            check="settings",
            model=model,
            level="problem",
            subject=f"{section} columns",
            reason=f"rows have their own names, or do not have {len(mapping.columns)} values each",
            fix="list one column per value of a row, in order",
        )


def _nowhere(model: str, subject: str, recent: RecentRows) -> Unmonitored:
    total = len(recent.exchanges)
    return Unmonitored(
        check="settings",
        model=model,
        level="problem",
        subject=subject,
        count=total,
        total=total,
        reason=f"none of the last {total:,} responses has a value there",
        fix=_CORRECT,
    )
