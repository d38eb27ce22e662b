"""OpenAI's responses, plain and streamed by events: one row."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.asked import at, messages_of, request_of, row_of_messages
from modeltap_protocols._shared.completion import Completion
from modeltap_protocols._shared.generation import Generation
from modeltap_protocols._shared.sse import Document, stream_of

_ENDS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")
_THOUGHTS = ("response.reasoning_text.delta", "response.reasoning_summary_text.delta")
_CALLS = (
    "response.function_call_arguments.delta",
    "response.custom_tool_call_input.delta",
    "response.mcp_call_arguments.delta",
)


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by an input that was answered with a response."""
    request = request_of(payload)
    stored = _stored_prompt(request.get("prompt")) if request else {}
    if request is None or not ("input" in request or stored):
        return None
    messages = _messages(request.get("input", []))
    if messages is None:
        return None
    found = _read(payload)
    by_path = at(payload, "/responses") and (stored or type(request.get("model")) is str)
    if not (found.choices or by_path):
        return None
    system = request.get("instructions")
    row = row_of_messages(request, messages, system if type(system) is str else None)
    return found.decoded([row | stored], payload)


def _stored_prompt(prompt: Any) -> dict[str, Any]:
    """Return the fields of a prompt that the service keeps: its id, its version, its variables."""
    if type(prompt) is not dict or type(prompt.get("id")) is not str:
        return {}
    variables = prompt.get("variables")
    return {
        "prompt_id": prompt["id"],
        "prompt_version": prompt.get("version"),
        **{
            f"prompt_variables.{name}": value
            for name, value in (variables if type(variables) is dict else {}).items()
            if type(value) in (str, int, float, bool)
        },
    }


def _messages(value: Any) -> list[dict[str, Any]] | None:
    """Return the input's messages; items that are none (calls, their results) have no role."""
    if type(value) is str:
        return [{"role": "user", "content": value}]
    if type(value) is not list or not all(type(one) is dict for one in value):
        return None
    if not value:
        return []
    return messages_of([{"role": "", **one} for one in value])


def _read(payload: Payload) -> Generation:
    stream = stream_of(payload)
    found = Generation(streamed=stream.is_stream)
    plain = payload.response_json
    if type(plain) is dict and plain.get("object") == "response":
        _read_whole(found, plain, 0)
    elif type(plain) is dict:
        found.describe(plain)
    for one in stream.documents:
        _read_event(found, one)
    return found


def _read_event(found: Generation, one: Document) -> None:
    event, document = one.json.get("type") or one.event, one.json
    if type(event) is not str:
        return
    if event == "error":
        found.fail(document.get("error") or document)
    elif event in _ENDS:
        found.ended = True
        _read_end(found, document.get("response"), one.line)
    elif event.startswith("response."):
        if type(document.get("response")) is dict:
            found.describe(document["response"])
        _read_delta(found.at(0), event, document, one.line)


def _read_delta(one: Completion, event: str, document: dict[str, Any], line: int) -> None:
    delta = document.get("delta")
    if event == "response.output_text.delta":
        one.add(delta, line)
    elif event == "response.refusal.delta":
        one.refuse(delta, line)
    elif event in _THOUGHTS:
        one.came(delta, line)
    elif event in _CALLS:
        one.call(document.get("output_index"), None, delta, line)
    elif event == "response.output_item.added":
        _add_call(one, document.get("item"), document.get("output_index"), line)


def _read_end(found: Generation, response: Any, line: int) -> None:
    """Read the response that the last event repeats; what was streamed counts where it is cut."""
    if type(response) is not dict:
        return
    before = found.choices.pop(0, None)
    _read_whole(found, response, line)
    if before is not None:
        after = found.at(0)
        before.finish(after.finish_reason)
        if before.first_line is not None:
            after.first_line = before.first_line
        found.choices[0] = after if response.get("output") else before


def _read_whole(found: Generation, response: dict[str, Any], line: int) -> None:
    found.describe(response)
    one = found.at(0)
    why = response.get("incomplete_details")
    one.finish(response.get("status"))
    one.finish(why.get("reason") if type(why) is dict else None)
    output = response.get("output")
    for place, item in enumerate(output if type(output) is list else ()):
        if type(item) is not dict:
            continue
        content = item.get("content") if item.get("type") == "message" else None
        for part in content if type(content) is list else ():
            if type(part) is dict:
                one.add(part.get("text"), line)
                one.refuse(part.get("refusal"), line)
        _add_call(one, item, place, line)


def _add_call(one: Completion, item: Any, place: Any, line: int) -> None:
    if type(item) is dict and type(item.get("type")) is str and item["type"].endswith("_call"):
        words = item.get("arguments", item.get("input"))
        id_ = item.get("call_id") or item.get("id")
        one.call(place, item.get("name") or item["type"], words, line, id_)
