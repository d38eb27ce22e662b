"""Exchanges as real clients and servers make them: who decodes each, and what it holds.

Recorded from MLflow 3.17, MLServer 1.7, KServe's SDK 0.21, tritonclient 2.73, BentoML 1.4,
Gradio 6.31 and cloudevents 1.13 with their own clients, unless it is a protocol's documentation.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from modeltap.payload import Body, Payload

JSON = "application/json"


@dataclass
class Sample:
    """An exchange, the module of `modeltap_protocols` that decodes it, and what it finds."""

    name: str
    decoder: str
    path: str
    request: Any
    response: Any
    rows: list[dict[str, Any]]
    predictions: list[Any]
    request_type: str | None = JSON
    response_type: str | None = JSON
    scores: list[Any] | None = None
    probabilities: list[Any] | None = None
    answers: list[dict[str, Any]] | None = None
    id: str | None = None
    note: str | None = None
    method: str = "POST"
    request_headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)

    def payload(self, **changes: Any) -> Payload:
        """Return it as a decoder is given it."""
        said = {
            "path": self.path,
            "query": None,
            "status": 200,
            "request": body(self.request),
            "response": body(self.response),
            "request_type": self.request_type,
            "response_type": self.response_type,
            "method": self.method,
            "request_headers": self.request_headers,
            "response_headers": self.response_headers,
        }
        return Payload(**{**said, **changes})


def body(value: Any) -> Body:
    """Return a body as the store has it: valid UTF-8 without NUL as text."""
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            return value
        return value if "\0" in text else text
    return value if value is None or isinstance(value, str) else json.dumps(value)


def parquet(columns: dict[str, list[Any]]) -> bytes:
    """Return a Parquet file of these columns."""
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


AB = [{"a": 1.5, "b": 0.1}, {"a": -2.0, "b": 0.2}]
F = [{"f0": 1.5, "f1": 0.1}, {"f0": -2.0, "f1": 0.2}]
VALUES = [[1.5, 0.1], [-2.0, 0.2]]
CHANCES = [[0.25, 0.75], [0.75, 0.25]]
FRAME = {"index": [0, 1], "columns": ["a", "b"], "data": VALUES}
LABELS = [{"label": "cat", "score": 0.75}, {"label": "dog", "score": 0.25}]

EVENT = {
    "specversion": "1.0",
    "id": "ev-1",
    "source": "s",
    "type": "t",
    "time": "2026-11-25T16:29:42.535063+00:00",
}
CE_HEADERS = {"ce-specversion": "1.0", "ce-id": "ev-1", "ce-source": "s", "ce-type": "t"}

V2_PREDICT = {
    "name": "predict",
    "shape": [2, 1],
    "datatype": "INT64",
    "parameters": {"content_type": "np"},
    "data": [1, 0],
}
V2_PROBA = {
    "name": "predict_proba",
    "shape": [2, 2],
    "datatype": "FP64",
    "parameters": {"content_type": "np"},
    "data": [0.25, 0.75, 0.75, 0.25],
}
V2_INPUT = {
    "name": "input-1",
    "shape": [2, 2],
    "datatype": "FP64",
    "parameters": {"content_type": "np"},
    "data": [1.5, 0.1, -2.0, 0.2],
}
MLSERVER_HEADERS = {
    "ce-specversion": "0.3",
    "ce-id": "my-id",
    "ce-source": "io.seldon.serving.deployment.mlserver",
    "ce-type": "io.seldon.serving.inference.response",
}


def v2(*outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a V2 response."""
    return {
        "model_name": "clf",
        "model_version": "v1",
        "parameters": {},
        **more,
        "outputs": list(outputs),
    }


TRITON_JSON = (
    b'{"id":"r1","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","parameters":'
    b'{"binary_data_size":16}},{"name":"s","shape":[2,1],"datatype":"BYTES","parameters":'
    b'{"binary_data_size":12}},{"name":"b","shape":[2,1],"datatype":"BOOL","data":[true,false]}],'
    b'"parameters":{"binary_data_output":true}}'
)
TRITON = (
    TRITON_JSON + b"\x00\x00\xc0?\x00\x00\x00@\x00\x00@@\x00\x00\x80@"
    b"\x03\x00\x00\x00h\xc3\xa4\x01\x00\x00\x00b"
)
TRITON_ROWS = [{"x": [1.5, 2.0], "s": "hä", "b": True}, {"x": [3.0, 4.0], "s": "b", "b": False}]
KSERVE_JSON = (
    b'{"id":"k1","model_name":"m","outputs":[{"name":"out","shape":[2],"datatype":"FP16",'
    b'"parameters":{"binary_data_size":4}}]}'
)
KSERVE = KSERVE_JSON + b"\x00>\x00@"

LABEL = {
    "label": "cat",
    "confidences": [{"label": "cat", "confidence": 0.75}, {"label": "dog", "confidence": 0.25}],
}
GRADIO_STREAM = (
    'data: {"msg":"estimation","event_id":"e300","rank":0,"queue_size":1,"rank_eta":null}\n\n'
    'data: {"msg":"process_starts","event_id":"e300","eta":null}\n\n'
    'data: {"msg":"process_completed","event_id":"e300","output":{"data":['
    + json.dumps(LABEL)
    + ',6],"is_generating":false,"duration":0.001},"success":true,"title":null}\n\n'
    'data: {"msg":"close_stream","event_id":null}\n\n'
)
GRADIO_RUN = {
    "data": [LABEL, 8],
    "is_generating": False,
    "duration": 0.0004,
    "average_duration": 0.0017,
    "render_config": None,
}
CHANCES_OF = {"cat": 0.75, "dog": 0.25}
EVENTS = "text/event-stream; charset=utf-8"

SAMPLES = [
    # MLflow
    Sample(
        "mlflow split",
        "mlflow",
        "/invocations",
        {"dataframe_split": FRAME},
        {"predictions": [1, 0]},
        AB,
        [1, 0],
    ),
    Sample(
        "mlflow records",
        "mlflow",
        "/invocations",
        {"dataframe_records": AB},
        {
            "predictions": [
                {"prediction": 1, "probability": 0.5},
                {"prediction": 0, "probability": 0.5},
            ]
        },
        AB,
        [1, 0],
        scores=[0.5, 0.5],
    ),
    Sample(
        "mlflow inputs by column",
        "mlflow",
        "/invocations",
        {"inputs": {"a": [1.5, -2.0], "b": [0.1, 0.2]}},
        {"predictions": ["x", "y"]},
        AB,
        ["x", "y"],
    ),
    Sample(
        "mlflow inputs",
        "mlflow",
        "/invocations",
        {"inputs": VALUES},
        {"predictions": CHANCES},
        F,
        [1, 0],
        scores=[0.75, 0.75],
        probabilities=CHANCES,
    ),
    Sample(
        "mlflow instances",
        "mlflow",
        "/invocations",
        {"instances": AB},
        {"predictions": [1.5, 2.5]},
        AB,
        [1.5, 2.5],
    ),
    Sample(
        "mlflow without columns",
        "mlflow",
        "/invocations",
        {"dataframe_split": {"data": VALUES}},
        {"predictions": [1, 0]},
        F,
        [1, 0],
    ),
    Sample(
        "mlflow with params",
        "mlflow",
        "/invocations",
        {"dataframe_split": FRAME, "params": {"k": 1}},
        {"predictions": [1, 0]},
        AB,
        [1, 0],
    ),
    Sample(
        "mlflow texts",
        "mlflow",
        "/invocations",
        {"inputs": ["good", "bad"]},
        {"predictions": ["pos", "neg"]},
        [{"text": "good"}, {"text": "bad"}],
        ["pos", "neg"],
    ),
    Sample(
        "mlflow csv",
        "comma_separated",
        "/invocations",
        "a,b\n1.5,0.1\n-2.0,0.2\n",
        {"predictions": [1, 0]},
        AB,
        [1, 0],
        "text/csv",
    ),
    Sample(
        "mlflow csv of numbered columns",
        "comma_separated",
        "/invocations",
        "0,1\n1.5,0.1\n-2.0,0.2\n",
        {"predictions": [1, 0]},
        [{"0": 1.5, "1": 0.1}, {"0": -2.0, "1": 0.2}],
        [1, 0],
        "text/csv",
    ),
    Sample(
        "mlflow parquet",
        "parquet",
        "/invocations",
        parquet({"a": [1.5, -2.0], "b": [0.1, 0.2]}),
        {"predictions": [1, 0]},
        AB,
        [1, 0],
        "application/vnd.apache.parquet",
    ),
    # V1
    Sample(
        "v1 lists",
        "v1",
        "/v1/models/m:predict",
        {"instances": VALUES},
        {"predictions": [1, 0]},
        F,
        [1, 0],
    ),
    Sample(
        "v1 version",
        "v1",
        "/v1/models/m/versions/2:predict",
        {"instances": AB},
        {"predictions": CHANCES},
        AB,
        [1, 0],
        scores=[0.75, 0.75],
        probabilities=CHANCES,
    ),
    Sample(
        "v1 scalars",
        "v1",
        "/v1/models/m:predict",
        {"instances": [1, 2]},
        {"predictions": [[0.5], [1.0]]},
        [{"f0": 1}, {"f0": 2}],
        [0.5, 1.0],
    ),
    Sample(
        "v1 one object of rows",
        "v1",
        "/v1/models/m:predict",
        {"instances": [{"a": [1.5, -2.0], "b": [0.1, 0.2]}]},
        {"predictions": [1, 0]},
        AB,
        [1, 0],
    ),
    Sample(
        "v1 one object of vectors",
        "v1",
        "/v1/models/m:predict",
        {"instances": [{"a": [1.5, -2.0], "b": [0.1, 0.2]}]},
        {"predictions": [1]},
        [{"a": [1.5, -2.0], "b": [0.1, 0.2]}],
        [1],
    ),
    Sample(
        "v1 by columns",
        "v1",
        "/v1/models/half:predict",
        {"inputs": {"a": [1.5, -2.0], "b": [0.1, 0.2]}},
        {"outputs": [[0.5], [1.5]]},
        AB,
        [0.5, 1.5],
    ),
    Sample(
        "vertex",
        "v1",
        "/v1/projects/p/locations/l/endpoints/1:predict",
        {"instances": AB, "parameters": {}},
        {"predictions": ["x", "y"], "deployedModelId": "7"},
        AB,
        ["x", "y"],
    ),
    Sample(
        "vertex container",
        "v1",
        "/score",
        {"instances": VALUES},
        {"predictions": [1, 0]},
        F,
        [1, 0],
    ),
    # V2
    Sample(
        "v2 numpy",
        "open_inference",
        "/v2/models/clf/infer",
        {"parameters": {"content_type": "np"}, "inputs": [V2_INPUT]},
        v2(V2_PREDICT, id="4b18"),
        F,
        [1, 0],
        id="4b18",
    ),
    Sample(
        "v2 proba",
        "open_inference",
        "/v2/models/clf/versions/v1/infer",
        {"id": "my-id", "inputs": [V2_INPUT]},
        v2(V2_PREDICT, V2_PROBA, id="my-id"),
        F,
        [1, 0],
        scores=[0.75, 0.75],
        probabilities=CHANCES,
        id="my-id",
        response_headers=MLSERVER_HEADERS,
    ),
    Sample(
        "v2 pandas",
        "open_inference",
        "/v2/models/clf/infer",
        {
            "parameters": {"content_type": "pd"},
            "inputs": [
                {"name": "a", "shape": [2, 1], "datatype": "FP64", "data": [1.5, 2.0]},
                {
                    "name": "c",
                    "shape": [2, 1],
                    "datatype": "BYTES",
                    "parameters": {"content_type": "str"},
                    "data": ["x", "ü"],
                },
            ],
        },
        v2(V2_PREDICT),
        [{"a": 1.5, "c": "x"}, {"a": 2.0, "c": "ü"}],
        [1, 0],
    ),
    Sample(
        "v2 nested",
        "open_inference",
        "/v2/models/clf/infer",
        {"inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": VALUES}]},
        v2({"name": "y", "shape": [2], "datatype": "BYTES", "data": ["cat", "dog"]}),
        F,
        ["cat", "dog"],
    ),
    Sample(
        "v2 base64",
        "open_inference",
        "/v2/models/clf/infer",
        {
            "inputs": [
                {
                    "name": "t",
                    "shape": [2, 1],
                    "datatype": "BYTES",
                    "parameters": {"content_type": "base64"},
                    "data": ["/wA=", "Yg=="],
                }
            ]
        },
        v2(V2_PREDICT),
        [{"t": "/wA="}, {"t": "b"}],
        [1, 0],
    ),
    Sample(
        "v2 elsewhere",
        "open_inference",
        "/score",
        {"inputs": [V2_INPUT]},
        v2(V2_PREDICT),
        F,
        [1, 0],
    ),
    Sample(
        "v2 binary of triton",
        "open_inference",
        "/v2/models/m/versions/2/infer",
        TRITON,
        v2(V2_PREDICT),
        TRITON_ROWS,
        [1, 0],
        None,
        id="r1",
        request_headers={"inference-header-content-length": "293"},
    ),
    Sample(
        "v2 binary without its header",
        "open_inference",
        "/v2/models/m/infer",
        TRITON,
        KSERVE,
        TRITON_ROWS,
        [1.5, 2.0],
        None,
        "application/octet-stream",
        id="r1",
    ),
    # CSV
    Sample(
        "csv with header",
        "comma_separated",
        "/score",
        "a,b\n1.5,x\n,y\n",
        "1\n0\n",
        [{"a": 1.5, "b": "x"}, {"a": None, "b": "y"}],
        [1, 0],
        "text/csv",
        "text/csv",
    ),
    Sample(
        "csv called json",
        "comma_separated",
        "/score",
        "a,b\n1.5,0.1\n-2.0,0.2\n",
        [1, 0],
        AB,
        [1, 0],
    ),
    Sample(
        "csv said to have no header",
        "comma_separated",
        "/score",
        "x,y\n1,2\n",
        ["p", "q"],
        [{"f0": "x", "f1": "y"}, {"f0": "1", "f1": "2"}],
        ["p", "q"],
        "text/csv; header=absent",
    ),
    Sample(
        "csv of words",
        "comma_separated",
        "/score",
        "colour\nred\nblue\n",
        [1, 0],
        [{"colour": "red"}, {"colour": "blue"}],
        [1, 0],
        "text/csv",
    ),
    Sample(
        "sagemaker csv",
        "comma_separated",
        "/invocations",
        "1.5,0.1\n-2.0,0.2",
        "0.9,0.1",
        F,
        [0.9, 0.1],
        "text/csv",
        "text/csv; charset=utf-8",
    ),
    Sample(
        "sagemaker csv, scored",
        "comma_separated",
        "/invocations",
        "1.5,0.1\n-2.0,0.2",
        {
            "predictions": [
                {"score": 0.9, "predicted_label": 1},
                {"score": 0.2, "predicted_label": 0},
            ]
        },
        F,
        [1, 0],
        "text/csv",
        scores=[0.9, 0.2],
    ),
    # JSON Lines
    Sample(
        "json lines",
        "json_lines",
        "/score",
        '{"a": 1.5}\n{"a": null}\n',
        '{"prediction": 1}\n{"prediction": 0}\n',
        [{"a": 1.5}, {"a": None}],
        [1, 0],
        "application/x-ndjson",
        "application/x-ndjson",
    ),
    Sample(
        "json lines of one",
        "json_lines",
        "/score",
        '{"a": 1.5}\n',
        [1],
        [{"a": 1.5}],
        [1],
        "application/jsonl",
    ),
    Sample(
        "json lines called text",
        "json_lines",
        "/score",
        "[1.5, 0.1]\n[-2.0, 0.2]",
        [1, 0],
        F,
        [1, 0],
        "text/plain",
    ),
    Sample(
        "sagemaker json lines",
        "json_lines",
        "/invocations",
        '{"features": [1.5, 0.1]}\n{"features": [-2.0, 0.2]}\n',
        '{"score": 0.9, "predicted_label": 1}\n{"score": 0.2, "predicted_label": 0}\n',
        F,
        [1, 0],
        "application/jsonlines",
        "application/jsonlines",
        scores=[0.9, 0.2],
    ),
    # SageMaker
    Sample(
        "sagemaker json",
        "sagemaker",
        "/invocations",
        {"instances": [{"features": [1.5, 0.1]}, {"features": [-2.0, 0.2]}]},
        {
            "predictions": [
                {"score": 0.9, "predicted_label": 1},
                {"score": 0.2, "predicted_label": 0},
            ]
        },
        F,
        [1, 0],
        scores=[0.9, 0.2],
    ),
    Sample(
        "sagemaker long",
        "sagemaker",
        "/invocations",
        {"instances": [{"data": {"features": {"values": [1.5, 0.1]}}}]},
        {"predictions": [{"score": 22.5}]},
        F[:1],
        [22.5],
    ),
    # Parquet
    Sample(
        "parquet",
        "parquet",
        "/score",
        parquet({"a": [1.5, None], "b": ["x", "y"]}),
        [1, 0],
        [{"a": 1.5, "b": "x"}, {"a": None, "b": "y"}],
        [1, 0],
        None,
    ),
    # CloudEvents
    Sample(
        "event by headers",
        "cloudevents",
        "/v1/models/m:predict",
        {"instances": VALUES},
        {"predictions": [1, 0]},
        F,
        [1, 0],
        request_headers=CE_HEADERS,
        id="ev-1",
    ),
    Sample(
        "event by attributes",
        "cloudevents",
        "/",
        {**EVENT, "data": {"instances": VALUES}},
        {**EVENT, "id": "ev-2", "data": {"predictions": [1, 0]}},
        F,
        [1, 0],
        "application/cloudevents+json",
        "application/cloudevents+json",
        id="ev-1",
    ),
    Sample(
        "event of csv in base64",
        "cloudevents",
        "/",
        {**EVENT, "datacontenttype": "text/csv", "data_base64": "YSxiCjEuNSwwLjEK"},
        [1],
        AB[:1],
        [1],
        id="ev-1",
    ),
    Sample(
        "event of v2",
        "cloudevents",
        "/",
        {**EVENT, "data": {"id": "own", "inputs": [V2_INPUT]}},
        v2(V2_PREDICT),
        F,
        [1, 0],
        id="own",
    ),
    Sample(
        "event only in the answer",
        "cloudevents",
        "/score",
        AB,
        {**EVENT, "data": [1, 0]},
        AB,
        [1, 0],
        id="ev-1",
    ),
    # BentoML
    *(
        Sample(
            f"bentoml {name}",
            "bentoml",
            f"/{name}",
            request,
            response,
            rows,
            predictions,
            response_type=kind,
            id="a797254862c907bb",
            scores=scores,
            answers=answers,
            probabilities=chances,
            response_headers={"x-bentoml-request-id": "a797254862c907bb"},
        )
        for name, request, response, rows, predictions, kind, scores, chances, answers in [
            ("arr", {"input_series": VALUES}, [6.5, 15.0], F, [6.5, 15.0], JSON, None, None, None),
            (
                "frame",
                {"df": AB},
                [{"label": "a", "score": 0.5}] * 2,
                AB,
                ["a", "a"],
                JSON,
                [0.5, 0.5],
                None,
                None,
            ),
            (
                "text",
                {"text": "hello"},
                "HELLO",
                [{"text": "hello"}],
                ["HELLO"],
                "text/plain; charset=utf-8",
                None,
                None,
                None,
            ),
            (
                "many",
                {"a": 1.5},
                {"prediction": 1.5, "b": "x"},
                [{"a": 1.5}],
                [1.5],
                JSON,
                None,
                None,
                [{"b": "x"}],
            ),
            (
                "batch",
                {"texts": ["a", "b"]},
                ["A", "B"],
                [{"texts": "a"}, {"texts": "b"}],
                ["A", "B"],
                JSON,
                None,
                None,
                None,
            ),
            (
                "item",
                {"item": {"x": 1, "y": "k"}},
                {"label": "z"},
                [{"x": 1, "y": "k"}],
                ["z"],
                JSON,
                None,
                None,
                None,
            ),
            (
                "proba",
                {"input_series": VALUES},
                {"label": [1, 1], "proba": CHANCES},
                F,
                [1, 1],
                JSON,
                [0.75, 0.25],
                CHANCES,
                None,
            ),
            ("root", [1.0, 2.0], "3.0", [{"f0": 1.0, "f1": 2.0}], [3.0], JSON, None, None, None),
        ]
    ),
    # Hugging Face
    Sample(
        "classification",
        "huggingface",
        "/models/x",
        {"inputs": "nice", "parameters": {"top_k": 2, "tags": [1]}},
        [LABELS],
        [{"text": "nice", "parameters.top_k": 2}],
        ["cat"],
        scores=[0.75],
        probabilities=[CHANCES_OF],
    ),
    Sample(
        "ranking of one text",
        "huggingface",
        "/",
        {"inputs": "nice"},
        LABELS,
        [{"text": "nice"}],
        ["cat"],
        scores=[0.75],
        probabilities=[CHANCES_OF],
    ),
    Sample(
        "a label a text",
        "huggingface",
        "/",
        {"inputs": ["nice", "bad"]},
        LABELS,
        [{"text": "nice"}, {"text": "bad"}],
        ["cat", "dog"],
        scores=[0.75, 0.25],
    ),
    Sample(
        "a sagemaker container's",
        "huggingface",
        "/invocations",
        {"inputs": ["nice"]},
        [LABELS[0]],
        [{"text": "nice"}],
        ["cat"],
        scores=[0.75],
    ),
    Sample(
        "generation",
        "huggingface",
        "/generate",
        {"inputs": "Once", "parameters": {"max_new_tokens": 5}},
        [{"generated_text": "Once upon"}],
        [{"text": "Once", "parameters.max_new_tokens": 5}],
        ["Once upon"],
    ),
    Sample(
        "embeddings",
        "huggingface",
        "/embed",
        {"inputs": ["a", "b"], "truncate": True},
        [[0.5, -1.5], [0.25, 2.0]],
        [{"text": "a"}, {"text": "b"}],
        [None, None],
        answers=[{"embedding": [0.5, -1.5]}, {"embedding": [0.25, 2.0]}],
    ),
    Sample(
        "embedding of one text",
        "huggingface",
        "/",
        {"inputs": "a"},
        [0.5, -1.5, 2.0],
        [{"text": "a"}],
        [None],
        answers=[{"embedding": [0.5, -1.5, 2.0]}],
    ),
    Sample(
        "zero-shot",
        "huggingface",
        "/",
        {"inputs": "woof", "parameters": {"candidate_labels": ["cat", "dog"]}},
        {"sequence": "woof", "labels": ["dog", "cat"], "scores": [0.75, 0.25]},
        [{"text": "woof"}],
        ["dog"],
        scores=[0.75],
        probabilities=[{"dog": 0.75, "cat": 0.25}],
    ),
    Sample(
        "question",
        "huggingface",
        "/",
        {"inputs": {"question": "Who?", "context": "Ann."}},
        {"answer": "Ann", "score": 0.75, "start": 0, "end": 3},
        [{"question": "Who?", "context": "Ann."}],
        ["Ann"],
        scores=[0.75],
        answers=[{"start": 0, "end": 3}],
    ),
    Sample(
        "similarity",
        "huggingface",
        "/",
        {"inputs": {"source_sentence": "a", "sentences": ["b", "c"]}},
        [0.5, 0.25],
        [{"source_sentence": "a", "text": "b"}, {"source_sentence": "a", "text": "c"}],
        [0.5, 0.25],
    ),
    # Gradio
    Sample(
        "gradio call",
        "gradio",
        "/gradio_api/queue/join",
        {"data": ["hello", 3], "fn_index": 0, "session_hash": "b5c1"},
        {"event_id": "e300"},
        [{"f0": "hello", "f1": 3}],
        [],
        id="e300",
    ),
    Sample(
        "gradio stream",
        "gradio",
        "/gradio_api/queue/data",
        None,
        GRADIO_STREAM,
        [],
        ["cat"],
        None,
        EVENTS,
        [0.75],
        [CHANCES_OF],
        [{"output_1": 6}],
        method="GET",
    ),
    Sample(
        "gradio simple call",
        "gradio",
        "/gradio_api/call/classify",
        {"data": ["raw", 4]},
        {"event_id": "1c05"},
        [{"f0": "raw", "f1": 4}],
        [],
        id="1c05",
    ),
    Sample(
        "gradio call by name",
        "gradio",
        "/gradio_api/call/v2/classify",
        {"text": "raw", "n": 4},
        {"event_id": "1388"},
        [{"text": "raw", "n": 4}],
        [],
        id="1388",
    ),
    Sample(
        "gradio simple result",
        "gradio",
        "/gradio_api/call/classify/1c05",
        None,
        "event: complete\ndata: " + json.dumps([LABEL, 8]) + "\n\n",
        [],
        ["cat"],
        None,
        EVENTS,
        [0.75],
        [CHANCES_OF],
        [{"output_1": 8}],
        method="GET",
    ),
    Sample(
        "gradio generator",
        "gradio",
        "/gradio_api/call/stream/1eb9",
        None,
        'event: generating\ndata: ["r"]\n\nevent: generating\ndata: ["ra"]\n\n'
        'event: complete\ndata: ["raw"]\n\n',
        [],
        ["raw"],
        None,
        EVENTS,
        method="GET",
    ),
    Sample(
        "gradio failure",
        "gradio",
        "/gradio_api/call/classify/119b",
        None,
        'event: error\ndata: {"error": "no boom", "duration": 10}\n\n',
        [],
        [None],
        None,
        EVENTS,
        method="GET",
        note="response: the call failed",
    ),
    Sample(
        "gradio run",
        "gradio",
        "/gradio_api/run/predict",
        {"data": ["raw", 4], "fn_index": 0},
        GRADIO_RUN,
        [{"f0": "raw", "f1": 4}],
        ["cat"],
        scores=[0.75],
        probabilities=[CHANCES_OF],
        answers=[{"output_1": 8}],
    ),
    # JSON without a protocol
    Sample("json", "json_shape", "/predict", {"a": 1.5, "b": 0.1}, {"prediction": 1}, AB[:1], [1]),
    Sample("json called text", "json_shape", "/predict", AB, [1, 0], AB, [1, 0], "text/plain"),
    Sample("json called nothing", "json_shape", "/predict", VALUES, [1, 0], F, [1, 0], None),
    Sample(
        "prose",
        "json_shape",
        "/predict",
        "Hello, world\n",
        "x",
        [],
        [],
        "text/plain",
        "text/plain",
        note="request: not JSON but text",
    ),
    Sample(
        "a form",
        "json_shape",
        "/predict",
        "a=1&b=2",
        [1],
        [{"a": 1, "b": 2}],
        [1],
        "application/x-www-form-urlencoded",
    ),
    Sample(
        "an image",
        "json_shape",
        "/predict",
        b"\x89PNG\r\n\x1a\n\0\0",
        [1],
        [],
        [],
        "image/png",
        note="request: not JSON but a PNG image",
    ),
    Sample(
        "nothing",
        "json_shape",
        "/predict",
        None,
        [1],
        [],
        [],
        None,
        method="GET",
        note="no request body",
    ),
]
