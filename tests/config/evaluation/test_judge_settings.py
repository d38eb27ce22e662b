"""A judge in the settings: its endpoint, its limits, and one line for a mistake."""

from __future__ import annotations

import pytest

from modeltap.config.evaluation.judge_settings import parse_judge
from modeltap.config.sources import load
from modeltap.errors import ConfigError

GOOD = {"url": "https://api.example.org/v1", "model": "small", "rubric": "Is it polite?"}


def test_a_judge_has_defaults_and_an_endpoint():
    judge = parse_judge(GOOD)
    assert judge.endpoint == "https://api.example.org/v1/chat/completions"
    assert (judge.choices, judge.positive_choice) == (("good", "bad"), "good")
    full = parse_judge({**GOOD, "url": judge.endpoint, "positive": "bad"})
    assert (full.endpoint, full.positive_choice) == (judge.endpoint, "bad")


@pytest.mark.parametrize("option", ["url", "model", "rubric", "choices"])
def test_ratings_of_other_judges_are_not_mixed(option):
    other = {"choices": ["yes", "no"], "url": "https://other.example.org/v1"}.get(option, "other")
    assert parse_judge({**GOOD, option: other}).key != parse_judge(GOOD).key
    assert parse_judge({**GOOD, "sample": 7}).key == parse_judge(GOOD).key


BAD = [
    ({"url": "api.example.org"}, "must be an http:// or https:// URL"),
    ({"url": "https://"}, "must be an http:// or https:// URL"),
    ({"url": "https://a b.org"}, "must be an http:// or https:// URL"),
    ({"url": "https://example.org:port/"}, "must be an http:// or https:// URL"),
    ({"url": "https://u:T0KEN@example.org"}, "url has a password"),
    ({"api_key": "T0KEN"}, "write env:NAME"),
    ({"api_key": "env:"}, "not a variable name"),
    ({"model": ""}, "model is empty"),
    ({"rubric": " \n"}, "rubric is empty"),
    ({"choices": ["good"]}, "2 to 10 different texts"),
    ({"choices": ["good", "Good "]}, "2 to 10 different texts"),
    ({"choices": [str(n) for n in range(11)]}, "2 to 10 different texts"),
    ({"positive": "fine"}, "must be one of the choices good, bad"),
    ({"sample": 0}, "sample = 0 is invalid: must be at least 1 and at most 2000"),
    ({"calls_per_day": -1}, "must be at least 0"),
    ({"tokens_per_day": "many"}, "tokens_per_day"),
    ({"concurrency": 65}, "at most 64"),
    ({"retries": 11}, "at most 10"),
    ({"timeout_seconds": 0}, "greater than 0"),
    ({"timeout_seconds": float("nan")}, "greater than 0"),
    ({"target": 95}, "a fraction between 0 and 1"),
    ({"rubrik": "x"}, "did you mean 'rubric'?"),
]


@pytest.mark.parametrize(("options", "reason"), BAD, ids=lambda value: str(value)[:40])
def test_a_mistake_is_one_line_without_a_secret(options, reason):
    with pytest.raises(ConfigError) as caught:
        parse_judge({**GOOD, **options}, "models.bot.judge")
    text = str(caught.value)
    assert reason in text and "models.bot.judge" in text
    assert "T0KEN" not in text and "\n" not in text


@pytest.mark.parametrize("name", ["url", "model", "rubric"])
def test_what_is_required_is_named(name):
    with pytest.raises(ConfigError, match=name):
        parse_judge({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize("table", ["small", 3, [GOOD]])
def test_a_judge_is_a_table(table):
    with pytest.raises(ConfigError, match="must be a table"):
        load({"models": {"bot": {"judge": table}}}, environ={})


def test_a_model_has_a_judge_of_its_own():
    settings = load({"models": {"bot": {"judge": GOOD}}}, environ={})
    assert settings.for_model("bot").judge.model == "small"
    assert settings.for_model("other").judge is None
    assert "example.org/v1" not in repr(settings.for_model("bot").judge)
