"""Sources of settings: their order, and errors with the value and the fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modeltap.config import sources
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


def test_pyproject_is_read_only_if_it_has_our_table():
    """Otherwise it is not even parsed."""
    Path("pyproject.toml").write_text("not toml at all [")
    assert sources.load(environ={}).window == "auto"
    Path("pyproject.toml").write_text('[tool.modeltap]\nwindow = "1d"\n')
    assert sources.load(environ={}).window == "1d"


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("window = ", "not valid TOML"),
        ("windw = '1h'", "did you mean 'window'"),
        ("window = 7", "window = 7 is invalid"),
    ],
)
def test_a_broken_file_is_reported(text, words):
    """With the position."""
    Path("modeltap.toml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        sources.load(environ={})


def test_a_configured_file_must_exist():
    """MODELTAP_CONFIG with a missing file is an error."""
    with pytest.raises(ConfigError, match=r"cannot read configuration .*nowhere.toml"):
        sources.load(environ={"MODELTAP_CONFIG": "nowhere.toml"})


def variables_of_a_service(name, ports=(("", 80, "TCP"), ("METRICS", 9090, "UDP"))):
    """Return the variables that the kubelet documents for a Service."""
    prefix = name.upper().replace("-", "_")
    first = ports[0]
    variables = {
        f"{prefix}_SERVICE_HOST": "10.0.0.1",
        f"{prefix}_SERVICE_PORT": str(first[1]),
        f"{prefix}_PORT": f"{first[2].lower()}://10.0.0.1:{first[1]}",
    }
    for title, number, protocol in ports:
        if title:
            variables[f"{prefix}_SERVICE_PORT_{title}"] = str(number)
        port = f"{prefix}_PORT_{number}_{protocol}"
        variables[port] = f"{protocol.lower()}://10.0.0.1:{number}"
        variables[f"{port}_PROTO"] = protocol.lower()
        variables[f"{port}_PORT"] = str(number)
        variables[f"{port}_ADDR"] = "10.0.0.1"
    return variables


@pytest.fixture
def warnings_of(caplog, monkeypatch):
    """Return the warnings about an environment in a new process."""

    def load(environ):
        monkeypatch.setattr(sources, "_warned", set())
        caplog.clear()
        settings = sources.load(environ=environ)
        sources.load(environ=environ)
        return settings, [record.getMessage() for record in caplog.records]

    return load


@pytest.mark.parametrize(
    "service", ["modeltap", "modeltap-store", "modeltap-window", "modeltap-port", "modeltap-x-1"]
)
def test_the_variables_of_a_kubernetes_service_are_one_warning(service, warnings_of):
    """With the setting that avoids them."""
    variables = variables_of_a_service(service)
    settings, warnings = warnings_of({**variables, "MODELTAP_MIN_ROWS": "30"})
    assert settings.min_rows == 30
    assert settings.store == "modeltap.db"
    (warning,) = warnings
    assert "enableServiceLinks" in warning
    assert all(variable in warning for variable in variables)


@pytest.mark.parametrize("option", sources.Settings.__struct_fields__)
def test_options_are_not_mistaken_for_service_variables(option):
    assert not sources._is_of_a_service(f"MODELTAP_{option.upper()}", "tcp://10.0.0.1:80")


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("MODELTAP_DISABLE", "did you mean 'MODELTAP_DISABLED'"),
        ("MODELTAP_SAMPEL_RATE", "did you mean 'MODELTAP_SAMPLE_RATE'"),
        ("MODELTAP_CONFG", "did you mean 'MODELTAP_CONFIG'"),
        ("MODELTAP_store", "did you mean 'MODELTAP_STORE'"),
        ("MODELTAP_PORT", "'MODELTAP_PORT'; available:"),
        ("MODELTAP_", "'MODELTAP_'"),
        ("MODELTAP_\x07zzzz", "available:"),
        ("MODELTAP_0\x1b[2J", "available:"),
    ],
)
def test_unknown_variables_are_a_warning(variable, words, warnings_of):
    """Each once, with the nearest known name and without the value, which may be a secret."""
    settings, warnings = warnings_of({variable: "s3cret"})
    assert settings == sources.load(environ={})
    (warning,) = warnings
    assert words in warning
    assert "s3cret" not in warning
    assert "\x1b" not in warning


def test_invalid_values_and_unset_secrets_are_errors():
    with pytest.raises(ConfigError, match="min_rows"):
        sources.load(environ={"MODELTAP_MIN_ROWS": "many"})
    hook = sources.WebhookSettings(url="env:NO_SUCH_URL")
    with pytest.raises(ConfigError, match="NO_SUCH_URL is not set"):
        hook.resolved({})


def test_tables_in_variables_are_json():
    rule = {"metric": "drift", "feature": "temp [C]", "above": 0.1}
    settings = sources.load(
        environ={
            "MODELTAP_RULES": json.dumps([rule]),
            "MODELTAP_MAPPING": '{"rows": "items", "prediction": "p"}',
            "MODELTAP_WEBHOOKS": "https://a.example/x, https://b.example/y",
            "MODELTAP_MASK_VALUES": "[0-9]{16},[a-z]{40}",
        }
    )
    assert [one.feature for one in settings.rules] == ["temp [C]"]
    assert settings.mapping is not None and settings.mapping.rows == "items"
    assert len(settings.webhooks) == len(settings.mask_values) == 2


@pytest.mark.parametrize("name", ["MAPPING", "FEATURES"])
def test_a_table_in_a_variable_must_be_json(name):
    with pytest.raises(ConfigError, match=f"MODELTAP_{name} is not valid JSON"):
        sources.load(environ={f"MODELTAP_{name}": "{rows"})
