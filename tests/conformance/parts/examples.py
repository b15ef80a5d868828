"""Each operation of the API document as a request that succeeds on the demo, with a star behind each parameter of path,
query and body, and as another one with a star behind each header: the form in which sqlmap takes the places that it is to
try."""

import importlib
import json
import os
import re
import urllib.parse

HEADERS = {"Idempotency-Key": "words", "If-Match": '"v1"', "If-None-Match": '"v1"'}
VALUES = {"q": "jam", "from": "2026-01-01", "to": "2040-01-01", "after": "1"}


def marked_requests(document, server):
    os.environ.update(server.known_demo())
    demo = importlib.reload(importlib.import_module("demo"))
    hooks_ids = {"user_id": demo.OTHER_ID, "event_id": demo.new_event(), "message_id": demo.message_to_read(),
                 "checkin_id": demo.check_in_to_end(), "session_id": demo.session_to_end(),
                 "instrument_id": demo.entry_of("instruments"), "genre_id": demo.entry_of("genres")}
    requests = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            # Nobody is shut out by trying: whoever changes a password has one to lose.
            token = demo.new_person()["access_token"] if path == "/auth/password" else demo.token()
            text = marked(document, method.upper(), path, operation, hooks_ids, token)
            if "*" in text:
                requests[f"{method.upper()} {path}"] = text
            # Each apart, since one that is refused would keep the rest from being read.
            for field in marked_headers(operation, demo.position()):
                requests[f"{method.upper()} {path}, {field.split(':')[0]}"] = with_field(text, field)
    return requests


def marked(document, method, path, operation, ids, token):
    target = re.sub(r"\{(\w+)\}", lambda name: f"{ids[name[1]]}*", path)
    query = [f"{one['name']}={urllib.parse.quote(value_of(one['name'], one['schema']))}*"
             for one in operation.get("parameters", []) if one["in"] == "query" and one["name"] != "after"]
    if query:
        target += "?" + "&".join(query)
    lines = [f"{method} {target} HTTP/1.1", "Host: HOST", f"Authorization: Bearer {token}"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if not body:
        return "\n".join(lines) + "\n\n"
    members = {**body["example"]}
    for name, schema in body["schema"]["properties"].items():
        aliases = {"event_date", "locationName", "statusEmoji", "eventId"}
        if name not in members and name not in aliases:
            members[name] = member_of(name, schema, ids)
    marked_body = ", ".join(f'"{name}": {starred(value)}' for name, value in members.items())
    return "\n".join([*lines, "Content-Type: application/json", "", "{" + marked_body + "}"])


def marked_headers(operation, position):
    names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "header"]
    fields = [f"{name}: {HEADERS.get(name, position)}*" for name in names]
    return [*fields, f"Cookie: dacapo-position={position}*"] if "Dacapo-Position" in names else fields


def with_field(text, field):
    """Of the stars this one alone is left; what stands behind the path would be tried as well, and is not needed."""
    first, *rest = text.replace("*", "").split("\n")
    method, target, version = first.split(" ")
    return "\n".join([f"{method} {target.split('?')[0]} {version}", field, *rest])


def starred(value):
    text = json.dumps(value, ensure_ascii=False)
    return f'{text[:-1]}*"' if isinstance(value, str) else f"{text}*"


def value_of(name, schema):
    if name in VALUES:
        return VALUES[name]
    if "enum" in schema:
        return schema["enum"][0]
    return {"boolean": "true", "integer": str(schema.get("default", 1))}.get(schema.get("type"), "x")


def member_of(name, schema, ids):
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if name in ids:
        return ids[name]
    if "enum" in schema:
        return schema["enum"][0]
    known = {"date": "2030-06-21T20:00:00", "timezone": "Europe/Paris", "ends_at": "2030-06-21T23:00:00", "client_id": "c1"}
    return known.get(name, {"integer": 12, "number": 4.5}.get(kind, "words"))
