"""Requests from bug reports and tutorials, from the tap to `doctor`: lists, frames, texts.

Each is a model of its own; silence about what is not understood is what these tests look for.
"""

from __future__ import annotations

import json
import random

import pytest

from field_cases import MOVED, Case, observe


def number(n, seed, shift=0.0):
    """A number around 10, the same for `n` and `seed`; `shift` deviations higher in the window."""
    return round(random.Random(n * 97 + seed).gauss(10 + (shift if n >= MOVED else 0.0), 1), 3)


def numbers(n, count, moved=None, shift=2.5):
    return [number(n, seed, shift if seed == moved else 0.0) for seed in range(count)]


def label(n):
    return ("cat", "dog", "eel")[n * 7919 % 3]


def columns(prefix, count):
    return {f"{prefix}{place}": "numeric" for place in range(count)}


def lists(model, request, features, moved):
    """13 numbers or so, of which one moves."""
    return Case(
        model,
        lambda n: (request(n), {"class": label(n), "confidence": 0.5 + n % 50 / 100}),
        features=features,
        drifting=frozenset((moved,)),
        predictions=(label(0),),
        scores=(0.5,),
    )


LISTS = [
    lists(
        "wine", lambda n: {"features": numbers(n, 13, 2)}, columns("features.", 13), "features.2"
    ),
    lists("iris", lambda n: {"data": numbers(n, 4, 0)}, columns("data.", 4), "data.0"),
    lists("input", lambda n: {"input": numbers(n, 30, 29)}, columns("input.", 30), "input.29"),
    lists(
        "nested",
        lambda n: {"patient": {"vitals": numbers(n, 5, 1)}, "ward": "ab"[n % 2]},
        {**columns("patient.vitals.", 5), "ward": "categorical"},
        "patient.vitals.1",
    ),
    lists("bare", lambda n: numbers(n, 4, 3), columns("f", 4), "f3"),
    lists("batch_of_one", lambda n: {"features": [numbers(n, 4, 1)]}, columns("f", 4), "f1"),
    lists("long_list", lambda n: {"x": numbers(n, 100, 99)}, columns("x.", 100), "x.99"),
    lists(
        "sagemaker",
        lambda n: {"instances": [{"features": numbers(n, 3, 1)}]},
        columns("f", 3),
        "f1",
    ),
    lists(
        "vertex",
        lambda n: {"instances": [{"values": numbers(n, 3, 1), "key": "ab"[n % 2]}]},
        {**columns("values.", 3), "key": "categorical"},
        "values.1",
    ),
    lists(
        "numbers_in_texts",
        lambda n: {"features": [str(value) for value in numbers(n, 4, 0)]},
        columns("features.", 4),
        "features.0",
    ),
]


def asked(model, request, rows, request_type="application/json"):
    """One request, answered by a value for each of its rows; `rows` are its columns' kinds."""
    count, features = rows
    return Case(
        model,
        lambda n: (request(n), {"predictions": [n * 13 % 17 + k for k in range(count)]}),
        request_type=request_type,
        features=features,
    )


AB = {"a": "numeric", "b": "categorical"}


def a(n):
    return number(n, 1)


def b(n):
    return "xyz"[n * 7919 % 3]


REQUESTS = [
    asked("one_row_columns", lambda n: {"a": [a(n)], "b": [b(n)]}, (1, AB)),
    asked("one_row_inputs", lambda n: {"inputs": {"a": [a(n)], "b": [b(n)]}}, (1, AB)),
    asked("lists_of_columns", lambda n: {"a": [a(n), a(n + 7)], "b": [b(n), b(n + 1)]}, (2, AB)),
    asked(
        "frame_columns",
        lambda n: {"a": {"0": a(n), "1": a(n + 7)}, "b": {"0": b(n), "1": b(n + 1)}},
        (2, AB),
    ),
    asked("frame_one_row", lambda n: {"a": {"0": a(n)}, "b": {"0": b(n)}}, (1, AB)),
    asked(
        "frame_index",
        lambda n: {"0": {"a": a(n), "b": b(n)}, "1": {"a": a(n + 7), "b": b(n + 1)}},
        (2, AB),
    ),
    asked(
        "azure_automl",
        lambda n: {
            "Inputs": {"data": [{"a": a(n), "b": b(n)}]},
            "GlobalParameters": {"method": "predict"},
        },
        (1, AB),
    ),
    asked(
        "azure_studio",
        lambda n: {
            "Inputs": {"input1": [{"a": a(n), "b": b(n)}, {"a": a(n + 7), "b": b(n)}]},
            "GlobalParameters": {},
        },
        (2, AB),
    ),
    asked(
        "azure_split",
        lambda n: {"input_data": {"columns": ["a", "b"], "index": [0], "data": [[a(n), b(n)]]}},
        (1, AB),
    ),
    asked(
        "mlflow_split",
        lambda n: {"dataframe_split": {"columns": ["a", "b"], "data": [[a(n), b(n)]]}},
        (1, AB),
    ),
    asked("mlflow_records", lambda n: {"dataframe_records": [{"a": a(n), "b": b(n)}]}, (1, AB)),
    asked(
        "tf_columns",
        lambda n: {"inputs": {"a": [[a(n)], [a(n + 7)]], "b": [[b(n)], [b(n + 1)]]}},
        (2, AB),
    ),
    asked(
        "seldon_names",
        lambda n: {"data": {"names": ["a", "b"], "ndarray": [[a(n), b(n)]]}},
        (1, AB),
    ),
    asked(
        "seldon_metadata",
        lambda n: {"meta": {}, "data": {"names": ["a", "b"], "ndarray": [[a(n), b(n)]]}},
        (1, AB),
    ),
    asked(
        "watson",
        lambda n: {
            "input_data": [{"fields": ["a", "b"], "values": [[a(n), b(n)], [a(n + 7), b(n)]]}]
        },
        (2, AB),
    ),
    asked(
        "curl",
        lambda n: {"a": a(n), "b": b(n)},
        (1, AB),
        "application/x-www-form-urlencoded",
    ),
    asked(
        "form",
        lambda n: f"a={a(n)}&b={b(n)}".encode(),
        (1, AB),
        "application/x-www-form-urlencoded",
    ),
    asked(
        "with_mark",
        lambda n: b"\xef\xbb\xbf" + json.dumps({"a": a(n), "b": b(n)}).encode(),
        (1, AB),
    ),
    asked("utf16", lambda n: json.dumps({"a": a(n), "b": b(n)}).encode("utf-16"), (1, AB)),
    asked("no_type", lambda n: {"a": a(n), "b": b(n)}, (1, AB), "text/plain"),
    asked(
        "lines_with_mark",
        lambda n: b"\xef\xbb\xbf" + json.dumps({"a": a(n), "b": b(n)}).encode() + b"\n",
        (1, AB),
        "application/jsonlines",
    ),
    asked(
        "request_in_text",
        lambda n: json.dumps(json.dumps({"a": a(n), "b": b(n)})).encode(),
        (1, AB),
    ),
    asked("csv_with_mark", lambda n: f"\ufeffa,b\n{a(n)},{b(n)}\n".encode(), (1, AB), "text/csv"),
]

UNKNOWN = [
    Case("python_text", lambda n: (b"{'x': 1}", {"prediction": n % 3}), problem="not JSON"),
    Case(
        "image",
        lambda n: (b"\x89PNG\r\n\x1a\n\0\0\0", {"prediction": n % 3}),
        request_type="image/png",
        problem="a PNG",
    ),
]

CASES = [*LISTS, *REQUESTS, *UNKNOWN]


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    return observe(tmp_path_factory.mktemp("field") / "taps.db", CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.model for case in CASES])
def test_what_people_send_is_understood_or_reported(observed, case):
    """Columns and their drift are those of the case; `doctor` names what is left."""
    observed.check(case)
