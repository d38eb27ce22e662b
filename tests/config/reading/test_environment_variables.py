"""Environment variables: types, unknown names, and those that Kubernetes sets."""

from __future__ import annotations

import json

import pytest

from modeltap.config import sources
from modeltap.config.reading import environment_variables
from modeltap.config.settings import Settings
from modeltap.errors import ConfigError


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
        monkeypatch.setattr(environment_variables, "_warned", set())
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


@pytest.mark.parametrize("option", Settings.__struct_fields__)
def test_options_are_not_mistaken_for_service_variables(option):
    assert not environment_variables._is_of_a_service(
        f"MODELTAP_{option.upper()}", "tcp://10.0.0.1:80"
    )


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


def test_an_invalid_value_of_a_variable_is_an_error():
    with pytest.raises(ConfigError, match="min_rows"):
        sources.load(environ={"MODELTAP_MIN_ROWS": "many"})


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
