"""``python -m modeltap.store.create FILE``: create or migrate a store, and nothing else."""

from __future__ import annotations

import sys

# sqlite-utils imports these where they are installed, for features that are not used here; with
# pandas that takes a second.
for _unused in ("pandas", "numpy"):
    sys.modules[_unused] = None  # type: ignore[assignment]

from modeltap.store.connection import connect  # noqa: E402 - after the lines above, on purpose

if __name__ == "__main__":
    connect(sys.argv[1]).close()
