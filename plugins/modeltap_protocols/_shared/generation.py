"""A language model's answer to one request: its completions, and their common facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.completion import Completion
from modeltap_protocols._shared.usage import tokens_of

_MAX_CHOICES = 10_000
"""A choice with a number beyond it is counted by its place: nobody asks for so many."""


@dataclass(slots=True)
class Generation:
    """What was found in an answer, however many documents it came in."""

    streamed: bool
    ended: bool = False
    id: str | None = None
    model: str | None = None
    error: str | None = None
    tokens: dict[str, int] = field(default_factory=dict)
    choices: dict[int, Completion] = field(default_factory=dict)

    def describe(self, document: dict[str, Any]) -> None:
        """Take id, model, tokens and error of a document; the first id counts."""
        for name in ("id", "model"):
            said = document.get(name)
            if type(said) is str and said and getattr(self, name) is None:
                setattr(self, name, said)
        # Some servers send zeros with each piece, and others the counts so far.
        for name, count in tokens_of(document.get("usage")).items():
            self.tokens[name] = count or self.tokens.get(name, 0)
        if document.get("error"):
            self.fail(document["error"])

    def fail(self, error: Any) -> None:
        """Note an error that came in place of the rest."""
        said = error if type(error) is str else None
        if type(error) is dict:
            names = ("type", "code", "message")
            said = next((error[n] for n in names if type(error.get(n)) is str), None)
        self.error = (said or "error")[:200]

    def at(self, index: Any, place: int = 0) -> Completion:
        """Return the completion with a number; `place` where that is none."""
        known = type(index) is int and 0 <= index < _MAX_CHOICES
        return self.choices.setdefault(index if known else place, Completion())

    @property
    def count(self) -> int:
        """How many completions there are, those that never came among them."""
        return max(self.choices, default=-1) + 1

    def decoded(self, rows: list[dict[str, Any]], payload: Payload) -> Decoded:
        """Return rows with their completions, one for each; the tokens are told of the first."""
        found = Decoded(rows=rows, id=self.id)
        if not payload.response:
            return found
        # Of a stream that was cut some completions never came.
        fitting = self.count <= len(rows) if self.streamed else self.count in (0, len(rows))
        if not fitting:
            found.note = f"unpaired: {len(rows)} rows, {self.count} predictions"
            return found
        listed = [self.choices.get(place) for place in range(len(rows))]
        found.answers = [self._answers(one, payload) for one in listed]
        found.answers[0].update(self.tokens)
        if self.tokens:
            found.answers[0]["tokens_source"] = "usage"
        if self.count:
            found.pair([one.text if one else None for one in listed])
        found.note = self._note()
        return found

    def _answers(self, one: Completion | None, payload: Payload) -> dict[str, Any]:
        told: dict[str, Any] = {"streamed": self.streamed}
        if self.streamed:
            told["ended_early"] = not self.ended
        if self.model is not None:
            told["model_name"] = self.model
        if self.error is not None:
            told["error"] = self.error
        if one is None:
            return told
        if self.streamed and one.first_line is not None:
            moment = payload.line_ms(one.first_line)
            told |= {} if moment is None else {"first_token_ms": moment}
        return told | one.answers()

    def _note(self) -> str | None:
        if self.error is not None:
            return "response: error"
        if self.streamed and not self.ended:
            return "response: ended early"
        return None if self.count else "response: no completion found"
