"""Masking of named values inside a text: `token=...`, `"password": "..."`, `<pin>...</pin>`.

The text can be a value of a JSON document, a cell of an import, or a header. It may contain a
query, a GraphQL, Python or YAML literal, a command line, a log line, or XML. JSON is parsed and
masked elsewhere.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import quote, unquote

from modeltap.privacy.limits import Budget
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.texts.urls import UrlMasker

# Every repetition is possessive or bounded, and anchored at its start, so that each character is
# read a bounded number of times.
_PAIR = re.compile(
    r"""(?<![\w.%$\]-])                    # a name does not start inside another name
    (?P<name>[\w.%$\[\]-]{1,200}+          # user[card.number], --api-key, X-Token
      (?:[ ](?:number|no|key|code|word|phrase|num|security)\b)?)
    [\\"'`\])]{0,16}+\s{0,8}+
    (?P<sign>=>|:=|==?|:|(?<=\s)(?:eq|ne|like)(?=\s{1,8}['"]))\s{0,8}+""",
    re.VERBOSE,
)
_OPTION = re.compile(r"(?<![\w-])--(?P<name>[\w.-]{1,200}+)(?P<sign>\s{1,8}+)(?!-)")
_NAMED = re.compile(
    r"""\b(?:name|key|field|id|param|parameter|property|attribute|variable)["'`\\]{0,8}+\s{0,8}+
    [=:]\s{0,8}+["'`\\]{0,8}+(?P<name>[\w.-]{1,200}+)["'`\\]{0,8}+[\s,;]{1,16}+["'`\\]{0,8}+
    (?:value|val|content|default|text|input)["'`\\]{0,8}+\s{0,8}+(?P<sign>[=:])\s{0,8}+""",
    re.VERBOSE | re.IGNORECASE,
)
"""A name and its value as two members, in Python, YAML or XML attributes."""

_NAMED_ELEMENT = re.compile(
    r"""<[\w.:-]{1,100}+(?:\s+(?!(?:name|key|id)=)[^\s<>]*+)*+\s+(?:name|key|id)=["']
    (?P<name>[^"'<>]{1,200}+)["'][^<>]*+>(?P<value>[^<]*+)""",
    re.VERBOSE | re.IGNORECASE,
)
_AFTER_ELEMENT = re.compile(
    r"<(?P<tag>key|name)>(?P<name>[^<]{1,200}+)</(?P=tag)>\s*+<[\w.:-]{1,100}+>(?P<value>[^<]*+)",
    re.IGNORECASE,
)
_ELEMENT = re.compile(r"<(?P<name>[\w.:-]{1,200}+)(?:\s[^<>]*+)?>(?P<value>[^<]*+)")
_CDATA = re.compile(r"<(?P<name>[\w.:-]{1,200}+)(?:\s[^<>]*+)?>\s*+<!\[CDATA\[(?P<value>[^\]]*+)")
_QUOTED = re.compile(r"""(?P<open>\\{0,16}+)(?P<mark>\"{3}|'{3}|["'`])""")
_ENDS = {mark: re.compile(rf"(?:[^{mark}\\]|\\.)*+", re.DOTALL) for mark in "\"'`"}
_ENDS |= {mark * 3: re.compile(rf"(?:(?!{mark * 3}).)*+", re.DOTALL) for mark in "\"'"}
_ESCAPED_ENDS = {mark: re.compile(rf"[^{mark}\\]*+") for mark in "\"'`"}
_SCHEME = r"(?:(?:Bearer|Basic|Digest|Token|ApiKey|Negotiate|AWS4-HMAC-SHA256)\s{1,8}+)?"
_NEXT_PAIR = r"""(?![\s"'(]{0,8}[\w.$-]{1,40}["']?\s?[:=])"""
_WORD = re.compile(_SCHEME + rf"""(?:[^\s&;,"'`<>)}}\]|\\]++|[;,]{_NEXT_PAIR})++""", re.IGNORECASE)
_LINE = re.compile(_SCHEME + rf"""(?:[^\n\r&;,]++|[&;,]{_NEXT_PAIR})++""", re.IGNORECASE)
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*+(?:-----END [A-Z ]{0,40}-----)?")
_BRACKETED = re.compile(r"\[[^\]]*+|\{[^}]*+|\([^)]*+")
_BLOCK = re.compile(r"[|>][-+\d]{0,2}+[ \t]*+\r?\n(?P<lines>(?:[ \t]++[^\n]*+(?:\n|\Z))++)")
_NOTHING = re.compile(r"(?:null|none|nil|undefined)\b", re.IGNORECASE)

_PERCENT = re.compile(r"""(?<![^\s"'<>])[^\s"'<>%]*+%[0-9A-Fa-f]{2}[^\s"'<>]*+""")
_BEARER = re.compile(r"(?<=\bBearer )(?=[^\s,;\"']{0,512}\d)[^\s,;\"']{8,}+", re.IGNORECASE)
"""A bearer token without a header name; ordinary words after "bearer" have no digits."""

_STRUCTURE = re.compile(r"[{\[:=%@<;/&]|--|\n")
_WORDS_BEFORE_VALUES = ("earer ", " eq ", " ne ", " like ")
_SAFE = "=/:?&;#+@[],"
_MAX_DEPTH = 4
"""The maximum number of nested escapes."""


def has_structure(text: str) -> bool:
    """Return True if a text has any of the characters or words that separate names and values.

    >>> has_structure("UA"), has_structure("a=b"), has_structure("a session")
    (False, True, False)
    """
    if _STRUCTURE.search(text) is not None:
        return True
    return " " in text and any(word in text for word in _WORDS_BEFORE_VALUES)


class InlineMasker:
    """Masks the values of sensitive names in a text.

    >>> masker = InlineMasker(SensitiveNames(), Marks(), Budget(1000))
    >>> masker.masked("user=ann&token=abc"), masker.masked('{ login(password: "x y") }')
    ('user=ann&token=[masked]', '{ login(password: "[masked]") }')
    >>> masker.masked("<pin>1234</pin> --api-key abc")
    '<pin>[masked]</pin> --api-key [masked]'
    """

    def __init__(self, names: SensitiveNames, marks: Marks, budget: Budget) -> None:
        self._names = names
        self._marks = marks
        self._budget = budget
        self._urls = UrlMasker(names, marks)

    def masked(self, text: str, depth: int = 0) -> str:
        """Return `text` with the values of sensitive names masked."""
        if not has_structure(text):
            return text
        self._budget.spend()
        text = self._urls.text(text)
        if "<" in text:
            text = self._elements(text)
        text = self._pairs(self._pairs(text, _PAIR), _NAMED)
        if "--" in text:
            text = self._pairs(text, _OPTION)
        if "%" in text and depth < _MAX_DEPTH:
            # After the pairs, because an escaped separator does not end a value.
            text = _PERCENT.sub(lambda match: self._unquoted(match[0], depth), text)
        if "PRIVATE KEY-" in text:
            text = _PEM.sub(lambda match: self._marks.mark(match[0]), text)
        if "earer " in text or "EARER " in text:
            text = _BEARER.sub(lambda match: self._marks.mark(match[0]), text)
        return self._unescaped(text, html.unescape, depth) if "&#" in text else text

    def _unquoted(self, text: str, depth: int) -> str:
        """Mask a URL-escaped text in its unescaped form."""
        plain = unquote(text)
        kept = self.masked(plain, depth + 1)
        return text if kept == plain else quote(kept, _SAFE)

    def _unescaped(self, text: str, unescape: Callable[[str], str], depth: int) -> str:
        plain = unescape(text)
        if plain == text or depth >= _MAX_DEPTH:
            return text
        return text if (kept := self.masked(plain, depth + 1)) == plain else kept

    def _elements(self, text: str) -> str:
        for pattern in (_CDATA, _ELEMENT, _NAMED_ELEMENT, _AFTER_ELEMENT):
            text = pattern.sub(self._element, text)
        return text

    def _element(self, match: re.Match[str]) -> str:
        self._budget.spend()
        value = match["value"]
        if not value.strip() or not self._names.masks(match["name"], value):
            return match[0]
        return match[0][: match.start("value") - match.start()] + self._marks.mark(value)

    def _pairs(self, text: str, pattern: re.Pattern[str]) -> str:
        kept: list[str] = []
        done = at = 0
        while match := pattern.search(text, at):
            self._budget.spend()
            at = match.end()
            start, end = self._value_of(text, match)
            if start < end:
                kept += (text[done:start], self._marks.mark(text[start:end]))
                done = at = end
        return "".join((*kept, text[done:])) if done else text

    def _value_of(self, text: str, match: re.Match[str]) -> tuple[int, int]:
        """Return the start and end of the secret in a pair; both are equal if there is none."""
        name, sign, at = match["name"], match["sign"], match.end()
        if not self._names.is_sensitive(name) or _NOTHING.match(text, at):
            return at, at
        start, end = _extent(text, at, whole_line=sign == ":")
        return (start, end) if self._names.masks(name, text[start:end]) else (at, at)


def _extent(text: str, at: int, *, whole_line: bool) -> tuple[int, int]:
    """Return the start and end of the value at `at`, without its quotes."""
    quoted = _QUOTED.match(text, at)
    if quoted is None and (block := _BLOCK.match(text, at)):
        return block.span("lines")
    if quoted is None:
        match = _BRACKETED.match(text, at) or (_LINE if whole_line else _WORD).match(text, at)
        return at, at if match is None else match.end()
    ends = _ESCAPED_ENDS if quoted["open"] and len(quoted["mark"]) == 1 else _ENDS
    content = ends[quoted["mark"]].match(text, quoted.end())
    return quoted.end(), content.end() if content else quoted.end()
