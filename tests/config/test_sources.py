"""Settings: their sources, their order, and errors that name the value and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from modeltap.config import sources
from modeltap.errors import ConfigError


def test_later_sources_win():
    """Defaults < stored < file < environment < keywords."""
    Path("modeltap.toml").write_text('window = "2h"\nmin_rows = 20\nreference = "first 7d"\n')
    settings = sources.load(
        {"min_rows": 40},
        stored={"window": "3h", "version": "7", "reference": "first 3 rows"},
        environ={"MODELTAP_MIN_ROWS": "30", "MODELTAP_REFERENCE": "first 9 rows"},
    )
    assert (settings.window, settings.min_rows, settings.version) == ("2h", 40, "7")
    assert settings.reference == "first 9 rows" and settings.store == "modeltap.db"


def test_a_models_own_settings_come_first():
    """[models.NAME] over what is said for all."""
    settings = sources.load({"window": "1d", "models": {"loans": {"window": "30d"}}}, environ={})
    assert settings.for_model("loans").window == "30d"
    assert settings.for_model("other").window == "1d"


def test_pyproject_is_read_and_others_broken_ones_are_not_ours():
    """[tool.modeltap] counts; a pyproject.toml without it is not even parsed."""
    Path("pyproject.toml").write_text("not toml at all [")
    assert sources.load(environ={}).window == "auto"
    Path("pyproject.toml").write_text('[tool.modeltap]\nwindow = "1d"\n')
    assert sources.load(environ={}).window == "1d"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"sampel_rate": 1}, "unknown option 'sampel_rate'; did you mean 'sample_rate'"),
        ({"sample_rate": 2}, "sample_rate = 2.0 is wrong: it is a share between 0 and 1"),
        ({"sample_rate": "many"}, "sample_rate = 'many' is wrong"),
        ({"max_body_bytes": -1}, "max_body_bytes = -1 is wrong"),
        ({"window": "fortnight"}, "window 'fortnight' is not understood"),
        ({"reference": "yesterday"}, "reference 'yesterday' is not understood"),
        ({"event_time": "body"}, "event_time 'body' is not understood"),
        ({"webhooks": "example.org"}, "starts with http:// or https://"),
        ({"webhooks": [{"url": "http://x", "sekret": "1"}]}, "'sekret'; did you mean 'secret'"),
        ({"models": {"m": {"windw": "1h"}}}, "models.m 'windw'; did you mean 'window'"),
        ({"id_header": "a b"}, "id_header = 'a b' is wrong"),
        ({"error_sample_rate": 0.1, "sample_rate": 0.5}, "between sample_rate and 1"),
        ({"mask_body_fields": "(a"}, "mask_body_fields = ('(a',) is wrong: one of them is no reg"),
        ({"mask_bodies": False, "mask_values": "email"}, "mask_bodies = False is wrong"),
        ({"mask_with": "hash"}, "hashes need a key"),
        ({"analyze": "maybe"}, "analyze = 'maybe' is wrong"),
    ],
)
def test_a_wrong_value_is_named_with_its_mend(said, words):
    """One line each."""
    with pytest.raises(ConfigError) as caught:
        sources.load(said, environ={})
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("window = ", "no valid TOML"),
        ("windw = '1h'", "did you mean 'window'"),
        ("window = 7", "window = 7 is wrong"),
    ],
)
def test_a_broken_file_is_named(text, words):
    """So that the developer knows where to look."""
    Path("modeltap.toml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        sources.load(environ={})


def test_a_named_file_must_be_there():
    """MODELTAP_CONFIG points somewhere, or it is an error."""
    with pytest.raises(ConfigError, match=r"nowhere.toml.*cannot be read"):
        sources.load(environ={"MODELTAP_CONFIG": "nowhere.toml"})


def test_unknown_variables_and_unset_secrets():
    """A variable with our prefix is meant for us; a secret that is not set is said by its name."""
    with pytest.raises(ConfigError, match="did you mean 'MODELTAP_DISABLED'"):
        sources.load(environ={"MODELTAP_DISABLE": "1"})
    hook = sources.WebhookSettings(url="env:NO_SUCH_URL")
    with pytest.raises(ConfigError, match="NO_SUCH_URL is not set"):
        hook.resolved({})
