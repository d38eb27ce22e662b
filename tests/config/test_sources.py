"""Sources of settings: their order, and errors with the value and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from modeltap.config import sources
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ConfigError


def test_later_sources_override_earlier_ones():
    """Defaults < stored < file < environment < keywords."""
    Path("modeltap.toml").write_text('window = "2h"\nmin_rows = 20\nreference = "first 7d"\n')
    settings = sources.load(
        {"min_rows": 40},
        stored={"window": "3h", "version": "7", "reference": "first 3 rows"},
        environ={"MODELTAP_MIN_ROWS": "30", "MODELTAP_REFERENCE": "first 9 rows"},
    )
    assert (settings.window, settings.min_rows, settings.version) == ("2h", 40, "7")
    assert settings.reference == "first 9 rows" and settings.store == "modeltap.db"


def test_options_of_a_model_override_the_general_ones():
    settings = sources.load({"window": "1d", "models": {"loans": {"window": "30d"}}}, environ={})
    assert settings.for_model("loans").window == "30d"
    assert settings.for_model("other").window == "1d"


def test_the_table_of_the_dashboard_has_its_options():
    """The environment and keywords override it, too."""
    Path("modeltap.toml").write_text('[dashboard]\ntrace_url = "http://a/{trace_id}"\n')
    assert sources.load(environ={}).dashboard_trace_url == "http://a/{trace_id}"
    environ = {"MODELTAP_DASHBOARD_TRACE_URL": "http://b/{trace_id}"}
    assert sources.load(environ=environ).dashboard_trace_url == "http://b/{trace_id}"
    own = {"dashboard": {"trace_url": "http://c/{trace_id}"}}
    assert sources.load(own, environ=environ).dashboard_trace_url == "http://c/{trace_id}"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sampel_rate": 1}, "unknown option 'sampel_rate'; did you mean 'sample_rate'"),
        ({"sample_rate": 2}, "sample_rate = 2.0 is invalid: must be a fraction between 0 and 1"),
        ({"sample_rate": "many"}, "sample_rate = 'many' is invalid"),
        ({"max_body_bytes": -1}, "max_body_bytes = -1 is invalid"),
        ({"window": "fortnight"}, "window = 'fortnight' is invalid"),
        ({"reference": "yesterday"}, "reference = 'yesterday' is invalid"),
        ({"event_time": "body"}, "event_time = 'body' is invalid"),
        ({"webhooks": "example.org"}, "must start with http:// or https://"),
        (
            {"webhooks": [{"url": "http://x", "sekret": "1"}]},
            "'sekret' of webhooks; did you mean 'secret'",
        ),
        ({"models": {"m": {"windw": "1h"}}}, "'windw' of models.m; did you mean 'window'"),
        ({"flights": {"window": "1h"}}, "'flights'; the options of a model are in [models.NAME]"),
        ({"webhok": {"url": "http://x"}}, "did you mean 'webhooks'?"),
        ({"id_header": "a b"}, "id_header = 'a b' is invalid"),
        ({"error_sample_rate": 0.1, "sample_rate": 0.5}, "between sample_rate and 1"),
        ({"mask_body_fields": "(a"}, "invalid regular expression '(a': missing )"),
        ({"mask_bodies": False, "mask_values": "email"}, "mask_bodies = False is invalid"),
        ({"mask_with": "hash"}, "hashing needs a key"),
        ({"analyze": "maybe"}, "analyze = 'maybe' is invalid"),
        ({"dashboard_trace_url": "http://a/b"}, "with {trace_id} in it"),
        ({"dashboard_trace_url": "javascript:{trace_id}"}, "must be an http address"),
        ({"dashboard": {"trace_url": "ftp://a/{trace_id}"}}, "must be an http address"),
        ({"dashboard": {"trace_ulr": "a"}}, "'trace_ulr' of dashboard; did you mean 'trace_url'"),
    ],
)
def test_an_invalid_value_is_reported_with_the_fix(options, words):
    """One line each."""
    with pytest.raises(ConfigError) as caught:
        sources.load(options, environ={})
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_an_unset_secret_is_an_error():
    hook = WebhookSettings(url="env:NO_SUCH_URL")
    with pytest.raises(ConfigError, match="NO_SUCH_URL is not set"):
        hook.resolved({})
