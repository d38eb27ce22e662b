"""The fixture that taps an app and returns its record."""

from tap_fixtures import tap

__all__ = ["tap"]
