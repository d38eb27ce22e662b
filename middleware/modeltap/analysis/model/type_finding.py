"""What is unusual in the types of a column's values, in a sentence."""

from __future__ import annotations

from modeltap.analysis.model.feature import Feature
from modeltap.wording import percent


def type_finding(feature: Feature) -> str | None:
    """Return what is unusual in the types of the reference's values; None where all are of one.

    >>> type_finding(Feature(name="x", kind="numeric", texts="point", text_rate=0.2, counts=()))
    "x: 20 % of the reference's values are numbers sent as texts; they are tested as numbers"
    """
    if feature.of is not None:
        return None
    found = []
    if feature.texts and feature.text_rate:
        found.append(
            f"{percent(feature.text_rate)} of the reference's values are numbers sent as texts; "
            "they are tested as numbers"
        )
    if feature.kind == "numeric" and feature.mismatch_rate:
        found.append(
            f"{percent(feature.mismatch_rate)} of the reference's values are no numbers; codes for "
            "missing values belong into missing_values"
        )
    return f"{feature.name}: {'; '.join(found)}" if found else None
