"""Single-byte encodings of Latin and Cyrillic text, detected by the alphabets of languages.

A codec fits if all non-ASCII letters belong to one language's alphabet. With the wrong codec they
belong to no alphabet, or are symbols within words: Polish `Łódź` in Windows-1250 becomes `£ódŸ`
in Windows-1252.
"""

from __future__ import annotations

import re
from collections import Counter

_WESTERN = {
    "German": "äöüß",
    "French": "àâæçéèêëîïôœùûüÿ",
    "Spanish": "áéíñóúüªº",
    "Portuguese": "áàâãçéêíóôõúüªº",
    "Italian": "àèéìíîòóùúªº",
    "Scandinavian": "åäöæøé",
    "Dutch": "áèéêëíïóöúü",
    "Catalan": "àçèéíïòóúü",
    "Estonian, Finnish": "åäöõüšž",
}
_TURKISH = {"Turkish": "çğıöşüâîûİi̇"}
_CENTRAL = {
    "Polish": "ąćęłńóśźż",
    "Czech, Slovak": "áäčďéěíĺľňóôŕřšťúůýž",
    "Hungarian": "áéíóöőúüű",
    "Romanian": "ăâîşţșț",
    "Croatian, Slovenian": "čćđšž",
}
_BALTIC = {"Lithuanian": "ąčęėįšųūž", "Latvian": "āčēģīķļņšūž"}
_ICELANDIC = {"Icelandic": "áðéíóúýþæö"}

_LANGUAGES = (
    ("cp1252", _WESTERN),
    ("cp1254", _TURKISH),
    ("cp1250", _CENTRAL),
    ("iso8859-2", _CENTRAL),
    ("cp1252", _ICELANDIC),
    ("cp1257", _BALTIC),
    ("cp850", _WESTERN),
    ("mac-roman", _WESTERN),
    ("cp852", _CENTRAL),
)
"""Codecs and the languages that use them, the most likely first."""

_CYRILLIC = ("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5")
_CYRILLIC_LETTERS = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўђјљњћџ")
_FREQUENT = frozenset("оеаинтсрвлкі")
_FEWEST_FREQUENT = 0.62
"""With the right codec 70 to 80 % of a text's letters are frequent ones, with a wrong one less
than 60 %."""

_FITS = 0.97
"""The least fraction of an alphabet's letters in a text: any language has some foreign names."""

_LATIN = 0.6
"""The least fraction of non-ASCII words that also have ASCII letters; in other scripts hardly any
do."""

_WORD = re.compile(r"[^\W\d_]+")
_LETTER = re.compile(r"[^\W\d_]", re.ASCII)
_STRANGE = re.compile(r"(?<=[^\W\d_])[^\w\s\x00-\x7f’·–]+(?=[^\W\d_])|[\x7f-\x9f\ufffd]")
"""Symbols within a word, control characters, and bytes that the codec cannot decode."""


def latin_encoding(sample: bytes) -> str | None:
    """Return the codec that makes the letters of `sample` one language's; None if none fits.

    >>> latin_encoding("Łódź,żółty".encode("cp1250")), latin_encoding("Köln".encode("cp1252"))
    ('cp1250', 'cp1252')
    >>> latin_encoding("Москва,красный".encode("cp1251")) is None
    True
    """
    for codec, languages in _LANGUAGES:
        text = sample.decode(codec, "replace")
        if _is_latin(text) and any(_fit(text, letters) >= _FITS for letters in languages.values()):
            return codec
    # A file may have names from several Western countries.
    text = sample.decode("cp1252", "replace")
    is_western = _is_latin(text) and _fit(text, "".join(_WESTERN.values())) >= _FITS
    return "cp1252" if is_western else None


def cyrillic_encoding(sample: bytes) -> str | None:
    """Return the codec that makes `sample` have the frequent Cyrillic letters; None if none fits.

    >>> [cyrillic_encoding("Москва,красный".encode(codec)) for codec in ("cp1251", "koi8-r")]
    ['cp1251', 'koi8-r']
    """
    scores: dict[str, float] = {}
    for codec in _CYRILLIC:
        text = sample.decode(codec, "replace")
        letters = [letter.lower() for letter in text if letter > "\x7f"]
        if _is_latin(text):
            continue
        known = sum(letter in _CYRILLIC_LETTERS for letter in letters)
        if known >= _FITS * len(letters):
            frequent = sum(letter in _FREQUENT for letter in letters)
            scores[codec] = frequent / max(1, len(letters))
    best = max(scores, key=lambda codec: scores[codec], default=None)
    return best if best is not None and scores[best] >= _FEWEST_FREQUENT else None


def _is_latin(text: str) -> bool:
    """Return True if most words with non-ASCII letters also have ASCII letters."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    return sum(_LETTER.search(word) is not None for word in words) >= _LATIN * len(words)


def _fit(text: str, alphabet: str) -> float:
    """Return the fraction of non-ASCII letters that belong to an alphabet."""
    letters = Counter(char for word in _WORD.findall(text) for char in word if char > "\x7f")
    known = sum(n for char, n in letters.items() if char in alphabet or char.lower() in alphabet)
    strange = len(_STRANGE.findall(text))
    return known / max(1, letters.total() + strange)
