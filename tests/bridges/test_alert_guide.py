"""The documentation of alerts for agents: each rule has one, and its pages exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from modeltap.bridges.alert_guide import FIRST_STEPS, guide
from modeltap.config.catalogue.alert_rules import ALERT_RULES
from modeltap.config.metrics import CATALOGUE
from modeltap.errors import InputError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", [*ALERT_RULES, *CATALOGUE])
def test_every_rule_and_metric_has_a_meaning_and_a_page(name):
    about = guide(name)
    assert about["meaning"]
    for page in (about["page"], about.get("all_rules", about["page"])):
        assert (ROOT / "docs" / page.partition("/docs/")[2]).is_file()


def test_no_rule_is_left_over():
    assert set(FIRST_STEPS) == set(ALERT_RULES)


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(InputError, match="did you mean 'data_drift'"):
        guide("data_drfit")
