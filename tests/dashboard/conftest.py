"""Fixtures: a store with drift, and a client of its dashboard."""

from __future__ import annotations

import pytest

from drifted_store import at, files, gone_wrong

pytest.importorskip("jinja2", reason='pip install "modeltap[dashboard]"')

from starlette.testclient import TestClient

from modeltap.dashboard.dashboard_app import dashboard_app
from modeltap.tap.endpoints.page_access import DashboardAccess

__all__ = ["at", "files", "gone_wrong"]


@pytest.fixture
def browse():
    """Return a client of a store's dashboard, at a loopback address."""

    def client(store, access=None, peer="127.0.0.1"):
        app = dashboard_app(store, access or DashboardAccess())
        return TestClient(
            app, base_url="http://127.0.0.1:8400", client=(peer, 50_000), follow_redirects=False
        )

    return client


@pytest.fixture
def pages(browse, files):
    """A client of the store with drift."""
    return browse(files / "cli.db")
