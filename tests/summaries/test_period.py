"""The period that is shown."""

from __future__ import annotations

import pytest

from modeltap import clock
from modeltap.errors import ConfigError
from modeltap.store.models import ModelVersion
from modeltap.summaries.period import period_of


def test_all_or_the_last_part(reader):
    whole = period_of(reader, ModelVersion("m", ""))
    assert whole.start_text.startswith("2024-05-01") and whole.end_text.startswith("2024-05-02")
    assert period_of(reader, ModelVersion("m", ""), "2h").start == whole.end - 2 * clock.HOUR
    assert period_of(reader, ModelVersion("m", ""), "52w") == whole


def test_a_model_without_metrics_has_none(reader):
    assert period_of(reader, ModelVersion("nobody", "")) is None


@pytest.mark.parametrize("last", ["x", "0d", "-1d", "1 fortnight", "9" * 400])
def test_another_span_is_one_clear_line(reader, last):
    with pytest.raises(ConfigError, match="is not a valid duration"):
        period_of(reader, ModelVersion("m", ""), last)
