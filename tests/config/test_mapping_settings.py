"""Mappings of models: names and paths are checked before decoding."""

from __future__ import annotations

import pytest

from modeltap.config.mapping_settings import check_mapping
from modeltap.errors import ConfigError


def test_valid_paths_pass_and_columns_are_not_paths():
    """Columns may have any name. A mapping that is not a table is rejected elsewhere."""
    check_mapping({"rows": "payload.items[].x", "columns": ["a b[", "c"]}, "mapping")
    check_mapping("rows", "mapping")


@pytest.mark.parametrize(
    ("options", "part"),
    [({"row": "x"}, "'rows'"), ({"prediction": "a..b"}, r"mapping\.prediction = 'a\.\.b'")],
)
def test_invalid_names_and_paths_are_one_line_errors(options, part):
    with pytest.raises(ConfigError, match=part) as error:
        check_mapping(options, "mapping")
    assert "\n" not in str(error.value)
