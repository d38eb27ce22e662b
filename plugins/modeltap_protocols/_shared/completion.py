"""One completion of a language model: a choice of its answer, whole or folded from deltas."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Completion:
    """What one choice said; `add` and the like take anything, and use what is text.

    >>> one = Completion()
    >>> one.add("", 1), one.add("Hel", 3), one.add("lo", 5), one.add(None, 7)
    (None, None, None, None)
    >>> one.text, one.first_line
    ('Hello', 3)
    """

    first_line: int | None = None
    """The stream's line in which the first delta that is not empty came."""
    finish_reason: str | None = None
    _text: list[str] = field(default_factory=list)
    _refusal: list[str] = field(default_factory=list)
    _tools: dict[Any, str] = field(default_factory=dict)
    _calls: dict[Any, str] = field(default_factory=dict)
    """By key the id of the call that is written now."""

    def add(self, text: Any, line: int) -> None:
        """Add a piece of the text."""
        if type(text) is str:
            self._text.append(text)
            self.came(text, line)

    def refuse(self, text: Any, line: int) -> None:
        """Add a piece of a refusal."""
        if type(text) is str:
            self._refusal.append(text)
            self.came(text, line)

    def call(self, key: Any, name: Any, arguments: Any, line: int, id_: Any = None) -> None:
        """Add a piece of a tool's call; pieces of one call share a `key`.

        Another id with a name begins another call, though servers give all the same key. One
        without a name does not: servers are known to make up an id for each piece.
        """
        key = key if type(key) in (int, str) else None
        if type(id_) is str and id_ and type(name) is str and name:
            began = self._calls.setdefault(key, id_)
            if began != id_:
                self._calls[key] = id_
                self._tools.setdefault((key, began), self._tools.pop(key, ""))
        if not self._tools.setdefault(key, "") and type(name) is str:
            self._tools[key] = name
        self.came(arguments, line)

    def came(self, delta: Any, line: int) -> None:
        """Note when the model began to say something, be it only to itself."""
        if self.first_line is None and type(delta) is str and delta:
            self.first_line = line

    def finish(self, reason: Any) -> None:
        """Note why it ended."""
        if type(reason) is str:
            self.finish_reason = reason

    @property
    def text(self) -> str | None:
        """All of the text; None where there was none, or nothing but calls of tools."""
        text = "".join(self._text)
        return text if text or (self._text and not self._tools) else None

    def answers(self) -> dict[str, Any]:
        """Return what else there is to tell; what is not known is left out."""
        told: dict[str, Any] = {"tool_calls": len(self._tools)}
        if self._tools:
            told["tool_names"] = ", ".join(filter(None, self._tools.values())) or None
        told["finish_reason"] = self.finish_reason
        told["refusal"] = "".join(self._refusal) or None
        return {name: value for name, value in told.items() if value is not None}
