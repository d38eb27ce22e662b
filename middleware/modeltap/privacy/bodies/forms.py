"""Forms and query strings: pairs of name and value."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

_FORM_TYPE = re.compile(r"\s*application/x-www-form-urlencoded\b", re.IGNORECASE)


def is_form(content_type: str) -> bool:
    """Return True if a body of this type is a form with pairs joined by `&`."""
    return _FORM_TYPE.match(content_type) is not None


def masked_pairs(text: str, kept_of: Callable[[str, str], str | None]) -> str:
    """Return the pairs with values replaced by `kept_of(name, value)`; None drops the pair.

    >>> masked_pairs("a=1&token=x", lambda name, value: None if name == "token" else value)
    'a=1'
    """
    pairs = parse_qsl(text.replace(";", "&"), keep_blank_values=True)
    kept = [(name, kept_of(name, value)) for name, value in pairs]
    return text if kept == pairs else urlencode([pair for pair in kept if pair[1] is not None])
