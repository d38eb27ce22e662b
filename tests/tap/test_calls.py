"""Calls that are not HTTP: their taps, their store, and their bodies."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import numpy as np
import pytest

import modeltap
from modeltap.errors import ConfigError, InputError
from modeltap.tap.calls import ABSENT, CallTaps, add_request, end_call, with_store


@pytest.fixture
def tap(store):
    return CallTaps().of({"store": store, "analyze": False})


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ({"a": np.float64(1.5), "b": np.arange(2)}, {"a": 1.5, "b": [0, 1]}),
        ([datetime.date(2024, 5, 1), Path("/x")], ["2024-05-01", "/x"]),
        (None, None),
        (np.array([[1, 2]]), [[1, 2]]),
    ],
)
def test_values_become_json(tap, value, body):
    exchange = tap.begin_call("m", "f")
    add_request(tap, exchange, value)
    assert json.loads(exchange.request_body) == body and exchange.request_note is None
    assert exchange.request_headers == (("content-type", "application/json"),)


def test_texts_and_bytes_are_recorded_unchanged(tap):
    exchange = tap.begin_call("m", "f")
    add_request(tap, exchange, "häß\ud800")
    assert exchange.request_body == "häß\ud800".encode("utf-8", "surrogatepass")
    assert exchange.request_headers[0][1].startswith("text/plain")
    other = tap.begin_call("m", "f")
    add_request(tap, other, memoryview(b"\0\1"))
    assert other.request_body == b"\0\1" and not other.request_headers


def test_values_that_cannot_be_encoded_get_a_note(tap, store, read_rows):
    class Broken:
        def tolist(self):
            raise RuntimeError

    exchange = tap.begin_call("m", "f")
    add_request(tap, exchange, {"x": Broken()})
    end_call(tap, exchange, object(), None)
    failed = tap.begin_call("m", "f")
    end_call(tap, failed, ABSENT, ValueError("no"))
    assert modeltap.flush(20)
    first, second = read_rows(store)
    assert (first["request_note"], first["response_note"]) == ("not JSON", "not JSON")
    assert (second["status"], second["error_type"]) == (500, "ValueError")
    assert second["response_body"] is None


def test_there_is_one_tap_for_each_set_of_options(store):
    taps = CallTaps()
    first_tap = taps.of({"store": store, "analyze": False})
    assert taps.of({"analyze": False, "store": str(store)}) is first_tap
    assert taps.of({"store": store, "analyze": False, "sample_rate": 0.5}) is not first_tap
    taps.clear()
    assert taps.of({"store": store, "analyze": False}) is not first_tap
    with pytest.raises(ConfigError, match="nonsense"):
        taps.of({"store": store, "nonsense": 1})


def test_the_default_store_is_that_of_this_process(tmp_path, tap):
    assert with_store({"store": tmp_path / "x.db"}) == {"store": str(tmp_path / "x.db")}
    assert with_store({"store": None, "sample_rate": 1}) == {"sample_rate": 1}
    paths = [tmp_path / "a.db", tmp_path / "b.db"]
    for number, path in enumerate(paths, 1):
        other = CallTaps().of({"store": path, "analyze": False})
        end_call(other, other.begin_call("m", "f"), 1, None)
        if number == 1:
            assert with_store({}) == {"store": str(paths[0])}
    with pytest.raises(InputError, match=r"a\.db, .*b\.db; pass store="):
        with_store({})
