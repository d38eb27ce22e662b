"""Token counts of a response, under the names that protocols use."""

from __future__ import annotations

from typing import Any, TypeGuard

_COUNTS = {
    "input_tokens": ("input_tokens", "prompt_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens"),
    "cached_tokens": ("cache_read_input_tokens",),
}
_DETAILS = {
    "cached_tokens": ("prompt_tokens_details", "input_tokens_details"),
    "reasoning_tokens": ("completion_tokens_details", "output_tokens_details"),
}


def tokens_of(usage: Any) -> dict[str, int]:
    """Return the token counts in `usage`; none if all are zero, which means not counted.

    >>> tokens_of({"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9})
    {'input_tokens': 7, 'output_tokens': 2}
    >>> tokens_of({"prompt_tokens": 0, "completion_tokens": 0}), tokens_of(None)
    ({}, {})
    """
    if type(usage) is not dict:
        return {}
    counts: dict[str, int] = {}
    for name, names in _COUNTS.items():
        for count in map(usage.get, names):
            if _is_count(count):
                counts[name] = count
    for name, places in _DETAILS.items():
        for details in map(usage.get, places):
            if type(details) is dict and _is_count(details.get(name)):
                counts[name] = details[name]
    return counts if any(counts.values()) else {}


def _is_count(value: Any) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 2**53
