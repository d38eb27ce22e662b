"""A language model's response to one request: its completions and common facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.completion import Completion
from modeltap_protocols._shared.usage import tokens_of

_MAX_CHOICES = 10_000
"""A choice with a larger index is numbered by its position: no request asks for this many."""


@dataclass(slots=True)
class Generation:
    """The content of a response, which may consist of many documents."""

    streamed: bool
    ended: bool = False
    id: str | None = None
    model: str | None = None
    error: str | None = None
    tokens: dict[str, int] = field(default_factory=dict)
    choices: dict[int, Completion] = field(default_factory=dict)

    def describe(self, document: dict[str, Any]) -> None:
        """Take the id, model, tokens and error of a document."""
        self.note(*map(document.get, ("id", "model", "usage", "error")))

    def note(self, id_: Any, model: Any, usage: Any, error: Any) -> None:
        """Take facts of a document, of any type; the first id and the first model count."""
        if self.id is None and type(id_) is str and id_:
            self.id = id_
        if self.model is None and type(model) is str and model:
            self.model = model
        if usage:
            # Some servers send zeros with each chunk, others the counts up to then.
            for name, count in tokens_of(usage).items():
                self.tokens[name] = count or self.tokens.get(name, 0)
        if error:
            self.fail(error)

    def fail(self, error: Any) -> None:
        """Note an error that replaced the rest of the response."""
        text = error if type(error) is str else None
        if type(error) is dict:
            names = ("type", "code", "message")
            text = next((error[n] for n in names if type(error.get(n)) is str), None)
        self.error = (text or "error")[:200]

    def at(self, index: Any, place: int = 0) -> Completion:
        """Return the completion with an index; use `place` if the index is not valid."""
        is_valid = type(index) is int and 0 <= index < _MAX_CHOICES
        number = index if is_valid else place
        completion = self.choices.get(number)
        if completion is None:
            completion = self.choices[number] = Completion()
        return completion

    @property
    def count(self) -> int:
        """The number of completions, including missing ones before the last."""
        return max(self.choices, default=-1) + 1

    def decoded(self, rows: list[dict[str, Any]], payload: Payload) -> Decoded:
        """Return rows with one completion each; the first row gets the token counts."""
        decoded = Decoded(rows=rows, id=self.id)
        if not payload.response:
            return decoded
        # A stream that was cut may lack some completions.
        fitting = self.count <= len(rows) if self.streamed else self.count in (0, len(rows))
        if not fitting:
            decoded.note = f"unpaired: {len(rows)} rows, {self.count} predictions"
            return decoded
        completions = [self.choices.get(place) for place in range(len(rows))]
        decoded.answers = [self._answers(completion, payload) for completion in completions]
        decoded.calls = [completion.calls() if completion else [] for completion in completions]
        decoded.answers[0].update(self.tokens)
        if self.tokens:
            decoded.answers[0]["tokens_source"] = "usage"
        if self.count:
            decoded.pair([completion.text if completion else None for completion in completions])
        decoded.note = self._note()
        return decoded

    def _answers(self, completion: Completion | None, payload: Payload) -> dict[str, Any]:
        fields: dict[str, Any] = {"streamed": self.streamed}
        if self.streamed:
            fields["ended_early"] = not self.ended
        if self.model is not None:
            fields["model_name"] = self.model
        if self.error is not None:
            fields["error"] = self.error
        if completion is None:
            return fields
        if self.streamed and completion.first_line is not None:
            elapsed_ms = payload.line_ms(completion.first_line)
            fields |= {} if elapsed_ms is None else {"first_token_ms": elapsed_ms}
        return fields | completion.answers()

    def _note(self) -> str | None:
        if self.error is not None:
            return "response: error"
        if self.streamed and not self.ended:
            return "response: ended early"
        return None if self.count else "response: no completion found"
