"""The built-in evaluators: what passes, what fails, and what does not count."""

from __future__ import annotations

import json

import pytest

from modeltap.config.evaluation.evaluator_settings import parse_evaluators
from modeltap.payload import EvaluatedOutput
from modeltap.plugins import hooks
from modeltap_evaluators import refusal_phrases

SCHEMA = {
    "type": "object",
    "required": ["city"],
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
}


def scored(output, kind, prompt=None, fields=None, **parameters):
    (own,) = parse_evaluators([{"name": "a", "kind": kind, **parameters}])
    (value,) = hooks("evaluators").score(
        evaluator=own, outputs=[EvaluatedOutput("x", 0, prompt, output, fields or {})]
    )
    return value


JSON = {
    '{"a": 1}': True,
    " [1, 2.5e3, null]\n": True,
    '"text"': True,
    "12": True,
    '{"a": "\\ud83d\\ude00"}': True,
    "": False,
    "{'a': 1}": False,
    '{"a": 1,}': False,
    '{"a": NaN}': False,
    "[Infinity]": False,
    '{"a": 1} done': False,
    'Here it is: {"a": 1}': False,
    '```json\n{"a": 1}\n```': False,
    "[" * 100_000: False,
    "\ufeff{}": False,
    "\ud800": False,
}


@pytest.mark.parametrize("text", JSON, ids=lambda text: ascii(text[:20]))
def test_json_is_the_whole_output(text):
    assert scored(text, "json") is JSON[text]


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ('```json\n{"a": 1}\n```', True),
        ("```\n[1]\n```\n", True),
        ('{"a": 1}', True),
        ('```json\n{"a": 1\n```', False),
        ('Sure:\n```json\n{"a": 1}\n```', False),
        ('```json\r\n{"a": 1}\r\n```\r\n', True),
        ('``` json5 \n{"a": 1}```', True),
        ('~~~~\n{"a": "```"}\n~~~~', True),
        ('````json\n{"a": "```"}\n````', True),
        ('````json\n{"a": 1}\n```', False),
        ("```json\n```", False),
    ],
)
def test_json_may_be_in_a_block_of_markdown(text, passes):
    assert scored(text, "json", fenced=True) is passes


@pytest.mark.parametrize(
    ("document", "passes"),
    [
        ({"city": "Oslo"}, True),
        ({"city": "Oslo", "days": 3}, True),
        ({"city": "Oslo", "days": 0}, False),
        ({"city": 5}, False),
        ({}, False),
        ([], False),
    ],
)
def test_a_schema_describes_the_document(document, passes, tmp_path):
    assert scored(json.dumps(document), "json", schema=SCHEMA) is passes
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(SCHEMA))
    assert scored(json.dumps(document), "json", schema=str(file)) is passes


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "objct"}, "invalid schema: 'objct' is not valid"),
        ("missing.json", "cannot read the schema 'missing.json': No such file"),
        ({"$ref": "https://example.org/schema.json"}, "Unresolvable"),
    ],
)
def test_a_schema_that_cannot_be_used_is_an_error(schema, reason):
    """A reference to another document is never fetched."""
    with pytest.raises(Exception, match=reason):
        scored("{}", "json", schema=schema)


def test_a_file_that_is_not_json_is_no_schema(tmp_path):
    (tmp_path / "s.json").write_text("type: object")
    with pytest.raises(ValueError, match="is not JSON"):
        scored("{}", "json", schema=str(tmp_path / "s.json"))


@pytest.mark.parametrize(
    ("text", "characters", "words"),
    [("", 0, 0), ("well, well", 10, 2), ("don't 42", 8, 2), ("日本語", 3, 1), ("😀", 1, 0)],
)
def test_length_is_that_of_characters_or_words(text, characters, words):
    assert scored(text, "length", max=9) == characters
    assert scored(text, "length", max=9, unit="words") == words


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("Damn it", False),
        ("DAMN", False),
        ("a damnation", True),
        ("as an\n  AI model", False),
        ("as a model", True),
        ("C++ is fine", False),
        ("", True),
    ],
)
def test_banned_words_are_whole_words_in_any_case(text, passes):
    assert scored(text, "banned_words", words=["damn", "as an AI", "c++"]) is passes


@pytest.mark.parametrize(("match", "passes"), [("present", True), ("absent", False)])
def test_a_pattern_is_present_or_absent(match, passes):
    assert scored("order 42", "regex", pattern=r"\b\d+\b", match=match) is passes
    assert scored("no order", "regex", pattern=r"\b\d+\b", match=match) is not passes


LANGUAGES = {
    "en": "The parcel will be delivered tomorrow before noon, and we will call you.",
    "de": "Das Paket wird morgen vor Mittag geliefert, und wir rufen Sie vorher an.",
    "fr": "Le colis sera livré demain avant midi et nous vous appellerons avant.",
    "es": "El paquete se entregará mañana antes del mediodía y le llamaremos antes.",
    "ja": "荷物は明日の正午前に配達されます。事前にお電話いたします。",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_recognized_offline(language):
    text = LANGUAGES[language]
    assert scored(text, "language", languages=[language]) is True
    assert scored(text, "language", languages=[{"en": "de"}.get(language, "en")]) is False


@pytest.mark.parametrize("text", ["", "ok", "42 17 99", "\ud800"])
def test_a_text_without_a_language_does_not_count(text):
    assert scored(text, "language", languages=["en"]) is None


def test_an_unknown_language_is_an_error():
    with pytest.raises(ValueError, match="unknown language 'xx'"):
        scored("text", "language", languages=["xx"])


REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "I am sorry but this is not something to discuss.",
    "I cannot assist with this request.",
    "I can’t comply with that.",
    "I won't write that.",
    "I am unable to provide medical advice.",
    "I'm not able to discuss this.",
    "As an AI language model, I have no opinions.",
    "I must decline.",
    "That's not something I can help with.",
    "I apologize, but no.",
    "This request violates our content policy.",
]
REPLIES = [
    "Your parcel arrives tomorrow.",
    "I can help with that. What is your order number?",
    "You cannot return opened items, but you can exchange them.",
    "I'm sorry to hear that. Here is how to fix it:",
    "The store can't ship on Sundays.",
    "I can not only create the report but also send it.",
    "",
]


REFUSALS_BY_LANGUAGE = {
    "German": "Es tut mir leid, aber dabei kann ich Ihnen nicht helfen.",
    "French": "Je suis désolé, mais je ne peux pas vous aider avec cette demande.",
    "Spanish": "Lo siento, pero no puedo ayudarte con eso.",
    "Portuguese": "Desculpe, mas não posso ajudar com isso.",
    "Italian": "Mi dispiace, ma non posso aiutarti con questo.",
    "Dutch": "Het spijt me, maar ik kan je daar niet mee helpen.",
    "Chinese": "很抱歉，我无法提供这方面的帮助。",
    "Japanese": "申し訳ございませんが、そのご質問にはお答えできません。",
    "Korean": "죄송하지만 그 요청은 도와드릴 수 없습니다.",
}
OTHER_REFUSALS = [
    "Ich darf solche Anleitungen leider nicht erstellen.",
    "Als KI-Sprachmodell habe ich keine Meinung.",
    "Je ne suis pas en mesure de répondre à cette question.",
    "No puedo proporcionar esa información.",
    "Como modelo de linguagem, não tenho opiniões.",
    "Non posso fornire queste informazioni.",
    "Ik kan deze vraag helaas niet beantwoorden.",
    "作为一个人工智能语言模型，我没有个人意见。",
]
OTHER_REPLIES = [
    "Ich kann nicht nur Berichte schreiben, sondern sie auch prüfen.",
    "Je ne peux pas seulement écrire le texte, je peux aussi le traduire.",
    "Ik kan niet alleen teksten schrijven, maar ook vertalen.",
]
REPLIES_BY_LANGUAGE = {
    "German": "Das tut mir leid zu hören. Sie können geöffnete Ware nicht zurückgeben.",
    "French": "Je suis désolé de l'apprendre. Vous ne pouvez pas faire de retour après 30 jours.",
    "Spanish": "Siento la demora. El paquete no puede llegar antes del lunes.",
    "Portuguese": "Sinto muito pelo atraso. O pacote não pode chegar antes de segunda.",
    "Italian": "Mi dispiace per il ritardo. Il pacco non arriva prima di lunedì.",
    "Dutch": "Wat vervelend. U kunt geopende artikelen niet retourneren.",
    "Chinese": "很抱歉让您久等了，您的包裹明天送达。",
    "Japanese": "お待たせして申し訳ございません。明日お届けします。",
    "Korean": "기다리게 해서 죄송합니다. 내일 도착합니다.",
}


@pytest.mark.parametrize("text", [*REFUSALS, *REFUSALS_BY_LANGUAGE.values(), *OTHER_REFUSALS])
def test_a_refusal_fails(text):
    assert scored(text, "refusal") is False


@pytest.mark.parametrize("text", [*REPLIES, *OTHER_REPLIES, *REPLIES_BY_LANGUAGE.values()])
def test_a_reply_passes(text):
    assert scored(text, "refusal") is True


def test_each_language_has_a_refusal_and_a_reply():
    assert {"English", *REFUSALS_BY_LANGUAGE} == set(refusal_phrases.LANGUAGES)
    assert {"English", *REPLIES_BY_LANGUAGE} == set(refusal_phrases.LANGUAGES)


def test_a_refusal_may_be_a_field_or_a_reason_or_a_phrase_of_the_user():
    assert scored(None, "refusal", fields={"refusal": "no"}) is False
    assert scored("", "refusal", fields={"finish_reason": "content_filter"}) is False
    assert scored("Das mag ich nicht.", "refusal", words=["mag ich nicht"]) is False
    assert scored(None, "refusal") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Parcels arrive in 5 days", 0.75),
        ("parcels", 1.0),
        ("Elephants dance", 0.0),
        ("so is it", None),
        ("", None),
    ],
)
def test_overlap_is_the_fraction_of_words_in_the_context(text, value):
    context = {"prompt": "A parcel takes 5 days. Parcels are free.", "system": "Be brief"}
    assert scored(text, "overlap", fields=context) == value


def test_overlap_has_a_context_of_the_users_choice():
    fields = {"documents": [{"text": "Elephants dance"}], "prompt": "hi"}
    assert scored("Elephants dance", "overlap", fields=fields, context=["documents"]) == 1.0
    assert scored("Elephants dance", "overlap", fields=fields, context=["missing"]) is None


def test_a_python_function_receives_the_output(tmp_path, monkeypatch):
    (tmp_path / "own_checks.py").write_text(
        "def is_short(row):\n    return len(row['output']) < row['fields']['limit']\n"
        "def fails(row):\n    return 1 / 0\n"
    )
    monkeypatch.chdir(tmp_path)
    function = "own_checks:is_short"
    assert scored("abc", "python", fields={"limit": 9}, function=function) is True
    with pytest.raises(ValueError, match=r"division by zero \(in exchange x\)"):
        scored("abc", "python", function="own_checks:fails")
    with pytest.raises(ValueError, match="has no function missing"):
        scored("abc", "python", function="own_checks:missing")


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("json", {}),
        ("length", {"max": 3}),
        ("banned_words", {"words": ["a"]}),
        ("regex", {"pattern": "a"}),
        ("language", {"languages": ["en"]}),
        ("overlap", {}),
    ],
)
def test_a_missing_output_does_not_count(kind, parameters):
    assert scored(None, kind, prompt="hi", fields={"prompt": "hi"}, **parameters) is None
