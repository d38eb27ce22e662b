"""Output of references: their rows and features, and the progress of learning them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from modeltap import clock
from modeltap.analysis.inference.rising import RISING
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.monitored import notice
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.model.type_finding import type_finding
from modeltap.environments import reported
from modeltap.output import echo_paragraph, emit, emit_json
from modeltap.store.settings import SettingsReader
from modeltap.wording import plural

if TYPE_CHECKING:
    from modeltap.analysis.references.overview import ReferenceOverview

_NO_REFERENCE: dict[str, Any] = {
    "id": None,
    "source": None,
    "from_time": None,
    "to_time": None,
    "left_out_rows": 0,
    "columns_not_monitored": 0,
    "features": [],
}


def show_overview(overview: ReferenceOverview, as_json: bool, settings: SettingsReader) -> None:
    """Print a version's reference, or the progress of learning it."""
    reference = overview.reference
    facts: dict[str, Any] = {
        "state": overview.state,
        "learning_until": overview.learning_until,
        "hours_covered": overview.hours_covered,
        "drift_window": overview.drift_window,
    }
    if overview.state == "provisional":
        facts["rows"] = overview.rows
        if not as_json:
            echo_paragraph(
                f"{overview.model}: {overview.outlook}; {plural(overview.rows, 'row')} so far, "
                f"which cover {overview.hours_covered} of the week's 168 hours"
            )
    if reference is not None:
        show_reference(reference, as_json, settings, facts)
    elif as_json:
        emit_json(
            {
                **_NO_REFERENCE,
                **reported({"model": overview.model, "version": overview.version}),
                **facts,
            }
        )


def show_reference(
    frozen: Reference,
    as_json: bool,
    settings: SettingsReader,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Print a reference and its features.

    Args:
        facts: more fields for the JSON output.
    """
    declared = settings.for_model(frozen.model).declared(frozen.by_name)
    features = [_feature(f, declared[f.name].type) for f in frozen.features]
    head: dict[str, Any] = {
        "id": frozen.id,
        "model": frozen.model,
        "version": frozen.version,
        "source": frozen.source,
        "rows": frozen.rows,
        "from_time": frozen.from_time,
        "to_time": frozen.to_time,
        "left_out_rows": frozen.left_out_rows,
        "columns_not_monitored": len(frozen.unmonitored),
        **(facts or {}),
    }
    if as_json:
        emit_json({**reported(head), "features": features})
        return
    if frozen.state == "provisional":
        echo_paragraph("until then each window is compared with the rows before it, in these bins:")
        _emit_features(features)
        return
    period = f", {clock.short(frozen.from_time)} to {clock.short(frozen.to_time)}"
    echo_paragraph(
        f"reference {frozen.id} of {frozen.model}: {plural(frozen.rows, 'row')} "
        f"({frozen.source}{period if frozen.from_time else ''})"
    )
    if frozen.performance is not None:
        echo_paragraph(f"model performance: {_record_of(frozen.performance)}")
    if frozen.rolling:
        echo_paragraph(f"rolling: bins are fixed, windows are compared with the {frozen.rolling}")
    if frozen.hours:
        echo_paragraph(f"covers {len(frozen.hours)} of the week's 168 hours")
    if frozen.left_out_rows:
        echo_paragraph(
            f"excludes {plural(frozen.left_out_rows, 'row')} in windows that raised alerts; see "
            "`modeltap alerts`"
        )
    if (text := notice(frozen)) is not None:
        echo_paragraph(text)
    _emit_features(features)
    for feature in frozen.features:
        if feature.calendar is not None:
            explanation = (
                "it increases with each row"
                if feature.calendar == RISING
                else f"it follows the calendar (the {feature.calendar})"
            )
            echo_paragraph(f"{feature.name}: not compared, because {explanation}")
    for finding in filter(None, map(type_finding, frozen.features)):
        echo_paragraph(finding)
    for feature in frozen.features:
        if feature.sentinel is not None:
            echo_paragraph(
                f"{feature.name}: many rows have {feature.sentinel:g}, far from all other values; "
                "if it stands for a missing value, declare it in missing_values"
            )


def _record_of(performance: Baseline) -> str:
    name = "accuracy" if performance.task == "classification" else "mean absolute error"
    area = performance.scores.area if performance.scores is not None else None
    ranked = "" if area is None else f" and ROC AUC {area.value:.4g}"
    return f"{name} {performance.mean:.4g}{ranked} in {plural(performance.rows, 'labelled row')}"


def _emit_features(features: list[dict[str, Any]]) -> None:
    emit(
        features,
        ("name", "type", "bins", "missing_rate", "median", "spread", "usual_variation", "note"),
        as_json=False,
        empty="no features",
    )


def _feature(feature: Feature, declared: str | None) -> dict[str, Any]:
    total = sum(feature.counts)
    reason, note = feature.untested_reason(declared), None
    if reason is not None:
        note = f"not compared: {reason}"
    elif feature.learnt_until is not None:
        note = f"relearnt from rows since {clock.short(feature.learnt_from)}"
    elif feature.rhythm:
        note = "compared by hour and kind of day"
    return {
        "name": feature.name,
        "type": feature.kind,
        "bins": feature.bins,
        "missing_rate": feature.counts[-3] / total if total else None,
        "median": feature.center if feature.kind == "numeric" else None,
        "spread": feature.spread if feature.kind == "numeric" else None,
        "sentinel": feature.sentinel,
        "usual_variation": feature.baseline_distance,
        "rhythm": feature.rhythm,
        "calendar": feature.calendar,
        "not_compared": reason,
        "learnt_from": feature.learnt_from,
        "note": note,
    }
