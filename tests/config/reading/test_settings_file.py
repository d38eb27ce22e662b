"""The settings file: where it is looked for, and errors with the position."""

from __future__ import annotations

from pathlib import Path

import pytest

from modeltap.config import sources
from modeltap.errors import ConfigError


def test_pyproject_is_read_only_if_it_has_our_table():
    """Otherwise it is not even parsed."""
    Path("pyproject.toml").write_text("not toml at all [")
    assert sources.load(environ={}).window == "auto"
    Path("pyproject.toml").write_text('[tool.modeltap]\nwindow = "1d"\n')
    assert sources.load(environ={}).window == "1d"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("window = ", "not valid TOML"),
        ("windw = '1h'", "did you mean 'window'"),
        ("window = 7", "window = 7 is invalid"),
    ],
)
def test_a_broken_file_is_reported(text, words):
    """With the position."""
    Path("modeltap.toml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        sources.load(environ={})


def test_a_configured_file_must_exist():
    """MODELTAP_CONFIG with a missing file is an error."""
    with pytest.raises(ConfigError, match=r"cannot read configuration .*nowhere.toml"):
        sources.load(environ={"MODELTAP_CONFIG": "nowhere.toml"})
