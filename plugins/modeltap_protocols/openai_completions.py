"""OpenAI's text completions, plain and streamed: one row per choice of each prompt."""

from __future__ import annotations

from typing import Any

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.chunks import Choice
from modeltap_protocols._shared.completion import Completion
from modeltap_protocols._shared.generation import Generation
from modeltap_protocols._shared.prompts import at, request_of, row_of
from modeltap_protocols.openai_chat import read_choices

_MAX_ROWS = 10_000


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode by the path, or by a prompt whose response has choices."""
    request = request_of(payload, "prompt")
    prompts = prompts_of(request["prompt"]) if request else []
    if request is None or not prompts:
        return None
    generation = read_choices(payload, _add)
    if not (generation.choices or at(payload, "/completions")):
        return None
    return generation.decoded(_rows(request, prompts, generation), payload)


def prompts_of(value: Any) -> list[str | None]:
    """Return the texts of one or several prompts; None for a prompt that is given as tokens.

    >>> prompts_of("a"), prompts_of(["a", "b"]), prompts_of([1, 2]), prompts_of([[1], [2]])
    (['a'], ['a', 'b'], [None], [None, None])
    """
    if type(value) is str:
        return [value]
    if type(value) is not list or not value:
        return []
    if _are_tokens(value):
        return [None]
    are_prompts = all(type(item) in (str, dict) or _are_tokens(item) for item in value)
    return [item if type(item) is str else None for item in value] if are_prompts else []


def _are_tokens(value: Any) -> bool:
    return type(value) is list and set(map(type, value)) == {int}


def _rows(
    request: dict[str, Any], prompts: list[str | None], generation: Generation
) -> list[dict[str, Any]]:
    """Return `n` rows for each prompt, as requested; choices are in this order."""
    count = request.get("n")
    each = count if type(count) is int and count > 0 else 1
    if each * len(prompts) > max(_MAX_ROWS, generation.count):
        each = 1
    return [row_of(request, prompt) for prompt in prompts for _ in range(each)]


def _add(completion: Completion, choice: Choice, line: int) -> None:
    completion.add(choice.text, line)
