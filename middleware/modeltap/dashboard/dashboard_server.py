"""The dashboard's own server, as `modeltap dashboard` runs it."""

from __future__ import annotations

import secrets
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from modeltap.errors import needs_extra
from modeltap.listening import listen
from modeltap.tap.endpoints.page_access import DashboardAccess

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class DashboardAddress:
    """The host and port of the dashboard, and the token that it asks for."""

    host: str
    port: int
    token: str | None

    @property
    def url(self) -> str:
        """The address to open, with the token."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        asked = f"?token={self.token}" if self.token else ""
        return f"http://{name}:{self.port}/{asked}"


def address_of(host: str, port: int, token: str | None) -> DashboardAddress:
    """Return the address for what the command line asks; other hosts than loopback get a token."""
    if token is None and host not in _LOOPBACK:
        token = secrets.token_urlsafe(24)
    return DashboardAddress(host, port, token)


def check_extra() -> None:
    """Raise `InputError` with the command to run if the extra `dashboard` is not installed."""
    with needs_extra("dashboard", "the dashboard"):
        import uvicorn  # noqa: F401

        import modeltap.dashboard.dashboard_app  # noqa: F401


def serve(
    store: Path,
    address: DashboardAddress,
    *,
    allowed: tuple[str, ...] = (),
    is_opened: bool = False,
    announce: Callable[[str], None],
) -> None:
    """Serve the dashboard until Ctrl-C.

    Args:
        allowed: more names under which it is reached, such as that of a proxy.
        announce: called with the address once the port is open.

    Raises:
        InputError: if the port is in use, or an extra is not installed.
    """
    check_extra()
    import uvicorn

    from modeltap.dashboard.dashboard_app import dashboard_app

    listening = listen(address.host, address.port)
    address = DashboardAddress(address.host, listening.getsockname()[1], address.token)
    hosts = frozenset({address.host, *allowed} - {"0.0.0.0", "::"})
    app = dashboard_app(store, DashboardAccess(address.token, hosts))
    announce(address.url)
    if is_opened:
        threading.Timer(0.5, webbrowser.open, [address.url]).start()
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listening])
