"""The reference as one page that is read without a script, and without any other host."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

Json = dict[str, Any]

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>streamer · API reference</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/style/base.css">
<link rel="stylesheet" href="/style/reference.css">
</head>
<body>
<header>
<h1><img src="/icon.svg" alt="" width="28" height="28"><span>API reference</span></h1>
</header>
<main class="reference">
<p>Version %s, generated from the server's own messages. For machines:
<a href="/asyncapi.json">AsyncAPI</a>, <a href="/openapi.json">OpenAPI</a>.</p>
"""


def page(asyncapi: Json, openapi: Json) -> str:
    """Write the page of both documents."""
    parts = [_HEAD % escape(asyncapi["info"]["version"])]
    parts += _channels(asyncapi)
    parts += _paths(openapi)
    return "".join([*parts, "</main>\n</body>\n</html>\n"])


def _channels(document: Json) -> Iterator[str]:
    yield f"<h2>WebSockets</h2>\n<p>{_prose(document['info']['description'])}</p>\n<ul>\n"
    for channel in document["channels"].values():
        address = escape(channel["address"])
        yield f"<li><code>{address}</code> {_prose(channel['description'])}</li>\n"
    yield "</ul>\n"
    schemas = document["components"]["schemas"]
    for title, operation in (("You send", "send"), ("You receive", "hear")):
        yield f"<h2>{title}</h2>\n"
        for one in document["operations"][operation]["messages"]:
            name = one["$ref"].rpartition("/")[2]
            if name in schemas:
                yield from _schema(name, schemas[name])
            else:
                summary = document["components"]["messages"][name]["summary"]
                yield f"<h3>{name}</h3>\n<p>{_prose(summary)}</p>\n"
    yield "<h2>Parts of messages</h2>\n"
    told = document["components"]["messages"]
    for name, schema in schemas.items():
        if name not in told:
            yield from _schema(name, schema)


def _paths(document: Json) -> Iterator[str]:
    yield f"<h2>HTTP</h2>\n<p>{_prose(document['info']['description'])}</p>\n"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"<h3><code>{method.upper()} {escape(path)}</code></h3>\n"
            yield f"<p>{_prose(operation['summary'])}.</p>\n<ul>\n"
            for status, answer in operation["responses"].items():
                kinds = ", ".join(answer["content"])
                yield f"<li>{status}: {_prose(answer['description'])} <small>{kinds}</small></li>\n"
            yield "</ul>\n"
    for name, schema in document["components"]["schemas"].items():
        yield from _schema(name, schema)


def _schema(name: str, schema: Json) -> Iterator[str]:
    yield f'<h3 id="{name}">{name}</h3>\n'
    if "description" in schema:
        yield f"<p>{_prose(schema['description'])}</p>\n"
    if "properties" not in schema:
        yield f"<p>{_type(schema)}</p>\n"
        return
    yield "<table>\n<tr><th>field</th><th>value</th><th>meaning</th></tr>\n"
    required = schema.get("required", ())
    for field, about in schema["properties"].items():
        must = "" if field in required else " <small>may be absent</small>"
        meaning = _prose(about.get("description", ""))
        yield f"<tr><td><code>{escape(field)}</code>{must}</td>"
        yield f"<td>{_type(about)}</td><td>{meaning}</td></tr>\n"
    yield "</table>\n"


def _type(about: Json) -> str:
    """Write what a value may be, in words."""
    if "$ref" in about:
        name = about["$ref"].rpartition("/")[2]
        return f'<a href="#{name}">{name}</a>'
    if "const" in about:
        return f"<code>{escape(str(about['const']))}</code>"
    if "enum" in about:
        return ", ".join(f"<code>{escape(str(one))}</code>" for one in about["enum"])
    if choices := about.get("anyOf") or about.get("oneOf"):
        return " or ".join(map(_type, choices))
    kind = about.get("type", "anything")
    kind = kind if isinstance(kind, str) else " or ".join(kind)
    if kind == "array" and "items" in about:
        return f"list of {_type(about['items'])}"
    if "minimum" in about and "maximum" in about:
        return f"{kind}, {about['minimum']} to {about['maximum']}"
    return kind


def _prose(text: str) -> str:
    """Write text with `code` in it."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))
