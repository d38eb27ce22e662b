"""Tables and tensors: a sensitive column name masks its cells."""

from __future__ import annotations

import gzip
import json

import pytest

from modeltap.privacy.marks import MASK, Marks
from modeltap.privacy.masker import Masker

masker = Masker()


TABLE = {"columns": ["user", "password"], "data": [["bob", "hunter2"], ["ann"], 7]}
TENSOR = {"name": "password", "datatype": "BYTES", "shape": [1, 2], "data": [["hunter2", None]]}


@pytest.mark.parametrize(("how", "mark"), [("mark", MASK), ("drop", None)])
def test_values_are_masked_by_the_position_of_their_names(how, mark):
    """Cells of columns, data of tensors, values of pairs; rows keep their positions, also if
    dropped.
    """
    custom = Masker(how=how)

    def kept(document):
        text, note = custom.body(json.dumps(document).encode(), "")
        assert note == "masked" and "hunter2" not in text
        return json.loads(text)

    table = {"columns": ["user", "password"], "data": [["bob", mark], ["ann"], 7]}
    assert kept({"dataframe_split": TABLE}) == {"dataframe_split": table}
    assert kept({"headers": TABLE["columns"], "data": TABLE["data"]})["data"] == table["data"]
    for side in ("inputs", "outputs"):
        tensors = kept({side: [TENSOR, {"name": "x", "data": [1]}]})[side]
        assert tensors == [{**TENSOR, "data": [[mark, mark]]}, {"name": "x", "data": [1]}]
    for member in ("value", "values"):
        assert kept({"name": "api_key", member: "hunter2"}) == {"name": "api_key", member: mark}


def test_positions_of_added_names_are_masked_too():
    """Anchored patterns, hashes, and names that only the option defines."""
    own = Masker(body_fields=["^user$"], how="hash", key="k")
    text, _ = own.body(b'{"columns": ["user", "users"], "data": [["bob", "x"], ["bob", "y"]]}', "")
    (first, x), (second, y) = json.loads(text)["data"]
    assert first == second == Marks("hash", "k").mark("bob") and (x, y) == ("x", "y")
    text, _ = own.body(b'{"inputs": [{"name": "user", "data": ["bob"]}]}', "")
    assert json.loads(text)["inputs"][0]["data"] == [Marks("hash", "k").mark("bob")]


def test_harmless_tables_and_tensors_are_kept_unchanged():
    """Even with a sensitive name among the values, or without a value for a name."""
    for document in (
        {"columns": ["author", "n"], "data": [["token", 1]]},
        {"columns": 2, "data": [[1]]},
        {"columns": ["password"], "data": {"a": 1}},
        {"name": "login", "data": ["token"]},
        {"name": "token", "shape": [1]},
        {"name": ["token"], "value": 1},
    ):
        body = json.dumps(document)
        assert masker.body(body.encode(), "") == (body, None)


def parquet(**columns):
    pyarrow = pytest.importorskip("pyarrow", reason='pip install "modeltap[test]"')
    from pyarrow import parquet

    file = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue().to_pybytes()


def test_parquet_is_kept_only_without_a_sensitive_column():
    """A truncated file has lost its column names, so it is dropped."""
    quoting = parquet(user=["token"] * 9)
    dirty = parquet(user=["bob"], password=["hunter2"])
    assert masker.body(dirty, "") == (None, "unmaskable")
    assert masker.body(gzip.compress(dirty), "gzip") == (None, "unmaskable")
    assert masker.body(dirty[:-9], "") == (None, "unmaskable")
    assert masker.body(b"PAR1\xff\0", "") == (None, "unmaskable")
    plain = parquet(user=["bob"] * 9, n=[1] * 9)
    assert masker.body(plain, "") == (plain, None)
    assert Masker(body_fields=["^user$"]).body(plain, "") == (None, "unmaskable")
    assert masker.body(quoting, "") == (None, "unmaskable")  # its footer quotes the smallest value


SECRET = "qz7f3a"
SCHEMA = [{"name": "a", "type": "int"}, {"name": "ssn", "type": "text"}]


@pytest.mark.parametrize(
    "document",
    [
        {"detail": [{"type": "x", "loc": ["body", "password"], "msg": "m", "input": SECRET}]},
        {"detail": [{"loc": ["header", "x-api-key"], "input": SECRET}]},
        {"detail": [{"loc": ["body", "users", 0, "token"], "input": {"a": [SECRET]}}]},
        {"errors": [{"instancePath": "/user/password", "received": SECRET}]},
        *({name: "password", "value": SECRET} for name in ("key", "field", "name", "param", "k")),
        {"Name": "api_key", "Value": SECRET},
        {"headerName": "Authorization", "headerValue": SECRET},
        {"key": "http.authorization", "value": {"stringValue": SECRET}},
        {"type": "password", "value": SECRET},
        {"label": "Password", "value": SECRET},
        {"op": "replace", "path": "/user/password", "value": SECRET},
        {"data": {"names": ["a", "token"], "ndarray": [[1, SECRET]]}},
        {"data": {"names": ["a", "token"], "tensor": {"shape": [2, 2], "values": [1, SECRET] * 2}}},
        {"Inputs": {"input1": {"ColumnNames": ["a", "pwd"], "Values": [["1", SECRET]] * 2}}},
        {"columns": ["a", "pwd"], "rows": [["x", SECRET]]},
        {"columns": ["a", "pwd"], "values": [["x", SECRET]]},
        {"fields": ["a", "pwd"], "data": [["x", SECRET]] * 3},
        {"header": ["a", "pwd"], "rows": [[["x", SECRET]] * 2]},
        {"anything": ["a", "pwd"], "else": ["x", SECRET]},
        {"columns": ["a", "password"], "column_data": [[1, 2, 3], [SECRET] * 3]},
        {"schema": {"fields": SCHEMA}, "rows": [{"f": [{"v": "1"}, {"v": SECRET}]}]},
        {"manifest": {"schema": {"columns": SCHEMA}}, "result": {"data_array": [["1", SECRET]]}},
        [{"columns": ["a", "pwd"]}, {"rows": [["x", SECRET]]}],
        [["user", "password"], ["ann", SECRET]],
        {"values": [["User", "Card number"], ["ann", SECRET]]},
        {"headers": [["Authorization", SECRET], ["Host", "x"]]},
        {"inputs": [{"name": "pwd", "shape": [1], "contents": {"bytes_contents": [SECRET]}}]},
        {"outputs": [{"name": "a"}, {"name": "pwd"}], "raw_output_contents": ["x", SECRET]},
        {"dataframe_split": {"columns": ["a", "token"], "index": [0], "data": [[1, SECRET]]}},
    ],
)
@pytest.mark.parametrize("how", ["mark", "hash", "drop"])
def test_values_of_separate_names_are_masked(document, how):
    """With any keys for the two, and at any distance."""
    text, note = Masker(how=how, key="k").body(json.dumps([document]).encode(), "")
    assert SECRET not in text and note == "masked"
    assert len(json.loads(text)) == 1


@pytest.mark.parametrize(
    "document",
    [
        {"labels": ["session_problem", "book"], "scores": [0.9, 0.1]},
        {"names": ["age", "session_duration"], "ndarray": [[7, 35]]},
        {"columns": ["age", "token_type_ids"], "data": [[7, [0, 1]]]},
        {"role": "tool", "name": "get_session", "content": "hello"},
        {"name": "session", "shape": [2], "datatype": "FP32"},
        {"columns": ["a", "token"], "records": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]},
        {"inputs": [["my password is lost", 1], ["hello", 0]]},
        {"loc": ["body", "age"], "input": "x"},
    ],
)
def test_values_that_only_look_like_pairs_are_kept(document):
    text = json.dumps(document)
    assert masker.body(text.encode(), "") == (text, None)


@pytest.mark.parametrize(
    "document",
    [
        {"columns": [["user", "age"], ["user", "password"]], "data": [[37, SECRET]]},
        {"columns": {"0": "age", "1": "password"}, "rows": {"0": {"0": 37, "1": SECRET}}},
        {"cols": [{"id": "a", "label": "age"}, {"id": "b", "label": "pwd"}], "rows": [[1, SECRET]]},
        {"args": ["login", "--password", SECRET]},
    ],
)
def test_names_in_levels_by_number_and_as_options_are_masked(document):
    """pandas columns, objects converted from lists, charts, and command lines."""
    text, note = Masker().body(json.dumps(document).encode(), "")
    assert SECRET not in text and note == "masked"
