"""Rules in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from modeltap.config import sources
from modeltap.errors import ConfigError


def test_a_models_own_rules_are_about_it():
    """[[models.NAME.rules]] stand after those for all; what is wrong in one is told."""
    Path("modeltap.toml").write_text(
        '[[rules]]\nmetric = "mae"\nabove = 9.0\n'
        '[models.loans]\nwindow = "30d"\n'
        '[[models.loans.rules]]\nmetric = "mae"\nabove = 2.0\nmin_rows = 300\n'
    )
    settings = sources.load({}, environ={})
    assert [(one.model, one.above) for one in settings.rules] == [(None, 9.0), ("loans", 2.0)]
    assert settings.for_model("loans").window == "30d"
    with pytest.raises(ConfigError, match="no metric 'mea'"):
        sources.load({"models": {"loans": {"rules": [{"metric": "mea", "above": 1}]}}}, environ={})
