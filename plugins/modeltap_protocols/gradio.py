"""Gradio: a call by POST, and its result as an event of another request."""

from __future__ import annotations

import re
from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Body, Decoded, Payload, parse_json
from modeltap_protocols._shared.answers import RowOutput, read_output
from modeltap_protocols._shared.inputs import CUT
from modeltap_protocols._shared.replies import CUT as RESPONSE_CUT
from modeltap_protocols._shared.sse import frames, is_framed

_JOIN = re.compile(r"/queue/join/?$")
_DATA = re.compile(r"/queue/data/?$")
_CALL = re.compile(r"/call/(?:v2/)?[^/]+/?$")
_RESULT = re.compile(r"/call/(?:v2/)?[^/]+/([^/]+)$")
_RUN = re.compile(r"/(?:run|api)/[^/]+/?$")
_OWN = "/gradio_api/"
"""The prefix of Gradio's paths, which also serve the app's description and files."""

FAILED = "response: the call failed"


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode a call, the results of calls, or both in one exchange."""
    is_get = payload.method == "GET" or not payload.request
    decoded = _answers(payload) if is_get else _called(payload)
    if decoded is None and _OWN in payload.path:
        return Decoded(note="not a call of a model")
    return decoded


def _called(payload: Payload) -> Decoded | None:
    document, answer = payload.request_json, payload.response_json
    is_call, is_run = _is_call(payload), _RUN.search(payload.path) is not None
    is_gradio = type(answer) is dict and (
        (is_call and type(answer.get("event_id")) is str)
        or (is_run and "is_generating" in answer and "data" in answer)
    )
    if not is_gradio:
        return None
    if type(document) is not dict:
        return Decoded(note=CUT if payload.request_truncated else "request: not a call")
    data = document.get("data")
    # Version 2 of calls has arguments by name.
    decoded = Decoded(rows=[payload.named(data) if type(data) is list else document])
    if is_run:
        return _with_outputs(decoded, [answer["data"]])
    decoded.id, decoded.answered_elsewhere = answer["event_id"], True
    return decoded


def _is_call(payload: Payload) -> bool:
    return bool(_JOIN.search(payload.path) or _CALL.search(payload.path))


def _answers(payload: Payload) -> Decoded | None:
    result = _RESULT.search(payload.path)
    # Other apps may have such paths, but no streams of events on them.
    if payload.response_media != "text/event-stream" and not is_framed(payload.response):
        return None
    if _DATA.search(payload.path):
        done = _completed(payload.response)
        if not done:
            return Decoded(note=_unanswered(payload))
        return _with_outputs(Decoded(answers_to=list(done)), list(done.values()))
    if result is None:
        return None
    for event, data in reversed(_events(payload.response)):
        if event in ("complete", "error"):
            outputs = data if event == "complete" else None
            return _with_outputs(Decoded(answers_to=[result[1]]), [outputs])
    return Decoded(note=_unanswered(payload))


def _unanswered(payload: Payload) -> str:
    return RESPONSE_CUT if payload.response_truncated else "response: no result of a call"


def _completed(body: Body) -> dict[str, Any]:
    """Return the outputs of each finished call, by its id; None for a failed call."""
    outputs: dict[str, Any] = {}
    for _, message in _events(body):
        if type(message) is not dict or message.get("msg") != "process_completed":
            continue
        id_, output = message.get("event_id"), message.get("output")
        if type(id_) is str:
            done = message.get("success") is not False
            outputs[id_] = output.get("data") if done and isinstance(output, dict) else None
    return outputs


def _events(body: Body) -> list[tuple[str | None, Any]]:
    """Return the names and the JSON data of a stream's complete events."""
    return [(frame.event, parse_json(frame.data)) for frame in frames(body)]


def _with_outputs(decoded: Decoded, calls: list[Any]) -> Decoded:
    """Add the outputs of calls, one per row; the rows may be in another exchange."""
    results = [_outputs(outputs) for outputs in calls]
    decoded.predictions = [result.prediction for result in results]
    decoded.scores = [result.score for result in results]
    decoded.probabilities = [result.probabilities for result in results]
    if any(result.rest for result in results):
        decoded.answers = [result.rest for result in results]
    if any(outputs is None for outputs in calls):
        decoded.note = FAILED
    return decoded


def _outputs(outputs: Any) -> RowOutput:
    """Return a call's output: the first with a prediction, and the others as fields."""
    parsed = [read_output(output) for output in outputs] if type(outputs) is list else []
    first = next((n for n, output in enumerate(parsed) if output.prediction is not None), None)
    rest = {
        f"output_{place}": output.prediction
        for place, output in enumerate(parsed)
        if place != first and output.prediction is not None
    }
    if first is None:
        alone = outputs[0] if len(parsed) == 1 else None
        return RowOutput(rest=parsed[0].rest or alone if type(alone) is dict else rest)
    main = parsed[first]
    return RowOutput(main.prediction, main.score, main.probabilities, {**main.rest, **rest})
