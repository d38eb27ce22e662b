"""``python -m modeltap.store.create FILE [MODE]``: create or migrate a store."""

from __future__ import annotations

import sys


def main(path: str, mode: str = "") -> None:
    """Create or migrate the store at `path`.

    Args:
        mode: the file mode in octal digits; empty uses the mode recorded in the store.
    """
    # sqlite-utils imports these if they are installed, for features that are not used here.
    # Importing pandas takes a second.
    for unused in ("pandas", "numpy"):
        sys.modules[unused] = None  # type: ignore[assignment]
    from modeltap.store.connection import connect

    connect(path, mode=int(mode, 8) if mode else None).close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
