"""A message about unusual types in a column's values."""

from __future__ import annotations

from modeltap.analysis.model.feature import Feature
from modeltap.wording import percent


def type_finding(feature: Feature) -> str | None:
    """Return a message about unusual types in the reference's values; None if there are none.

    >>> type_finding(Feature(name="x", kind="numeric", texts="point", text_rate=0.2, counts=()))
    "x: 20 % of the reference's values are numbers sent as texts; they are tested as numbers"
    """
    if feature.of is not None:
        return None
    messages = []
    if feature.texts and feature.text_rate:
        messages.append(
            f"{percent(feature.text_rate)} of the reference's values are numbers sent as texts; "
            "they are tested as numbers"
        )
    if feature.kind == "numeric" and feature.mismatch_rate:
        messages.append(
            f"{percent(feature.mismatch_rate)} of the reference's values are not numbers; add "
            "codes for missing values to missing_values"
        )
    return f"{feature.name}: {'; '.join(messages)}" if messages else None
