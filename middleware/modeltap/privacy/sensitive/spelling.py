"""Normalization of the spelling of names.

`userSsn`, `user-ssn`, `user.ssn`, `USER_SSN`, `user%5Fssn` and the same in full-width letters are
one name. So are names with Greek or Cyrillic letters that look like Latin ones.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import unquote

_MAX_UNQUOTED = 3
"""Levels of URL escapes to decode: by a browser, a proxy and a client library."""

_CASE_CHANGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[\W_]+")

_LOOK_ALIKES = str.maketrans(
    # Cyrillic, Greek, and a few Latin letters that Unicode does not decompose. From Unicode's
    # confusables (UTS 39), those that look like a letter of a sensitive name.
    "авеёкмнорстухіїјѕԁɡһԛԝѵүӏАВЕКМНОРСТУХІЈЅԌԚԜҮαβεικνορτυχωηγςσϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹıɑɩʀɴⅼ",
    "abeekmhopctyxiijsdghqwvylABEKMHOPCTYXIJSGQWYabeikvoptuxwnyssc" + "jABEZHIKMNOPTYXC" + "ialrnl",
)


def snake_case(name: str) -> str:
    """Return the words of `name` in lower case, joined by underscores.

    >>> snake_case("userSsn"), snake_case("X-API-Key"), snake_case("card[number]")
    ('user_ssn', 'x_api_key', 'card_number')
    """
    return _joined(split_at_case(plain_letters(name)))


def spellings(name: str) -> str:
    """Return `name` as its words and, if that differs, also with case changes ignored.

    >>> spellings("dbPwd"), spellings("pAsSword"), spellings("age")
    ('db_pwd dbpwd', 'p_as_sword password', 'age')
    """
    plain = plain_letters(name)
    split, flat = _joined(split_at_case(plain)), _joined(plain)
    return split if split == flat else f"{split} {flat}"


def plain_letters(text: str) -> str:
    """Return `text` unescaped and in Latin letters, without accents and invisible characters.

    >>> plain_letters("ｐａｓｓｗｏｒｄ"), plain_letters("раss%77ord"), plain_letters("contraseña")
    ('password', 'password', 'contrasena')
    """
    if "%" in text:
        for _ in range(_MAX_UNQUOTED):
            text, before = unquote(text), text
            if text == before:
                break
    if "&#" in text:
        text = html.unescape(text)
    return text if text.isascii() else _latin(text)


def split_at_case(text: str) -> str:
    """Return `text` with an underscore before each word that starts with a capital letter.

    >>> split_at_case("userSsn"), split_at_case("APIKey")
    ('user_Ssn', 'API_Key')
    """
    return _CASE_CHANGE.sub("_", text)


def _latin(text: str) -> str:
    # A look-alike may be a composed character ('ё'), so translate before and after decomposition.
    text = unicodedata.normalize("NFKD", text.translate(_LOOK_ALIKES))
    visible = (letter for letter in text if unicodedata.category(letter) not in ("Mn", "Cf"))
    return "".join(visible).translate(_LOOK_ALIKES)


def _joined(text: str) -> str:
    return _SEPARATORS.sub("_", text.lower()).strip("_")
