"""Names from clients as text: no link, mention, heading or code in the markup of a service.

`plain` is for services that show text and make links of what looks like one, `markdown` for those
that read Markdown. Both keep a text readable. A zero-width space (U+200B) separates what a service
would find: it works in any dialect, also where a backslash is shown.
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
    r"|(?<![^\W_])_|_(?![^\W_])"  # one between letters is no emphasis
    r"|^[-+]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=^\d\d\d)[.)]"  # a list, where a text begins
)


def plain(text: str) -> str:
    r"""Return `text` on one line, with nothing in it that becomes a link or a mention.

    >>> plain("https://evil.example/ @here\x1b").replace("\u200b", "|")
    'https:|//evil.|example/ @|here\\x1b'
    """
    return _TAG.sub(rf"\g<0>{_GAP}", unlinked(text))


def unlinked(text: str) -> str:
    """Return `text` as `plain` does, with its tags: for services that escape these on their own."""
    safe = _LINK.sub(rf"\g<0>{_GAP}", escaped(text))
    return _MENTION.sub(rf"\g<0>{_GAP}", safe)


def markdown(text: str, length: int) -> str:
    r"""Return `text` so that Markdown shows it as it is, in at most `length` characters.

    >>> print(markdown("[Renew](evil) *now*", 40))
    \[Renew\]\(evil\) \*now\*
    >>> print(markdown("[Renew](evil)", 9))
    \[Renew…
    """
    marked = _MARKS.sub(r"\\\g<0>", plain(text).lstrip())
    if len(marked) <= length:
        return marked
    cut = marked[: length - 1]
    # A backslash that lost its mark would take the next character's place.
    cut = cut[:-1] if (len(cut) - len(cut.rstrip("\\"))) % 2 else cut
    return f"{cut}…"
