"""Metrics of the user's own in the settings: their names, functions and targets."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.errors import ConfigError

OWN = {"name": "profit", "function": "shop.metrics:profit", "better": "lower", "target": 2}


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("profit", "must be a table such as"),
        ({"name": "profit"}, "missing required field"),
        ({"name": "Profit!", "function": "a:b"}, "lower-case letters"),
        ({"name": "mae", "function": "a:b"}, "there is a metric of this name"),
        ({"name": "profit", "function": "a.b"}, "must be MODULE:FUNCTION"),
        ({"name": "profit", "function": "a:b", "better": "more"}, "must be 'higher'"),
        ({"name": "profit", "function": "a:b", "target": float("nan")}, "a finite number"),
        ({"name": "profit", "function": "a:b", "goal": 1}, "unknown option 'goal'"),
    ],
)
def test_invalid_metrics_are_one_line(entry, problem):
    with pytest.raises(ConfigError, match=problem):
        sources.load({"models": {"m": {"metrics": [entry]}}}, environ={})


def test_metrics_belong_to_their_model_and_may_have_rules():
    rule = {"metric": "profit", "model": "m", "above": 3.0}
    settings = sources.load({"models": {"m": {"metrics": [OWN]}}, "rules": [rule]}, environ={})
    (own,) = settings.for_model("m").metrics
    assert (own.name, own.target, own.better) == ("profit", 2.0, "lower")
    assert settings.for_model("other").metrics == ()
    with pytest.raises(ConfigError, match="unknown metric 'profits'; did you mean 'profit'"):
        sources.load({"metrics": [OWN], "rules": [{**rule, "metric": "profits"}]}, environ={})


def test_two_metrics_have_two_names():
    with pytest.raises(ConfigError, match="there is a metric of this name"):
        sources.load({"metrics": [OWN, OWN]}, environ={})
