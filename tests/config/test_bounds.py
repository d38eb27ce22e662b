"""Allowed values of options: limits are inclusive where documented, others are one-line errors."""

from __future__ import annotations

from zoneinfo import ZoneInfoNotFoundError

import msgspec
import pytest

from modeltap.config.bounds import check_values
from modeltap.config.settings import ModelSettings, Settings
from modeltap.config.sources import load
from modeltap.config.validation import parse_mode
from modeltap.errors import ConfigError


def test_the_defaults_are_valid():
    check_values(Settings())


@pytest.mark.parametrize(
    ("name", "taken", "refused"),
    [
        ("sample_rate", (0.0, 1.0), (-0.01, 1.01, float("nan"))),
        ("error_sample_rate", (None, 1.0), (0.5, 1.5)),
        ("max_body_bytes", (0, 1), (-1,)),
        ("analyze_interval_seconds", (1.0, 3600.0), (0.0, 0.5)),
        ("mask_body_fields", ((), ("^phone$",)), (("(a",), ("ok", "[b-"))),
        ("max_features", (1, 1000, 10_000), (0, -1, 10_001)),
        ("max_list_features", (0, 100, 10_000), (-1, 10_001)),
        (
            "store_mode",
            ("0600", "0640", "0660", "600", "0o640"),
            ("0644", "0666", "0400", "0700", "0620", "1640", "", "0", "rw-r-----", "0640 ; 0644"),
        ),
        ("id_header", ("x-id", None), ("a b", "")),
    ],
)
def test_an_option_is_accepted_up_to_its_limits(name, taken, refused):
    """The error has the option, its value and the fix."""
    for value in taken:
        check_values(msgspec.structs.replace(Settings(), **{name: value}))
    for value in refused:
        with pytest.raises(ConfigError) as error:
            check_values(msgspec.structs.replace(Settings(), **{name: value}))
        assert f"{name} = {value!r} is invalid: " in str(error.value)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, default in msgspec.structs.asdict(Settings()).items()
        if isinstance(default, (str, tuple)) and name != "store"
    ],
)
def test_text_must_be_valid_unicode(name):
    """The writer process could not be sent other text, which variables may contain."""
    default = getattr(Settings(), name)
    for text in ("caf\udce9", "\ud800"):
        value = text if isinstance(default, str) else (text,)
        with pytest.raises(ConfigError, match=rf"option {name} .*must be valid Unicode") as error:
            check_values(msgspec.structs.replace(Settings(), **{name: value}))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("given", [0o640, "0640", "640", " 0640 "])
def test_a_mode_can_be_an_octal_number(given):
    """As in Python and TOML, or text."""
    assert parse_mode(load({"store_mode": given}, environ={}).store_mode) == 0o640
    for wrong in (0o644, 640, True):
        with pytest.raises(ConfigError, match="option store_mode = "):
            load({"store_mode": wrong}, environ={})


def test_hashing_needs_a_key():
    """Unkeyed hashes can be guessed."""
    with pytest.raises(ConfigError, match="mask_key"):
        check_values(Settings(mask_with="hash"))
    check_values(Settings(mask_with="hash", mask_key="env:KEY"))


def test_options_of_models_are_checked():
    """They have the limits of the general options."""
    wrong = Settings(models={"flights": ModelSettings(event_time="ts")})
    with pytest.raises(ConfigError, match="event_time"):
        check_values(wrong)


@pytest.mark.parametrize("text", ["ts", "body:", "header:", "cookie:ts", ""])
def test_event_time_is_checked(text):
    """The error shows the valid forms."""
    with pytest.raises(ConfigError, match="must be 'request', 'body:FIELD' or 'header:NAME'"):
        check_values(Settings(event_time=text))
    for good in ("request", "body:ts", "header:x-time"):
        check_values(Settings(event_time=good))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
def test_a_known_time_zone_is_accepted(zone):
    assert load({"timezone": zone}, environ={}).timezone == zone


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"timezone": "Europe/Berlim"}, "did you mean 'Europe/Berlin'"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"models": {"m": {"timezone": "Mars/Base"}}}, "unknown timezone 'Mars/Base'"),
        ({"holidays": ["25.12.2026"]}, "holiday '25.12.2026' is not a valid date"),
        ({"models": {"m": {"holidays": ["2026-13-01"]}}}, "'2026-13-01'"),
    ],
)
def test_invalid_values_are_one_line_errors(options, words):
    with pytest.raises(ConfigError, match=words.replace(".", r"\.")) as raised:
        load(options, environ={})
    assert "\n" not in str(raised.value)


def test_a_model_has_its_own_options():
    settings = load({"models": {"m": {"timezone": "Asia/Tokyo"}}}, environ={})
    assert settings.for_model("m").timezone == "Asia/Tokyo"
    assert settings.for_model("n").timezone == "UTC"


def test_without_time_zone_data_the_fix_is_reported(monkeypatch):
    def unknown(key):
        raise ZoneInfoNotFoundError(key)

    monkeypatch.setattr("zoneinfo.ZoneInfo", unknown)
    monkeypatch.setattr("zoneinfo.available_timezones", set)
    with pytest.raises(ConfigError, match="pip install tzdata"):
        load({"timezone": "Europe/Berlin"}, environ={})
    assert load({"timezone": "UTC"}, environ={}).timezone == "UTC"
