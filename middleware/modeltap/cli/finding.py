"""A finding of `doctor`, and its levels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

OK, NOTE, PROBLEM = "ok", "note", "problem"
"""Levels of a finding. A note is informational; a problem makes the command fail."""

MARKS = {OK: "ok  ", NOTE: "note", PROBLEM: "BAD "}
MARK_COLOURS = {OK: "green", NOTE: "yellow", PROBLEM: "red"}


@dataclass(frozen=True)
class Finding:
    """The result of a check.

    Attributes:
        finding: the sentence shown to people.
        fix: what to do; a sentence may name it itself.
    """

    check: str
    level: str
    finding: str
    model: str | None = None
    subject: str | None = None
    count: int | None = None
    total: int | None = None
    reason: str | None = None
    fix: str | None = None

    @property
    def to_do(self) -> str | None:
        """The fix of a note or a problem, unless its sentence names it."""
        if self.level == OK or (self.fix is not None and self.fix in self.finding):
            return None
        return self.fix or ("nothing, if this is expected" if self.level == NOTE else None)

    def row(self) -> dict[str, Any]:
        """Return the row that `doctor --json` prints."""
        columns = asdict(self)
        sentence = columns.pop("finding")
        return {"check": self.check, "ok": self.level != PROBLEM, **columns, "finding": sentence}
