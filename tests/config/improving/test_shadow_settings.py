"""`shadow`: its values are checked when an app starts, without quoting a URL."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.config.improving.shadow_settings import ShadowSettings, parse_shadow
from modeltap.errors import ConfigError

URL = "https://challenger.example.org/base"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("challenger.example.org/T0KEN", "must start with http:// or https://"),
        ("ftp://challenger.example.org", "must start with http:// or https://"),
        ("http://", "it has no host"),
        ("http://challenger.example.org:port", "the host or the port is malformed"),
        ("http://a b.example.org", "it contains a space"),
        ("http://challenger.example.org/?key=T0KEN", "it has a query or a fragment"),
        ("", "shadow has no url"),
        ({}, "shadow has no url"),
        ({"fraction": 0.5}, "shadow has no url"),
        (7, "must be a URL or a table"),
        (["http://challenger.example.org"], "must be a URL or a table"),
        ("http://127.0.0.1:8001", "is a private address; set allow_private = true"),
        ("http://localhost:8001", "is a private address; set allow_private = true"),
        ("http://[::1]:8001", "is a private address; set allow_private = true"),
        ("http://10.0.0.7", "is a private address; set allow_private = true"),
        ("http://169.254.169.254", "is a private address; set allow_private = true"),
        ({"url": URL, "fraction": 0}, "greater than 0 and at most 1"),
        ({"url": URL, "fraction": -0.1}, "greater than 0 and at most 1"),
        ({"url": URL, "fraction": 1.01}, "greater than 0 and at most 1"),
        ({"url": URL, "fraction": float("nan")}, "greater than 0 and at most 1"),
        ({"url": URL, "fraction": "often"}, "shadow.fraction = 'often' is invalid"),
        ({"url": URL, "fracton": 0.1}, "did you mean 'fraction'?"),
        ({"url": URL, "name": ""}, "must be a printable name"),
        ({"url": URL, "name": "a\nb"}, "must be a printable name"),
        ({"url": URL, "name": "n" * 101}, "must be a printable name"),
        ({"url": URL, "timeout_seconds": 0}, "must be a number of seconds"),
        ({"url": URL, "timeout_seconds": 3600}, "must be a number of seconds"),
        ({"url": URL, "concurrency": 0}, "must be a number of connections"),
        ({"url": URL, "max_queue_requests": 0}, "must be at least 1"),
        ({"url": URL, "max_queue_bytes": 10}, "must be at least 4096"),
        ({"url": "env:not a name"}, "is not a variable name"),
    ],
    ids=str,
)
def test_a_bad_value_is_one_clear_line(entry, reason):
    """With the reason, and without a token that the URL may have."""
    for keywords in ({"shadow": entry}, {"models": {"m": {"shadow": entry}}}):
        with pytest.raises(ConfigError) as error:
            sources.load(keywords, environ={})
        assert reason in str(error.value) and "\n" not in str(error.value)
        assert "T0KEN" not in str(error.value)


def test_a_model_may_have_its_own_challenger(tmp_path):
    """In keywords, in a file and in a variable; a URL alone has the defaults."""
    (tmp_path / "modeltap.toml").write_text(
        f'[models.m.shadow]\nurl = "{URL}"\nfraction = 0.5\nname = "next"\n'
    )
    own = sources.load(environ={}).for_model("m").shadow
    assert own == ShadowSettings(url=URL, fraction=0.5, name="next")
    assert sources.load(environ={}).for_model("other").shadow is None
    everyone = sources.load({"shadow": URL}, environ={})
    assert everyone.shadow == ShadowSettings(url=URL) and len(everyone.challengers) == 2
    for text in (URL, f'{{"url": "{URL}"}}'):
        assert sources.load(environ={"MODELTAP_SHADOW": text}).shadow == ShadowSettings(url=URL)


def test_a_url_in_a_variable_is_resolved_and_checked_later():
    shadow = parse_shadow({"url": "env:CHALLENGER_URL"})
    assert shadow.resolved({"CHALLENGER_URL": URL}).url == URL
    with pytest.raises(ConfigError, match="not set"):
        shadow.resolved({})
    with pytest.raises(ConfigError, match="allow_private"):
        shadow.resolved({"CHALLENGER_URL": "http://127.0.0.1"})
    assert shadow.shown == "env:CHALLENGER_URL"


def test_the_url_is_not_shown():
    shadow = parse_shadow("https://user:T0KEN@challenger.example.org/T0KEN")
    settings = sources.load({"shadow": shadow}, environ={})
    assert "T0KEN" not in f"{shadow!r} {settings!r} {shadow.shown}"
