"""Settings that match nothing: features, rules, mappings, models."""

from __future__ import annotations

import pytest

from coverage_cases import CLEAN, by_subject, covered, fill
from modeltap.analysis.coverage.unmatched_settings import unmatched_models
from modeltap.config.mapping_settings import MappingSettings
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.settings import FeatureSettings, ModelSettings, Settings

SETTINGS = {
    "feature": {"features": {"colour": FeatureSettings(type="categorical")}},
    "rule": {"rules": (RuleSettings(metric="drift", feature="colour", above=0.1),)},
    "pattern": {"rules": (RuleSettings(rule="data_drift", feature="colou*"),)},
    "columns": {"mapping": MappingSettings(columns=("colour", "y"))},
    "score": {"mapping": MappingSettings(rows="@", prediction="prediction", score="scroe")},
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_a_setting_that_matches_nothing_is_a_problem(store, kind):
    fill(store, CLEAN)
    (finding,) = covered(store, **SETTINGS[kind]).problems
    assert finding.check == "settings" and finding.fix
    if kind in ("feature", "rule"):
        assert "did you mean 'color'?" in finding.reason


@pytest.mark.parametrize(
    "options",
    [
        {"features": {"color": FeatureSettings(type="categorical"), "x": FeatureSettings(min=0)}},
        {"rules": (RuleSettings(metric="drift", feature="col*", above=0.1),)},
        {"rules": (RuleSettings(metric="drift", feature="prediction", above=0.1),)},
        {"rules": (RuleSettings(metric="drift", model="other", feature="colour", above=0.1),)},
        {"rules": (RuleSettings(rule="data_drift", feature="colour", enabled=False),)},
        {"rules": (RuleSettings(rule="delivery_failed", feature="hook"),)},
    ],
)
def test_a_setting_that_matches_has_no_finding(store, options):
    """A rule about another model and a disabled rule do not concern this model."""
    fill(store, CLEAN)
    assert by_subject(covered(store, **options), "settings") == {}


def test_a_setting_is_not_reported_before_the_first_row(store):
    fill(store, [])
    assert covered(store, **SETTINGS["feature"]).unmonitored == ()


@pytest.mark.parametrize("known", [[], ["flights"], ["flights", "other"]])
def test_sections_and_rules_of_unknown_models_are_notes(known):
    settings = Settings(
        models={"flights": ModelSettings(), "fligths": ModelSettings()},
        rules=(RuleSettings(metric="mae", model="fligh?", above=1), RuleSettings(model="fl*")),
    )
    findings = unmatched_models(settings, known)
    assert [finding.level for finding in findings] == ["note", "note"][: 2 * len(known)]
    assert all("did you mean 'flights'?" in finding.reason for finding in findings)
