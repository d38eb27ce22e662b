"""The catalogue of metrics: entries have existing rules and commands, like the docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modeltap.cli.main import cli
from modeltap.config.catalogue.alert_rules import ALERT_RULES
from modeltap.config.metrics import (
    CATALOGUE,
    better,
    has_verdict,
    reported_by,
    rule_of,
)

DOCS = Path(__file__).parents[2] / "docs/reference/metrics.md"


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_each_entry_has_an_existing_rule_and_command(entry):
    """A verdict without a rule would never alert."""
    assert entry.rule is None or entry.rule in ALERT_RULES
    assert entry.report is None or entry.report in cli.list_commands(None)
    assert entry.unit and entry.description
    assert entry.rule is not None or not entry.has_verdict


def test_the_docs_list_the_metrics_with_a_verdict():
    """The third column of docs/reference/metrics.md."""
    lines = [line for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    rows = [line.split("|") for line in lines if line.count("|") == 5]
    documented = {
        name: row[3].strip() == "yes" for row in rows for name in re.findall(r"`(\w+)`", row[1])
    }
    assert documented == {name: CATALOGUE[name].has_verdict for name in documented}


def test_an_unknown_metric_has_no_properties():
    """Rows of an older store may contain one."""
    assert (rule_of("gone"), better("gone"), has_verdict("gone")) == (None, None, False)
    assert "gone" not in reported_by("drift")
