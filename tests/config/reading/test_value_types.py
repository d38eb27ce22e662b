"""Values of the wrong type: each error names the value, its place, and what it must be."""

from __future__ import annotations

from typing import get_type_hints

import msgspec
import pytest

from modeltap.config import sources
from modeltap.config.options import Options
from modeltap.config.reading.value_types import struct_of
from modeltap.config.settings import ModelSettings, Settings
from modeltap.errors import ConfigError


class Part(msgspec.Struct):
    count: int = 1
    names: tuple[str, ...] = ()


def test_a_table_is_converted_to_a_struct_or_an_error():
    """Numbers may be text, as in environment variables."""
    assert struct_of({"count": "3"}, Part, "part") == Part(count=3)
    for wrong in ({"count": "many"}, {"names": [1.5, {}]}):
        with pytest.raises(ConfigError, match=rf"part\.{next(iter(wrong))}.* = "):
            struct_of(wrong, Part, "part")


HOOK = {"url": "http://example.org"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"analyze_interval_seconds": "often"}, " = 'often' is invalid: must be a number, such as"),
        ({"min_rows": 2.5}, "min_rows = 2.5 is invalid: must be a whole number, such as 100"),
        ({"retention": 90}, "retention = 90 is invalid: must be text, such as '90d, 10GB'"),
        ({"dashboard": True}, "dashboard = True is invalid: must be text"),
        ({"capture_request_body": "nope"}, "'nope' is invalid: must be true or false"),
        ({"task": "regresion"}, "must be 'classification' or 'regression'"),
        ({"analyze": "never"}, "must be true, false or 'external'"),
        ({"mask_body_fields": ["a", 5]}, "mask_body_fields[1] = 5 is invalid: must be text"),
        ({"models": {"a": {}, "b": {"task": "x"}}}, "models.b.task = 'x' is invalid: must be '"),
        (
            {"models": {"m": {"features": {"f": {"type": "nominal"}}}}},
            "option models.m.features.f.type = 'nominal' is invalid: must be 'numeric', ",
        ),
        ({"models": {"m\nn": 5}}, "models.[...] = 5 is invalid: must be a table"),
        ({"models": {"m": 5}}, "models.m = 5 is invalid: must be a table"),
        ({"holidays": 5}, "holidays = 5 is invalid: must be a list"),
        ({"webhooks": [{**HOOK, "events": "a"}]}, "webhooks.events = 'a' is invalid: must be a li"),
        ({"rules": [{"metric": "mae", "above": "x"}]}, "rules.above = 'x' is invalid: must be a n"),
        ({"otel": {"endpoint": 5}}, "otel.endpoint (not shown) is invalid: must be text"),
        (
            {"otel": {"endpoint": "http://a.org", "headers": {"x-key": 5}}},
            "otel.headers.x-key (not shown) is invalid: must be text",
        ),
    ],
)
def test_the_error_says_what_the_value_must_be(options, message):
    """In plain words; a value that may be a secret is not shown."""
    with pytest.raises(ConfigError) as caught:
        sources.load(options, environ={})
    assert message in str(caught.value) and "\n" not in str(caught.value)


WRONG = (5, 2.5, True, "no such value", [[]], [5], {"a": [5]}, {5: 5}, {"m": {"window": [5]}}, b"x")


@pytest.mark.parametrize("option", sorted({*Settings.__struct_fields__, *get_type_hints(Options)}))
@pytest.mark.parametrize("is_of_model", [False, True])
def test_no_error_has_the_words_of_a_library(option, is_of_model):
    """Of any option, with a value of any type."""
    if is_of_model and option not in ModelSettings.__struct_fields__:
        return
    for value in WRONG:
        options = {"models": {"m": {option: value}}} if is_of_model else {option: value}
        try:
            sources.load(options, environ={})
        except ConfigError as error:
            for words in ("Expected", "enum", "`str`", "array", "null", "..."):
                assert words not in str(error), (option, value)


class Caller(msgspec.Struct):
    address: str
    api_key: str = ""


class Outer(msgspec.Struct):
    caller: Caller | str = ""
    names: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("table", "kind", "place"),
    [
        ({"api_key": "s3cr3t"}, Caller, "part"),
        ({"caller": {"api_key": "s3cr3t"}}, Outer, "part.caller"),
        ({"caller": ["s3cr3t"]}, Outer, "part.caller"),
        ({"names": {"a": "s3cr3t"}}, Outer, "part.names"),
        ({"caller": {"api_key": ["s3cr3t"], "address": ""}}, Outer, "part.caller.api_key"),
    ],
)
def test_an_invalid_table_or_list_is_named_but_not_shown(table, kind, place):
    """Whatever it contains: a missing field is no reason to print the others."""
    with pytest.raises(ConfigError, match=rf"^option {place} is invalid: ") as caught:
        struct_of(table, kind, "part")
    assert "s3cr3t" not in str(caught.value)
