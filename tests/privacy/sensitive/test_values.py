"""Values that are sensitive by their look: found within text, and innocent ones left alone."""

from __future__ import annotations

import pytest

from modeltap.privacy.sensitive.values import KNOWN, SensitiveValues


@pytest.mark.parametrize(
    ("kind", "text", "left"),
    [
        ("email", "to ann.lee+x@mail.example.org, now", "to #, now"),
        ("email", "a@b is none", "a@b is none"),
        ("phone", "call +49 170 1234 567 or (030) 1234-5678", "call # or #"),
        ("phone", "version 1.2.3 of 2024", "version 1.2.3 of 2024"),
        ("card", "4111111111111111;4111-1111-1111-1112", "#;4111-1111-1111-1112"),
        ("key", "sk-abcdefghijklmnop0123 AKIAABCDEFGHIJKLMNOP sk-short", "# # sk-short"),
        ("key", "eyJhbGciOi.eyJzdWIi.c2ln-1_", "#"),
    ],
)
def test_each_kind_is_found_where_it_stands(kind, text, left):
    """And only what is one: nine of ten long numbers are no card's."""
    assert SensitiveValues([kind]).masked(text, lambda _: "#") == left


def test_own_expressions_stand_beside_the_known_ones():
    """All are replaced, in turn; without any the option is off."""
    values = SensitiveValues([r"\bID\d+\b", "email"])
    assert values.masked("ID12 of a@b.org", len) == "4 of 7"
    assert values and not SensitiveValues([])
    assert set(KNOWN) == {"email", "phone", "card", "key"}
