"""One finding of `doctor`, and the levels that it may have."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

OK, NOTE, PROBLEM = "ok", "note", "problem"
"""The levels of a finding: a note is for information, a problem makes the command fail."""

MARKS = {OK: "ok  ", NOTE: "note", PROBLEM: "BAD "}


@dataclass(frozen=True)
class Finding:
    """The result of a check; `finding` says it in words, with its fix."""

    check: str
    level: str
    finding: str
    model: str | None = None
    subject: str | None = None
    count: int | None = None
    total: int | None = None
    reason: str | None = None
    fix: str | None = None

    def row(self) -> dict[str, Any]:
        """Return it as `doctor --json` has it."""
        columns = asdict(self)
        words = columns.pop("finding")
        return {"check": self.check, "ok": self.level != PROBLEM, **columns, "finding": words}
