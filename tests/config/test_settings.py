"""Declared features: a wrong declaration is a clear error."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.errors import ConfigError


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"features": {"x": {"mn": 0}}}, "unknown option 'mn' of features.x; did you mean 'min'"),
        ({"features": {"x": {"type": "number"}}}, "'number'"),
        ({"models": {"m": {"features": {"x": {"max": "much"}}}}}, "features"),
        ({"features": {"x": {"min": 5, "max": 1}}}, "min 5 is greater than max 1"),
    ],
)
def test_a_wrong_declaration_is_a_clear_error(said, reason):
    """It names the option."""
    with pytest.raises(ConfigError, match=reason):
        sources.load(said, environ={})
