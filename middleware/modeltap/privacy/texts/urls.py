"""Secrets in URLs: passwords, and path segments after a sensitive name."""

from __future__ import annotations

import re

from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames

_USERINFO = re.compile(r"(?:(?<=//)|(?<=/\\/))[^/\s@\"'<>?#]++(?=@)")
_PATH = re.compile(r"(?<![\w/])(?:[A-Za-z][\w+.-]{0,20}+:/)?/[^\s\"'<>?#]++")
_SEGMENT_END = re.compile(r"([/;])")
_KEYED = re.compile(r"(?P<name>[\w.%-]{1,200}+):(?P<value>.+)")
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}|<(?:[^<>:]+:)?(\w+)>")
"""A route parameter: Starlette's `{name:type}` or Werkzeug's `<type:name>`."""

_VERBS = re.compile(
    r"(?:v\d+|api|auth|oauth2?|log-?in|log-?out|sign-?in|sign-?up|refresh|verify|validate|callback|"
    r"me|new|current|status|info|introspect|revoke|create|reset|forgot|change|update|delete|check|"
    r"list|search|all|token|tokens|sessions?|authorize|userinfo|keys?|predict|score|infer|invoke|"
    r"invocations|health|models?|versions?|generate|train|jwks|certs|types?|counts?|"
    r"\{[^}]*\}|index|download|upload|confirm|activate|send|exchange|rotate)(?:\.\w{2,5})?",
    re.IGNORECASE,
)
"""Path segments that follow a sensitive name in APIs without being secret."""


class UrlMasker:
    """Masks secrets in URLs and in paths.

    >>> urls = UrlMasker(SensitiveNames(), Marks())
    >>> urls.path("/reset/token/qz7f-3a"), urls.path("/oauth/token"), urls.path("/api/v1/predict")
    ('/reset/token/[masked]', '/oauth/token', '/api/v1/predict')
    >>> urls.text("see https://ann:pw@example.org/session/abc")
    'see https://[masked]@example.org/session/[masked]'
    """

    def __init__(self, names: SensitiveNames, marks: Marks) -> None:
        self._names = names
        self._marks = marks

    def text(self, text: str) -> str:
        """Return `text` with the secrets in its URLs masked."""
        if "/" not in text:
            return text
        text = _USERINFO.sub(lambda match: self._marks.mark(match[0]), text)
        return _PATH.sub(lambda match: self.path(match[0]), text)

    def path(self, path: str, route: str = "") -> str:
        """Return `path` with each segment masked that follows a sensitive name or has one as key.

        A common API word, as in `/token/refresh`, is kept, and so is a fixed segment of the
        `route`; a route parameter with a sensitive name is masked.
        """
        parts = _SEGMENT_END.split(path)
        steps = route.split("/") if route.count("/") == path.count("/") else []
        before, step, was_masked = "", 0, False
        for at in range(0, len(parts), 2):
            segment, follows = parts[at], parts[at - 1] if at else ""
            step += follows == "/"
            kept = self._segment(segment, before, follows, steps[step] if steps else "")
            if was_masked and follows == ";" and "=" not in segment:
                kept = self._marks.mark(segment)  # a secret with a semicolon in it
            parts[at], was_masked = kept, kept != segment
            before = segment if follows == "/" and segment else before
        return "".join(parts)

    def _segment(self, segment: str, before: str, follows: str, step: str) -> str:
        name, equals, value = segment.partition("=")
        if equals and value and self._names.masks(name, value):
            return f"{name}={self._marks.mark(value)}"
        if (pair := _KEYED.fullmatch(segment)) and self._names.masks(pair["name"], pair["value"]):
            is_verb = _VERBS.fullmatch(pair["value"])
            return segment if is_verb else f"{pair['name']}:{self._marks.mark(pair['value'])}"
        if follows != "/" or not segment or segment == step:
            return segment
        if (parameter := _PARAMETER.fullmatch(step)) and self._names.masks(
            parameter[1] or parameter[2], segment
        ):
            return self._marks.mark(segment)
        if not before or _VERBS.fullmatch(segment):
            return segment
        return self._marks.mark(segment) if self._names.masks(before, segment) else segment
