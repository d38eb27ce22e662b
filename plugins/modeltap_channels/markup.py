"""Escaping of names from clients, so that services show no link, mention, heading or code.

`plain` is for services that display text and detect links, `markdown` for services that interpret
Markdown. Both keep a text readable. They break up patterns with a zero-width space (U+200B), which
works in any dialect, even if backslashes are displayed.
"""

from __future__ import annotations

import re

from modeltap.printable import escaped

_GAP = "\u200b"

_LINK = re.compile(
    r":(?=//)"  # https://
    r"|(?<=\bwww)(?=\.)"
    r"|(?<=\w)\.(?=[a-z]{2,24}(?::\d+)?/)"  # a domain before a path
    r"|(?:(?<=\bmailto)|(?<=\btel)|(?<=\bsms)|(?<=\bjavascript))(?=:)",
    re.IGNORECASE,
)
_MENTION = re.compile(r"@(?=[\w&!])")
_TAG = re.compile(
    r"<(?=[\w@#:/])"
    r"|!\w*(?=\w\b)"  # Slack's <!channel>, which Apprise lets through
)

_MARKS = re.compile(
    r"[\\`*\[\]()<>#|~]|&(?=#?\w+;)"
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore between letters is not emphasis
    r"|^[-+]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=^\d\d\d)[.)]"  # a list at the beginning of a text
)


def plain(text: str) -> str:
    r"""Return `text` on one line, without links and mentions.

    >>> plain("https://evil.example/ @here\x1b").replace("\u200b", "|")
    'https:|//evil.|example/ @|here\\x1b'
    """
    return _TAG.sub(rf"\g<0>{_GAP}", unlinked(text))


def unlinked(text: str) -> str:
    """Return `text` like `plain`, but with tags, for services that escape tags themselves."""
    safe = _LINK.sub(rf"\g<0>{_GAP}", escaped(text))
    return _MENTION.sub(rf"\g<0>{_GAP}", safe)


def markdown(text: str, length: int) -> str:
    r"""Return `text` escaped for Markdown, in at most `length` characters.

    >>> print(markdown("[Renew](evil) *now*", 40))
    \[Renew\]\(evil\) \*now\*
    >>> print(markdown("[Renew](evil)", 9))
    \[Renew…
    """
    marked = _MARKS.sub(r"\\\g<0>", plain(text).lstrip())
    if len(marked) <= length:
        return marked
    cut = marked[: length - 1]
    # A trailing backslash without its mark would escape the next character.
    cut = cut[:-1] if (len(cut) - len(cut.rstrip("\\"))) % 2 else cut
    return f"{cut}…"
