"""The plugin manager: anyone's plugins before the built-in ones, a broken one left out."""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint

import pytest

from modeltap import plugins
from modeltap_channels import slack


@pytest.fixture
def entries(monkeypatch):
    """Let entry points be those that a test says, by group."""
    said = {}
    monkeypatch.setattr(plugins, "entry_points", lambda group: said.get(group, []))
    plugins.hooks.cache_clear()
    yield said
    plugins.hooks.cache_clear()


def test_built_ins_of_one_kind_alone_are_imported(entries):
    """Hooks of protocols know no channel."""
    name = "modeltap.channels"
    entries[name] = [EntryPoint("slack", "modeltap_channels.slack", name)]
    (known,) = plugins.hooks("channels").format_event.get_hookimpls()
    assert known.plugin is slack
    assert plugins.hooks("protocols").format_event.get_hookimpls() == []


def test_a_plugin_that_cannot_be_imported_costs_nobody_else(entries, caplog):
    """It is named in the log."""
    name = "modeltap.channels"
    entries["modeltap"] = [EntryPoint("broken", "no_such_module_anywhere", "modeltap")]
    entries[name] = [EntryPoint("slack", "modeltap_channels.slack", name)]
    with caplog.at_level(logging.ERROR, "modeltap"):
        assert len(plugins.hooks("channels").format_event.get_hookimpls()) == 1
    assert "no_such_module_anywhere" in caplog.text and "broken" in caplog.text
