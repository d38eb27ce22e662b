"""Roles of an object's members by their keys: the name or the value of a pair."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from modeltap.privacy.sensitive.spelling import snake_case

_PLACE = re.compile(r"(?:^|_)(?:loc|path|location|pointer)$")
_NAME = re.compile(
    r"(?:^|_)(?:(?:field|column|col|param|header|attribute|property|variable|key)?names?|keys?|fields?|params?|parameters?|property|attributes?|attr|columns?|col|"
    r"headers?|variables?|var|option|setting|prop|k|n|arg|argument)$"
)
_WEAK_NAME = re.compile(
    r"(?:^|_)(?:labels?|id|title|question|type|code|slot|entity|feature|target|identifier|"
    r"placeholder)$"
)
_VALUE = re.compile(
    r"(?:^|_)(?:values?|vals?|v|inputs?|data|contents|string|str|raw|received|given|actual|got|"
    r"answers?|default|current|old|new|before|after|previous|from|to|bytes)$"
)
_ERROR_TEXT = re.compile(r"(?:^|_)(?:msg|message|detail|error|reason|description)$")
_ERROR_CONTEXT = re.compile(r"(?:^|_)(?:ctx|context|instance)$")
_XML_TEXT = "$"
"""The key of an element's text in XML converted to JSON (BadgerFish)."""

_CONTENT = re.compile(r"(?:^|_)(?:content|text|payload)$")
_HEADER = re.compile(
    r"(?:^|_)(?:names?|columns?|cols|headers?|headings?|fields?|keys|features?|schema|attributes|"
    r"params|parameters|variables|row_type|metadata)$"
)


class Role(Enum):
    """The role of an object's member in a pair."""

    NONE = 0
    NAME = 1
    WEAK_NAME = 2
    """Possibly a name; its value must be in a member with the role `VALUE`."""
    VALUE = 3
    CONTENT = 4
    """A value, or the text of a document or of a message."""


@lru_cache(maxsize=1024)
def role_of(key: str) -> Role:
    """Return the role of a member by the last word of its key.

    >>> [role_of(key).name for key in ("fieldName", "string_value", "loc", "label", "age")]
    ['NAME', 'VALUE', 'NAME', 'WEAK_NAME', 'NONE']
    """
    if key == _XML_TEXT:
        return Role.VALUE
    normalized = snake_case(key)
    if _NAME.search(normalized) or _PLACE.search(normalized):
        return Role.NAME
    for pattern, role in (
        (_WEAK_NAME, Role.WEAK_NAME),
        (_VALUE, Role.VALUE),
        (_CONTENT, Role.CONTENT),
    ):
        if pattern.search(normalized):
            return role
    return Role.NONE


@lru_cache(maxsize=1024)
def is_path_key(key: str) -> bool:
    """Return True if a member is the path to a field, which ends in the field's name.

    >>> is_path_key("loc"), is_path_key("instancePath"), is_path_key("name")
    (True, True, False)
    """
    return _PLACE.search(snake_case(key)) is not None


@lru_cache(maxsize=1024)
def is_error_text(key: str) -> bool:
    """Return True if a member is an error message, which may quote the invalid value."""
    return _ERROR_TEXT.search(snake_case(key)) is not None


@lru_cache(maxsize=1024)
def is_error_context(key: str) -> bool:
    """Return True if a member next to the path to a field contains values of that field."""
    return _ERROR_CONTEXT.search(snake_case(key)) is not None


@lru_cache(maxsize=1024)
def is_header_key(key: str) -> bool:
    """Return True if a member contains the names of a table's columns.

    >>> is_header_key("ColumnNames"), is_header_key("labels")
    (True, False)
    """
    return _HEADER.search(snake_case(key)) is not None
