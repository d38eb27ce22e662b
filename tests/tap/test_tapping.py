"""A tap selects exchanges, passes finished ones to the recorder, and raises only when built."""

from __future__ import annotations

import logging

import pytest

import modeltap
from modeltap.errors import ConfigError
from modeltap.tap.tapping import Tap


@pytest.fixture
def tap_of(store):
    def make(**options):
        return Tap("asgi", "m", {"store": store, "analyze": False, **options})

    return make


def test_exchanges_are_selected_by_path_and_method(tap_of):
    tap = tap_of(exclude_paths=["/admin/*"], methods=["post"])
    taken = tap.begin("POST", "/predict", b"", ())
    assert (taken.model, taken.path, taken.source) == ("m", "/predict", "asgi")
    assert tap.begin("GET", "/predict", b"", ()) is None
    assert tap.begin("POST", "/admin/x", b"", ()) is None


def test_a_disabled_tap_checks_no_file_and_records_nothing():
    tap = Tap("asgi", "m", {"store": "/no/such/folder/x.db", "disabled": True})
    assert tap.begin("POST", "/", b"", ()) is None and tap.begin_call("m", "f") is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": "no-such.csv"}, "the file does not exist"),
        ({"mask_with": "hash", "mask_key": "env:NO_SUCH_NAME"}, "NO_SUCH_NAME"),
        ({"sample_rate": -1}, "sample_rate"),
    ],
)
def test_a_mistake_is_reported_when_the_tap_is_built(tap_of, options, message):
    with pytest.raises(ConfigError, match=message):
        tap_of(**options)


def test_failures_outside_the_sample_are_recorded(tap_of, store, read_rows):
    tap = tap_of(sample_rate=0.0, error_sample_rate=1.0)
    for status in (200, 500, 404):
        exchange = tap.begin("POST", "/", b"", ())
        if exchange is not None:
            exchange.status = status
            tap.finish(exchange)
    assert modeltap.flush(20)
    assert [(row["status"], row["sample_rate"]) for row in read_rows(store)] == [(500, 0.0)]


def test_a_durable_exchange_is_in_the_store_after_the_wait(tap_of, store, read_rows):
    tap = tap_of(durability="process", commit_timeout_seconds=30.0)  # a busy machine is slow
    exchange = tap.begin("POST", "/", b"", ())
    tap.wait(tap.finish(exchange))
    assert [row["id"] for row in read_rows(store)] == [exchange.id]
    tap.wait(None)


def test_a_failure_of_the_tap_is_logged_once_and_never_raised(tap_of, caplog):
    def breaks(path):
        raise RuntimeError("no model")

    tap = Tap("asgi", breaks, {"store": tap_of().settings.store, "analyze": False})
    with caplog.at_level(logging.ERROR, "modeltap"):
        assert tap.begin("POST", "/", b"", ()) is None
        assert tap.begin("POST", "/", b"", ()) is None
    assert [record.getMessage() for record in caplog.records] == [
        "modeltap: an exchange could not be tapped: RuntimeError('no model')"
    ]
