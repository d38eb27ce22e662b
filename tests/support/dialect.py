"""Phrases that the project's texts avoid, each with what to write instead.

Every phrase was once in a help text, a message or a page, and made readers stop. The patterns are
regular expressions, without regard to case.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Phrase(NamedTuple):
    pattern: str
    instead: str
    example: str
    """A text that has the phrase, so that each pattern is known to work."""

    def match(self, text: str) -> re.Match[str] | None:
        return re.search(self.pattern, text, re.IGNORECASE)


PHRASES = [
    Phrase(r"\bowes?\b|\bowed\b|\bowing\b", "pending, enqueued", "Send what is owed"),
    Phrase(r"\btruth values?\b", "boolean", "a truth value"),
    Phrase(r"\bnobody\b", "no user, no process, nothing", "an answer that nobody knows"),
    Phrase(r"\bmoving references?\b", "rolling reference", "a moving reference"),
    Phrase(r"\bthe usual\b|\bas usual\b", "baseline, normal, expected", "beyond the usual"),
    Phrase(
        r"(?<!there )\b(?:is|are|was|were) no (?!(?:longer|more|less|fewer|better|worse|larger|"
        r"smaller|wider|higher|lower|later)\b)[a-z`'\"{]",
        "is not a, is not valid, has no",
        "'x' is no regular expression",
    ),
    Phrase(r"\bas wholes?\b|\bwhole rows\b", "multivariate", "rows as wholes"),
    Phrase(
        r"(?<!LLM )(?<!a )(?<!the )\bjudg(?:es|ed|ing)\b|\bjudge (?:the|a|each|what|windows)\b",
        "evaluate",
        "Judge windows that are not over",
    ),
    Phrase(r"\btold\b|\btells? apart\b", "reported, notified, distinguished", "Who is told"),
    Phrase(
        r"\bthe (?:model|app|server) answer(?:s|ed)\b", "returns, responds", "the model answered"
    ),
    Phrase(r"\bin words\b", "as text, in a sentence", "what moved, in words"),
    Phrase(r"\bnothing comes\b|\bcomes? any ?more\b", "absence, stops arriving", "nothing comes"),
    Phrase(r"\bany more\b", "no longer", "it is not there any more"),
    Phrase(r"\bfor ever\b", "permanently, forever", "alerts for ever"),
    Phrase(r"\bin vain\b", "without success", "tried in vain"),
    Phrase(r"\bhears? of\b", "is notified of", "your webhook hears of errors"),
    Phrase(r"\bwell again\b", "recovered, resolved", "all is well again"),
    Phrase(r"\bstrangers?\b", "unknown", "messages of strangers"),
    Phrase(r"\blos(?:e|es|t) sight\b", "mark as unknown", "loses sight of it"),
    Phrase(r"\bat ease\b", "slowly, throttled", "goes on at ease"),
    Phrase(r"\bthe settings of now\b|\bof now\b", "current", "by the settings of now"),
    Phrase(r"\bfor company\b", "batching delay", "waits for company"),
    Phrase(r"\bwishes\b|\bwants\b", "needs, requires", "webhooks that want it, and wants"),
    Phrase(r"\bmends?\b|\bmended\b", "fix, repair", "was mended"),
    Phrase(r"\ba look at\b|\bneeds? a look\b", "check", "worth a look at it"),
    Phrase(r"\bcome to (?:an|its|their) end\b", "finish, end", "has come to its end"),
    Phrase(r"\banew\b", "again", "is computed anew"),
    Phrase(r"\bof their own accord\b|\bby itself alone\b", "automatically", "by itself alone"),
    Phrase(r"\bso many (?:rows|times|days)\b", "a number of", "windows of so many rows"),
    Phrase(r"\bin so many words\b", "explicitly", "asks for it in so many words"),
    Phrase(r"\bputs? (?:it |them )?aside\b", "move aside", "a damaged store is put aside"),
    Phrase(r"\bserves on\b", "keeps serving", "the app serves on"),
    Phrase(r"\b(?:by|of) their look\b|\bby its look\b", "by format", "values by their look"),
    Phrase(r"\bto be had\b", "available", "no lock is to be had"),
    Phrase(r"\bpoints of a hundred\b", "percentage points", "two points of a hundred"),
    Phrase(r"\b(?:is|are) (?:no|not) news\b", "does not alert", "which is no news"),
    Phrase(r"\bof one (?:value|class) alone\b", "with a single value", "of one value alone"),
    Phrase(r"\bbeside other work\b", "during other work", "timed beside other work"),
]
"""Phrases in any text."""

OPENINGS = [
    Phrase(
        r"^(?:What|Which|How|Who|Whose|Whether|Where|When|Why)\b(?! to\b)",
        "a noun phrase, or an imperative such as 'Return whether'",
        "What the model answered.",
    ),
    Phrase(r"^(?:Say|Tell|Let|Give)\b", "Return, Report, Print, Allow", "Say whether it is over."),
]
"""Beginnings of docstrings and help texts."""

NAMES = frozenset({"found", "one", "said", "told", "tell", "thing", "things", "mended", "owed"})
"""Variables and parameters that do not say what they hold."""

LEGITIMATE = [
    "An LLM judge scores a sample of exchanges.",
    "Look up the exchange by its id.",
    "There is no reference yet.",
    "The store is no longer used.",
    "It is no more than 200 MB.",
    "An accuracy that is no better than guessing.",
    "A page begins with the question that it answers.",
    "Return whether the window is complete.",
    "Mean absolute error rose to 15.3.",
    "Recommended settings",
]
"""Texts that no phrase may match."""
