"""Rules in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from modeltap.config import sources
from modeltap.config.rule_settings import RuleSettings
from modeltap.errors import ConfigError


def test_rules_of_a_model_apply_to_it():
    """[[models.NAME.rules]] follow the general rules, and their errors are reported."""
    Path("modeltap.toml").write_text(
        '[[rules]]\nmetric = "mae"\nabove = 9.0\n'
        '[models.loans]\nwindow = "30d"\n'
        '[[models.loans.rules]]\nmetric = "mae"\nabove = 2.0\nmin_rows = 300\n'
    )
    settings = sources.load({}, environ={})
    assert [(one.model, one.above) for one in settings.rules] == [(None, 9.0), ("loans", 2.0)]
    assert settings.for_model("loans").window == "30d"
    with pytest.raises(ConfigError, match="unknown metric 'mea'"):
        sources.load({"models": {"loans": {"rules": [{"metric": "mea", "above": 1}]}}}, environ={})


@pytest.mark.parametrize("kind", ["model", "feature", "segment"])
@pytest.mark.parametrize(
    "name", ["temp [C]", "[0]", "a?b", "x[!y]", "f(x)|g", "a.b", "$^", "line\nend", "back\\slash"]
)
def test_only_a_star_is_special_in_a_rules_name(kind, name):
    """Column names may contain brackets."""
    row = {"metric": "drift", kind: name}
    literal, prefix = (RuleSettings(**{kind: text}) for text in (name, f"{name[:2]}*"))
    assert literal.is_about(row) and prefix.is_about(row)
    assert not literal.is_about({"metric": "drift", kind: name[:-1]})
    assert not literal.is_about({"metric": "drift", kind: "t"})


@pytest.mark.parametrize(
    ("metric", "segment", "applies"),
    [
        ("mae", None, True),
        ("mae", "output=price", True),
        ("mae", "sex=F", False),
        ("mae", "sex=F,race=2", False),
        ("precision", "class=late", True),
        ("precision", "sex=F", False),
        ("tpr", "sex=F", True),
        ("demographic_parity_ratio", "sex", True),
    ],
)
def test_a_rule_without_segment_is_not_about_the_performance_of_groups(metric, segment, applies):
    """It is about everybody; what exists for groups only needs no segment."""
    row = {"model": "m", "metric": metric, "segment": segment}
    assert RuleSettings(metric=metric, above=1.0).is_about(row) == applies
    assert RuleSettings(metric=metric, segment="*", above=1.0).is_about(row) == (
        segment is not None
    )
