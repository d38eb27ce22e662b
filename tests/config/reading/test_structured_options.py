"""Options that are tables: for all models or for one, with their full names in errors."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.errors import ConfigError

_INVALID = {
    "groups": [{"name": "age", "bins": [65, 25]}],
    "shadow": {"url": "ftp://challenger.example.org"},
    "retrain": {"command": "make", "function": "training:train"},
    "metrics": [{"name": "mae", "function": "shop:profit"}],
    "evaluators": [{"name": "short", "kind": "lenght"}],
    "judge": {"url": "http://localhost:8000/v1", "model": "m"},
}
"""One invalid value of each option that is a table."""


@pytest.mark.parametrize("name", _INVALID)
@pytest.mark.parametrize("prefix", ["", "models.loans."])
def test_an_invalid_table_is_reported_with_its_full_name(name, prefix):
    options = {name: _INVALID[name]}
    given = {"models": {"loans": options}} if prefix else options
    with pytest.raises(ConfigError) as caught:
        sources.load(given, environ={})
    assert f"{prefix}{name}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", _INVALID)
def test_a_table_of_another_type_is_reported(name):
    with pytest.raises(ConfigError, match=name):
        sources.load({name: 5}, environ={})


def test_own_metrics_of_one_model_may_have_rules():
    own = {"name": "profit", "function": "shop:profit"}
    rule = {"metric": "profit", "below": 1.5}
    settings = sources.load({"models": {"loans": {"metrics": [own]}}, "rules": [rule]}, environ={})
    assert settings.for_model("loans").metrics[0].name == "profit"
    assert settings.rules[0].metric == "profit"
