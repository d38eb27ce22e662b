"""The Grafana dashboard: its form, and that its queries ask for what the page has."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner

from modeltap.bridges.grafana_dashboard import dashboard_json
from modeltap.bridges.grafana_panels import PANEL_ROWS
from modeltap.cli.main import cli
from modeltap.config.metrics import CATALOGUE
from modeltap.summaries.exported_metrics import exported_name, unit_of
from modeltap.summaries.metric_family import MetricFamily

EXAMPLE = Path(__file__).parents[2] / "examples/monitoring/grafana/dashboards/modeltap.json"
QUERIES = [query for row in PANEL_ROWS for panel in row.panels for query in panel.queries]
OF_THE_STORE = {
    "modeltap_requests_total",
    "modeltap_dropped_total",
    "modeltap_captured_total",
    "modeltap_waiting_exchanges",
    "modeltap_store_size_bytes",
    "modeltap_messages",
    "modeltap_alerts_firing",
    "modeltap_last_window_end_timestamp_seconds",
    "modeltap_last_label_timestamp_seconds",
    "modeltap_last_analysis_timestamp_seconds",
}
EXPORTED = OF_THE_STORE | {
    MetricFamily(exported_name(m), unit_of(m), "gauge", "", []).prometheus_name for m in CATALOGUE
}


@pytest.fixture(scope="module")
def dashboard():
    return json.loads(dashboard_json())


def test_the_command_prints_it(tmp_path):
    shown = CliRunner().invoke(cli, ["grafana"])
    assert shown.exit_code == 0 and shown.output == dashboard_json()
    file = tmp_path / "dashboard.json"
    assert CliRunner().invoke(cli, ["grafana", "-o", str(file)]).exit_code == 0
    assert file.read_text() == dashboard_json()


def test_a_file_that_cannot_be_written_is_an_error_of_one_line(tmp_path):
    shown = CliRunner().invoke(cli, ["grafana", "-o", str(tmp_path / "none/x.json")])
    assert shown.exit_code == 1 and "choose another file with -o" in str(shown.exception)


def test_the_example_is_what_the_command_prints():
    """`modeltap grafana -o examples/monitoring/grafana/dashboards/modeltap.json` renews it."""
    assert EXAMPLE.read_text() == dashboard_json()


def test_panels_have_ids_of_their_own_and_do_not_overlap(dashboard):
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


def test_every_panel_describes_itself_and_asks_the_chosen_source(dashboard):
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            assert panel["description"] and panel["targets"]
            assert panel["datasource"]["uid"] == "${datasource}"
    names = [variable["name"] for variable in dashboard["templating"]["list"]]
    assert names == ["datasource", "model", "environment"]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.expression)
def test_a_query_asks_for_exported_names(query):
    named = set(re.findall(r"modeltap_[a-z0-9_]+", query.expression))
    for pattern in re.findall(r'__name__=~"([^"]+)"', query.expression):
        matching = {name for name in EXPORTED if re.fullmatch(pattern, name)}
        parts = re.fullmatch(r"modeltap_\((.+)\)", pattern)[1].split("|")
        assert all(any(re.fullmatch(f"modeltap_{p}", n) for n in matching) for p in parts), parts
        named -= set(re.findall(r"modeltap_[a-z0-9_]*", pattern))
    assert named <= EXPORTED
