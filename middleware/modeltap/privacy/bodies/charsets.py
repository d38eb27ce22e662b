"""Texts in other encodings than UTF-8: what a body says in the encoding that it is declared in."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)
_TEXT_TYPE = re.compile(
    r"\s*(?:text/|application/(?:[\w.+-]*\+)?(?:json|xml|x-www-form-urlencoded|csv|yaml|x-yaml|"
    r"x-ndjson|ndjson|jsonl|jsonlines|x-jsonlines|javascript|graphql|toml|sql)\b)",
    re.IGNORECASE,
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LIKE_ASCII = re.compile(
    r"utf-?8|(?:us-)?ascii|iso-?8859|latin|cp125|windows-125|gb|euc|big5|shift"
)
"""Encodings in which a byte below 128 mostly is that letter of ASCII: UTF-8 text is no other text
in them."""

_FEWEST_ZEROS = 0.6
"""Of the bytes that are zero in a text of ASCII; names and signs are ASCII in most bodies."""


def is_text_type(content_type: str) -> bool:
    """Say whether a body of this type is text, a form or JSON, in whatever encoding.

    >>> [is_text_type(name) for name in ("text/csv", "application/vnd.api+json", "image/png")]
    [True, True, False]
    """
    return _TEXT_TYPE.match(content_type) is not None


def other_text(body: bytes, content_type: str) -> str | None:
    """Return the text of a body that UTF-8 does not show; None if there is none to be found.

    >>> other_text('{"a": 1}'.encode("utf-16"), ""), other_text("é".encode("cp1252"), "")
    ('{"a": 1}', None)
    >>> other_text("é".encode("cp1252"), "text/plain; charset=windows-1252")
    'é'
    """
    charset = next((name for mark, name in _MARKS if body.startswith(mark)), "")
    charset = charset or _declared(content_type) or _by_zeros(body)
    if not charset:
        return None
    try:
        # Not the last: a body may be cut within a character.
        text = codecs.getincrementaldecoder(charset)().decode(body, final=False)
    except (LookupError, ValueError, TypeError, AttributeError):
        return None
    if not isinstance(text, str):
        return None
    return None if "\0" in text else text


def hides_text(body: bytes, content_type: str) -> bool:
    """Say whether valid UTF-8 is declared to be an encoding that reads it otherwise, as UTF-7."""
    return body.startswith(codecs.BOM_UTF8) or _is_other(content_type)


@lru_cache(maxsize=256)
def _is_other(content_type: str) -> bool:
    declared = _declared(content_type)
    return bool(declared) and _LIKE_ASCII.match(declared.lower()) is None


def _declared(content_type: str) -> str:
    found = _CHARSET.search(content_type)
    return found[1] if found else ""


def _by_zeros(body: bytes) -> str:
    """Tell UTF-16 and UTF-32 without a mark by the zeros beside the letters of ASCII."""
    start, best, charset = body[:400], _FEWEST_ZEROS, ""
    for name, width, places in (
        ("utf-16-le", 2, (1,)),
        ("utf-16-be", 2, (0,)),
        ("utf-32-le", 4, (1, 2, 3)),
        ("utf-32-be", 4, (0, 1, 2)),
    ):
        characters = len(start) // width
        zeros = sum(start[place::width].count(0) for place in places)
        if characters > 1 and zeros / (len(places) * characters) > best:
            best, charset = zeros / (len(places) * characters), name
    return charset
