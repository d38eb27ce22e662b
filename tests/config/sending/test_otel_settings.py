"""``[otel]``: valid and invalid receivers, and that nothing secret is shown."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.config.sending.otel_settings import OtelSettings, parse_otel
from modeltap.errors import ConfigError


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://localhost:4318",
        "http://localhost:4318/",
        " http://localhost:4318/v1/metrics\n",
        "http://localhost:4318/v1/logs/",
    ],
)
def test_the_path_of_a_signal_is_left_out(endpoint):
    otel = parse_otel(endpoint)
    assert otel.receiver("metrics").url == "http://localhost:4318/v1/metrics"
    assert otel.receiver("logs").url == "http://localhost:4318/v1/logs"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "has no endpoint"),
        ({"endpoint": ""}, "has no endpoint"),
        ({"endpoint": "localhost:4318"}, "must start with http:// or https://"),
        ({"endpoint": "grpc://localhost:4317"}, "must start with http:// or https://"),
        ({"endpoint": "http://"}, "it has no host"),
        ({"endpoint": "http://h:99999"}, "malformed"),
        ({"endpoint": "http://h/?token=S3CRET"}, "tokens as headers"),
        ({"endpoint": "http://h x"}, "a space"),
        ({"endpoint": 4318}, "is invalid"),
        ({"endpoint": "env:"}, "not a variable name"),
        ({"endpoint": "http://h", "header": {}}, "did you mean 'headers'"),
        ({"endpoint": "http://h", "headers": ["S3CRET"]}, "is invalid"),
        ({"endpoint": "http://h", "headers": {"a b": "S3CRET"}}, "not that of an HTTP header"),
        ({"endpoint": "http://h", "headers": {"a": "S3CRET\nb: c"}}, "a line end"),
        ({"endpoint": "http://h", "headers": {"a": "S3CRÈT"}}, "not ASCII"),
        ({"endpoint": "http://h", "headers": {"a": "env:not a name"}}, "not a variable name"),
        ({"endpoint": "http://h", "interval": "1s"}, "at least 5s"),
        ({"endpoint": "http://h", "interval": "soon"}, "soon"),
        ({"endpoint": "http://h", "timeout_seconds": 0}, "greater than 0"),
        ({"endpoint": "http://h", "timeout_seconds": 61}, "at most 60"),
        ({"endpoint": "http://h", "past_windows": "perhaps"}, "is invalid"),
        (4318, "must be a URL or a table"),
        (["http://h"], "of type list"),
    ],
)
def test_an_invalid_receiver_is_an_error_of_one_line(options, reason):
    with pytest.raises(ConfigError) as raised:
        parse_otel(options)
    assert reason in str(raised.value) and "\n" not in str(raised.value)
    assert "S3CR" not in str(raised.value)


def test_variables_are_read_when_it_is_used():
    otel = parse_otel({"endpoint": "env:OTLP_URL", "headers": {"authorization": "env:OTLP_KEY"}})
    values = {"OTLP_URL": "https://h/otlp/v1/metrics\n", "OTLP_KEY": "Bearer S3CRET\r\n"}
    resolved = otel.resolved(values)
    assert resolved.receiver("metrics").url == "https://h/otlp/v1/metrics"
    assert resolved.headers == {"authorization": "Bearer S3CRET"}
    assert "S3CRET" not in repr(resolved) + repr(resolved.__rich_repr__())
    with pytest.raises(ConfigError, match="OTLP_KEY is not set"):
        otel.resolved({"OTLP_URL": "http://h"})
    with pytest.raises(ConfigError, match="must start with http"):
        otel.resolved({**values, "OTLP_URL": "h:4318"})
    with pytest.raises(ConfigError, match="ca_file"):
        parse_otel({"endpoint": "http://h", "ca_file": "/none.pem"}).resolved({})


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [("http://h:4318", "http://h:4318"), ('{"endpoint": "http://h:1"}', "http://h:1"), ("", None)],
)
def test_a_variable_may_hold_a_url_or_a_table(text, endpoint):
    otel = sources.load(environ={"MODELTAP_OTEL": text}).otel
    assert (otel and otel.endpoint) == endpoint


def test_an_invalid_receiver_stops_no_analysis(caplog):
    """`tolerant` is how the analysis reads settings."""
    assert sources.load({"otel": "h:4318"}, environ={}, tolerant=True).otel is None
    assert "ignored an entry" in caplog.text
    with pytest.raises(ConfigError):
        sources.load({"otel": "h:4318"}, environ={})


def test_settings_are_passed_on_as_they_are():
    otel = OtelSettings(endpoint="http://h", headers={"a": "b"})
    assert sources.load({"otel": otel}, environ={}).otel == otel
