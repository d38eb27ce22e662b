"""Calls of a model that are not HTTP: recorded one by one, or by a decorated function."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
import subprocess
import sys
from datetime import UTC, date, datetime

import numpy as np
import pytest

import modeltap


@pytest.fixture
def recorded(store, read_rows):
    """Flush, and return the recorded exchanges."""

    def read():
        assert modeltap.flush(10)
        return read_rows(store) if store.exists() else []

    return read


@pytest.fixture
def options(store):
    """Options that all calls in these tests use."""
    return {"model": "m", "store": store, "analyze": False}


def test_one_call_is_an_exchange(options, recorded):
    """Bodies as JSON, its duration, its start, and an id for labels."""
    began = datetime(2024, 2, 29, 12, tzinfo=UTC)
    recorded_id = modeltap.capture(
        request={"distance": 1400},
        response={"prediction": 187.5},
        duration_ms=12.5,
        started_at=began,
        name="nightly",
        **options,
    )
    (row,) = recorded()
    assert row["id"] == recorded_id and row["source"] == "call" and row["model"] == "m"
    assert row["request_body"] == '{"distance":1400}'
    assert row["response_body"] == '{"prediction":187.5}'
    assert row["duration_ms"] == 12.5 and row["path"] == "nightly"
    assert row["started_at"] == "2024-02-29T12:00:00.000Z" and row["status"] is None
    assert row["request_type"] == row["response_type"] == "application/json"


def test_a_duration_that_is_not_given_is_unknown(options, recorded):
    """It is not the time of the recording."""
    modeltap.capture(request=1, response=2, **options)
    (row,) = recorded()
    assert row["duration_ms"] is None and row["first_byte_ms"] is None


@pytest.mark.parametrize("duration", [float("nan"), float("inf"), 10**400, "soon"])
def test_an_invalid_duration_is_unknown(options, recorded, duration):
    """The call is recorded anyway."""
    modeltap.capture(request=1, response=2, duration_ms=duration, **options)
    (row,) = recorded()
    assert row["duration_ms"] is None and row["request_body"] == "1"


@dataclasses.dataclass
class Flight:
    distance: int


class Frame:
    """A substitute for a data frame."""

    columns = ("a",)
    iloc = None

    def to_dict(self, orient):
        return [{"a": 1}]


@pytest.mark.parametrize(
    ("value", "kept", "note"),
    [
        (np.array([[1.0, math.nan]]), "[[1.0,null]]", None),
        (np.float64(1.5), "1.5", None),
        ({"n": np.int64(3)}, '{"n":3}', None),
        (Flight(5), '{"distance":5}', None),
        (Frame(), '[{"a":1}]', None),
        (None, "null", None),
        ("some text", "some text", None),
        (b"\x00\xff", b"\x00\xff", None),
        ({"password": "p"}, '{"password":"[masked]"}', "masked"),
        (object(), None, "not JSON"),
        ({"a": {1, 2}}, '{"a":[1,2]}', None),
    ],
)
def test_inputs_and_outputs_of_models_are_encoded(options, recorded, value, kept, note):
    """Arrays, numbers and objects; a value that cannot be encoded gets a note."""
    modeltap.capture(request=value, response=value, **options)
    (row,) = recorded()
    assert (row["request_body"], row["request_note"]) == (kept, note)
    assert (row["response_body"], row["response_note"]) == (kept, note)


def test_a_decorated_function_behaves_unchanged(options, recorded):
    """Same name, same result, same exceptions; arguments are recorded by name."""

    @modeltap.capture(**options)
    def predict(row, scale=2):
        """Predict."""
        return {"prediction": row["x"] * scale}

    @modeltap.capture(**options)
    def single(row):
        raise ValueError(f"no {row}")

    assert predict({"x": 4}) == {"prediction": 8} and predict.__doc__ == "Predict."
    first = modeltap.last_id()
    with pytest.raises(ValueError, match="no 7"):
        single(7)
    with pytest.raises(TypeError, match="unexpected keyword"):
        predict({"x": 1}, wrong=3)
    rows = recorded()
    assert rows[0]["id"] == first
    assert rows[0]["request_body"] == '{"row":{"x":4},"scale":2}'
    assert rows[0]["path"].endswith("predict") and rows[0]["duration_ms"] >= 0
    assert (rows[1]["request_body"], rows[1]["status"], rows[1]["error_type"]) == (
        '{"row":7}',
        500,
        "ValueError",
    )
    assert rows[2]["error_type"] == "TypeError"


def test_a_single_argument_is_masked_by_its_name_and_a_single_row_is_the_body(options, recorded):
    """A password by any way of passing it; a row or rows have their own names."""

    @modeltap.capture(**options)
    def login(password):
        raise ValueError(f"{password!r} is wrong")

    @modeltap.capture(**options)
    def predict(rows):
        return len(rows)

    for given in ("qz7f3a", ["qz7f3a"], {"a": "qz7f3a"}):
        with pytest.raises(ValueError, match="qz7f3a"):
            login(given)
    predict([{"x": 1}])
    rows = recorded()
    assert [row["request_body"] for row in rows[:3]] == ['{"password":"[masked]"}'] * 3
    assert not any("qz7f3a" in str(dict(row)) for row in rows)
    assert rows[3]["request_body"] == '[{"x":1}]'


def test_coroutines_and_methods_are_recorded(options, recorded):
    """Each task has its own last id; `self` is not a feature."""

    class Model:
        @modeltap.capture(**options)
        async def predict(self, row):
            await asyncio.sleep(0.001 * row)
            return row + 1

    async def predict_one(row):
        answer = await Model().predict(row)
        return answer, modeltap.last_id()

    async def many():
        return await asyncio.gather(*(predict_one(row) for row in (3, 1, 2)))

    answers = asyncio.run(many())
    rows = {row["id"]: row for row in recorded()}
    assert [answer for answer, _ in answers] == [4, 2, 3]
    assert [rows[predict_one]["response_body"] for _, predict_one in answers] == ["4", "2", "3"]


def test_generators_are_forwarded_item_by_item(options, recorded):
    """Texts are joined, other items form a list; an early close aborts; errors pass through."""
    log = []

    @modeltap.capture(**options)
    def tokens(prompt):
        try:
            for part in prompt.split():
                log.append(part)
                yield part
        finally:
            log.append("closed")

    @modeltap.capture(**options)
    async def numbers(n):
        for i in range(n):
            yield i
        raise RuntimeError("over")

    assert list(tokens("a b")) == ["a", "b"]
    left = tokens("c d")
    assert next(left) == "c" and log == ["a", "b", "closed", "c"]
    left.close()
    assert log[-1] == "closed"

    async def drain():
        return [i async for i in numbers(2)]

    with pytest.raises(RuntimeError, match="over"):
        asyncio.run(drain())
    rows = recorded()
    assert [row["response_body"] for row in rows] == ["ab", "c", "[0,1]"]
    assert [row["aborted"] for row in rows] == [None, 1, None]
    assert rows[2]["error_type"] == "RuntimeError" and rows[0]["first_byte_ms"] is not None


def test_sampling_limits_and_invalid_options(options, recorded):
    """As for requests."""
    assert modeltap.capture(request=1, response=1, sample_rate=0.0, **options) is None
    modeltap.capture(request="x" * 100, response=1, max_body_bytes=10, **options)
    (row,) = recorded()
    assert row["request_body"] == "x" * 10 and row["request_truncated"] == 1
    with pytest.raises(modeltap.ConfigError, match="did you mean 'sample_rate'"):
        modeltap.capture(sampel_rate=1, **options)


def test_the_store_defaults_to_that_of_this_process(options, store, recorded):
    """Two stores are an error that lists them."""
    decorated = modeltap.capture(model="m", analyze=False)(abs)
    modeltap.capture(request=1, response=1, **options)
    modeltap.capture(model="m", request=2, response=2, analyze=False)
    assert [row["request_body"] for row in recorded()] == ["1", "2"]
    modeltap.capture(model="m", request=2, response=2, analyze=False, store="other.db")
    assert decorated(3) == 3  # the function itself is never harmed
    with pytest.raises(modeltap.InputError, match=r"taps\.db.*other\.db"):
        modeltap.capture(model="m", request=3, response=3)


@pytest.mark.parametrize(
    "arguments", [{"response": None}, {"duration_ms": 2.0}, {"error": ValueError("no")}]
)
def test_a_response_without_a_request_is_an_error(options, arguments):
    """Otherwise nothing would be recorded, without notice."""
    with pytest.raises(modeltap.InputError, match="no request"):
        modeltap.capture(**arguments, **options)


@pytest.mark.parametrize("moment", [1.5, "2026-05-01", date(2026, 5, 1), 0, True])
def test_a_start_that_is_not_a_time_is_an_error(options, moment):
    with pytest.raises(modeltap.InputError, match=r"started_at = .* is not a datetime; pass"):
        modeltap.capture(request=1, response=1, started_at=moment, **options)


@pytest.mark.parametrize("model", [None, "", 5, b"m", ["m"]])
@pytest.mark.parametrize("more", [{"request": 1}, {}])
def test_a_model_without_a_name_is_an_error(options, model, more):
    """At the decorator, too; a record without one would be lost."""
    with pytest.raises(modeltap.InputError, match=r"model = .* is not a name; pass model="):
        modeltap.capture(**{**options, **more, "model": model})


def test_a_script_that_ends_at_once_writes_all(tmp_path, read_rows):
    """A batch job without a server and without flush; standard error stays empty."""
    code = (
        "import modeltap\n"
        "for n in range(1000): modeltap.capture(model='m', request=n, response=n)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    bodies = [json.loads(row["request_body"]) for row in read_rows(tmp_path / "modeltap.db")]
    assert bodies == list(range(1000))
