"""A period's rows in the store, with their groups."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modeltap.analysis.counting.sample import choose
from modeltap.analysis.fairness.group_values import NO_ROW, GroupName, GroupSource
from modeltap.analysis.fairness.groupings import Grouping, grouping_of
from modeltap.analysis.model.baseline import GroupBaseline
from modeltap.config.group_settings import GroupSettings
from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.errors import ModeltapError
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.stored_exchanges import exchanges_by_id

MOST_ROWS = 200_000
"""More rows are sampled: rates of so many are exact to a quarter of a point."""

_CHUNK = 4096
"""Exchanges that are decoded at once: a few megabytes of bodies."""


@dataclass(frozen=True)
class GroupedRows:
    """The rows of a period, and the group of each by grouping."""

    rows: Sequence[LabelledPrediction]
    names: Mapping[str, Sequence[GroupName]]
    problems: Mapping[str, str]

    def groupings(
        self, groups: Sequence[GroupSettings], baseline: GroupBaseline | None
    ) -> list[Grouping]:
        """Return the groups of the rows, named as in the baseline."""
        return [
            grouping_of(
                group,
                self.names[group.name],
                () if baseline is None else baseline.names(group.name),
                self.problems.get(group.name),
            )
            for group in groups
        ]


def sources_of(settings: Settings) -> tuple[dict[str, GroupSource], dict[str, str]]:
    """Return the source of each grouping, and the problems of those that have none."""
    sources, problems = {}, {}
    for group in settings.groups:
        try:
            sources[group.name] = GroupSource(group, settings)
        except ModeltapError as error:
            problems[group.name] = str(error)
    return sources, problems


def read_groups(
    connection: sqlite3.Connection, settings: Settings, rows: Sequence[LabelledPrediction]
) -> GroupedRows:
    """Return stored rows with their groups, at most `MOST_ROWS` of them.

    Args:
        settings: the model's own.
    """
    if len(rows) > MOST_ROWS:
        places = choose([(row.exchange_id, row.row) for row in rows], MOST_ROWS)
        rows = [rows[place] for place in places]
    sources, problems = sources_of(settings)
    names: dict[str, list[GroupName]] = {
        group.name: [NO_ROW] * len(rows) for group in settings.groups
    }
    places_of = {(row.exchange_id, row.row): place for place, row in enumerate(rows)}
    ids = list(dict.fromkeys(row.exchange_id for row in rows))
    decoders = Decoders()
    for start in range(0, len(ids), _CHUNK):
        exchanges = exchanges_by_id(connection, ids[start : start + _CHUNK])
        batch = read(exchanges, settings, decoders, connection)
        headers = {exchange.id: exchange.request_headers for exchange in exchanges}
        keys = list(zip(batch.ids, batch.row_numbers, strict=True))
        for name, source in sources.items():
            own = names[name]
            for key, value in zip(keys, source.of_batch(batch, headers), strict=True):
                place = places_of.get(key)
                if place is not None:
                    own[place] = value
    return GroupedRows(rows, names, problems)
