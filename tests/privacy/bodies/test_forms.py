"""Forms and query strings."""

from __future__ import annotations

from modeltap.privacy.bodies.forms import is_form, masked_pairs
from modeltap.privacy.masker import Masker

TYPE = "application/x-www-form-urlencoded"


def test_unchanged_pairs_keep_their_spelling():
    assert masked_pairs("a=1+2&b=%41", lambda _, value: value) == "a=1+2&b=%41"
    assert masked_pairs("a=1;b=2", lambda name, value: name + value) == "a=a1&b=b2"
    assert is_form(f"{TYPE}; charset=utf-8") and not is_form("text/plain")


def test_a_form_is_masked_pair_by_pair():
    body = b"user=ann&pass%77ord=qz7f3a&filter=%7B%22pin%22%3A%22qz7f3a%22%7D&token_count=5"
    kept, note = Masker().body(body, "", TYPE)
    assert "qz7f3a" not in kept and note == "masked"
    assert kept.startswith("user=ann&password=") and kept.endswith("&token_count=5")
    assert Masker().body(b"user=ann&age=7", "", TYPE) == ("user=ann&age=7", None)
    assert Masker(how="drop").body(b"pin=1&age=7", "", TYPE) == ("age=7", "masked")
