"""Evaluators in the settings: their kinds, the parameters of each, and one line for a mistake."""

from __future__ import annotations

import pytest

from modeltap.config.evaluation.evaluator_settings import EVALUATOR_KINDS, parse_evaluators
from modeltap.config.sources import load
from modeltap.errors import ConfigError

GOOD = {
    "json": {"schema": {"type": "object"}, "fenced": True},
    "length": {"min": 1, "max": 500, "unit": "words"},
    "banned_words": {"words": ["damn"]},
    "regex": {"pattern": r"\d+", "match": "absent"},
    "language": {"languages": ["en", "de"]},
    "refusal": {"words": ["I would rather not"]},
    "overlap": {"min": 0.3, "context": ["documents"]},
    "python": {"function": "bot.checks:is_polite", "max": 3},
    "acme.toxicity": {"max": 0.5, "options": {"model": "small"}},
}


def test_each_kind_has_an_example_here():
    assert set(EVALUATOR_KINDS) < set(GOOD)


@pytest.mark.parametrize("kind", GOOD)
def test_a_kind_has_its_parameters_and_no_other(kind):
    (own,) = parse_evaluators([{"name": "a", "kind": kind, **GOOD[kind]}])
    assert own.kind == kind and own.sample == 1000
    others = {option: value for own in GOOD.values() for option, value in own.items()}
    for option, value in others.items():
        if option not in (*GOOD[kind], "min", "max"):
            with pytest.raises(ConfigError, match=f"the kind {kind!r} has no such parameter"):
                parse_evaluators([{"name": "a", "kind": kind, **GOOD[kind], option: value}])


BAD = [
    ("short", "must be a table such as"),
    (3, "must be a table such as"),
    ({"kind": "json"}, "required field `name`"),
    ({"name": "a"}, "required field `kind`"),
    ({"name": "A b", "kind": "json"}, "name = 'A b' is invalid"),
    ({"name": "", "kind": "json"}, "name = '' is invalid"),
    ({"name": "a", "kind": "jsn"}, "did you mean 'json'?"),
    ({"name": "a", "kind": "toxicity"}, "A plugin's kind has a dot"),
    ({"name": "a", "kind": "json", "smaple": 3}, "did you mean 'sample'?"),
    ({"name": "a", "kind": "json", "sample": 0}, "sample = 0 of 'a' is invalid"),
    ({"name": "a", "kind": "json", "sample": "many"}, "'many'"),
    ({"name": "a", "kind": "json", "target": 95}, "must be a fraction"),
    ({"name": "a", "kind": "json", "target": 1}, "must be a fraction"),
    ({"name": "a", "kind": "json", "schema": "schema.yaml"}, "a .json file"),
    ({"name": "a", "kind": "json", "max": 3}, "has no such parameter; it has schema, fenced"),
    ({"name": "a", "kind": "length", "min": 5, "max": 3}, "must be at most max, which is 3"),
    ({"name": "a", "kind": "length", "max": float("nan")}, "must be a finite number"),
    ({"name": "a", "kind": "length", "max": 9, "unit": "lines"}, "unit"),
    ({"name": "a", "kind": "length", "target": 0.9}, "needs min or max"),
    ({"name": "a", "kind": "banned_words"}, "at least one word"),
    ({"name": "a", "kind": "banned_words", "words": [" "]}, "must not have an empty word"),
    ({"name": "a", "kind": "regex"}, "must be a regular expression"),
    ({"name": "a", "kind": "regex", "pattern": "[a-"}, "unterminated character set"),
    ({"name": "a", "kind": "regex", "pattern": "a", "match": "never"}, "match"),
    ({"name": "a", "kind": "language"}, "at least one language"),
    ({"name": "a", "kind": "language", "languages": ["English"]}, "ISO 639-1"),
    ({"name": "a", "kind": "python"}, "MODULE:FUNCTION"),
    ({"name": "a", "kind": "python", "function": "bot.checks"}, "MODULE:FUNCTION"),
]


@pytest.mark.parametrize(("entry", "reason"), BAD, ids=lambda value: str(value)[:40])
def test_a_mistake_is_one_line_with_the_reason(entry, reason):
    with pytest.raises(ConfigError) as caught:
        parse_evaluators([entry], "models.bot.evaluators")
    assert reason in str(caught.value) and "models.bot.evaluators" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_of_one_name_and_too_many_are_refused():
    own = {"name": "a", "kind": "json"}
    with pytest.raises(ConfigError, match="two evaluators are called 'a'"):
        parse_evaluators([own, own])
    with pytest.raises(ConfigError, match="at most 50"):
        parse_evaluators([{"name": f"a{n}", "kind": "json"} for n in range(51)])


def test_a_model_has_evaluators_of_its_own():
    options = {"models": {"bot": {"evaluators": [{"name": "a", "kind": "json"}]}}}
    settings = load(options, environ={})
    assert [own.name for own in settings.for_model("bot").evaluators] == ["a"]
    assert settings.for_model("other").evaluators == ()
    one = {"name": "b", "kind": "banned_words", "words": "damn"}
    assert load({"evaluators": one}, environ={}).evaluators[0].words == ("damn",)
