"""One completion of a language model: a choice of its response, whole or joined from deltas."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from modeltap.payload import ToolCall


@dataclass(slots=True)
class Completion:
    """The content of one choice; its methods accept any value and ignore those that are not text.

    >>> completion = Completion()
    >>> for line, text in ((1, ""), (3, "Hel"), (5, "lo"), (7, None)):
    ...     completion.add(text, line)
    >>> completion.text, completion.first_line
    ('Hello', 3)
    """

    first_line: int | None = None
    """The line of the stream with the first delta that is not empty."""
    finish_reason: str | None = None
    _text: list[str] = field(default_factory=list)
    _refusal: list[str] = field(default_factory=list)
    _tools: dict[Any, str] = field(default_factory=dict)
    _arguments: dict[Any, list[str]] = field(default_factory=dict)
    """The parts of each call's arguments, by the keys of `_tools`."""
    _calls: dict[Any, str] = field(default_factory=dict)
    """The id of the unfinished call, by key."""

    def add(self, text: Any, line: int) -> None:
        """Append to the text."""
        if type(text) is str:
            self._text.append(text)
            self.came(text, line)

    def refuse(self, text: Any, line: int) -> None:
        """Append to the refusal."""
        if type(text) is str:
            self._refusal.append(text)
            self.came(text, line)

    def call(self, key: Any, name: Any, arguments: Any, line: int, id_: Any = None) -> None:
        """Add a part of a tool call; parts of one call share a `key`.

        Another id with a name begins another call, because some servers use one key for all
        calls. Another id without a name does not: some servers make up an id for each part.
        """
        key = key if type(key) in (int, str) else None
        if type(id_) is str and id_ and type(name) is str and name:
            open_id = self._calls.setdefault(key, id_)
            if open_id != id_:
                self._calls[key] = id_
                self._tools.setdefault((key, open_id), self._tools.pop(key, ""))
                self._arguments.setdefault((key, open_id), self._arguments.pop(key, []))
        if not self._tools.setdefault(key, "") and type(name) is str:
            self._tools[key] = name
        if type(arguments) is dict and arguments:
            arguments = msgspec.json.encode(arguments).decode()
        if type(arguments) is str:
            self._arguments.setdefault(key, []).append(arguments)
        self.came(arguments, line)

    def calls(self) -> list[ToolCall]:
        """Return the calls of tools, with their arguments as the model wrote them.

        >>> completion = Completion()
        >>> completion.call(0, "weather", '{"city":', 1)
        >>> completion.call(0, None, '"Oslo"}', 2)
        >>> completion.calls()
        [ToolCall(name='weather', arguments='{"city":"Oslo"}')]
        """
        return [
            ToolCall(name, "".join(self._arguments.get(key, ())))
            for key, name in self._tools.items()
        ]

    def came(self, delta: Any, line: int) -> None:
        """Note the line of the first output, which may be reasoning."""
        if self.first_line is None and type(delta) is str and delta:
            self.first_line = line

    def finish(self, reason: Any) -> None:
        """Set the reason why the completion ended."""
        if type(reason) is str:
            self.finish_reason = reason

    @property
    def text(self) -> str | None:
        """The whole text; None if there was none, or only tool calls."""
        text = "".join(self._text)
        return text if text or (self._text and not self._tools) else None

    def answers(self) -> dict[str, Any]:
        """Return the further fields that are known."""
        fields: dict[str, Any] = {"tool_calls": len(self._tools)}
        if self._tools:
            fields["tool_names"] = ", ".join(filter(None, self._tools.values())) or None
        fields["finish_reason"] = self.finish_reason
        fields["refusal"] = "".join(self._refusal) or None
        return {name: value for name, value in fields.items() if value is not None}
