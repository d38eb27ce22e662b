"""Roles of a table's columns: time, prediction, score, label, id; the others are features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from modeltap import clock
from modeltap.errors import InputError
from modeltap.ingest.files.table import Table


@dataclass(frozen=True)
class Roles:
    """Column names by role; `features` are the requested ones, else all columns without a role."""

    timestamp: str | None = None
    prediction: str | None = None
    score: str | None = None
    label: str | None = None
    id: str | None = None
    features: tuple[str, ...] = ()
    day_first: bool | None = None
    """True if 01/02/2024 in the column of times is the first of February; None if unknown."""

    def time_of(self, row: dict[str, Any]) -> float | None:
        """Return a row's event time in Unix seconds, None if it has none."""
        return clock.parse(row.get(self.timestamp), self.day_first) if self.timestamp else None

    def outputs(self) -> Iterator[tuple[str, str]]:
        """Yield the table's outputs with their columns; a score without a prediction becomes one.

        >>> list(Roles(score="proba").outputs()), list(Roles(prediction="y", score="p").outputs())
        ([('prediction', 'proba')], [('prediction', 'y'), ('score', 'p')])
        """
        if self.prediction is None and self.score is not None:
            yield "prediction", self.score
            return
        for name, column in (("prediction", self.prediction), ("score", self.score)):
            if column is not None:
                yield name, column

    def features_of(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row's features."""
        return {name: row.get(name) for name in self.features}


def choose_roles(
    table: Table,
    *,
    timestamp: str | None = None,
    prediction: str | None = None,
    score: str | None = None,
    label: str | None = None,
    id: str | None = None,  # noqa: A002
    features: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Roles:
    """Return the roles of a table's columns; raise `InputError` for a column that does not exist.

    Columns named `prediction`, `label` or `score` get these roles by default.
    """
    columns = {
        "timestamp": timestamp,
        "prediction": prediction,
        "score": score,
        "label": label,
        "id": id,
    }
    for option, name in columns.items():
        if name is not None:
            table.require(name, f"--{option}")
        elif option in ("prediction", "label", "score") and option in table.columns:
            columns[option] = option
    for name in (*features, *ignore):
        table.require(name, "--features" if name in features else "--ignore")
    taken = {name for name in columns.values() if name}
    chosen = tuple(features) or tuple(
        name
        for name in table.columns
        if name not in taken and name not in ignore and name not in table.index
    )
    if not chosen:
        raise InputError(
            f"file {table.path.name!r} has no column left for the features; name them with "
            "--features"
        )
    if columns["id"] is not None:
        table.keep_text(columns["id"])
    day_first = table.day_first(columns["timestamp"]) if columns["timestamp"] else None
    return Roles(**columns, features=chosen, day_first=day_first)
