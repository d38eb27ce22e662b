"""Values of a response: shapes x places x types, and never a silent miss."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from modeltap.decoding.decoders import Decoders
from modeltap.payload import NO_PREDICTION, Payload
from modeltap_protocols._shared.answer_rows import by_row
from modeltap_protocols._shared.answers import _searched_output, plain_output

LABELS = {"text": "cat", "number": 7.5, "whole": 3, "boolean": True}
WRITTEN = {"boolean": "true"}
"""Forms of a class that is neither text nor number."""

SHAPES = {
    "bare": lambda label: label,
    "prediction": lambda label: {"prediction": label},
    "label and score": lambda label: {"label": label, "score": 0.75},
    "object": lambda label: {"prediction": {"label": label, "score": 0.75}},
    "list of one object": lambda label: {"predictions": [{"label": label, "score": 0.75}]},
    "list in a list": lambda label: {"prediction": [[label]]},
    "result": lambda label: {"result": {"prediction": label, "model": "v3"}},
    "name of its own": lambda label: {"species": label, "probability": 0.75},
    "one other name": lambda label: {"price": label},
    "predicted_ name": lambda label: {"predicted_price": label, "id": 9},
    "camel case": lambda label: {"predictionLabel": label, "predictionScore": 0.75},
    "azure": lambda label: {"Scored Labels": label, "Scored Probabilities": 0.75},
    "display names": lambda label: {"displayNames": [label], "confidences": [0.75]},
}

PLACES = {
    "as it is": lambda answer: answer,
    "data": lambda answer: {"status": "ok", "data": answer},
    "result beside a code": lambda answer: {"code": 0, "message": "done", "result": answer},
    "response": lambda answer: {"response": answer, "took_ms": 3, "request_id": "r-1"},
    "two envelopes": lambda answer: {"success": True, "data": {"version": "2", "result": answer}},
    "list": lambda answer: [answer],
    "JSON in a JSON text": lambda answer: json.dumps(answer),
    "JSON in a member": lambda answer: {"statusCode": 200, "body": json.dumps(answer)},
    "any name": lambda answer: {"id": 4, "inference_of_today": answer, "timestamp": 1},
}


def decoded(answer, request=None):
    request = {"a": 1, "b": 2.5} if request is None else request
    return Decoders().decode(Payload("/score", None, 200, json.dumps(request), json.dumps(answer)))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", LABELS)
def test_a_label_is_found_in_every_shape_at_every_place(shape, place, kind):
    """With its score where it has one."""
    label = LABELS[kind]
    answer = SHAPES[shape](label)
    if place == "JSON in a JSON text" and not isinstance(answer, dict | list):
        pytest.skip("a bare value in a text is that text")
    if place == "JSON in a member" and not isinstance(answer, dict | list):
        pytest.skip("a bare value in a text is that text")
    found = decoded(PLACES[place](answer))
    assert (found.predictions, found.note) == ([WRITTEN.get(kind, label)], None)
    scored = "0.75" in json.dumps(answer)
    assert found.scores in ([0.75],) if scored else found.scores in ([], [None])


TWO = [{"a": 1, "b": 2.5}, {"a": 3, "b": 4.5}]
SEVERAL = [{"price": 1.5, "risk": 3}, {"price": 2.5, "risk": 4}]
BATCHES = {
    "list": SEVERAL,
    "list in a member": {"predictions": SEVERAL},
    "columns": {"price": [1.5, 2.5], "risk": [3, 4]},
    "columns in a member": {"predictions": {"price": [1.5, 2.5], "risk": [3, 4]}},
    "columns in an envelope": {
        "status": "ok",
        "data": {"output": {"price": [1.5, 2.5], "risk": [3, 4]}},
    },
    "columns by place": {
        "predictions": {"price": {"0": 1.5, "1": 2.5}, "risk": {"0": 3, "1": 4}},
        "version": "1",
    },
    "rows by place": {"predictions": {"0": SEVERAL[0], "1": SEVERAL[1]}},
    "JSON text": json.dumps({"predictions": SEVERAL}),
}
REQUESTS = {
    "list": TWO,
    "instances": {"instances": TWO},
    "among others": {"rows": TWO, "parameters_version": 1},
    "lists": [[1, 2.5], [3, 4.5]],
    "columns": {"a": [1, 3], "b": [2.5, 4.5]},
}


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("request_", REQUESTS)
def test_several_outputs_of_two_rows_are_two_objects(batch, request_):
    """In whatever form both come."""
    found = decoded(BATCHES[batch], REQUESTS[request_])
    assert (len(found.rows), found.predictions, found.note) == (2, SEVERAL, None)


@pytest.mark.parametrize(
    ("answer", "prediction"),
    [
        ({"price": 1.5, "risk": 3}, {"price": 1.5, "risk": 3}),
        ({"prediction": {"price": 1.5, "risk": "high"}}, {"price": 1.5, "risk": "high"}),
        ({"predicted_price": 1.5, "predicted_risk": 3, "id": "a"}, None),
        ({"prediction": [1.5, 2.5]}, [1.5, 2.5]),
        ([[1.5, 2.5]], [1.5, 2.5]),
        ({"price": {"value": 1.5, "unit": "EUR"}, "risk": {"value": 3}}, {"price": 1.5, "risk": 3}),
        ({"a": 1, "b": 2.5, "approved": "yes"}, "yes"),
        ({"cat": 0.75, "dog": 0.25}, "cat"),
        ({"result": "success", "price": 4}, 4),
        ({"result": "success"}, "success"),
        ({"prediction": "failed", "machine": 3}, "failed"),
    ],
)
def test_an_answer_of_one_row(answer, prediction):
    """Fields that repeat the request, or describe the call, are no outputs."""
    found = decoded(answer)
    expected = {"predicted_price": 1.5, "predicted_risk": 3} if prediction is None else prediction
    assert (found.predictions, found.note) == ([expected], None)


SCORE_NAMES = ["score", "probability", "proba", "prob", "confidence", "churn_score", "fraudScore"]
LONE = {
    "number": lambda name: ({name: 0.875}, 0.875),
    "list of one": lambda name: ({name: [0.875]}, 0.875),
    "beyond one": lambda name: ({name: 712}, 712),
    "text": lambda name: ({name: "high"}, "high"),
    "beside a threshold": lambda name: ({"threshold": 0.25, name: 0.875}, 0.875),
    "beside a status": lambda name: ({"result": "success", name: 0.875}, 0.875),
    "beside a confidence": lambda name: ({"x_confidence": 0.5, name: 0.875}, 0.875),
    "several outputs": lambda name: ({name: [0.875, 0.75]}, [0.875, 0.75]),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", LONE)
@pytest.mark.parametrize("name", SCORE_NAMES)
def test_a_score_without_a_class_is_the_prediction(name, form, place):
    if name == "confidence" and form == "beside a confidence":
        pytest.skip("of two confidences the first is the prediction")
    answer, expected = LONE[form](name)
    found = decoded(PLACES[place](answer))
    assert (found.predictions, found.note) == ([expected], None)
    assert found.scores in ([], [None])


CLASS_NAMES = ["proba_{}", "prob.{}", "p_{}", "{}_probability", "probability({})", "score_{}"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", CLASS_NAMES)
def test_members_of_one_class_each_are_probabilities(form, place):
    answer = {form.format("no"): 0.25, form.format("Yes"): 0.75, "took_ms": 3}
    found = decoded(PLACES[place](answer))
    assert (found.predictions, found.scores, found.note) == (["Yes"], [0.75], None)
    assert found.probabilities == [{"no": 0.25, "Yes": 0.75}]
    found = decoded(PLACES[place]({"label": "no", **answer}))
    assert (found.predictions, found.scores) == (["no"], [0.25])


def test_a_class_that_was_not_predicted_is_not_replaced_by_its_score():
    assert decoded({"label": None, "score": 0.75}).predictions == [None]


NO_ANSWERS = [
    {"status": "ok"},
    {"message": "accepted"},
    {"code": 0, "message": "ok", "id": 7},
    {"error": "busy", "details": {"reason": "none"}},
    {"status": "ok", "data": None},
    {"status": "ok", "data": {}},
    {"prediction": None},
    {"prediction": {}},
    {"predictions": []},
    {"request_id": "a", "timestamp": 5},
    {},
    [],
]


@pytest.mark.parametrize("answer", NO_ANSWERS, ids=json.dumps)
@pytest.mark.parametrize("rows", [{"a": 1}, TWO], ids=["one", "two"])
def test_what_says_nothing_is_noted(answer, rows):
    """Neither a status nor an id nor a message is a prediction."""
    found = decoded(answer, rows)
    assert not [one for one in found.predictions if one is not None]
    assert found.note in (NO_PREDICTION, f"unpaired: {len(found.rows)} rows, 0 predictions")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["prediction", "data", "status", "score", "price", "id", "result"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(values, st.sampled_from([{"a": 1}, TWO, {"x": [1, 2]}]))
def test_an_answer_is_understood_or_noted(answer, request_):
    """Each row has a prediction, a score or further fields, or the exchange has a note."""
    found = decoded(answer, request_)
    assert found.note is None or found.note.startswith(("response: ", "unpaired: "))
    if found.note is None:
        told = [*found.predictions, *found.scores, *found.answers]
        assert any(one is not None and one != {} for one in told)


@pytest.mark.parametrize(
    ("response", "kind", "predictions"),
    [
        ("positive", "text/plain", ["positive"]),
        ("7.5", "text/plain; charset=utf-8", [7.5]),
        ("7.5\n", "text/csv", [7.5]),
        ('{"prediction": 1}', "text/html", [1]),
    ],
)
def test_a_text_that_is_called_one_is_an_answer(response, kind, predictions):
    """To one row; what is called JSON and is none is no answer."""
    payload = Payload("/score", None, 200, '{"a": 1}', response, response_type=kind)
    assert Decoders().decode(payload).predictions == predictions
    payload.response_type, payload.response = "application/json", "oops"
    payload.__dict__.pop("response_json", None)
    found = Decoders().decode(payload)
    assert (found.predictions, found.note) == ([], "response: not JSON")


NAMES = st.sampled_from(
    (
        *("prediction", "label", "result", "y", "predicted_price", "class", "output", "value"),
        *("score", "confidence", "probability", "p_yes", "p_no", "proba_0", "probabilities"),
        *("status", "took_ms", "id", "data", "band", "price", "columns", "tensor", "ndarray"),
    )
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["ok", "cat", "0.7", '{"label": "a"}', " [1]", '"cat"', "", 0.25, 0.75]),
    st.lists(st.sampled_from([0.25, 0.75, "cat"]), max_size=2),
    st.dictionaries(NAMES, st.sampled_from([0.25, 0.75, "cat"]), max_size=2),
)


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.dictionaries(NAMES, VALUES, max_size=2))
def test_the_shortcut_by_names_returns_what_the_search_does(answer, row):
    """For every object that it takes, also as the response of a single row."""
    output = plain_output(answer)
    if output is not None:
        assert repr(output) == repr(_searched_output(answer, row))
        assert by_row(answer, 1) == [answer]


@pytest.mark.parametrize(
    "answer",
    [
        {"prediction": "late", "score": 0.25},
        {"label": 3, "confidence": 1},
        {"predicted_price": 2.5, "currency": "USD", "band": "high"},
        {"prediction": True, "status": "ok", "request_id": "r1"},
    ],
)
def test_usual_responses_take_the_shortcut(answer):
    assert plain_output(answer) is not None


BESIDE = {
    "a list": ({"fraud": "yes", "score": 0.75, "rules": ["r1", "r2"]}, "yes"),
    "an object": ({"fraud": "yes", "probability": 0.75, "shares": {"x": 0.5}}, "yes"),
    "the score's own word": ({"new": 1, "is_fraud": 0, "fraud_score": 0.75}, 0),
    "a truth": ({"approved": True, "limit": 5000, "probability": 0.75}, "true"),
    "another text": ({"sentiment": "good", "confidence": 0.75, "language": "en"}, "good"),
    "another text before": ({"language": "en", "sentiment": "good", "confidence": 0.75}, "good"),
    "the confidence first": ({"confidence": 0.75, "intent": "greet", "language": "en"}, "greet"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", BESIDE)
def test_a_label_with_a_name_of_its_own_is_found_beside_other_members(form, place):
    answer, expected = BESIDE[form]
    found = decoded(PLACES[place](answer))
    assert (found.predictions, found.scores, found.note) == ([expected], [0.75], None)


FAILED = [
    {"status": "error", "reason": "not ready"},
    {"state": "FAILED", "cause": "timeout", "data": None},
    {"success": False, "reason": "invalid", "data": None},
    {"ok": False, "hint": "send x"},
    {"error": "timeout", "retry": True},
    {"error": {"type": "X", "text": "y"}, "value_used": 5},
    {"jsonrpc": "2.0", "error": {"code": -32601}, "id": 1},
    {"prediction": None, "fallback": True, "default": 5},
    {"label": None, "reason": "too few words"},
    {"prediction": None},
    {"finish_reason": "COMPLETE", "id": "c"},
]


@pytest.mark.parametrize("answer", FAILED)
def test_a_failure_with_the_status_of_success_has_no_prediction(answer):
    """And is reported, in each request of one row or several."""
    for request in ({"a": 1, "b": 2.5}, TWO):
        found = decoded(answer, request)
        assert not any(value is not None for value in found.predictions)
        assert found.note is not None


ABOUT = [
    {"num_predictions": 1},
    {"n_results": 1},
    {"total_rows": 1, "predictions_count": 1},
    {"prediction_type": "regression"},
    {"prediction_status": "done", "prediction_source": "cache"},
    {"finish_reason": "stop"},
    {"jsonrpc": "2.0"},
    {"feature_names": ["a", "b"], "class_names": ["u", "v"]},
    {"model_info": {"name": "m", "version": "3"}},
    {"shap_values": [0.1, 0.2]},
    {"error": None, "errors": [], "success": True, "status": "ok"},
]


@pytest.mark.parametrize("place", ["alone", "envelope", "list", "response"])
@pytest.mark.parametrize("details", ABOUT)
def test_details_of_the_call_are_no_outputs(details, place):
    for output, expected in (
        ({"price": 7.5}, 7.5),
        ({"predicted_price": 7.5}, 7.5),
        ({"yes": 0.75, "no": 0.25}, "yes"),
        ({"species": "cat", "probability": 0.75}, "cat"),
    ):
        found = decoded(PLACES.get(place, lambda answer: answer)({**output, **details}))
        assert (found.predictions, found.note) == ([expected], None), output


def rounded(weights, places):
    return [round(weight / sum(weights), places) for weight in weights]


@given(weights=st.lists(st.floats(0.05, 1), min_size=3, max_size=12), places=st.integers(2, 6))
def test_rounded_probabilities_are_probabilities(weights, places):
    """Although they sum to 0.99 or 1.01; in a list or by label."""
    chances = rounded(weights, places)
    assume(any(chance not in (0, 1) for chance in chances))
    most = max(chances)
    names = {f"class {chr(97 + place)}": chance for place, chance in enumerate(chances)}
    for answer in (chances, [chances], {"probabilities": chances}, names, {"model": "m", **names}):
        found = decoded(answer)
        assert found.scores == [most], answer
        assert found.predictions[0] in (
            chances.index(most),
            f"class {chr(97 + chances.index(most))}",
        )


@pytest.mark.parametrize(
    "answer",
    [
        {"p10": 0.2, "p50": 0.3, "p90": 0.5},
        {"q5": 0.25, "q95": 0.75},
        {"p50": 0.25, "p95": 0.5, "p99": 0.25, "model": "m"},
    ],
)
def test_quantiles_are_outputs_even_if_they_sum_to_one(answer):
    names = [name for name in answer if name != "model"]
    assert decoded(answer).predictions == [{name: answer[name] for name in names}]


def test_of_several_objects_of_a_class_the_surest_counts():
    box = {"box": {"x": 1, "y": 2}}
    objects = [{"label": "cat", "score": score, **box} for score in (0.5, 0.875, 0.75)]
    assert decoded(objects).predictions == ["cat"]
    assert decoded(objects).scores == [0.875]
    negative = [{"label": "a", "score": -0.5}, {"label": "b", "score": -0.25}]
    assert (decoded(negative).predictions, decoded(negative).scores) == (["b"], [-0.25])


@pytest.mark.parametrize("name", ["product_ids", "items", "documents", "class_names"])
def test_texts_beside_as_many_scores_are_their_labels(name):
    found = decoded({name: ["u", "v"], "scores": [0.5, 0.875], "model": "m"})
    assert (found.predictions, found.scores) == (["v"], [0.875])


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "c", "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "COMPLETE"},
        {"message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]}},
        {
            "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 3},
        },
        {
            "candidates": [
                {"content": {"role": "model", "parts": [{"text": "Hi"}]}, "finishReason": "STOP"}
            ],
            "usageMetadata": {"promptTokenCount": 4},
            "modelVersion": "g",
        },
    ],
)
def test_the_text_of_a_language_models_message_is_the_prediction(answer):
    """In the protocols of Cohere, Bedrock and Gemini, which have no decoder of their own."""
    found = decoded(answer, {"contents": [{"role": "user", "parts": [{"text": "Ho"}]}]})
    assert (found.predictions, found.note) == (["Hi"], None)


def test_scores_of_several_labels_are_not_those_of_a_truth_beside_them():
    """As in moderation, where the scores would be lost."""
    answer = {"flagged": True, "categories": {"a": False}, "category_scores": {"a": 0.1, "b": 0.75}}
    assert (decoded(answer).predictions, decoded(answer).scores) == (["b"], [0.75])


@pytest.mark.parametrize("names", ["feature_names", "featureNames", "names", "header"])
@pytest.mark.parametrize("values", ["values", "data", "shap_values"])
def test_an_explanation_beside_the_prediction_is_no_table_of_outputs(names, values):
    for explanation in ([0.5, -0.25], [[0.5, -0.25]]):
        answer = {"prediction": 7.5, names: ["a", "b"], values: explanation}
        assert decoded(answer).predictions == [7.5], answer
