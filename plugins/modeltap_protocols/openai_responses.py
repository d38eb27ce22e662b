"""OpenAI's Responses API, plain and streamed: one row."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.completion import Completion
from modeltap_protocols._shared.generation import Generation
from modeltap_protocols._shared.prompts import at, messages_of, request_of, row_of_messages
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
    """Decode by the path, or by an input whose response is a `response` object."""
    request = request_of(payload)
    stored = _stored_prompt(request.get("prompt")) if request else {}
    if request is None or not ("input" in request or stored):
        return None
    messages = _messages(request.get("input", []))
    if messages is None:
        return None
    generation = _read(payload)
    by_path = at(payload, "/responses") and (stored or type(request.get("model")) is str)
    if not (generation.choices or by_path):
        return None
    system = request.get("instructions")
    row = row_of_messages(request, messages, system if type(system) is str else None)
    return generation.decoded([row | stored], payload)


def _stored_prompt(prompt: Any) -> dict[str, Any]:
    """Return the fields of a prompt that the service stores: its id, version and variables."""
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
    """Return the input's messages; other items (calls and their results) get an empty role."""
    if type(value) is str:
        return [{"role": "user", "content": value}]
    if type(value) is not list or not all(type(item) is dict for item in value):
        return None
    if not value:
        return []
    return messages_of([{"role": "", **item} for item in value])


def _read(payload: Payload) -> Generation:
    stream = stream_of(payload)
    generation = Generation(streamed=stream.is_stream)
    plain = payload.response_json
    if type(plain) is dict and plain.get("object") == "response":
        _read_whole(generation, plain, 0)
    elif type(plain) is dict:
        generation.describe(plain)
    for event in stream.documents:
        _read_event(generation, event)
    return generation


def _read_event(generation: Generation, event: Document) -> None:
    kind, document = event.json.get("type") or event.event, event.json
    if type(kind) is not str:
        return
    if kind == "error":
        generation.fail(document.get("error") or document)
    elif kind in _ENDS:
        generation.ended = True
        _read_end(generation, document.get("response"), event.line)
    elif kind.startswith("response."):
        if type(document.get("response")) is dict:
            generation.describe(document["response"])
        _read_delta(generation.at(0), kind, document, event.line)


def _read_delta(completion: Completion, event: str, document: dict[str, Any], line: int) -> None:
    delta = document.get("delta")
    if event == "response.output_text.delta":
        completion.add(delta, line)
    elif event == "response.refusal.delta":
        completion.refuse(delta, line)
    elif event in _THOUGHTS:
        completion.came(delta, line)
    elif event in _CALLS:
        completion.call(document.get("output_index"), None, delta, line)
    elif event == "response.output_item.added":
        _add_call(completion, document.get("item"), document.get("output_index"), line)


def _read_end(generation: Generation, response: Any, line: int) -> None:
    """Read the response that the last event repeats; without its output, keep the deltas."""
    if type(response) is not dict:
        return
    before = generation.choices.pop(0, None)
    _read_whole(generation, response, line)
    if before is not None:
        after = generation.at(0)
        before.finish(after.finish_reason)
        if before.first_line is not None:
            after.first_line = before.first_line
        generation.choices[0] = after if response.get("output") else before


def _read_whole(generation: Generation, response: dict[str, Any], line: int) -> None:
    generation.describe(response)
    completion = generation.at(0)
    details = response.get("incomplete_details")
    completion.finish(response.get("status"))
    completion.finish(details.get("reason") if type(details) is dict else None)
    output = response.get("output")
    for place, item in enumerate(output if type(output) is list else ()):
        if type(item) is not dict:
            continue
        content = item.get("content") if item.get("type") == "message" else None
        for part in content if type(content) is list else ():
            if type(part) is dict:
                completion.add(part.get("text"), line)
                completion.refuse(part.get("refusal"), line)
        _add_call(completion, item, place, line)


def _add_call(completion: Completion, item: Any, place: Any, line: int) -> None:
    if type(item) is dict and type(item.get("type")) is str and item["type"].endswith("_call"):
        arguments = item.get("arguments", item.get("input"))
        id_ = item.get("call_id") or item.get("id")
        completion.call(place, item.get("name") or item["type"], arguments, line, id_)
