"""Phrases of refusals in ten languages, as patterns of the beginning of a reply."""

from __future__ import annotations

import re

_CANNOT = (
    r"(?:can(?:not|['’]?t| not)|won['’]?t|will not|am (?:not able|unable)"
    r"|['’]m (?:not able|unable))"
)
_DO = (
    r"(?:to )?(?:help|assist|comply|do that|provide|fulfil|answer|engage|create|generate|write|"
    r"support|discuss|continue|share|give)"
)
_WITHIN = r"[^.!?]{0,60}"
"""Other words of the same sentence."""

_PATTERNS = {
    "English": (
        rf"\bI {_CANNOT}(?! only)(?: \w+)? {_DO}\b",
        rf"\bI{_CANNOT}(?! only)(?: \w+)? {_DO}\b",
        rf"\bnot something (?:that )?I (?:can|am able to|['’]m able to) {_DO}\b",
        r"\bI(?: must|['’]ll have to| have to)(?: \w+)? (?:decline|refuse)\b",
        r"\bI['’]?m sorry,? but\b|\bI am sorry,? but\b|\b(?:I )?apologi[sz]e,? but\b",
        r"\bas an? (?:AI|artificial intelligence|(?:large )?language model)\b",
        r"\b(?:against|violates?) (?:my|our|the|OpenAI['’]?s|Anthropic['’]?s) (?:\w+ )?"
        r"(?:guidelines|polic(?:y|ies)|programming)\b",
    ),
    "German": (
        rf"\b(?:ich (?:kann|darf|werde)|(?:kann|darf|werde) ich)\b{_WITHIN}"
        rf"\b(?:nicht(?! nur)|keine?n?)\b{_WITHIN}\b(?:weiter)?"
        r"(?:helfen|unterstützen|beantworten|nachkommen|bereitstellen|erstellen|schreiben|"
        r"erfüllen|geben|tun)\b",
        r"\btut mir (?:sehr )?leid,? aber\b",
        r"\bals (?:eine? )?(?:KI\b|künstliche Intelligenz|(?:großes )?Sprachmodell)",
    ),
    "French": (
        rf"\bje ne (?:peux|pourrai|vais|suis)(?: \w+)? pas(?! seulement){_WITHIN}"
        r"(?:aider|assister|répondre|fournir|faire|créer|écrire|générer|continuer|en mesure)\b",
        r"\b(?:désolée?|navrée?),? mais\b",
        r"\ben tant qu(?:e|['’]) ?(?:IA\b|intelligence artificielle|assistant IA|modèle de "
        r"langage)",
    ),
    "Spanish": (
        r"\bno (?:puedo|podré|me es posible)(?: \w+)? (?:ayudar|asistir|proporcionar|responder|"
        r"hacer eso|crear|escribir|generar|continuar|compartir|cumplir)",
        r"\blo siento,? pero\b",
        r"\bcomo (?:una? )?(?:IA\b|inteligencia artificial|modelo de lenguaje)",
    ),
    "Portuguese": (
        r"\bnão (?:posso|consigo|poderei)(?: \w+)? (?:ajudar|auxiliar|fornecer|responder|"
        r"fazer isso|criar|escrever|gerar|continuar|compartilhar|atender)",
        r"\b(?:desculpe|sinto muito|lamento),? mas\b",
        r"\bcomo (?:uma? )?(?:IA\b|inteligência artificial|modelo de linguagem)",
    ),
    "Italian": (
        r"\bnon posso(?: \w+)? (?:aiutar|assister|fornir|risponder|farlo|crear|scriver|generar|"
        r"continuar|condivider|soddisfar)",
        r"\bmi dispiace,? ma\b",
        r"\b(?:in quanto|come) (?:IA\b|intelligenza artificiale|modello linguistico)",
    ),
    "Dutch": (
        rf"\b(?:ik kan|kan ik)\b{_WITHIN}\b(?:niet(?! alleen)|geen)\b{_WITHIN}"
        r"\b(?:helpen|beantwoorden|verstrekken|geven|maken|schrijven|voldoen)\b",
        r"\bspijt me,? maar\b",
        r"\bals (?:een )?(?:AI\b|kunstmatige intelligentie|(?:groot )?taalmodel)",
    ),
    "Chinese": (
        r"抱歉[，,]?(?:但是?)?我?(?:不能|无法|無法)",
        r"我(?:不能|无法|無法)(?:为您|為您|为你)?(?:帮助|協助|协助|提供|回答|满足|继续|讨论|生成)",
        r"作[为為](?:一个|一名|一個)?(?:AI|人工智能|人工智慧|(?:大型)?语言模型|(?:大型)?語言模型)",
    ),
    "Japanese": (
        r"申し訳(?:ございません|ありません)が[^。]{0,60}(?:できません|できかねます|いたしかねます)",
        r"(?:お手伝い|お答え|ご提供|提供|対応|お応え)(?:すること)?(?:は|が)?(?:できません|できかねます)",
        r"(?:AI|人工知能|言語モデル)として",
    ),
    "Korean": (
        r"죄송하지만[^.]{0,60}(?:수 없|어렵)",
        r"(?:도와|답변|제공)(?:을|를)?\s?(?:드릴|할) 수 없",
        r"(?:AI|인공지능|언어 모델)로서",
    ),
}

_ANY = re.compile("|".join(pattern for own in _PATTERNS.values() for pattern in own), re.IGNORECASE)

LANGUAGES = tuple(_PATTERNS)
"""Languages in which refusals are recognised."""


def is_refusal(text: str) -> bool:
    """Return whether a text has a phrase of a refusal.

    >>> is_refusal("I'm sorry, but I can't help with that."), is_refusal("I can help with that.")
    (True, False)
    """
    return _ANY.search(text) is not None
