"""The option `retention`."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.config.retention import parse_retention
from modeltap.config.settings import Settings
from modeltap.errors import ConfigError


@pytest.mark.parametrize("text", ["soon", "0GB", "10", "5d; 1GB", ""])
def test_an_invalid_retention_is_an_error_with_the_fix(text):
    with pytest.raises(ConfigError, match="such as '30d, 10GB'"):
        sources.load({"retention": text}, environ={})


def test_the_default_limits_age_and_size():
    """One line of code must not fill a disk."""
    kept = parse_retention(Settings().retention)
    assert kept.seconds and kept.bytes
