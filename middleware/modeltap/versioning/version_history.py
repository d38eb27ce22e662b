"""The versions of a model in a store, and what a change of version did."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec

from modeltap import clock
from modeltap.store.connection import connect_reader
from modeltap.store.models import require_model
from modeltap.store.versions import ServedVersion, served_versions
from modeltap.versioning.version_change import compare_versions
from modeltap.versioning.version_result import VersionChange


class VersionHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The versions of a model, in order of their first exchange, and a change between two of them.

    Args:
        served: the versions, and when they were served.
        change: every metric before and after; None for a model of one version.
    """

    model: str
    served: tuple[ServedVersion, ...]
    change: VersionChange | None = None


def version_history(
    store: Path,
    model: str,
    *,
    before: str | None = None,
    after: str | None = None,
    since: str | None = None,
    environment: str | None = None,
) -> VersionHistory:
    """Return the versions of a model, and the change from one of them to another.

    The arguments are those of `modeltap.versions`.
    """
    start = clock.stored_time(since) or ""
    with closing(connect_reader(store)) as connection:
        require_model(connection, model)
        served = tuple(
            own
            for own in served_versions(connection, model)
            if environment in (None, own.environment)
        )
        change = None
        if len(served) > 1 or before is not None or after is not None:
            change = compare_versions(
                connection, model, before, after, environment=environment, since=start
            )
    return VersionHistory(model=model, served=served, change=change)
