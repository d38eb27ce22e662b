"""Groups of rows in settings: names, tables, and errors with their fix."""

from __future__ import annotations

import pytest

from modeltap.config import sources
from modeltap.config.group_settings import GroupSettings, parse_groups
from modeltap.errors import ConfigError


def test_names_and_tables_are_groups():
    """In the general options, in those of a model, and in the environment."""
    groups = ["sex", {"name": "age", "feature": "years", "bins": [25, 65], "min_rows": 50}]
    settings = sources.load({"models": {"loans": {"groups": groups}}}, environ={})
    assert settings.groups == () and settings.for_model("other").groups == ()
    own = settings.for_model("loans").groups
    assert [(group.name, group.column, group.min_rows) for group in own] == [
        ("sex", "sex", 30),
        ("age", "years", 50),
    ]
    from_environment = sources.load({}, environ={"MODELTAP_GROUPS": "sex, race"}).groups
    assert [group.name for group in from_environment] == ["sex", "race"]


def test_groups_in_a_settings_file(tmp_path):
    file = tmp_path / "modeltap.toml"
    file.write_text(
        '[[models.loans.groups]]\nname = "region"\nheader = "x-region"\n\n'
        '[[models.loans.groups]]\nname = "race"\nfile = "people.csv"\nkey = "customer"\n'
        "hashed = true\n"
    )
    region, race = sources.load({}, file=file, environ={}).for_model("loans").groups
    assert region == GroupSettings(name="region", header="x-region")
    assert race == GroupSettings(name="race", file="people.csv", key="customer", hashed=True)


def test_an_app_does_not_change_the_caller_s_options():
    """The tables of a keyword argument may be used again."""
    models = {"loans": {"groups": ["sex"]}}
    sources.load({"models": models}, environ={})
    assert models == {"loans": {"groups": ["sex"]}}


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["sex", "sex"], "two groups are called 'sex'"),
        (["a=b"], "without = and comma"),
        (["output"], "choose another"),
        ([{"name": "age", "bins": [3, 2]}], "must be in order"),
        ([{"name": "age", "file": "people.csv"}], "file and key must be given together"),
        ([{"name": "age", "key": "id"}], "file and key must be given together"),
        ([{"name": "age", "file": "people.doc", "key": "id"}], "must be a .csv"),
        ([{"name": "age", "header": "x", "feature": "y"}], "without feature and file"),
        ([{"name": "age", "min_rows": 1}], "at least 2"),
        ([{"name": "age", "minrows": 30}], "did you mean 'min_rows'"),
        ([{"name": "age", "bins": ["young"]}], "is invalid"),
        ([{"feature": "age"}], "is invalid"),
        ([7], "must be the name of a field"),
        (list("abcdefg"), "at most 6"),
    ],
)
def test_an_invalid_group_is_an_error_with_the_fix(groups, message):
    with pytest.raises(ConfigError, match=message):
        sources.load({"groups": groups}, environ={})
    assert parse_groups("sex") == (GroupSettings(name="sex"),)
