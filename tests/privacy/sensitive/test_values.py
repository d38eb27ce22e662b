"""Values that are sensitive by their format are found in text, and similar ones are left alone."""

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
def test_each_kind_of_value_is_found_in_text(kind, text, left):
    """And nothing else: nine of ten long numbers are not card numbers."""
    assert SensitiveValues([kind]).masked(text, lambda _: "#") == left


def test_custom_expressions_are_used_together_with_the_known_ones():
    """All values are replaced, in turn; without patterns the option is off."""
    values = SensitiveValues([r"\bID\d+\b", "email"])
    assert values.masked("ID12 of a@b.org", len) == "4 of 7"
    assert values and not SensitiveValues([])
    assert set(KNOWN) == {"email", "phone", "card", "key"}
