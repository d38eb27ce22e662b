"""Members of a response: labels, envelopes, messages, signs of a failed call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modeltap.decoding.response_names import candidates, named, role_of, snake_case
from modeltap.payload import unwrapped
from modeltap_protocols._shared.prompts import text_of
from modeltap_protocols._shared.values import are_by_label, is_status, scalar

AMBIGUOUS = ("result", "results", "output", "outputs", "value", "answer")
"""Names of a prediction that some APIs use for the status of the call."""

_FAILED = frozenset(("error", "failed", "failure", "fail", "exception"))
"""Statuses of a call without a result."""


def labels_in(answer: Mapping[str, Any]) -> list[str]:
    """Return the members with a value and the name of a prediction, the likeliest first.

    >>> labels_in({"result": "success", "label": "cat", "prediction": None})
    ['label']
    """
    names = [name for name in named(answer, "prediction") if answer[name] is not None]
    others = [n for n in candidates(answer) if role_of(n) not in ("prediction", "measured")]
    if len(names) + len(others) < 2:
        return names
    return [n for n in names if not (snake_case(n) in AMBIGUOUS and is_status(answer[n]))]


def names_in(answer: Mapping[str, Any]) -> list[str]:
    """Return the members that may be a prediction if none has the name of one.

    >>> names_in({"result": "success", "price": 4, "id": 7})
    ['price']
    """
    labels = labels_in(answer)
    return [n for n in candidates(answer) if role_of(n) != "prediction" or n in labels]


def has_no_output(answer: Mapping[str, Any]) -> bool:
    """Return True if a response without a named prediction says that there is none.

    It is null, or the call failed although its status is 200.

    >>> has_no_output({"success": False, "reason": "x"}), has_no_output({"error": None, "price": 4})
    (True, False)
    >>> has_no_output({"prediction": None, "fallback": True}), has_no_output({"status": "failed"})
    (True, True)
    """
    for name, value in answer.items():
        own = snake_case(name)
        is_prediction = role_of(name) == "prediction" and own not in AMBIGUOUS
        if is_prediction and (value is None or value != value):
            return True
        if own in ("success", "ok") and value is False:
            return True
        if own in ("status", "state") and type(value) is str and value.strip().lower() in _FAILED:
            return True
        if own in ("error", "errors", "exception") and value and type(value) in (str, dict, list):
            return True
    return False


def envelope_in(answer: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Return the member that contains the actual response; None if there is none.

    >>> envelope_in({"took": 3, "data": {"price": 2}}, ["took", "data"])
    'data'
    >>> envelope_in({"a": {"prediction": 2}, "b": {"x": 1}}, ["a", "b"])
    'a'
    """
    inner = {name: unwrapped(answer[name]) for name in names}
    holding = [name for name, value in inner.items() if type(value) in (dict, list) and value]
    around = [name for name in holding if role_of(name) == "envelope"]
    readable = [name for name in holding if _has_output(inner[name])]
    return next(iter(around or (readable if len(readable) == 1 else ())), None)


def _has_output(value: Any) -> bool:
    first = value[0] if type(value) is list else value
    return type(first) is dict and bool(named(first, "prediction", "score", "probabilities"))


def message_of(answer: Mapping[str, Any]) -> str | None:
    """Return the text of a language model's message, as Cohere, Bedrock and Gemini write it.

    >>> message_of({"role": "model", "parts": [{"text": "yes"}]}), message_of({"content": "x"})
    ('yes', None)
    >>> message_of({"message": {"role": "assistant", "content": "yes"}, "usage": {"tokens": 3}})
    'yes'
    """
    message = answer.get("message")
    message = message if type(message) is dict else answer
    if type(message.get("role")) is not str:
        return None
    return text_of(message.get("content", message.get("parts")))


def distribution_in(answer: dict[str, Any]) -> dict[str, float] | None:
    """Return the probabilities by label in an object, which may have details of the call, too."""
    if are_by_label(answer):
        return answer
    others = {name: answer[name] for name in candidates(answer)}
    return others if len(others) < len(answer) and are_by_label(others) else None


def label_beside(
    answer: Mapping[str, Any], others: Sequence[str], scores: Sequence[str]
) -> list[str]:
    """Return the label that a score belongs to, if it has a name of its own.

    It is the only single value, or the only one with the score's own word, or the only boolean.
    A confidence always has a label, which is the text before it, or the first text.

    >>> label_beside({"species": "x", "probability": 0.9}, ["species"], ["probability"])
    ['species']
    >>> label_beside({"is_x": 1, "new": 0, "x_score": 2}, ["is_x", "new"], ["x_score"])
    ['is_x']
    """
    if any(type(answer[name]) in (dict, list) and len(answer[name]) > 1 for name in scores):
        return [] if len(others) != 1 or scalar(answer[others[0]]) is None else list(others)
    plain = [name for name in others if scalar(answer[name]) is not None or answer[name] is None]
    words = {word for name in scores for word in snake_case(name).split("_")}
    alike = [name for name in plain if not words.isdisjoint(snake_case(name).split("_"))]
    truths = [name for name in plain if type(answer[name]) is bool]
    for names in (plain, alike, truths):
        if len(names) == 1:
            return names if answer[names[0]] is not None else []
    texts = [name for name in plain if type(answer[name]) is str]
    if not texts or not all("confidence" in snake_case(name) for name in scores):
        return []
    members = list(answer)
    before = [name for name in texts if members.index(name) < members.index(scores[0])]
    return [before[-1] if before else texts[0]]
