"""Settings: declared features and their errors."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.errors import ConfigError


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"features": {"x": {"mn": 0}}}, "unknown option 'mn' of features.x; did you mean 'min'"),
        ({"features": {"x": {"type": "number"}}}, "'number'"),
        ({"models": {"m": {"features": {"x": {"max": "much"}}}}}, "features"),
        ({"features": {"x": {"min": 5, "max": 1}}}, "min 5 is greater than max 1"),
    ],
)
def test_an_invalid_declaration_is_an_error(options, reason):
    """With the option's name."""
    with pytest.raises(ConfigError, match=reason):
        sources.load(options, environ={})
