"""The `receive` command: an HTTP receiver for the events of KServe's logger."""

from __future__ import annotations

import ipaddress
from typing import Any

import click

from modeltap.cli.common import open_store, store_option, store_path
from modeltap.cli.model_names import complete_models
from modeltap.config import sources
from modeltap.config.validation import from_environment
from modeltap.errors import needs_extra
from modeltap.ingest.admission import checked_token
from modeltap.ingest.idle_connections import closing_idle
from modeltap.ingest.receiver import MAX_EVENT_BYTES, Receiver
from modeltap.listening import listen
from modeltap.output import echo


@click.command("receive")
@store_option
@click.option(
    "--model",
    default="",
    help="The model's name [default: taken from each event].",
    shell_complete=complete_models,
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8089,
    type=click.IntRange(0, 65535),
    show_default=True,
    help="Port to listen on.",
)
@click.option("--token", default=None, help="Required bearer token, or env:NAME.")
@click.option(
    "--allow-host",
    "allowed",
    multiple=True,
    metavar="NAME",
    help="Allowed Host header, such as receiver.example.org, *.example.org or *. Repeatable.",
)
@click.option(
    "--max-bytes",
    default=MAX_EVENT_BYTES,
    type=click.IntRange(1),
    help="Maximum size of a request body [default: 16 MB].",
)
def receive(
    store: str | None,
    model: str,
    host: str,
    port: int,
    token: str | None,
    allowed: tuple[str, ...],
    max_bytes: int,
) -> None:
    """Receive CloudEvents from KServe's logger until stopped.

    \b
    Example:
      modeltap receive --host 0.0.0.0 --token env:MODELTAP_TOKEN
    """
    uvicorn = _uvicorn()
    secret = "" if token is None else checked_token(from_environment(token, "--token"))
    if not secret and not _is_loopback(host):
        raise click.UsageError(
            f"--host {host} accepts requests from other machines; add --token, or use "
            "--host 127.0.0.1"
        )
    settings = sources.load(tolerant=True)
    receiver = Receiver(
        str(store_path(store)),
        settings,
        model=model,
        token=secret,
        hosts=(host.partition("%")[0], *allowed),
        max_event_bytes=max_bytes,
    )
    # Opened once here, so that an unusable store is reported on one line.
    open_store(store, create=True).close()
    with listen(host, port) as listener:
        bound = listener.getsockname()[1]
        echo(f"receiving CloudEvents on http://{host}:{bound}", err=True)
        served = uvicorn.Config(
            receiver.app(),
            http=closing_idle(_http_protocol()),
            log_level="warning",
            log_config=None,  # uvicorn's logs then use our handler, which escapes them
            access_log=False,
            server_header=False,
            lifespan="on",
        )
        uvicorn.Server(served).run([listener])


def _uvicorn() -> Any:
    with needs_extra("receive", "modeltap receive"):
        import uvicorn
    return uvicorn


def _http_protocol() -> Any:
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    return AutoHTTPProtocol


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
