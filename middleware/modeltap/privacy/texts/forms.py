"""URL-encoded forms: masked pair by pair."""

from __future__ import annotations

from urllib.parse import quote_plus, unquote_plus

from modeltap.privacy.limits import Budget
from modeltap.privacy.texts.text_masker import TextMasker


def is_form(content_type: str) -> bool:
    """Say whether a content type is that of forms."""
    return content_type.strip().lower().startswith("application/x-www-form-urlencoded")


def masked_form(text: str, texts: TextMasker, budget: Budget) -> str:
    """Return a form with the values of its sensitive names replaced.

    A semicolon separates pairs for some servers, and is a part of the value for others: a secret
    is taken to end at the next `&`.

    >>> from modeltap.privacy.masker import Masker
    >>> Masker().body(b"a=1&pin=ab;c&b=2", "", "application/x-www-form-urlencoded")
    ('a=1&pin=%5Bmasked%5D&b=2', 'masked')
    """
    kept = (_masked_pairs(pairs, texts, budget) for pairs in text.split("&"))
    return "&".join(pairs for pairs in kept if pairs is not None)


def _masked_pairs(text: str, texts: TextMasker, budget: Budget) -> str | None:
    """Return the pairs between two `&`; None where they are dropped."""
    pairs = text.split(";")
    for at, pair in enumerate(pairs):
        budget.spend()
        name, _, value = pair.partition("=")
        if "=" in pair and texts.names.masks(unquote_plus(name).strip(), unquote_plus(value)):
            mark = texts.marks.replacement(unquote_plus(";".join(pairs[at:]).partition("=")[2]))
            masked = [] if mark is None else [f"{name}={quote_plus(mark)}"]
            return ";".join([*pairs[:at], *masked]) or None
    name, sign, value = text.partition("=")
    plain = unquote_plus(value)
    kept = texts.text(texts.inside(plain))
    return text if kept == plain else f"{name}{sign}{quote_plus(kept)}"
