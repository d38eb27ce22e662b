"""Evaluators, a judge and prices that `watch` was given hold for the analysis, too."""

from __future__ import annotations

import json
from contextlib import closing

import msgspec

from modeltap.config.settings import ANALYSIS_OPTIONS
from modeltap.config.sources import load
from modeltap.store.connection import connect, writing
from modeltap.store.settings import SettingsReader, save_settings

OPTIONS = {
    "evaluators": [
        {"name": "valid", "kind": "json", "schema": {"type": "object"}, "fenced": True},
        {"name": "short", "kind": "length", "max": 5, "unit": "words", "target": 0.9},
        {"name": "toxic", "kind": "acme.toxicity", "options": {"model": "small"}},
    ],
    "judge": {"url": "http://localhost/v1", "model": "m", "rubric": "r", "api_key": "env:KEY"},
    "prices": {"gpt-4o": {"input": 2.5, "cached": "separate"}},
}


def test_options_of_watch_are_read_back_from_the_store(store):
    """In the form in which the writer saves them."""
    given = load(OPTIONS, environ={})
    saved = msgspec.to_builtins({name: getattr(given, name) for name in ANALYSIS_OPTIONS})
    with closing(connect(store)) as connection:
        with writing(connection):
            save_settings(connection, "bot", json.loads(json.dumps(saved)))
        known = SettingsReader(connection).for_model("bot")
    for name in OPTIONS:
        assert getattr(known, name) == getattr(given, name)
