"""Gradio: a call by POST, whose answer comes as an event on another request."""

from __future__ import annotations

import re
from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Body, Decoded, Payload, parse_json
from modeltap_protocols._shared.answers import Told, told
from modeltap_protocols._shared.inputs import CUT
from modeltap_protocols._shared.replies import CUT as RESPONSE_CUT
from modeltap_protocols._shared.sse import frames, is_framed

_JOIN = re.compile(r"/queue/join/?$")
_DATA = re.compile(r"/queue/data/?$")
_CALL = re.compile(r"/call/(?:v2/)?[^/]+/?$")
_RESULT = re.compile(r"/call/(?:v2/)?[^/]+/([^/]+)$")
_RUN = re.compile(r"/(?:run|api)/[^/]+/?$")
_OWN = "/gradio_api/"
"""Here a client also asks what there is, and loads files up and down."""

FAILED = "response: the call failed"


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode a call, what answers calls, or both in one exchange."""
    is_get = payload.method == "GET" or not payload.request
    found = _answers(payload) if is_get else _called(payload)
    if found is None and _OWN in payload.path:
        return Decoded(note="no call of a model")
    return found


def _called(payload: Payload) -> Decoded | None:
    document, answer = payload.request_json, payload.response_json
    is_call, is_run = _is_call(payload), _RUN.search(payload.path) is not None
    asked = type(answer) is dict and (
        (is_call and type(answer.get("event_id")) is str)
        or (is_run and "is_generating" in answer and "data" in answer)
    )
    if not asked:
        return None
    if type(document) is not dict:
        return Decoded(note=CUT if payload.request_truncated else "request: no call")
    data = document.get("data")
    # The second version of calls has arguments by name.
    found = Decoded(rows=[payload.named(data) if type(data) is list else document])
    if is_run:
        return _told(found, [answer["data"]])
    found.id, found.answered_elsewhere = answer["event_id"], True
    return found


def _is_call(payload: Payload) -> bool:
    return bool(_JOIN.search(payload.path) or _CALL.search(payload.path))


def _answers(payload: Payload) -> Decoded | None:
    asked = _RESULT.search(payload.path)
    # Such a path may be anyone's; a stream of events at it is not.
    if payload.response_media != "text/event-stream" and not is_framed(payload.response):
        return None
    if _DATA.search(payload.path):
        done = _completed(payload.response)
        if not done:
            return Decoded(note=_unanswered(payload))
        return _told(Decoded(answers_to=list(done)), list(done.values()))
    if asked is None:
        return None
    for event, data in reversed(_events(payload.response)):
        if event in ("complete", "error"):
            outputs = data if event == "complete" else None
            return _told(Decoded(answers_to=[asked[1]]), [outputs])
    return Decoded(note=_unanswered(payload))


def _unanswered(payload: Payload) -> str:
    return RESPONSE_CUT if payload.response_truncated else "response: no call was answered"


def _completed(body: Body) -> dict[str, Any]:
    """Return the outputs of each call that was answered, by its id; None for one that failed."""
    found: dict[str, Any] = {}
    for _, message in _events(body):
        if type(message) is not dict or message.get("msg") != "process_completed":
            continue
        id_, output = message.get("event_id"), message.get("output")
        if type(id_) is str:
            done = message.get("success") is not False
            found[id_] = output.get("data") if done and isinstance(output, dict) else None
    return found


def _events(body: Body) -> list[tuple[str | None, Any]]:
    """Return the names and the JSON of a stream's whole events."""
    return [(frame.event, parse_json(frame.data)) for frame in frames(body)]


def _told(found: Decoded, calls: list[Any]) -> Decoded:
    """Add the outputs of calls, one a row; they need no row here, that is another exchange's."""
    each = [_outputs(outputs) for outputs in calls]
    found.predictions = [one.prediction for one in each]
    found.scores = [one.score for one in each]
    found.probabilities = [one.probabilities for one in each]
    found.answers = [one.rest for one in each] if any(one.rest for one in each) else []
    if any(outputs is None for outputs in calls):
        found.note = FAILED
    return found


def _outputs(outputs: Any) -> Told:
    """Return what a call's outputs tell: the first that tells anything, the others as fields."""
    each = [told(output) for output in outputs] if type(outputs) is list else []
    first = next((n for n, one in enumerate(each) if one.prediction is not None), None)
    rest = {
        f"output_{place}": one.prediction
        for place, one in enumerate(each)
        if place != first and one.prediction is not None
    }
    if first is None:
        alone = outputs[0] if len(each) == 1 else None
        return Told(rest=each[0].rest or alone if type(alone) is dict else rest)
    found = each[first]
    return Told(found.prediction, found.score, found.probabilities, {**found.rest, **rest})
