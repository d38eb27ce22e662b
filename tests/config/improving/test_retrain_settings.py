"""Policies of retraining in settings: their triggers and ways, and errors with their fix."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.config.improving.retrain_settings import parse_retrain
from modeltap.errors import ConfigError


def test_labels_and_performance_start_runs_by_default():
    """Any trigger that is set replaces both."""
    policy = parse_retrain({"command": "train"})
    assert (policy.labels_that_trigger, policy.rules_that_trigger) == (1000, ("performance",))
    weekly = parse_retrain({"command": "train", "schedule": "weekly"})
    assert (weekly.labels_that_trigger, weekly.rules_that_trigger) == (None, ())
    by_hand = parse_retrain({"command": "train", "min_labels": 0})
    assert (by_hand.labels_that_trigger, by_hand.rules_that_trigger) == (0, ())


def test_a_model_has_its_own_policy(tmp_path):
    file = tmp_path / "modeltap.toml"
    file.write_text(
        '[retrain]\nfunction = "training:train"\n\n'
        '[models.flights.retrain]\ncommand = ["sh", "-c", "echo $MODELTAP_DATA"]\non = "fairness"\n'
        'window = "all"\n'
    )
    settings = sources.load({}, file=file, environ={})
    assert settings.for_model("other").retrain.function == "training:train"
    own = settings.for_model("flights").retrain
    assert own.words == ("sh", "-c", "echo $MODELTAP_DATA")
    assert (own.way, own.rules_that_trigger, own.window_seconds) == ("command", ("fairness",), None)


def test_a_policy_in_a_variable():
    environ = {"MODELTAP_RETRAIN": '{"webhook": "env:TRAINER"}'}
    assert sources.load({}, environ=environ).retrain.webhook.url == "env:TRAINER"


@pytest.mark.parametrize(
    ("rules", "warns"),
    [
        (["data_drift"], True),
        (["prediction_drift", "label_drift"], True),
        (["data_drift", "performance"], False),
        (["concept_drift"], False),
    ],
)
def test_a_policy_on_drift_alone_warns(rules, warns):
    """Inputs always drift, so it would run again and again."""
    policy = parse_retrain({"command": "train", "on": rules})
    assert (policy.warning("flights") is not None) == warns
    with_labels = parse_retrain({"command": "train", "on": rules, "min_labels": 10})
    assert with_labels.warning("flights") is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "set exactly one of command, function and webhook"),
        ({"command": "a", "function": "b:c"}, "command and function are set"),
        ({"comand": "a"}, "did you mean 'command'"),
        ({"command": ""}, "it has no words"),
        ({"command": []}, "it has no words"),
        ({"command": "python 'a"}, "no closing quotation"),
        ({"command": "train {dat}"}, "did you mean 'data'"),
        ({"command": ["a\0b"]}, "NUL"),
        ({"command": 7}, "is invalid"),
        ({"function": "training"}, "such as 'training:train'"),
        ({"function": "training.py:train()"}, "such as 'training:train'"),
        ({"webhook": "example.org"}, "must start with http"),
        ({"webhook": {"url": "x://y", "format": "apprise"}}, "cannot start a training"),
        ({"command": "a", "schedule": "wekly"}, "must be an interval"),
        ({"command": "a", "on": ["drift"]}, "no rule 'drift'"),
        ({"command": "a", "min_labels": -1}, "must be 0 (no trigger) or more"),
        ({"command": "a", "min_rows": 0}, "must be 1 or more"),
        ({"command": "a", "holdout": 1}, "between 0 and 0.9"),
        ({"command": "a", "timeout_seconds": 0}, "at most 604800"),
        ({"command": "a", "timeout_seconds": 1e9}, "at most 604800"),
        ({"command": "a", "cooldown": "soon"}, "not a valid duration"),
        ({"command": "a", "window": "500 rows"}, "such as '90d', or 'all'"),
        ({"command": "a", "format": "xlsx"}, "is invalid"),
        ("python train.py", "must be a table"),
    ],
)
def test_an_invalid_policy_is_a_one_line_error(table, message):
    with pytest.raises(ConfigError) as caught:
        sources.load({"models": {"flights": {"retrain": table}}}, environ={})
    assert message in str(caught.value) and "\n" not in str(caught.value)
