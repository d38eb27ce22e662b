"""A table of prices: names, patterns, dates of snapshots, and one line for a mistake."""

from __future__ import annotations

import pytest

from modeltap.config.evaluation.price_settings import PriceSettings, parse_prices, price_name
from modeltap.config.sources import load
from modeltap.errors import ConfigError

PRICES = dict.fromkeys(
    ["gpt-4o", "gpt-4o-mini", "llama-*", "llama-3-*", "claude-x", "a[b]*"], PriceSettings(input=1)
)


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("claude-x-20250219", "claude-x"),
        ("claude-x@20250219", "claude-x"),
        ("llama-2", "llama-*"),
        ("llama-3-8b", "llama-3-*"),
        ("a[b]c", "a[b]*"),
        ("gpt-4o-2024", None),
        ("gpt-4o-2024-08-06-x", None),
        ("gpt-4", None),
        ("GPT-4o", None),
        ("", None),
        (None, None),
    ],
)
def test_a_name_has_one_price_or_none(name, entry):
    assert price_name(name, PRICES) == entry


BAD = [
    (3, "must have tables"),
    ({"m": 3}, "must be a table such as"),
    ({"m": {}}, "input"),
    ({"m": {"input": -1}}, "must be 0 or more"),
    ({"m": {"input": float("nan")}}, "must be 0 or more"),
    ({"m": {"input": 1, "output": float("inf")}}, "must be 0 or more"),
    ({"m": {"input": "cheap"}}, "cheap"),
    ({"m": {"input": 1, "outptu": 2}}, "did you mean 'output'?"),
    ({"m": {"input": 1, "cached": "both"}}, "cached"),
    ({" ": {"input": 1}}, "give the name that responses have"),
]


@pytest.mark.parametrize(("table", "reason"), BAD, ids=lambda value: str(value)[:40])
def test_a_mistake_is_one_line(table, reason):
    with pytest.raises(ConfigError) as caught:
        parse_prices(table)
    assert reason in str(caught.value) and "\n" not in str(caught.value)


def test_prices_are_in_the_settings_of_all_models():
    settings = load({"prices": {"m": {"input": 1}}}, environ={})
    assert settings.for_model("bot").prices["m"] == PriceSettings(input=1.0)
