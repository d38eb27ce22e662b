"""Names, units and labels of measurements for other tools."""

from __future__ import annotations

import re

import pytest

from modeltap.config.metrics import CATALOGUE
from modeltap.summaries.exported_metrics import exported_name, unit_of
from modeltap.summaries.metric_family import Measurement, MetricFamily, distinct, safe_label

UNITS = {"s", "1", "By", "{request}/s", "{field}", "{exchange}", ""}


@pytest.mark.parametrize("metric", CATALOGUE)
def test_a_metric_of_the_catalogue_has_a_valid_name_and_unit(metric):
    """In Prometheus' letters, with base units only, and no unit's abbreviation left in it."""
    family = MetricFamily(exported_name(metric), unit_of(metric), "gauge", "", [])
    assert re.fullmatch(r"modeltap_[a-z0-9_]+", family.prometheus_name)
    assert family.unit in UNITS
    assert not re.search("_(ms|rps|total)$", family.prometheus_name)


def test_no_two_metrics_have_one_name():
    families = [MetricFamily(exported_name(m), unit_of(m), "gauge", "", []) for m in CATALOGUE]
    names = [family.prometheus_name for family in families]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "text", ["x" * 5000, "\n" * 5000, "\ud800" * 300, "\x1b[2J", "", "🛫" * 900]
)
def test_a_label_is_bounded_text_on_one_line(text):
    label = safe_label(text)
    label.encode()
    assert len(label) <= 200 and label.isprintable()


def test_two_long_names_stay_two():
    assert safe_label("a" * 1000) != safe_label("a" * 1001)


def test_a_series_stands_once():
    """Escaping makes one name of a line end and of a backslash with an n; the last value stays."""
    labels = [{"model": safe_label(name)} for name in ("a\nb", "a\\nb")]
    measurements = [Measurement(one, float(n)) for n, one in enumerate(labels)]
    assert distinct(measurements) == [Measurement({"model": "a\\nb"}, 1.0)]
