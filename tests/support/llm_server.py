"""An app that speaks OpenAI's and Anthropic's protocols; what it says the model's name chooses."""

from __future__ import annotations

import asyncio
import base64
import json
import struct

from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

import modeltap

USAGE = {
    "prompt_tokens": 7,
    "completion_tokens": 5,
    "total_tokens": 12,
    "prompt_tokens_details": {"cached_tokens": 3},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
TOOL = [
    {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
    }
]
PAUSE = 0.05


def event(document, name=None):
    data = document if isinstance(document, str) else json.dumps(document)
    return (f"event: {name}\n" if name else "") + f"data: {data}\n\n"


def stream(pieces, split=False):
    async def sent():
        for piece in pieces:
            if isinstance(piece, (int, float)):
                await asyncio.sleep(piece)
                continue
            for part in [bytes([b]) for b in piece.encode()] if split else [piece.encode()]:
                yield part

    return StreamingResponse(sent(), media_type="text/event-stream")


def chunk(body, delta, index=0, finish=None, number=0, **more):
    own = f"chatcmpl-{number}" if body["model"] == "lit" else "chatcmpl-1"
    choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}
    return event(
        {
            "id": own,
            "object": "chat.completion.chunk",
            "created": 1,
            "model": body["model"] + "-v2",
            "choices": [choice],
            **more,
        }
    )


def chat_pieces(body):
    n, kind = body.get("n") or 1, body["model"]
    more = {"usage": dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0)}
    more = more if kind == "lit" else {"session_token": "hunter2"} if kind == "tells" else {}
    for index in range(n):
        yield chunk(body, {"role": "assistant", "content": ""}, index, **more)
    yield PAUSE
    yield ": keep alive\n\n"
    if kind == "endless":
        for number in range(2000):
            yield chunk(body, {"content": f"word{number} "})
            yield 0.01
    if kind == "broken":
        yield chunk(body, {"content": "Hel"})
        yield event({"error": {"message": "out of memory", "type": "server_error"}})
        return
    if kind == "tools":
        head = {"index": 0, "id": "call_1", "type": "function"}
        yield chunk(
            body, {"tool_calls": [{**head, "function": {"name": "weather", "arguments": ""}}]}
        )
        for part in ('{"city": ', '"Oslo"}'):
            yield chunk(body, {"tool_calls": [{"index": 0, "function": {"arguments": part}}]})
    elif kind == "thinks":
        yield chunk(body, {"reasoning_content": "hm"})
        yield PAUSE
        yield chunk(body, {"content": "42"})
    else:
        for number, word in enumerate(("Hel", "lo ", "wörld")):
            for index in range(n):
                yield chunk(body, {"content": word}, index, None, number, **more)
    for index in range(n):
        yield chunk(body, {}, index, "tool_calls" if kind == "tools" else "stop", 9, **more)
    if (body.get("stream_options") or {}).get("include_usage"):
        yield event(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": kind + "-v2",
                "choices": [],
                "usage": USAGE,
            }
        )
    yield event("[DONE]")


async def chat(request):
    body = await request.json()
    if body.get("stream"):
        return stream(chat_pieces(body), split=body["model"] == "split")
    message = {"role": "assistant", "content": "Hello", "refusal": None}
    if body["model"] == "tools":
        message |= {"content": None, "tool_calls": TOOL}
    if body["model"] == "refuses":
        message |= {"content": None, "refusal": "I cannot"}
    reason = "tool_calls" if body["model"] == "tools" else "stop"
    choices = [
        {"index": i, "message": message, "finish_reason": reason, "logprobs": None}
        for i in range(body.get("n") or 1)
    ]
    return JSONResponse(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"] + "-v2",
            "choices": choices,
            "usage": USAGE,
        }
    )


async def completions(request):
    body = await request.json()
    prompts = body["prompt"]
    if isinstance(prompts, str) or isinstance(prompts[0], int):
        prompts = [prompts]
    texts = [f"{prompt}!{i}" for prompt in prompts for i in range(body.get("n") or 1)]
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m-v2"}
    choices = [
        {"index": i, "text": text, "finish_reason": "length", "logprobs": None}
        for i, text in enumerate(texts)
    ]
    if not body.get("stream"):
        return JSONResponse({**head, "choices": choices[::-1], "usage": USAGE})

    def pieces():
        for choice in choices[::-1]:
            for letter in choice["text"]:
                said = {**choice, "text": letter, "finish_reason": None}
                yield event({**head, "choices": [said]})
        for choice in choices:
            yield event({**head, "choices": [{**choice, "text": ""}]})
        yield event("[DONE]")

    return stream(pieces())


async def embeddings(request):
    body = await request.json()
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    vectors = [[float(len(text)), 0.5, -1.0] for text in inputs]
    if body.get("encoding_format") == "base64":
        vectors = [base64.b64encode(struct.pack("<3f", *v)).decode() for v in vectors]
    data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
    return JSONResponse(
        {
            "object": "list",
            "model": "m-v2",
            "data": data[::-1],
            "usage": {"prompt_tokens": 6, "total_tokens": 6},
        }
    )


async def responses(request):
    body = await request.json()
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
    }
    call = {
        "id": "fc_1",
        "type": "function_call",
        "call_id": "call_1",
        "name": "weather",
        "arguments": '{"city": "Oslo"}',
        "status": "completed",
    }
    output = [message, call] if body["model"] == "tools" else [message]
    whole = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": body["model"] + "-v2",
        "status": "completed",
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "usage": {
            "input_tokens": 7,
            "output_tokens": 5,
            "total_tokens": 12,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 2},
        },
    }
    if not body.get("stream"):
        return JSONResponse(whole)
    start = {**whole, "status": "in_progress", "output": [], "usage": None}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    documents = [
        {"type": "response.created", "response": start},
        PAUSE,
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**message, "content": [], "status": "in_progress"},
        },
        {"type": "response.output_text.delta", "delta": "Hel", "logprobs": [], **place},
        PAUSE,
        {"type": "response.output_text.delta", "delta": "lo", "logprobs": [], **place},
        {"type": "response.output_text.done", "text": "Hello", "logprobs": [], **place},
        {"type": "response.output_item.done", "output_index": 0, "item": message},
        {"type": "response.completed", "response": whole},
    ]
    if body["model"] == "cut":
        documents = documents[:4]
    return stream(
        one if isinstance(one, float) else event({**one, "sequence_number": i}, one["type"])
        for i, one in enumerate(documents)
    )


async def messages(request):
    body = await request.json()
    text = {"type": "text", "text": "Hello"}
    tool = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}
    whole = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"] + "-v2",
        "content": [text, tool] if body.get("tools") else [text],
        "stop_sequence": None,
        "stop_reason": "tool_use" if body.get("tools") else "end_turn",
        "usage": {"input_tokens": 7, "output_tokens": 5, "cache_read_input_tokens": 3},
    }
    if not body.get("stream"):
        return JSONResponse(whole)
    start = {
        **whole,
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 7, "output_tokens": 1},
    }
    documents = [{"type": "message_start", "message": start}, {"type": "ping"}, PAUSE]

    def block(index, first, deltas):
        yield {"type": "content_block_start", "index": index, "content_block": first}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}

    documents += block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        [
            {"type": "thinking_delta", "thinking": "hm"},
            {"type": "signature_delta", "signature": "c2ln"},
        ],
    )
    documents += [
        PAUSE,
        *block(
            1,
            {"type": "text", "text": ""},
            [{"type": "text_delta", "text": part} for part in ("Hel", "lo")],
        ),
    ]
    if body.get("tools"):
        parts = ("", '{"city": ', '"Oslo"}')
        documents += block(
            2,
            {**tool, "input": {}},
            [{"type": "input_json_delta", "partial_json": p} for p in parts],
        )
    if body["model"] == "overloaded":
        documents.append({"type": "error", "error": {"type": "overloaded_error", "message": "x"}})
    else:
        documents += [
            {
                "type": "message_delta",
                "usage": {"output_tokens": 5},
                "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
            },
            {"type": "message_stop"},
        ]
    return stream(one if isinstance(one, float) else event(one, one["type"]) for one in documents)


app = Starlette(
    routes=[
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/gateway/chat", chat, methods=["POST"]),
        Route("/v1/completions", completions, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        Route("/v1/responses", responses, methods=["POST"]),
        Route("/v1/messages", messages, methods=["POST"]),
    ]
)
modeltap.watch(app, model="m", analyze=False)
