"""A finding of `doctor`, and its levels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

OK, NOTE, PROBLEM = "ok", "note", "problem"
"""Levels of a finding. A note is informational; a problem makes the command fail."""

MARKS = {OK: "ok  ", NOTE: "note", PROBLEM: "BAD "}


@dataclass(frozen=True)
class Finding:
    """The result of a check. `finding` is the sentence shown to people, with the fix."""

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
        """Return the row that `doctor --json` prints."""
        columns = asdict(self)
        sentence = columns.pop("finding")
        return {"check": self.check, "ok": self.level != PROBLEM, **columns, "finding": sentence}
