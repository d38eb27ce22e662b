"""Silences in the store: the alerts that they match, and their ends."""

from __future__ import annotations

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.silences import (
    end_silence_at,
    insert_silence,
    list_silences,
    silenced_until,
)

ALERT = {"model": "m", "rule": "data_drift", "feature": "x", "fingerprint": "f1"}
SOON, LATER, LONG_AGO = (
    "2990-01-01T00:00:00.000Z",
    "2991-01-01T00:00:00.000Z",
    "2000-01-01T00:00:00.000Z",
)


@pytest.fixture
def connection(store):
    return connect(store)


def put(connection, until=SOON, **about):
    everything = dict.fromkeys(("model", "rule", "feature", "fingerprint", "reason"))
    with writing(connection):
        return insert_silence(connection, until, **everything | about)


@pytest.mark.parametrize(
    ("about", "fits"),
    [
        ({}, True),
        ({"model": "m"}, True),
        ({"model": "n"}, False),
        ({"model": "m", "rule": "data_drift", "feature": "x", "fingerprint": "f1"}, True),
        ({"model": "m", "feature": "y"}, False),
        ({"fingerprint": "f2"}, False),
    ],
)
def test_all_fields_of_a_silence_must_match(connection, about, fits):
    put(connection, **about)
    assert silenced_until(connection, ALERT) == (SOON if fits else None)


def test_a_feature_does_not_match_an_alert_without_one(connection):
    put(connection, feature="x")
    assert silenced_until(connection, ALERT | {"feature": None}) is None


def test_the_latest_end_of_active_silences_counts(connection):
    put(connection, until=LATER)
    put(connection, until=SOON)
    put(connection, until=LONG_AGO)
    assert silenced_until(connection, ALERT) == LATER
    assert [entry["until"] for entry in list_silences(connection, "2026")] == [SOON, LATER]


def test_a_silence_is_ended_once(connection):
    silence = put(connection)
    with writing(connection):
        assert end_silence_at(connection, silence, LONG_AGO)
        assert not end_silence_at(connection, silence, LONG_AGO)
    assert silenced_until(connection, ALERT) is None
