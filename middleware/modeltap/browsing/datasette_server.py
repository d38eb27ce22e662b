"""Datasette on a store: read-only, on this machine only, with the store's metadata."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from modeltap.browsing.datasette_metadata import metadata_of
from modeltap.errors import InputError, needs_extra
from modeltap.listening import listen
from modeltap.store.connection import connect_reader

_HOST = "127.0.0.1"

_STATIC = "modeltap-static"

_SETTINGS = {
    # Counting a million rows takes longer: a page then has no count.
    "sql_time_limit_ms": 2000,
    # Otherwise it tries each column, for seconds in a large store; ours are in the metadata.
    "suggest_facets": False,
    "allow_download": False,
}


def serve_datasette(
    store: Path, port: int, *, is_opened: bool = False, announce: Callable[[str], None]
) -> None:
    """Serve Datasette until Ctrl-C.

    Args:
        port: 0 takes a free one.
        announce: called with the address once the port is open.

    Raises:
        InputError: if the port is in use, the extra is not installed, or Datasette cannot open a
            file of this name.
    """
    _check_name(store)
    with needs_extra("datasette", "modeltap datasette"):
        import uvicorn
        from datasette.app import Datasette
    with closing(connect_reader(store)) as connection:
        metadata = metadata_of(connection, store)
    listening = listen(_HOST, port)
    # The file is in use: it is opened read-only, but not as one that never changes.
    datasette = Datasette(
        [str(store.absolute())],
        metadata={**metadata, "extra_css_urls": [f"/{_STATIC}/datasette.css"]},
        settings=_SETTINGS,
        static_mounts=[(_STATIC, str(Path(__file__).with_name("static")))],
    )
    url = f"http://{_HOST}:{listening.getsockname()[1]}/"
    announce(url)
    if is_opened:
        threading.Timer(0.5, webbrowser.open, [url]).start()
    config = uvicorn.Config(
        _guarded(datasette.app()),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listening])


def _guarded(app: Any) -> Any:
    """Return the app for requests to this machine's own names.

    Otherwise a foreign page could read it through a name of its own (DNS rebinding).
    """
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    return TrustedHostMiddleware(app, allowed_hosts=[_HOST, "localhost"], www_redirect=False)


def _check_name(store: Path) -> None:
    signs = sorted({sign for sign in "?#%" if sign in str(store.absolute())})
    if signs:
        raise InputError(
            f"store {str(store)!r}: Datasette cannot open a path with {signs[0]!r}; open it under "
            "another name, for example a symbolic link"
        )
