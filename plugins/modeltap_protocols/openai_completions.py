"""OpenAI's text completions, plain and streamed: a row for each choice of each prompt."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.asked import at, request_of, row_of
from modeltap_protocols._shared.completion import Completion
from modeltap_protocols._shared.generation import Generation
from modeltap_protocols.openai_chat import read_choices

_MAX_ROWS = 10_000


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by a prompt that was answered with choices."""
    request = request_of(payload, "prompt")
    prompts = prompts_of(request["prompt"]) if request else []
    if request is None or not prompts:
        return None
    found = read_choices(payload, _add)
    if not (found.choices or at(payload, "/completions")):
        return None
    return found.decoded(_rows(request, prompts, found), payload)


def prompts_of(value: Any) -> list[str | None]:
    """Return the texts of one prompt or of several; None for one that is given as tokens.

    >>> prompts_of("a"), prompts_of(["a", "b"]), prompts_of([1, 2]), prompts_of([[1], [2]])
    (['a'], ['a', 'b'], [None], [None, None])
    """
    if type(value) is str:
        return [value]
    if type(value) is not list or not value:
        return []
    if _are_tokens(value):
        return [None]
    known = all(type(one) in (str, dict) or _are_tokens(one) for one in value)
    return [one if type(one) is str else None for one in value] if known else []


def _are_tokens(value: Any) -> bool:
    return type(value) is list and set(map(type, value)) == {int}


def _rows(
    request: dict[str, Any], prompts: list[str | None], found: Generation
) -> list[dict[str, Any]]:
    """Return N rows for each prompt, as many as were asked for: choices come in this order."""
    said = request.get("n")
    each = said if type(said) is int and said > 0 else 1
    if each * len(prompts) > max(_MAX_ROWS, found.count):
        each = 1
    return [row_of(request, prompt) for prompt in prompts for _ in range(each)]


def _add(one: Completion, choice: dict[str, Any], line: int) -> None:
    one.add(choice.get("text"), line)
