"""Sensitive names of headers, query parameters and body fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from modeltap.privacy.sensitive.custom_patterns import CustomPatterns
from modeltap.privacy.sensitive.spelling import plain_letters, spellings, split_at_case
from modeltap.privacy.sensitive.stems import find_stem

_ALWAYS = (
    # 'auth', but not 'author' or 'authority'.
    r"auth(?!or(?!i[sz])|entic(?!at))",
    r"api_?key",
    r"secret(?!ar|i[ov]|ory|e)",
    r"token(?!s|i[sz])",
    r"(?:access|refresh|auth|api|id|bearer|device|push|session|csrf|secret)_?tokens",
    r"passw(?:or|d|rt|_|\b|\d)",
    r"pass_?(?:word|wd|code|phrase|key)",
    r"(?<![a-z])pwds?(?![a-z])",
    r"cookie",
    r"session",
    r"csrf",
    r"xsrf",
    r"credential",
    r"(?<![a-z])creds?(?![a-z])",
    r"(?:private|access|account|signing|encryption|ssh|subscription|master|functions|storage|consumer|"
    r"licen[cs]e|pem)_?keys?(?![a-z])",
    r"signature",
    r"(?<![a-z])ssns?(?![a-z])",
    r"social_?security(?!_(?:income|benefit))",
    r"cards?_?n(?:umber|o|um)s?(?![a-z])",
    r"credit_?cards?(?![a-z])",
    r"(?<![a-z])cc_?n(?:umber|o|um)s?(?![a-z])",
    r"cvv2?s?(?![a-z])",
    r"(?<![a-z])cvc2?s?(?![a-z])",
    r"jwt",
    r"(?<![a-z])ibans?(?![a-z])",
    r"(?<![a-z])bearer(?![a-z])",
)
"""Patterns to search in names that were normalized to lower-case words joined by underscores."""

_COUNTED = re.compile(r"tokens(?![a-z])")
"""Usually a number of tokens; a list of texts may contain secret tokens."""

_PLURAL = re.compile(r"(?:^|_)(?:sessions|cookies)(?:_(?:last_)?\d+_?(?:d|days?|h|hours?))?$")
"""Usually counts of visitors of a site."""

_OF_TEXTS = re.compile(
    r"(?:^|_)(?:prompt|completion|input|output|reasoning|cached|text|audio|image|new|stop|special|"
    r"bad|added|suppress|predicted|generated|decoded|masked|oov|context|sub|word)_tokens"
)
"""Tokens of a language model's text."""

_ONLY_TEXT = re.compile(
    r"(?:^|_)(?:(?:pass|pin|t?otp|sig|cvn)s?_?\d*|"
    r"(?:pin|t?otp|mfa|security|verification|one_?time)_?codes?)$"
)
"""Also everyday words: sensitive only as a name's last word, and only if the value is text."""

_MEASURE = re.compile(
    r"(?:^|_)(?:counts?|durations?|seconds?|secs?|minutes|hours|days|ms|millis|types?|ids|consent|"
    r"len|lengths?|size|rate|ratio|total|sum|avg|mean|std|min|max|limit|budget|usage|used|score|"
    r"probability|prob|logprobs?|index|number_of\w*|expires_in|ttl|age|time|flag|enabled|required|present|"
    r"verified|consented|valid|attempts|failures|tries|retries|tried|hour|weekday|day_?of_?week|"
    r"month|position|depth|strength|clicks|views|pages|events|debt|balance)$|"
    r"(?:_|^)per_(?:second|minute|hour|day|week|month|year|user|request|session|token|cookie|card)s?$|"
    r"(?:^|_)(?:pad|bos|eos|unk|sep|cls|mask|decoder_start|image|stop)_token_id$|"
    r"^(?:n|num|number_of|count|total|max|min|avg|mean|has|is|uses?|with|needs|days_since)_"
)
"""Prefixes and suffixes of names that are numbers or booleans about secrets: features of models."""

_NUMERIC_TEXT = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,9})?|true|false|", re.IGNORECASE)
"""A number or boolean as text. With more digits it may be a card number or an identity number."""

_HALVES = ("api", "private", "access", "account", "signing", "ssh", "card", "credit")
_FIRST_HALF = re.compile(rf"(?:^|_)({'|'.join(_HALVES)})s?$")
"""The first half of a name that may continue one level below: `{"card": {"number": ...}}`."""

_ANYWHERE = re.compile("|".join(_ALWAYS))
_TO_LETTERS = bytes.maketrans(bytes(range(65, 91)), bytes(range(97, 123)))
_NO_LETTERS = bytes(byte for byte in range(128) if not chr(byte).isalpha() and byte not in b"\\%&@")
"""Bytes to remove before a search. Most of a row's JSON is digits and punctuation: without them the
search is three times shorter, and `api_key`, `api-key` and `apiKey` are the same word. The
characters \\, % and & are kept because they start escaped letters, and @ because it may follow a
password in a URL."""

_PERCENT, _AMPERSAND, _AT, _BACKSLASH = b"%&@\\"  # numbers are found in a third of the time

_SHORTEST = 3
"""The letters of the shortest default name, and of the shortest first half."""

_BORDER = re.compile(r"[-.\s]")
_ESCAPED_LETTER = re.compile(rb"\\u|%[0-9A-Fa-f]{2}|&#|/\\{0,8}/[^/\s]*@")

_MAX_CACHED = 256
MAX_CACHED_BYTES = 4096
"""Bounds of the cache of clean texts: number, and length of each; a megabyte at most."""

_MAX_CACHED_NAMES = 4096
_MAX_NAME_LENGTH = 100
"""Bounds of the cache of names, because clients choose them."""


class Hides(Enum):
    """The kinds of values that are sensitive under a name."""

    NOTHING = 0
    WORDS = 1
    """Texts that are not numbers, for names that look like measures."""
    TEXTS = 2
    """All texts: a PIN sent as text is sensitive, a number is a feature."""
    ALL = 3


class NameFacts(NamedTuple):
    """The values that a name hides, and the first half of a split name, if it is one."""

    hides: Hides
    first_half: str


class SensitiveNames:
    """The safe defaults, added patterns, and patterns of names that are not sensitive.

    >>> names = SensitiveNames(["^phone$"])
    >>> names.is_sensitive("Phone"), names.is_sensitive("password2"), names.is_sensitive("age")
    (True, True, False)
    >>> names.masks("session_duration", 35), names.masks("session_duration", "abc")
    (False, True)
    >>> SensitiveNames(unmasked=["^auth_method$"]).masks("auth_method", "sso")
    False
    """

    def __init__(self, added: Iterable[str] = (), unmasked: Iterable[str] = ()) -> None:
        self.custom = CustomPatterns(added)
        self._custom_anywhere = self.custom.without_anchors()
        self._unmasked = CustomPatterns(unmasked)
        self._known: dict[str, NameFacts] = {}
        self._clean: set[bytes] = set()
        self._clean_pairs: set[bytes] = set()

    def facts(self, name: str) -> NameFacts:
        """Return the facts about a field's name; results are cached."""
        try:
            return self._known[name]
        except KeyError:
            facts = self._facts(name)
            if len(name) <= _MAX_NAME_LENGTH:
                if len(self._known) >= _MAX_CACHED_NAMES:
                    self._known.clear()
                self._known[name] = facts
            return facts

    def is_sensitive(self, name: str) -> bool:
        """Return True if any values are sensitive under a name."""
        return self.facts(name).hides is not Hides.NOTHING

    def masks(self, name: str, value: object, under: str = "") -> bool:
        """Return True if `value` must be masked under `name`, one level below `under`."""
        facts = self.facts(name)
        if facts.hides is Hides.NOTHING and under and (half := self.facts(under).first_half):
            facts = self.facts(f"{half}_{name}")
        if facts.hides is Hides.WORDS:
            return not is_feature(value)
        if facts.hides is Hides.TEXTS:
            return _has_text(value)
        return facts.hides is Hides.ALL

    def occur_in(self, text: str) -> bool:
        """Return True if a sensitive name is anywhere in `text`."""
        if self._custom_anywhere and self._custom_anywhere.match_any(text):
            return True
        return may_contain_name(text) and _ANYWHERE.search(_words(text)) is not None

    def may_occur_in(self, body: bytes) -> bool:
        """Return True if `body` may contain one of the default names; a cheap check.

        Without digits and punctuation most requests to a model are equal. The result depends only
        on the letters, so clean texts are cached.
        """
        letters = body.translate(_TO_LETTERS, _NO_LETTERS)  # as `_letters`, without a call
        if letters in self._clean:
            return False
        if find_stem(letters) is not None:
            return True
        if not _may_be_escaped(letters):
            if len(letters) <= MAX_CACHED_BYTES:
                remember(self._clean, letters)
            return False
        return _may_spell_a_name(body, letters)

    def are_known_clean(self, first: bytes | bytearray, second: bytes | bytearray) -> bool:
        """Return True if `may_occur_in` is known to be False for both bodies, from like ones.

        One search in both takes half the time of two, because most of it is spent on the start.
        No clean body contains the `&` between them, so equal letters have equal halves.
        """
        letters = b"&".join((first, second)).translate(_TO_LETTERS, _NO_LETTERS)
        if letters in self._clean_pairs:
            return True
        halves = letters.split(b"&")
        if len(halves) != 2 or not self._clean.issuperset(halves):
            return False
        remember(self._clean_pairs, letters)
        return True

    def _facts(self, name: str) -> NameFacts:
        lower, normalized = name.lower(), spellings(name)
        split = normalized.partition(" ")[0]
        match = _FIRST_HALF.search(split)
        return NameFacts(self._hides(lower, normalized, split), match[1] if match else "")

    def _hides(self, lower: str, normalized: str, split: str) -> Hides:
        if self.custom and self.custom.match_any(lower, *normalized.split()):
            return Hides.ALL
        if self._unmasked and self._unmasked.match_any(lower, *normalized.split()):
            return Hides.NOTHING
        if _ANYWHERE.search(normalized):
            counts = _MEASURE.search(split) or _PLURAL.search(split)
            return Hides.WORDS if counts else Hides.ALL
        if _ONLY_TEXT.search(split):
            return Hides.TEXTS
        if not _COUNTED.search(normalized) or _OF_TEXTS.search(split) or _MEASURE.search(split):
            return Hides.NOTHING
        return Hides.WORDS


def is_feature(value: object) -> bool:
    """Return True if `value` consists of numbers and booleans only, at any depth.

    >>> is_feature([1, 2.5, None]), is_feature("12.5"), is_feature({"a": True}), is_feature("x")
    (True, True, True, False)
    """
    if isinstance(value, list):
        return all(map(is_feature, value))
    if isinstance(value, dict):
        return all(map(is_feature, value.values()))
    if isinstance(value, str):
        return _NUMERIC_TEXT.fullmatch(value) is not None
    return True


def _has_text(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_has_text, value))
    return isinstance(value, str)


def may_contain_name(text: str) -> bool:
    """Return True if `text` may contain one of the default names; without a cache.

    >>> may_contain_name('{"my_token": 1}'), may_contain_name("раssword"), may_contain_name("age 7")
    (True, True, False)
    """
    body = text.encode("utf-8", "surrogatepass")
    letters = _letters(body)
    return find_stem(letters) is not None or _may_spell_a_name(body, letters)


def has_no_word(text: str) -> bool:
    """Return True if `text` has at most two letters, too few for any default name: a time, a code.

    >>> has_no_word("2026-01-31T06:00:00Z"), has_no_word("7.5"), has_no_word("%70%77d")
    (True, True, False)
    """
    letters = _letters(text.encode("utf-8", "surrogatepass"))
    return not letters or (len(letters) < _SHORTEST and letters.isalpha())


def may_be_first_half(text: str) -> bool:
    """Return True if `text` may be the first half of a name that continues one level below."""
    return any(half in text.lower() for half in _HALVES)


def remember(known: set[bytes], text: bytes) -> None:
    """Add `text` to the set `known`, which is cleared when it is full."""
    if len(known) >= _MAX_CACHED:
        known.clear()
    known.add(text)


def _may_be_escaped(letters: bytes) -> bool:
    """Return True if a text contains characters that start escapes, or non-ASCII letters."""
    return (
        _PERCENT in letters
        or _AMPERSAND in letters
        or _AT in letters
        or (_BACKSLASH in letters and b"\\u" in letters)
        or not letters.isascii()
    )


def _may_spell_a_name(body: bytes, letters: bytes) -> bool:
    """Return True if escapes or look-alike letters in `body` may spell a sensitive name."""
    if _ESCAPED_LETTER.search(body) is not None:
        return True
    if letters.isascii():
        return False
    plain = plain_letters(body.decode("utf-8", "replace"))
    return find_stem(_letters(plain.encode("utf-8", "replace"))) is not None


def _words(text: str) -> str:
    """Return text with word boundaries normalized as in names."""
    plain = plain_letters(text)
    return _BORDER.sub("_", f"{split_at_case(plain)} {plain}".lower())


def _letters(body: bytes) -> bytes:
    return body.translate(_TO_LETTERS, _NO_LETTERS)
