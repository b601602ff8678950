"""The API's documents are what their specifications ask for, and what the server says.

`asyncapi-3.0.0.json` is the AsyncAPI Initiative's schema of the specification (Apache-2.0, from
version 6.11.1 of their package `@asyncapi/specs`), its blanks left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import httpx
import jsonschema
import numpy as np
import pytest
from openapi_spec_validator import validate
from server.http.rest_client import recording
from servers import client, get, receive_until, serving
from sounds import pcm, silence, voice

from streamer.masking.wishes import Masking
from streamer.protocols.native import messages
from streamer.protocols.native.messages import CLIENT_MESSAGE_TYPES
from streamer.server.doors import DOORS
from streamer.server.reference.asyncapi import asyncapi
from streamer.server.reference.openapi import openapi

SPECIFICATION = json.loads(Path(__file__).with_name("asyncapi-3.0.0.json").read_text())


def _judge(document: dict[str, Any], schema: str, value: object) -> None:
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    jsonschema.validate(value, whole, cls=jsonschema.Draft202012Validator)


def test_the_websockets_are_a_valid_asyncapi_document() -> None:
    jsonschema.validate(asyncapi(), SPECIFICATION, cls=jsonschema.Draft7Validator)


def test_the_http_paths_are_a_valid_openapi_document() -> None:
    validate(cast("Any", openapi()))


def test_every_websocket_address_is_told() -> None:
    told = {channel["address"].partition("{")[0] for channel in asyncapi()["channels"].values()}
    assert told == {door.path for door in DOORS}


def test_what_the_form_takes_of_ours_is_told() -> None:
    form = openapi()["components"]["schemas"]["TranscriptionForm"]["properties"]
    assert set(Masking.model_fields) <= set(form)
    assert all(form[name]["description"] for name in Masking.model_fields)


def test_every_reference_within_a_document_leads_somewhere() -> None:
    for document in (asyncapi(), openapi()):
        for target in _references(document):
            at: Any = document
            for step in target.removeprefix("#/").split("/"):
                at = at[step]


def _references(part: object) -> list[str]:
    if isinstance(part, list):
        return [one for item in cast("list[object]", part) for one in _references(item)]
    if not isinstance(part, dict):
        return []
    found = [value for key, value in cast("dict[str, object]", part).items() if key == "$ref"]
    inside = [one for item in cast("dict[str, object]", part).values() for one in _references(item)]
    return [str(one) for one in found] + inside


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Start", {"type": "start", "language": "en", "labels": ["a", "b"], "channels": 2}),
        ("Start", {"type": "start", "resume": "s", "last_seq": -1}),
        ("Start", {"type": "start", "watch": True}),
        ("Configure", {"type": "configure", "turn": "auto"}),
        ("Keepalive", {"type": "keepalive", "last_seq": 4}),
    ],
)
def test_what_a_client_may_say_is_allowed(name: str, message: dict[str, Any]) -> None:
    _judge(asyncapi(), name, message)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Start", {"type": "start", "langauge": "en"}),
        ("Start", {"type": "start", "channels": 9}),
        ("Configure", {"type": "configure", "channels": 2}),  # not to be changed
        ("Flush", {"id": "without a type"}),
    ],
)
def test_what_a_client_may_not_say_is_not(name: str, message: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        _judge(asyncapi(), name, message)


def test_all_that_clients_send_is_told() -> None:
    schemas = asyncapi()["components"]["schemas"]
    sent = [schema["properties"]["type"]["const"] for schema in map(schemas.get, _sent())]
    assert sorted(sent) == sorted(CLIENT_MESSAGE_TYPES)


def _sent() -> list[str]:
    refs = [one["$ref"] for one in asyncapi()["operations"]["send"]["messages"]]
    return [ref.rpartition("/")[2] for ref in refs if not ref.endswith("/Audio")]


async def test_a_server_says_what_its_documents_say() -> None:
    names = {
        model.model_fields["type"].default: model.__name__
        for model in vars(messages).values()
        if isinstance(model, type) and "type" in getattr(model, "model_fields", ())
    }
    async with serving() as address:
        status, headers, page = await get(address, "/docs")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert b"://" not in page, "nothing comes from another host"
        assert b"<script" not in page
        document = json.loads((await get(address, "/asyncapi.json"))[2])
        assert document == asyncapi()
        paths = json.loads((await get(address, "/openapi.json"))[2])
        assert paths == openapi()
        async with client(address) as ws:
            await ws.send(pcm(np.concatenate([voice(1.0), silence(1.0)])))
            await ws.send('{"type": "configure", "language": "xx"}')
            await ws.send('{"type": "flush", "id": "f"}')
            await ws.send('{"type": "stop"}')
            heard = await receive_until(ws, "done")
        assert {"ready", "final", "error", "flushed", "done"} <= {one["type"] for one in heard}
        for message in heard:
            _judge(document, names[message["type"]], message)
        _judge(paths, "Models", json.loads((await get(address, "/v1/models"))[2]))
        assert (await get(address, "/v1/models/none"))[0] == 404
        _judge(paths, "Error", json.loads((await get(address, "/v1/models/none"))[2]))
        async with httpx.AsyncClient(base_url=f"http://{address}") as http:
            for style, schema in (("json", "Transcript"), ("verbose_json", "VerboseTranscript")):
                form = {"response_format": style, "model": "any"}
                url = "/v1/audio/transcriptions"
                answer = await http.post(url, data=form, files={"file": recording()})
                _judge(paths, schema, answer.json())
