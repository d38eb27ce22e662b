"""Requests chosen for a challenger, by hour and outcome."""

from __future__ import annotations

from modeltap.store.connection import connect, writing
from modeltap.store.shadow_counts import (
    KEPT,
    ShadowCount,
    ShadowTotal,
    add_shadow_counts,
    shadow_totals,
)

HOURS = ("2026-01-05T10:00:00.000Z", "2026-01-05T11:00:00.000Z")


def test_counts_add_up_by_model_environment_and_candidate(store):
    connection = connect(store)
    for hour in HOURS:
        with writing(connection):
            add_shadow_counts(
                connection,
                [
                    ShadowCount("m", "", "next", hour, KEPT, 7),
                    ShadowCount("m", "", "next", hour, "timeout", 1),
                    ShadowCount("m", "", "next", hour, "redirect", 2),
                    ShadowCount("m", "test", "next", hour, "timeout", 3),
                    ShadowCount("n", "", "next", hour, KEPT, 1),
                ],
            )
    first, second = shadow_totals(connection, "m")
    losses = {"redirect": 4, "timeout": 2}
    assert first == ShadowTotal("m", "", "next", 14, losses, HOURS[1]) and first.lost == 6
    assert list(first.losses) == ["redirect", "timeout"]
    assert second == ShadowTotal("m", "test", "next", 0, {"timeout": 6}, HOURS[1])
    assert [total.kept for total in shadow_totals(connection, since=HOURS[1])] == [7, 0, 1]
    assert shadow_totals(connection, "other") == []
