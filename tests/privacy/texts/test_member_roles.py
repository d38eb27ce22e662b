"""Roles of members by their keys."""

from __future__ import annotations

import pytest

from modeltap.privacy.texts.member_roles import Role, is_header_key, is_path_key, role_of


@pytest.mark.parametrize(
    ("key", "role"),
    [
        *((key, Role.NAME) for key in ("name", "Name", "fieldName", "KEY", "param", "loc", "path")),
        *((key, Role.VALUE) for key in ("value", "Value", "stringValue", "input", "contents", "v")),
        *((key, Role.WEAK_NAME) for key in ("label", "id", "type")),
        *((key, Role.CONTENT) for key in ("content", "text")),
        *((key, Role.NONE) for key in ("score", "shape", "datatype", "msg", "valued", "nameless")),
    ],
)
def test_the_last_word_of_a_key_defines_its_role(key, role):
    assert role_of(key) is role


def test_some_keys_have_a_path_and_some_have_columns():
    assert is_path_key("instancePath") and not is_path_key("name")
    assert all(map(is_header_key, ("columns", "ColumnNames", "names", "fields", "feature_names")))
    assert not any(map(is_header_key, ("labels", "classes", "tags", "scores")))
