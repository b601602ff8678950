"""The HTTP paths as an OpenAPI 3.1 document."""

from __future__ import annotations

from typing import Any

import streamer
from streamer.masking.wishes import Masking
from streamer.protocols.openai_rest.request import (
    CHUNKING,
    GRANULARITIES,
    INCLUDABLE,
    ResponseFormat,
)
from streamer.server.http.transcriptions import TRANSCRIPTIONS_PATH

Json = dict[str, Any]

_MASKING = Masking.model_fields
_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "number"}


def openapi() -> Json:
    """Return the document; it is the same on every server of this version."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "streamer: HTTP",
            "version": streamer.__version__,
            "description": "Files in, transcripts out, as OpenAI's REST API has it; and probes.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            TRANSCRIPTIONS_PATH: {"post": _TRANSCRIBE},
            "/v1/models": {"get": _MODELS},
            "/v1/models/{name}": {"get": _MODEL},
            "/healthz": {"get": _probe("healthz", "Whether the process should go on")},
            "/readyz": {"get": _probe("readyz", "Whether new streams are welcome")},
            "/metrics": {"get": _METRICS},
        },
        "components": {
            "schemas": _SCHEMAS,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Only where the server asks for keys.",
                }
            },
        },
    }


def _object(required: list[str], **properties: Json) -> Json:
    return {"type": "object", "required": required, "properties": properties}


def _list(of: Json) -> Json:
    return {"type": "array", "items": of}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(description: str, schema: Json, media_type: str = "application/json") -> Json:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _probe(name: str, summary: str) -> Json:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": _answer("It is so.", _TEXT, "text/plain"),
            "503": _answer("It is not: the text says why.", _TEXT, "text/plain"),
        },
    }


_REFUSALS: Json = {
    "4XX": _answer("Refused; `param` names the field that was wrong.", _ref("Error")),
    "5XX": _answer("The server cannot now; `Retry-After` may say when.", _ref("Error")),
}

_KEYED: Json = {"security": [{}, {"key": []}]}

_FORM = _object(
    ["file"],
    file={"type": "string", "format": "binary", "description": "a recording, in any usual format"},
    model={**_TEXT, "description": "any name: there is one model"},
    language={**_TEXT, "description": "a language code of the loaded model"},
    response_format={"type": "string", "enum": list(ResponseFormat), "default": "json"},
    stream={"type": "boolean", "default": False, "description": "for `json` and `text`"},
    chunking_strategy={"type": "string", "enum": list(CHUNKING), "default": "auto"},
    **{name: {**_TEXT, "description": one.description} for name, one in _MASKING.items()},
    **{
        "languages[]": _list(_TEXT),
        "keywords[]": _list({**_TEXT, "description": "no effect: a warning says so"}),
        "timestamp_granularities[]": _list({"type": "string", "enum": list(GRANULARITIES)}),
        "include[]": _list({"type": "string", "enum": list(INCLUDABLE)}),
    },
)

_TRANSCRIBE: Json = {
    **_KEYED,
    "operationId": "transcribe",
    "summary": "Transcribe a recording",
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": _ref("TranscriptionForm")}},
    },
    "responses": {
        "200": {
            "description": "The transcript, as `response_format` says; events with `stream`.",
            "content": {
                "application/json": {
                    "schema": {"oneOf": [_ref("VerboseTranscript"), _ref("Transcript")]}
                },
                "text/plain": {"schema": _TEXT},
                "text/vtt": {"schema": _TEXT},
                "text/event-stream": {"schema": _TEXT},
            },
        },
        **_REFUSALS,
    },
}

_MODELS: Json = {
    **_KEYED,
    "operationId": "models",
    "summary": "List the one model that is served",
    "responses": {"200": _answer("The list.", _ref("Models")), **_REFUSALS},
}

_MODEL: Json = {
    **_KEYED,
    "operationId": "model",
    "summary": "Describe a model",
    "parameters": [{"name": "name", "in": "path", "required": True, "schema": _TEXT}],
    "responses": {"200": _answer("It is served.", _ref("Model")), **_REFUSALS},
}

_METRICS: Json = {
    "operationId": "metrics",
    "summary": "Read all numbers, in Prometheus' text format",
    "responses": {"200": _answer("The numbers.", _TEXT, "text/plain")},
}

_USAGE = _object(["type", "seconds"], type={"const": "duration"}, seconds={"type": "integer"})

_SCHEMAS: Json = {
    "TranscriptionForm": _FORM,
    "Transcript": {
        **_object(
            ["text", "languages", "usage"],
            text=_TEXT,
            languages=_list(_object(["code"], code=_TEXT)),
            logprobs=_list(_object(["token", "logprob"], token=_TEXT)),
            usage=_USAGE,
        ),
    },
    "VerboseTranscript": _object(
        ["task", "language", "duration", "text", "usage"],
        task={"const": "transcribe"},
        language=_TEXT,
        duration=_NUMBER,
        text=_TEXT,
        words=_list(
            _object(["word", "start", "end"], word=_TEXT, start=_NUMBER, end=_NUMBER),
        ),
        segments=_list(
            _object(["id", "start", "end", "text"], start=_NUMBER, end=_NUMBER, text=_TEXT),
        ),
        usage=_USAGE,
    ),
    "Models": _object(["object", "data"], object={"const": "list"}, data=_list(_ref("Model"))),
    "Model": _object(
        ["id", "object", "created", "owned_by", "languages"],
        id=_TEXT,
        object={"const": "model"},
        created={"type": "integer"},
        owned_by=_TEXT,
        languages=_list(_TEXT),
    ),
    "Error": _object(
        ["error"],
        error=_object(
            ["message", "type", "param", "code"],
            message=_TEXT,
            type=_TEXT,
            param={"type": ["string", "null"]},
            code=_TEXT,
        ),
    ),
}
