"""Each decoder knows its own exchanges, and no other's; none falls over what it is given."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload
from modeltap.plugins import hooks
from samples import SAMPLES

OWN = {
    one.plugin.__name__.rpartition(".")[2]: one.function
    for one in hooks("protocols").decode.get_hookimpls()
    if one.plugin.__name__.startswith("modeltap_protocols.")
}

ASKED = [sample for sample in SAMPLES if sample.request is not None]
ANSWERED = [sample for sample in SAMPLES if sample.rows and sample.decoder != "gradio"]
"""Gradio's answers are elsewhere, or tell by themselves that they are one."""


@pytest.fixture(params=SAMPLES, ids=lambda sample: sample.name)
def sample(request):
    """One after the other."""
    return request.param


def test_what_it_holds_is_found(sample):
    """N rows for N inputs, what was predicted for each, and the protocol's id."""
    found = Decoders().decode(sample.payload())
    assert found.rows == sample.rows
    assert found.predictions == sample.predictions
    empty = [None] * len(sample.predictions)
    assert (found.scores or empty) == (sample.scores or empty)
    assert (found.probabilities or empty) == (sample.probabilities or empty)
    assert (found.answers or None) == sample.answers
    assert (found.id, found.note) == (sample.id, sample.note)


def test_one_decoder_claims_it(sample):
    """Of all that are there only its own; the last resort is asked when nobody does."""
    claims = {name for name, ask in OWN.items() if ask(sample.payload()) is not None}
    inner = {"event by headers": {"v1"}}.get(sample.name, set())
    if sample.decoder == "cloudevents":  # first in turn; its data alone may be another's, too
        assert "cloudevents" in claims and claims - {"json_shape", "cloudevents"} <= inner
    else:
        assert claims - {"json_shape"} == {sample.decoder} - {"json_shape"}


USER = [{"role": "user", "content": "hi"}]
LLM = [
    (
        "openai_chat",
        "/v1/chat/completions",
        {"model": "m", "messages": USER},
        {
            "id": "c1",
            "object": "chat.completion",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": "hello"},
                }
            ],
        },
    ),
    (
        "openai_completions",
        "/v1/completions",
        {"model": "m", "prompt": "hi"},
        {"id": "c2", "object": "text_completion", "choices": [{"index": 0, "text": "hello"}]},
    ),
    (
        "openai_embeddings",
        "/v1/embeddings",
        {"model": "m", "input": "hi"},
        {"object": "list", "data": [{"index": 0, "embedding": [0.5, -1.5]}]},
    ),
    (
        "openai_responses",
        "/v1/responses",
        {"model": "m", "input": "hi"},
        {
            "id": "r1",
            "object": "response",
            "output": [
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "hello"}],
                }
            ],
        },
    ),
    (
        "anthropic_messages",
        "/v1/messages",
        {"model": "m", "max_tokens": 9, "messages": USER},
        {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": "hello"}],
        },
    ),
    (
        "ollama",
        "/api/chat",
        {"model": "m", "messages": USER},
        {"model": "m", "message": {"role": "assistant", "content": "hello"}, "done": True},
    ),
    (
        "ollama",
        "/api/generate",
        {"model": "m", "prompt": "hi"},
        {"model": "m", "response": "hello", "done": True},
    ),
]


@pytest.mark.parametrize(("decoder", "path", "request_", "response"), LLM, ids=[n for n, *_ in LLM])
@pytest.mark.parametrize("headers", [{}, {"x-bentoml-request-id": "a797254862c907bb"}])
def test_language_models_have_decoders_of_their_own(decoder, path, request_, response, headers):
    """Also where BentoML serves them."""
    payload = Payload(
        path,
        None,
        200,
        json.dumps(request_),
        json.dumps(response),
        "application/json",
        response_headers=headers,
    )
    claims = {name for name, ask in OWN.items() if ask(payload) is not None}
    assert claims - {"json_shape"} == {decoder}


def test_what_came_before_does_not_change_it(sample):
    """The decoder that is remembered for a path and a type does not take another's."""
    decoders = Decoders()
    alike = [one for one in SAMPLES if one.path == sample.path]
    for before in alike:
        decoders.decode(before.payload(request_type=sample.request_type))
    assert decoders.decode(sample.payload()).rows == sample.rows


@pytest.mark.parametrize("sample", ASKED, ids=lambda sample: sample.name)
def test_a_cut_request_is_not_decoded(sample):
    """It is said to be cut; in no case are there rows of half of it."""
    payload = sample.payload()
    half = payload.request[: len(payload.request) // 2]
    found = Decoders().decode(sample.payload(request=half, request_truncated=True))
    assert not found.rows
    assert found.note in ("request: cut", sample.note)


@pytest.mark.parametrize("sample", ANSWERED, ids=lambda sample: sample.name)
def test_a_cut_response_leaves_the_rows(sample):
    """Without predictions, and with the reason."""
    payload = sample.payload()
    half = payload.response[: len(payload.response) // 2]
    found = Decoders().decode(sample.payload(response=half, response_truncated=True))
    if sample.name == "event only in the answer":
        assert found.note == "response: cut"
        return
    assert found.rows == sample.rows or sample.name in COUNTED_BY_THE_ANSWER
    assert (found.predictions, found.note) == ([], "response: cut")


COUNTED_BY_THE_ANSWER = (
    "v1 one object of vectors",
    "bentoml batch",
    "csv of words",
    "mlflow csv of numbered columns",
)
"""Requests whose rows only the response shows."""


USELESS = ["", None, "null", "{}", "[]", "oops", "[[", b"\xff\0", '{"predictions": {}}', "[null]"]


@pytest.mark.parametrize("response", USELESS)
def test_an_answer_of_no_use_leaves_the_rows(sample, response):
    """Whatever came in its place."""
    found = Decoders().decode(sample.payload(response=response))
    assert all(type(row) is dict for row in found.rows)
    assert not found.predictions or len(found.predictions) == max(
        len(found.rows), len(found.answers_to)
    )


mutations = st.lists(
    st.tuples(st.floats(0, 1), st.binary(max_size=4), st.integers(0, 8)), min_size=1, max_size=4
)


def mutated(body, changes):
    """Replace pieces of a body by others."""
    raw = body.encode() if isinstance(body, str) else body or b""
    for place, new, length in changes:
        at = int(place * len(raw))
        raw = raw[:at] + new + raw[at + length :]
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), mutations, mutations, st.booleans())
def test_damaged_bodies_are_noted(sample, asked, answered, both):
    """No decoder raises, and rows and predictions are as many, or there is a note."""
    payload = sample.payload()
    found = Decoders().decode(
        sample.payload(
            request=mutated(payload.request, asked),
            response=mutated(payload.response, answered) if both else payload.response,
        )
    )
    check(found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "instances",
                    "inputs",
                    "predictions",
                    "data",
                    "name",
                    "shape",
                    "label",
                    "score",
                    "features",
                    "a",
                    "parameters",
                    "outputs",
                    "columns",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
members = st.sampled_from(
    ["instances", "inputs", "dataframe_split", "dataframe_records", "data", "specversion"]
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), members, json_values, json_values, st.booleans())
def test_documents_of_any_shape_are_noted(sample, member, asked, answered, wrapped):
    """Lists of mixed kinds, numbers without end, objects for lists and the other way round."""
    request = json.dumps({member: asked})
    response = json.dumps({"predictions": answered} if wrapped else answered)
    check(Decoders().decode(sample.payload(request=request, response=response)))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(SAMPLES),
    st.binary(max_size=200) | st.text(max_size=200),
    st.binary(max_size=50) | st.text(max_size=50) | st.none(),
)
def test_any_bytes_are_noted(sample, request_, response):
    """Whatever path, type and headers they come with."""
    check(Decoders().decode(sample.payload(request=request_, response=response)))


def check(found):
    assert not (found.note or "").startswith("decoding failed"), found.note
    assert found.rows or found.note or found.answers_to, found
    lists = [found.predictions, found.scores, found.probabilities, found.answers]
    wanted = len(found.answers_to) or len(found.rows)
    assert all(not values or len(values) == wanted for values in lists), found
    assert all(type(row) is dict for row in found.rows)


@pytest.mark.parametrize(
    "path", ["/", "/invocations", "/v1/models/m:predict", "/v2/models/m/infer", "/queue/join"]
)
@pytest.mark.parametrize(
    "request_",
    [
        '{"instances": ' + "[" * 900 + "1" + "]" * 900 + "}",
        '{"inputs": ' + "[" * 900 + "1" + "]" * 900 + "}",
        '{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": '
        + "[" * 900
        + "1"
        + "]" * 900
        + "}]}",
        '{"instances": ' + '{"prediction":' * 400 + "1" + "}" * 400 + "}",
    ],
    ids=["instances", "inputs", "tensor", "objects"],
)
def test_what_is_nested_too_deep_costs_no_rows(path, request_):
    """Nor does an answer of that kind."""
    deep = '{"predictions": [' + '{"prediction":' * 900 + "1" + "}" * 900 + "]}"
    check(Decoders().decode(Payload(path, None, 200, request_, deep)))


@pytest.mark.parametrize("path", ["/invocations", "/v1/models/m:predict", "/score"])
def test_a_million_columns_are_too_many(path):
    """A row that wide is an image, and its columns are not evaluated."""
    request = json.dumps({"instances": [[0] * 1_000_000]})
    answer = '{"predictions": [1]}'
    found = Decoders().decode(Payload(path, None, 200, request, answer))
    assert (found.rows, found.note) == ([], "request: more than 10000 columns")


def test_rows_beyond_the_limit_are_refused():
    """In whatever form they come."""
    many = 100_001
    for path, request in [
        ("/v1/models/m:predict", json.dumps({"instances": [1] * many})),
        ("/invocations", json.dumps({"inputs": {"a": [1] * many}})),
        ("/score", "1,2\n" * many),
        ("/score", "[1]\n" * many),
        (
            "/v2/models/m/infer",
            json.dumps(
                {"inputs": [{"name": "x", "shape": [many], "datatype": "INT8", "data": [1] * many}]}
            ),
        ),
    ]:
        found = Decoders().decode(Payload(path, None, 200, request, '{"predictions": [1]}'))
        assert not found.rows and "more than 100000 rows" in found.note
