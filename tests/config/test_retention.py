"""The retention in the settings: an age, a size, or a clear error."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.config.retention import parse_retention
from modeltap.config.settings import Settings
from modeltap.errors import ConfigError


@pytest.mark.parametrize("text", ["soon", "0GB", "10", "5d; 1GB", ""])
def test_a_retention_that_is_none_is_told(text):
    """With what to write instead."""
    with pytest.raises(ConfigError, match="such as '30d, 10GB'"):
        sources.load({"retention": text}, environ={})


def test_the_default_is_bounded():
    """Nobody's disk is filled by one line."""
    kept = parse_retention(Settings().retention)
    assert kept.seconds and kept.bytes
