"""``python -m modeltap.store.create FILE [MODE]``: create or migrate a store, and nothing else."""

from __future__ import annotations

import sys


def main(path: str, mode: str = "") -> None:
    """Create or migrate the store at `path`, in a process that does nothing else.

    Args:
        mode: of the file, in octal digits; empty for what the store says.
    """
    # sqlite-utils imports these where they are installed, for features that are not used here;
    # with pandas that takes a second.
    for unused in ("pandas", "numpy"):
        sys.modules[unused] = None  # type: ignore[assignment]
    from modeltap.store.connection import connect

    connect(path, mode=int(mode, 8) if mode else None).close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
