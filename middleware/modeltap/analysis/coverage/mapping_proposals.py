"""Proposed JMESPath mappings of a body's rows and its prediction."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from modeltap.decoding.response_names import ResponseRole, candidates, role_of

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_LIKELIEST: tuple[ResponseRole | None, ...] = (
    "prediction",
    "score",
    None,
    "envelope",
    "probabilities",
    "measured",
)
"""Roles of members, those first that are most probably a prediction."""

_DEEPEST = 6
"""Levels of a body that are searched; a deeper mapping is written by hand."""

_MOST = 200
"""Members of a body that are searched."""


class _Member(NamedTuple):
    """A member of a body: its path, its own name and its value."""

    path: str
    name: str
    value: Any


def propose_prediction(document: Any) -> str | None:
    """Return the path of the member that is most probably a prediction; None if there is none.

    >>> propose_prediction({"model_version": "v3", "price_keur": 313.8})
    'price_keur'
    >>> propose_prediction({"status": "ok", "data": [{"risk level": "low"}]})
    'data[]."risk level"'
    >>> propose_prediction({"status": "ok", "message": "done"}) is None
    True
    """
    members = [member for member in _members(document, about=False) if _may_be_prediction(member)]
    members.sort(
        key=lambda member: (_LIKELIEST.index(role_of(member.name)), type(member.value) is str)
    )
    if members:
        return members[0].path
    lists = {name: value for name, value in _object(document).items() if _is_grid(value)}
    return next((_joined("", name) for name in candidates(lists)), None)


def propose_rows(document: Any) -> str | None:
    """Return the path of the first list of objects or lists, or the first object with values.

    >>> propose_rows({"meta": 1, "payload": {"items": [{"a": 1}]}}), propose_rows([])
    ('payload.items', None)
    """
    if type(document) is not dict:
        return None
    inner = [member for member in _members(document, leaves=False) if member.value]
    tables = [
        member
        for member in inner
        if type(member.value) is list and type(member.value[0]) in (dict, list)
    ]
    objects = [member for member in inner if type(member.value) is dict]
    return next((member.path for member in (*tables, *objects)), None)


def names_in(document: Any, most: int) -> list[str]:
    """Return the names of the first members of a body that is an object, or a list of them.

    >>> names_in([{"a": 1, "b": 2}], 8), names_in("text", 8)
    (['a', 'b'], [])
    """
    first = document[0] if type(document) is list and document else document
    return list(first)[:most] if type(first) is dict else []


def in_toml(text: str) -> str:
    """Return a text as a TOML value.

    >>> print(in_toml("a.b"), in_toml('data."risk level"'))
    "a.b" 'data."risk level"'
    """
    return f"'{text}'" if '"' in text and "'" not in text else json.dumps(text, ensure_ascii=False)


def toml_key(name: str) -> str:
    """Return a name as a TOML key.

    >>> print(toml_key("price"), toml_key("temp [C]"))
    price "temp [C]"
    """
    bare = re.fullmatch(r"[A-Za-z0-9_-]+", name)
    return name if bare else json.dumps(name, ensure_ascii=False)


def _object(document: Any) -> dict[str, Any]:
    return document if type(document) is dict else {}


def _is_grid(value: Any) -> bool:
    """Return whether a value is a list, but not of objects."""
    return type(value) is list and bool(value) and type(value[0]) is not dict


def _may_be_prediction(member: _Member) -> bool:
    return type(member.value) in (int, float, str, bool) and member.value != ""


def _members(document: Any, *, leaves: bool = True, about: bool = True) -> list[_Member]:
    """Return the first members; without `about`, those that describe the call are left out."""
    members = []
    for member in _walk("", document, 0, about):
        is_leaf = type(member.value) not in (dict, list)
        if is_leaf == leaves:
            members.append(member)
        if len(members) == _MOST:
            break
    return members


def _walk(path: str, value: Any, depth: int, about: bool) -> Iterator[_Member]:
    """Yield the members of an object, outer ones first; for a list, those of its first item."""
    if type(value) is list:
        yield from _walk(f"{path}[]", value[0], depth, about) if value else ()
        return
    if type(value) is not dict or depth == _DEEPEST:
        return
    inner = [
        _Member(_joined(path, name), name, own)
        for name, own in value.items()
        if about or role_of(name) != "about"
    ]
    yield from inner
    for member in inner:
        yield from _walk(member.path, member.value, depth + 1, about)


def _joined(path: str, name: str) -> str:
    own = name if _IDENTIFIER.fullmatch(name) else json.dumps(name)
    return f"{path}.{own}" if path else own
