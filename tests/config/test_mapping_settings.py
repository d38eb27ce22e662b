"""A model's mapping: its names and paths are checked before anything is decoded."""

from __future__ import annotations

import pytest

from modeltap.config.mapping_settings import check_mapping
from modeltap.errors import ConfigError


def test_right_paths_pass_and_columns_are_none():
    """Names of columns may be anything; what is no table is refused elsewhere."""
    check_mapping({"rows": "payload.items[].x", "columns": ["a b[", "c"]}, "mapping")
    check_mapping("rows", "mapping")


@pytest.mark.parametrize(
    ("said", "part"),
    [({"row": "x"}, "'rows'"), ({"prediction": "a..b"}, r"mapping\.prediction = 'a\.\.b'")],
)
def test_wrong_names_and_paths_are_one_line(said, part):
    with pytest.raises(ConfigError, match=part) as error:
        check_mapping(said, "mapping")
    assert "\n" not in str(error.value)
