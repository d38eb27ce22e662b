"""The plugin manager: third-party plugins first, and broken ones skipped."""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from modeltap import plugins
from modeltap_channels import slack


@pytest.fixture
def entries(monkeypatch):
    """Replace the entry points of all installed packages."""
    installed = []
    monkeypatch.setattr(plugins, "entry_points", lambda: EntryPoints(installed))
    plugins.hooks.cache_clear()
    yield installed
    plugins.hooks.cache_clear()


def test_only_built_in_plugins_of_one_kind_are_imported(entries):
    entries.append(EntryPoint("slack", "modeltap_channels.slack", "modeltap.channels"))
    (known,) = plugins.hooks("channels").format_event.get_hookimpls()
    assert known.plugin is slack
    assert plugins.hooks("protocols").format_event.get_hookimpls() == []


def test_a_broken_plugin_is_logged_and_skipped(entries, caplog):
    entries.append(EntryPoint("broken", "no_such_module_anywhere", "modeltap"))
    entries.append(EntryPoint("slack", "modeltap_channels.slack", "modeltap.channels"))
    with caplog.at_level(logging.ERROR, "modeltap"):
        assert len(plugins.hooks("channels").format_event.get_hookimpls()) == 1
    assert "no_such_module_anywhere" in caplog.text and "broken" in caplog.text
