"""Responses from bug reports and tutorials, from the tap to `doctor`: objects, texts, columns.

Each is a model of its own; silence about what is not understood is what these tests look for.
"""

from __future__ import annotations

import json
import random

import pytest

from field_cases import Case, observe


def answered(model, response, prediction, score=None, rows=1):
    """One response to a request with one row, or several."""
    one = {"x": 1.5, "y": 2.5}
    request = one if rows == 1 else [one] * rows
    predictions = (prediction,) if rows == 1 else tuple(prediction)
    scores = (score,) if rows == 1 else tuple(score or [None] * rows)
    return Case(model, lambda n: (request, response), predictions=predictions, scores=scores)


INSIDE = [
    answered("hf_object", {"prediction": {"label": "cat", "score": 0.9}}, "cat", 0.9),
    answered("hf_list", {"predictions": [{"label": "cat", "score": 0.9}]}, "cat", 0.9),
    answered("versioned", {"result": {"prediction": 7.5, "model": "v3"}}, 7.5),
    answered("class_name", {"prediction": {"class_name": "cat", "class_id": 2}}, "cat"),
    answered("with_unit", {"prediction": {"value": 7.5, "unit": "EUR"}}, 7.5),
    answered("deep", {"data": {"result": {"output": {"prediction": 7.5}}}}, 7.5),
    answered(
        "json_api", {"data": {"type": "p", "id": "1", "attributes": {"prediction": 7.5}}}, 7.5
    ),
    answered("success", {"success": True, "error": None, "payload": {"label": "cat"}}, "cat"),
    answered(
        "ranked", [[{"label": "cat", "score": 0.75}, {"label": "dog", "score": 0.25}]], "cat", 0.75
    ),
    answered("topic", {"churn": {"probability": 0.7, "label": "yes"}}, "yes", 0.7),
    answered(
        "vertex_names",
        {
            "predictions": [{"displayNames": ["cat", "dog"], "confidences": [0.7, 0.3]}],
            "deployedModelId": "1",
        },
        "cat",
        0.7,
    ),
    answered(
        "vertex_classes",
        {"predictions": [{"classes": ["cat", "dog"], "scores": [0.25, 0.75]}], "model": "m"},
        "dog",
        0.75,
    ),
    answered(
        "azure_ml",
        {"Results": {"output1": [{"Scored Labels": "cat", "Scored Probabilities": "0.7"}]}},
        "cat",
        0.7,
    ),
    answered(
        "aws_ml",
        {
            "Prediction": {
                "predictedLabel": "cat",
                "predictedScores": {"cat": 0.9},
                "details": {"Algorithm": "SGD"},
            }
        },
        "cat",
        0.9,
    ),
    answered(
        "entities",
        [{"entity_group": "PER", "score": 0.9, "word": "Ann", "start": 0, "end": 3}],
        "PER",
        0.9,
    ),
    answered("prophet", {"yhat": 7.5, "yhat_lower": 6.5, "yhat_upper": 8.5}, 7.5),
    answered("interval", {"prediction": 7.5, "lower": 6.5, "upper": 8.5}, 7.5),
    answered("torchserve", {"tiger_cat": 0.5, "tabby": 0.375, "lynx": 0.125}, "tiger_cat", 0.5),
    answered(
        "seldon",
        {"data": {"names": ["p:a", "p:b"], "tensor": {"shape": [1, 2], "values": [0.25, 0.75]}}},
        1,
        0.75,
    ),
    answered(
        "seldon_number",
        {"data": {"names": ["t"], "tensor": {"shape": [1, 1], "values": [7.5]}}},
        7.5,
    ),
    answered("scored_pair", {"prediction": ["cat", 0.9]}, "cat", 0.9),
    answered("bare_pair", [["cat", 0.9]], "cat", 0.9),
    answered("keras", {"prediction": [["n02", "cat", 0.75], ["n03", "dog", 0.25]]}, "cat", 0.75),
    answered("currency", {"price": 7.5, "currency": "EUR"}, 7.5),
    answered("unit", {"status": "ok", "data": {"eta": 7.5, "unit": "min"}}, 7.5),
    answered("untitled_text", '"cat"', "cat"),
]

IN_TEXTS = [
    answered("twice", json.dumps(json.dumps({"result": [1.5]})).encode(), 1.5),
    answered("thrice", json.dumps(json.dumps(json.dumps({"prediction": 1.5}))).encode(), 1.5),
    answered("list_text", json.dumps("[1.5]").encode(), 1.5),
    answered("member_text", {"prediction": json.dumps({"label": "cat", "score": 0.9})}, "cat", 0.9),
    answered("lambda", {"statusCode": 200, "body": json.dumps({"predictions": [1.5]})}, 1.5),
    answered("text_of_text", {"result": json.dumps({"result": [1.5]})}, 1.5),
    answered("rows_text", {"predictions": "[1, 0]"}, [1, 0], rows=2),
    answered("text_with_mark", b'\xef\xbb\xbf"{\\"prediction\\": 1.5}"', 1.5),
]

BY_ROW = [
    answered(
        "columns",
        {"predictions": {"price": [1, 2], "risk": [3, 4]}},
        [{"price": 1, "risk": 3}, {"price": 2, "risk": 4}],
        rows=2,
    ),
    answered(
        "bare_columns",
        {"price": [1, 2], "risk": ["a", "b"]},
        [{"price": 1, "risk": "a"}, {"price": 2, "risk": "b"}],
        rows=2,
    ),
    answered(
        "column_tensors",
        {"outputs": {"price": [[1], [2]], "risk": [[3], [4]]}},
        [{"price": 1, "risk": 3}, {"price": 2, "risk": 4}],
        rows=2,
    ),
    answered(
        "index_columns",
        {"price": {"0": 1, "1": 2}, "risk": {"0": 3, "1": 4}},
        [{"price": 1, "risk": 3}, {"price": 2, "risk": 4}],
        rows=2,
    ),
    answered(
        "split_frame",
        {"columns": ["price", "risk"], "index": [0, 1], "data": [[1, 3], [2, 4]]},
        [{"price": 1, "risk": 3}, {"price": 2, "risk": 4}],
        rows=2,
    ),
    answered(
        "columns_with_status",
        {"status": "ok", "n": 2, "predictions": {"price": [1, 2], "risk": [3, 4]}},
        [{"price": 1, "risk": 3}, {"price": 2, "risk": 4}],
        rows=2,
    ),
    answered(
        "labels_and_chances",
        {"labels": [1, 0], "probabilities": [[0.25, 0.75], [0.75, 0.25]]},
        [1, 0],
        [0.75, 0.75],
        rows=2,
    ),
]


UNKNOWN = [
    Case(
        "failed",
        lambda n: (
            {"x": 1.5},
            {"success": False, "reason": "not ready"} if n % 3 else {"success": True, "data": 7.5},
        ),
        problem="no prediction",
    ),
    Case("status_only", lambda n: ({"x": n % 7}, {"status": "ok"}), problem="no prediction"),
    Case(
        "queued",
        lambda n: ({"x": n % 7}, {"message": "queued", "job_id": f"j{n}"}),
        problem="no prediction",
    ),
    Case("empty_object", lambda n: ({"x": n % 7}, {}), problem="no prediction"),
    Case("null", lambda n: ({"x": n % 7}, b"null"), problem="no prediction"),
    Case("nothing", lambda n: ({"x": n % 7}, b""), problem="no prediction"),
    Case("not_a_number", lambda n: ({"x": n % 7}, b'{"prediction": NaN}'), problem="no prediction"),
    Case(
        "prose",
        lambda n: ({"x": n % 7}, b"<p>The class is <b>cat</b></p>"),
        response_type="text/html",
        problem="not JSON",
    ),
    Case(
        "one_for_two",
        lambda n: ([{"x": 1}, {"x": 2}], {"predictions": [n % 3]}),
        problem="unpaired",
    ),
]


def chance(n, seed):
    return random.Random(n * 97 + seed).random()


def softmax(n):
    weights = [chance(n, seed) for seed in range(4)]
    return [round(weight / sum(weights), 2) for weight in weights]


BY_CHANCE = [
    Case(
        "two_scores",
        lambda n: (
            {"x": 1.5},
            {"toxic": 0.25, "rude": 0.75}
            if n % 10 == 0
            else {"toxic": round(chance(n, 1), 1), "rude": round(chance(n, 2), 1)},
        ),
        predictions=({"toxic": 0.25, "rude": 0.75},),
        scores=(None,),
    ),
    Case(
        "rounded",
        lambda n: ({"x": 1.5}, [0.33, 0.32, 0.33, 0.01] if n % 10 == 0 else softmax(n)),
        predictions=(0,),
        scores=(0.33,),
    ),
    Case(
        "logits",
        lambda n: ({"x": 1.5}, [[0.6, -0.8]] if n % 10 == 0 else [[chance(n, 1) * 3, 0.25]]),
        predictions=([0.6, -0.8],),
        scores=(None,),
    ),
]
"""Values that look like another form: a sum of 1, of .99, a norm of 1."""

CASES = [*INSIDE, *IN_TEXTS, *BY_ROW, *BY_CHANCE, *UNKNOWN]


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    return observe(tmp_path_factory.mktemp("field") / "taps.db", CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.model for case in CASES])
def test_what_models_answer_is_understood_or_reported(observed, case):
    """Predictions and scores are those of the case; `doctor` names what is left."""
    observed.check(case)
