"""V2: bodies of tritonclient are read back, in JSON and as bytes, and wrong sizes are reported."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from modeltap.config.mapping_settings import MappingSettings
from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload
from modeltap.store.connection import connect
from samples import KSERVE, TRITON, TRITON_ROWS, V2_INPUT, V2_PREDICT, body, v2
from stores import analyze, every, put, read

triton = pytest.importorskip("tritonclient.http", reason='pip install "modeltap[test]"')

PATH = "/v2/models/m/infer"
HEADER = "inference-header-content-length"


def decoded(request, response=None, length=None, path=PATH, **more):
    headers = {HEADER: str(length)} if length is not None else {}
    return Decoders().decode(
        Payload(path, None, 200, body(request), body(response), request_headers=headers, **more)
    )


def written(*arrays, binary=True):
    """Return what tritonclient sends for these arrays by name, and its header's value."""
    inputs = []
    for name, datatype, array in arrays:
        one = triton.InferInput(name, list(array.shape), datatype)
        one.set_data_from_numpy(array, binary_data=binary)
        inputs.append(one)
    return triton.InferenceServerClient.generate_request_body(inputs)


KINDS = [
    ("BOOL", np.array([True, False])),
    ("INT8", np.array([-1, 2], np.int8)),
    ("INT16", np.array([-300, 2], np.int16)),
    ("INT32", np.array([-70000, 2], np.int32)),
    ("INT64", np.array([-(2**40), 2])),
    ("UINT8", np.array([255, 2], np.uint8)),
    ("UINT16", np.array([65535, 2], np.uint16)),
    ("UINT32", np.array([2**32 - 1, 2], np.uint32)),
    ("UINT64", np.array([2**64 - 1, 2], np.uint64)),
    ("FP16", np.array([1.5, -2], np.float16)),
    ("FP32", np.array([1.5, -2], np.float32)),
    ("FP64", np.array([0.1, -2])),
    ("BYTES", np.array(["hä", ""], object)),
]


@pytest.mark.parametrize(("datatype", "array"), KINDS, ids=[kind for kind, _ in KINDS])
@pytest.mark.parametrize("told", [True, False], ids=["header", "no header"])
def test_each_datatype_is_read_as_it_was_written(datatype, array, told):
    """Little-endian, by the client's own encoder; also where nobody kept the header."""
    request, length = written(("x", datatype, array))
    found = decoded(request, length=length if told else None)
    assert [row["x"] for row in found.rows] == array.tolist()
    assert found.note is None


@pytest.mark.parametrize("binary", [True, False])
def test_one_tensor_of_columns_has_the_users_names(binary):
    """Else f0, f1."""
    request, length = written(("x", "FP64", np.array([[1.5, 2], [3, 4]])), binary=binary)
    named = MappingSettings(columns=("a", "b"))
    found = decoded(request, length=length, mapping=named)
    assert found.rows == [{"a": 1.5, "b": 2.0}, {"a": 3.0, "b": 4.0}]
    assert decoded(request, length=length).rows[0] == {"f0": 1.5, "f1": 2.0}


def test_several_tensors_are_columns_and_vectors():
    """Also of more dimensions, and of bytes beside JSON."""
    request, length = written(
        ("image", "FP32", np.zeros((2, 2, 2), np.float32)), ("age", "INT64", np.array([[3], [4]]))
    )
    assert decoded(request, length=length).rows[1] == {"image": [0.0] * 4, "age": 4}
    assert decoded(TRITON, KSERVE, 293).rows == TRITON_ROWS


def test_texts_that_are_no_text_are_base64():
    """A row holds what JSON can write."""
    request, length = written(("x", "BYTES", np.array([b"\xff\x00"], object)))
    assert decoded(request, length=length).rows == [{"x": "/wA="}]


def tensor(**changes):
    return {"inputs": [{**V2_INPUT, **changes}]}


def binary(tail, *, size, shape=(2,), datatype="FP32"):
    one = {
        "name": "x",
        "shape": list(shape),
        "datatype": datatype,
        "parameters": {"binary_data_size": size},
    }
    return json.dumps({"inputs": [one]}).encode() + tail


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (tensor(data=[1, 2, 3]), "tensor 'input-1' has 3 values, but its shape needs 4"),
        (tensor(shape=[2, -1]), "has no shape of integers"),
        (tensor(shape=None), "has no shape of integers"),
        (tensor(shape=[10**18, 0], data=[]), "has no shape of integers"),
        (tensor(shape=[0, 4], data=[]), "no rows"),
        (tensor(data=None), "has 0 values"),
        ({"inputs": {"a": 1}}, "inputs is not a list of tensors"),
        ({"inputs": [1]}, "inputs is not a list of tensors"),
        ({}, "inputs is not a list of tensors"),
        (
            {"inputs": [V2_INPUT, {**V2_INPUT, "shape": [4], "name": "y"}]},
            "inputs of different lengths (2, 4)",
        ),
        ([], "not a V2 inference request"),
        (
            {"inputs": [{**V2_INPUT, "data": json.loads("[" * 33 + "1" + "]" * 33)}]},
            "is nested too deep",
        ),
        (binary(b"\0" * 8, size=9), "tensor 'x' declares 9 bytes, but 8 are left"),
        (binary(b"\0" * 8, size=-8), "tensor 'x' declares -8 bytes, but 8 are left"),
        (binary(b"\0" * 9, size=8), "1 bytes are left after the last tensor"),
        (binary(b"\0" * 7, size=7), "tensor 'x' has 7 bytes, not a whole number of FP32 values"),
        (binary(b"\0" * 4, size=4), "tensor 'x' has 1 values, but its shape needs 2"),
        (binary(b"\0" * 8, size=8, datatype="FP8"), "tensor 'x' has an unknown datatype"),
        (binary(b"\x09\0\0\0ab", size=6, datatype="BYTES"), "tensor 'x' ends within a text"),
        (binary(b"\x01\0", size=2, datatype="BYTES"), "tensor 'x' ends within a text"),
    ],
)
def test_what_does_not_fit_is_told(request_, words):
    """No rows are better than wrong ones."""
    found = decoded(request_, v2(V2_PREDICT))
    assert found.rows == [] and words in found.note


@pytest.mark.parametrize("length", ["0", "5", "99999", "-1", "x"])
def test_a_wrong_header_is_told(length):
    """Triton's raw requests say 0: their shape is nowhere."""
    found = decoded(TRITON, length=length)
    assert found.note == "request: not a V2 inference request" or found.rows == TRITON_ROWS


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (v2({**V2_PREDICT, "data": [1]}), "response: tensor 'predict' has 1 values"),
        (v2({**V2_PREDICT, "shape": [3], "data": [1, 0, 1]}), "unpaired: 2 rows, 3 predictions"),
        (v2(), "unpaired: 2 rows, 0 predictions"),
        ({"error": "x"}, "response: outputs is not a list of tensors"),
        ("oops", "response: not a V2 inference response"),
        (KSERVE[:-1], "response: tensor 'out' declares 4 bytes, but 3 are left"),
    ],
)
def test_a_wrong_answer_leaves_the_rows(response, words):
    """With the reason."""
    found = decoded({"inputs": [V2_INPUT]}, response)
    assert len(found.rows) == 2 and not found.predictions and words in found.note


def test_outputs_are_told_apart_by_their_names():
    """A further one is a field of the answer."""
    extra = {"name": "anomaly", "shape": [2], "datatype": "FP64", "data": [0.1, 0.9]}
    found = decoded({"inputs": [V2_INPUT]}, v2(extra, V2_PREDICT))
    assert found.predictions == [1, 0]
    assert found.answers == [{"anomaly": 0.1}, {"anomaly": 0.9}]


def test_v2_in_a_store(store):
    """From exchanges to predictions, with the protocol's ids; binary ones too."""
    connection = connect(store)
    for number, when in enumerate(every(1, 5)):
        moment = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        request = json.dumps({"id": f"p{number}", "inputs": [V2_INPUT]})
        response = json.dumps(v2(V2_PREDICT))
        if number == 4:
            request, response = TRITON, KSERVE
        connection.execute(
            "insert into exchanges (id, model, source, started_at, event_time, status, path, "
            "duration_ms, sample_rate, request_body, response_body, request_headers) "
            "values (?, 'm', 'asgi', ?, ?, 200, ?, 1, 1.0, ?, ?, ?)",
            (
                f"x{number}",
                moment,
                moment,
                PATH,
                request,
                response,
                json.dumps({HEADER: "293"}) if number == 4 else None,
            ),
        )
    connection.close()
    analyze(store, {})
    found = read(store, "select prediction from predictions order by seq, row")
    assert [row["prediction"] for row in found] == [1, 0] * 4 + [1.5, 2.0]
    ids = read(
        store,
        "select e.protocol_id, v.rows, v.decode_note from exchanges e join v_exchanges v "
        "using (seq) order by e.seq",
    )
    assert [row["protocol_id"] for row in ids] == ["p0", "p1", "p2", "p3", "r1"]
    assert {row["rows"] for row in ids} == {2} and {row["decode_note"] for row in ids} == {None}


def test_bf16_is_the_upper_half_of_a_float():
    """Written by hand, as few clients do."""
    tail = b"".join(struct.pack("<f", value)[2:] for value in (1.5, -2.0))
    found = decoded(binary(tail, size=4, datatype="BF16"))
    assert [row["x"] for row in found.rows] == [1.5, -2.0]


def test_many_exchanges_of_one_kind(store):
    """As the analyzer reads them, many at once."""
    put(
        store,
        every(1, 100),
        [{"inputs": [V2_INPUT]}] * 100,
        responses=[json.dumps(v2(V2_PREDICT))] * 100,
    )
    analyze(store, {})
    assert read(store, "select count(*) n, max(prediction) m from predictions") == [
        {"n": 200, "m": 1}
    ]


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("wide", [1, 3])
@pytest.mark.parametrize("first", [False, True])
def test_a_single_value_beside_a_batch_is_each_rows(rows, wide, first):
    """Such as a temperature: it is a parameter, in whatever place."""
    shape = [rows, wide] if wide > 1 else [rows]
    batch = {
        "name": "x",
        "shape": shape,
        "datatype": "FP64",
        "data": [n + 0.5 for n in range(rows * wide)],
    }
    parameter = {"name": "temperature", "shape": [1], "datatype": "FP64", "data": [0.7]}
    inputs = [parameter, batch] if first else [batch, parameter]
    output = {"name": "y", "shape": [rows], "datatype": "FP64", "data": [1.5] * rows}
    found = decoded({"inputs": inputs}, v2(output))
    assert [row["temperature"] for row in found.rows] == [0.7] * rows
    assert (len(found.rows), found.predictions, found.note) == (rows, [1.5] * rows, None)
