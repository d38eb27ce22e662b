"""What the tests of the taps share."""

from __future__ import annotations

import pytest

import modeltap
from asgi_client import scope_of


@pytest.fixture
def tap(store, read_rows):
    """Tap an app, run one exchange, and return what was recorded."""

    async def run(app, client, scope=None, **options):
        tapped = modeltap.ASGIMiddleware(app, model="m", store=store, analyze=False, **options)
        try:
            await tapped(scope or scope_of(), client.receive, client.send)
        finally:
            assert modeltap.flush(10)
        return read_rows(store)[-1] if store.exists() else None

    return run
