"""The WebSocket addresses as an AsyncAPI 3.0 document."""

from __future__ import annotations

from typing import Any, cast

import streamer
from streamer.protocols.native import messages, watching
from streamer.protocols.native.resuming import Resumption
from streamer.server.doors import DOORS, NATIVE
from streamer.session.settings import Changeable, StreamSettings

Json = dict[str, Any]

SCHEMA_REF = "#/components/schemas/{model}"

OTHERS = {
    "/v1/watch/": "What is said in a stream, for who has its link to watch along (SECURITY.md)",
    "/twilio": "Calls from Twilio, Telnyx, SignalWire, Exotel (docs/doors/phone-calls.md)",
    "/v1/calls/": "The transcript of a call, for who knows its name (docs/doors/phone-calls.md)",
    "/audiohook": "Genesys AudioHook (docs/doors/audiohook.md)",
    "/v1/listen": "Deepgram's live API (docs/doors/deepgram.md)",
    "/v2/listen": "Deepgram's Flux (docs/doors/flux.md)",
    "/v1/realtime": "OpenAI's Realtime API, transcription sessions (docs/doors/openai-realtime.md)",
    "/vonage": "Calls from Vonage (docs/doors/phone-calls.md)",
}
"""Addresses whose messages stand elsewhere, most of them defined by others; those that end with a
slash are followed by a name."""


def asyncapi() -> Json:
    """Return the document; it is the same on every server of this version."""
    sent, received = _client_schemas(), _server_schemas()
    said = {name: _message(name) for name in (*sent, *_types(received))}
    query = _settings(StreamSettings, Resumption)
    query["properties"][watching.SETTING] = _WATCH
    native = {
        "address": NATIVE.path,
        "title": "Native protocol",
        "description": "Binary frames are audio as `encoding` says; text frames are JSON.",
        "messages": {
            "Audio": {"$ref": "#/components/messages/Audio"},
            **{name: {"$ref": f"#/components/messages/{name}"} for name in said},
        },
        "bindings": {"ws": {"method": "GET", "query": query}},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "streamer: WebSockets",
            "version": streamer.__version__,
            "description": "Live speech in, text out. Where the server asks for keys: "
            "`Authorization: Bearer KEY`, or `api_key` in the query.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {"native": native, **dict(map(_other, OTHERS))},
        "operations": {
            "send": _operation("receive", ["Audio", *sent]),
            "hear": _operation("send", _types(received)),
        },
        "components": {
            "messages": {"Audio": _AUDIO, **said},
            "schemas": {**sent, **received},
        },
    }


_WATCH: Json = {"type": ["boolean", "string"], "description": watching.ACCEPTED}

_AUDIO: Json = {
    "title": "Audio",
    "contentType": "application/octet-stream",
    "summary": "A binary frame of any length, split anywhere.",
    "payload": {"type": "string", "format": "binary"},
}


def _message(name: str) -> Json:
    return {"title": name, "payload": {"$ref": SCHEMA_REF.format(model=name)}}


def _operation(action: str, names: list[str]) -> Json:
    """Describe what the server does, as AsyncAPI's actions are of the application described."""
    at = "#/channels/native"
    refs = [{"$ref": f"{at}/messages/{name}"} for name in names]
    return {"action": action, "channel": {"$ref": at}, "messages": refs}


def _other(path: str) -> tuple[str, Json]:
    door = next(door for door in DOORS if door.path == path)
    name = door.path.strip("/").replace("/", "_")
    if not path.endswith("/"):
        return name, {"address": path, "description": OTHERS[path]}
    place = {"address": f"{path}{{name}}", "parameters": {"name": {}}}
    return name, {**place, "description": OTHERS[path]}


def _client_schemas() -> dict[str, Json]:
    """Return what clients may send; the messages that carry settings have them as properties."""
    schemas = messages.client_messages.json_schema(ref_template=SCHEMA_REF)["$defs"]
    for name, models in {"Start": (StreamSettings, Resumption), "Configure": (Changeable,)}.items():
        schemas[name]["properties"] |= _settings(*models)["properties"]
        schemas[name]["additionalProperties"] = False
    schemas["Start"]["properties"][watching.SETTING] = _WATCH
    return {name: schema | {"required": ["type"]} for name, schema in schemas.items()}


def _server_schemas() -> dict[str, Json]:
    """Return what the server sends: all that is not null by default is always there."""
    schemas: dict[str, Json] = messages.server_messages.json_schema(ref_template=SCHEMA_REF)[
        "$defs"
    ]
    for schema in schemas.values():
        if "properties" in schema:
            schema["required"] = [
                name
                for name, about in schema["properties"].items()
                if about.get("default", "always") is not None
            ]
    return schemas


def _types(schemas: dict[str, Json]) -> list[str]:
    """Return the schemas that are messages, not parts of them."""
    return [name for name, schema in schemas.items() if "type" in schema.get("properties", {})]


def _settings(*models: type[StreamSettings | Changeable | Resumption]) -> Json:
    """Return the settings of some models, none of which must be given."""
    properties: Json = {}
    for model in models:
        schema = model.model_json_schema()
        properties |= {
            name: _inlined(about, schema) for name, about in schema["properties"].items()
        }
    return {"type": "object", "properties": properties}


def _inlined(about: object, schema: Json) -> object:
    """Put a choice where it is referred to: a query's schema has no place for definitions."""
    if isinstance(about, list):
        return [_inlined(one, schema) for one in cast("list[Any]", about)]
    if not isinstance(about, dict):
        return about
    part = cast("Json", about)
    told = {key: _inlined(value, schema) for key, value in part.items() if key != "$ref"}
    if "$ref" not in part:
        return told
    definition = _inlined(schema["$defs"][part["$ref"].rpartition("/")[2]], schema)
    return cast("Json", definition) | told
