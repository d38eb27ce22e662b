"""Bodies in other encodings than UTF-8: which of them are text, and what they say."""

from __future__ import annotations

import codecs
import re

_TEXT_TYPE = re.compile(
    r"text/|[\w.-]+/(?:[\w.-]+\+)?(?:json|xml|yaml|csv)\b|application/(?:x-www-form-urlencoded|"
    r"(?:x-)?ndjson|jsonl|jsonlines|json-seq|graphql|javascript|x-yaml|toml|sql)",
    re.IGNORECASE,
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:+-]{1,40})""", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_ASCII = bytes(range(32, 127))
_START = 4096
"""How much of a body shows whether it is text."""

_LETTERS = 0.85
"""Text in UTF-16 or Latin-1 mostly has letters of ASCII; an image has about 40 percent."""

_CONTROLS = bytes([*range(9), 11, 12, *range(14, 27), *range(28, 32), 127])
_SHORTEST = 8
"""Fewer bytes have no control character by chance."""


def is_text_type(content_type: str) -> bool:
    """Say whether a content type stands for text.

    >>> is_text_type("application/ld+json; charset=x"), is_text_type("image/png")
    (True, False)
    """
    return _TEXT_TYPE.match(content_type.strip()) is not None


def readings(body: bytes, content_type: str) -> list[str]:
    """Return what a body says: by its mark, its declared charset, and the width of its letters.

    >>> readings("é".encode("latin-1"), "text/plain; charset=latin-1")
    ['é']
    >>> readings('{"a": 1}'.encode("utf-16-le"), "")
    ['{"a": 1}']
    """
    marked = next((name for mark, name in _MARKS if body.startswith(mark)), None)
    wide = [marked] if marked else _WIDE if b"\0" in body[:_START] else ()
    names = dict.fromkeys([*wide, *_CHARSET.findall(content_type)])
    texts = (_decoded(body, name) for name in names)
    return [text for text in texts if text is not None]


def _decoded(body: bytes, charset: str) -> str | None:
    """Return a body in a charset without a last character that was cut; None for no text."""
    try:
        "a".encode(charset)  # refuses what is a codec, but no charset ("zip", "rot13")
        text = codecs.getincrementaldecoder(charset)().decode(body)
    except (LookupError, ValueError, TypeError):
        return None
    text = text.removeprefix("\ufeff")
    return None if "\0" in text else text


def is_no_ascii(content_type: str) -> bool:
    """Say whether the declared charset writes letters of ASCII in another way (UTF-7, EBCDIC).

    >>> is_no_ascii("text/plain; charset=utf-7"), is_no_ascii("text/plain; charset=gbk")
    (True, False)
    """
    return any(_decoded(_ASCII, name) != _ASCII.decode() for name in _known(content_type))


def _known(content_type: str) -> list[str]:
    names: list[str] = []
    for name in _CHARSET.findall(content_type):
        try:
            "a".encode(name)
        except (LookupError, ValueError):
            continue
        names.append(name)
    return names


def looks_like_text(body: bytes) -> bool:
    """Say whether bytes are text in some charset: an image has letters and controls by chance."""
    start = body[:_START].replace(b"\0", b"")
    if len(start) >= _SHORTEST and not start.translate(None, _ALL_BUT_CONTROLS):
        return True
    letters = sum(32 <= byte < 127 or byte in b"\t\n\r" for byte in start)
    return letters >= _LETTERS * len(start)


_ALL_BUT_CONTROLS = bytes(byte for byte in range(256) if byte not in _CONTROLS)


def letters_of(body: bytes) -> list[str]:
    """Return the texts in which the ASCII letters of a body in an unknown charset are found."""
    return [body.replace(b"\0", b"").decode("latin-1"), body.decode("cp037")]
