"""Decoding of text that is not UTF-8, by declaration, byte order mark or zero bytes."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

UTF8_JSON = "application/json"
"""The type of JSON without a declared encoding, which is UTF-8 (RFC 8259)."""

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
"""Encodings in which bytes below 128 are mostly ASCII, so that UTF-8 text reads the same."""

_MIN_ZEROS = 0.6
"""The least fraction of the bytes that would be zero in pure ASCII text. Names and punctuation are
ASCII in most bodies."""


def is_text_type(content_type: str) -> bool:
    """Return True if a body of this type is text, a form or JSON, in any encoding.

    >>> [is_text_type(name) for name in ("text/csv", "application/vnd.api+json", "image/png")]
    [True, True, False]
    """
    return _TEXT_TYPE.match(content_type) is not None


def other_text(body: bytes, content_type: str) -> str | None:
    """Return the text of a body in another encoding than UTF-8; None if none is detected.

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
        # `final=False`, because a body may be truncated within a character.
        text = codecs.getincrementaldecoder(charset)().decode(body, final=False)
    except (LookupError, ValueError, TypeError, AttributeError):
        return None
    if not isinstance(text, str):
        return None
    return None if "\0" in text else text


def hides_text(body: bytes, content_type: str) -> bool:
    """Return True if a body's declared encoding, such as UTF-7, gives other text than UTF-8."""
    return body.startswith(codecs.BOM_UTF8) or _is_other(content_type)


@lru_cache(maxsize=256)
def _is_other(content_type: str) -> bool:
    declared = _declared(content_type)
    return bool(declared) and _LIKE_ASCII.match(declared.lower()) is None


def _declared(content_type: str) -> str:
    match = _CHARSET.search(content_type)
    return match[1] if match else ""


def _by_zeros(body: bytes) -> str:
    """Detect UTF-16 and UTF-32 without a byte order mark by the zero bytes of ASCII letters."""
    start, best, charset = body[:400], _MIN_ZEROS, ""
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
