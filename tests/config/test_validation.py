"""Shared checks of settings."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.config.settings import Settings
from modeltap.config.validation import (
    from_environment,
    parse_retention,
    refuse_unknown,
)
from modeltap.errors import ConfigError


def test_unknown_names_are_errors_with_the_nearest_name():
    refuse_unknown({"count": 1}, ["count", "names"], "option")
    with pytest.raises(ConfigError, match=r"option 'cuont'.*'count'"):
        refuse_unknown({"cuont": 1}, ["count", "names"], "option")


def test_a_variable_is_replaced_by_its_value_and_must_be_set():
    assert from_environment("plain", "a secret") == "plain"
    assert from_environment("env:KEY", "a secret", {"KEY": "k"}) == "k"
    for environ in ({}, {"KEY": ""}):
        with pytest.raises(ConfigError, match="KEY"):
            from_environment("env:KEY", "a secret", environ)


@pytest.mark.parametrize("text", ["soon", "0GB", "10", "5d; 1GB", ""])
def test_an_invalid_retention_is_an_error_with_the_fix(text):
    with pytest.raises(ConfigError, match="such as '30d, 10GB'"):
        sources.load({"retention": text}, environ={})


def test_the_default_limits_age_and_size():
    """One line of code must not fill a disk."""
    kept = parse_retention(Settings().retention)
    assert kept.seconds and kept.bytes
