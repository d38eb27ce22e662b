"""A support bot that speaks OpenAI's protocol, streamed or not, tapped by one line.

Its model is the answer whose question is nearest: small enough to run anywhere, without a network.
"""

import json
import uuid
from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sklearn.feature_extraction.text import TfidfVectorizer

import modeltap

ANSWERS = {
    "How do I reset my password?": "Open Settings, choose Security, and click Reset password.",
    "Where is my order?": "Orders are listed under Account, with the number of the parcel.",
    "How do I return an item?": "Print the label under Account, and send the item within 30 days.",
    "Can I pay by invoice?": "Yes, companies can pay by invoice within 14 days.",
}
UNKNOWN = "I'm sorry, but I can't help with that."

app = FastAPI()
words = TfidfVectorizer().fit(ANSWERS)
questions = words.transform(ANSWERS)


class Message(BaseModel):
    role: str
    content: str


class Chat(BaseModel):
    model: str = "support-1"
    messages: list[Message]
    stream: bool = False


def answer(question: str) -> str:
    similarity = (questions @ words.transform([question]).T).toarray().ravel()
    best = int(similarity.argmax())
    return list(ANSWERS.values())[best] if similarity[best] > 0.2 else UNKNOWN


def events(chat: Chat, text: str, usage: dict[str, int]) -> Iterator[str]:
    base = {"id": f"chatcmpl-{uuid.uuid4().hex}", "model": chat.model}
    base["object"] = "chat.completion.chunk"
    for word in text.split(" "):
        choice = {"index": 0, "delta": {"content": word + " "}, "finish_reason": None}
        yield f"data: {json.dumps({**base, 'choices': [choice]})}\n\n"
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    yield f"data: {json.dumps({**base, 'choices': [end], 'usage': usage})}\n\n"
    yield "data: [DONE]\n\n"


@app.post("/v1/chat/completions", response_model=None)
def complete(chat: Chat) -> dict[str, object] | StreamingResponse:
    question = chat.messages[-1].content
    text = answer(question)
    tokens = len(question.split()), len(text.split())
    usage = dict(zip(("prompt_tokens", "completion_tokens"), tokens, strict=True))
    usage["total_tokens"] = sum(tokens)
    if chat.stream:
        return StreamingResponse(events(chat, text, usage), media_type="text/event-stream")
    message = {"role": "assistant", "content": text}
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "model": chat.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage,
    }


modeltap.watch(app, model="support-bot")
