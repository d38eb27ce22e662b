"""``python -m modeltap.store.create FILE``: create or migrate a store, and nothing else."""

from __future__ import annotations

import sys


def main(path: str) -> None:
    """Create or migrate the store at `path`, in a process that does nothing else."""
    # sqlite-utils imports these where they are installed, for features that are not used here;
    # with pandas that takes a second.
    for unused in ("pandas", "numpy"):
        sys.modules[unused] = None  # type: ignore[assignment]
    from modeltap.store.connection import connect

    connect(path).close()


if __name__ == "__main__":
    main(sys.argv[1])
