#!/usr/bin/env python3
"""Names what a client that follows one OpenAPI document would miss in another: usage: breaking_changes.py OLD NEW

Ends with 1 when there is something and `info.version` is the same in both; a new version may break with an old one.
Known are operations, tokens they need, parameters, bodies, statuses, headers, and of schemas what narrows a request or
widens an answer: members, types, enums, and the limits of requests. Descriptions and examples break nothing."""
import json
import sys

LEAST = ("minimum", "minLength")
MOST = ("maximum", "maxLength")
SAME = ("pattern", "format", "anyOf", "oneOf", "allOf")


class Comparison:
    def __init__(self, old, new):
        self.documents = (old, new)
        self.found = []
        self.compared = set()

    def say(self, place, what):
        self.found.append(f"{place}: {what}")

    def resolved(self, pair):
        """Both with their references followed."""
        return [follow(document, value) for document, value in zip(self.documents, pair)]

    def paths(self):
        old, new = (document["paths"] for document in self.documents)
        for path, methods in old.items():
            for method, operation in methods.items():
                place = f"{method.upper()} {path}"
                if method in new.get(path, {}):
                    self.operation(place, operation, new[path][method])
                else:
                    self.say(place, "is gone")

    def operation(self, place, old, new):
        if is_open(old) and not is_open(new):
            self.say(place, "needs a token now")
        self.parameters(place, old, new)
        self.body(place, old.get("requestBody"), new.get("requestBody"))
        for status, response in old["responses"].items():
            if status in new["responses"]:
                self.response(f"{place} {status}", response, new["responses"][status])
            else:
                self.say(place, f"status {status} is gone")

    def parameters(self, place, old, new):
        before, after = ({(p["in"], p["name"]): p for p in operation.get("parameters", [])} for operation in (old, new))
        for key, parameter in before.items():
            named = f"{place} {key[0]} parameter {key[1]}"
            if key not in after:
                self.say(named, "is gone")
                continue
            if after[key].get("required") and not parameter.get("required"):
                self.say(named, "is required now")
            self.schema(named, parameter["schema"], after[key]["schema"], sent=True)
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                self.say(f"{place} {key[0]} parameter {key[1]}", "is new and required")

    def body(self, place, old, new):
        if new and new.get("required") and not (old and old.get("required")):
            self.say(place, "a body is required now")
        for media in (old or {}).get("content", {}):
            if media not in (new or {}).get("content", {}):
                self.say(place, f"takes no {media} any more")
            else:
                self.schema(f"{place} body", old["content"][media]["schema"], new["content"][media]["schema"], sent=True)

    def response(self, place, old, new):
        for media, content in old.get("content", {}).items():
            if media not in new.get("content", {}):
                self.say(place, f"is not answered as {media} any more")
            elif "schema" in content:
                self.schema(place, content["schema"], new["content"][media]["schema"], sent=False)
        for name, header in old.get("headers", {}).items():
            always = follow(self.documents[0], header).get("required")
            if name not in new.get("headers", {}):
                if always:
                    self.say(f"{place} header {name}", "is gone")
                continue
            before, after = self.resolved((header, new["headers"][name]))
            if always and not after.get("required"):
                self.say(f"{place} header {name}", "may be missing now")
            self.schema(f"{place} header {name}", before["schema"], after["schema"], sent=False)

    def schema(self, place, old, new, sent):
        """`sent` by the client, who may send what it did; else read by it, who reads what it could."""
        names = (old.get("$ref"), new.get("$ref"), sent)
        if names[0]:  # one shape is told of once, by its own name
            if names in self.compared:
                return
            self.compared.add(names)
            place = names[0].rsplit("/", 1)[1]
        old, new = self.resolved((old, new))
        self.types(place, old, new, sent)
        self.enums(place, old, new, sent)
        if sent:
            self.limits(place, old, new)
        self.members(place, old, new, sent)
        if "items" in old and "items" in new:
            self.schema(f"{place}/-", old["items"], new["items"], sent)

    def types(self, place, old, new, sent):
        before, after = types_of(old), types_of(new)
        lost = (before - after) if sent else (after - before)
        if "number" in (after if sent else before):
            lost.discard("integer")
        for name in sorted(lost):
            self.say(place, f"takes no {name} any more" if sent else f"may be {name} now")

    def enums(self, place, old, new, sent):
        if "enum" not in old and "enum" not in new:
            return
        if "enum" not in old or "enum" not in new:
            if ("enum" in new) == sent:
                self.say(place, "has a list of values now" if sent else "has no list of values any more")
            return
        lost = [v for v in old["enum"] if v not in new["enum"]] if sent else [v for v in new["enum"] if v not in old["enum"]]
        for value in lost:
            self.say(place, f"{json.dumps(value)} is taken no more" if sent else f"may be {json.dumps(value)} now")

    def limits(self, place, old, new):
        for name in LEAST:
            if name in new and (name not in old or new[name] > old[name]):
                self.say(place, f"{name} is {new[name]} now")
        for name in MOST:
            if name in new and (name not in old or new[name] < old[name]):
                self.say(place, f"{name} is {new[name]} now")
        for name in SAME:
            if name in new and new[name] != old.get(name):
                self.say(place, f"{name} is another")

    def members(self, place, old, new, sent):
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before:
            if name in after:
                self.schema(f"{place}/{name}", before[name], after[name], sent)
            else:
                self.say(f"{place}/{name}", "is gone")
        required, was_required = set(new.get("required", [])), set(old.get("required", []))
        if sent:
            for name in sorted(required - was_required):
                self.say(f"{place}/{name}", "is required now")
            if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
                self.say(place, "takes no other members any more")
        else:
            for name in sorted((was_required - required) & after.keys()):
                self.say(f"{place}/{name}", "may be missing now")


def follow(document, value):
    if "$ref" not in value:
        return value
    for name in value["$ref"].removeprefix("#/").split("/"):
        document = document[name]
    return document


def is_open(operation):
    """Nobody has to bring a token; an operation that says nothing has the document's default, none."""
    security = operation.get("security", [])
    return not security or {} in security


def types_of(schema):
    types = schema.get("type", ["array", "boolean", "integer", "null", "number", "object", "string"])
    return {types} if isinstance(types, str) else set(types)


def breaking_changes(old, new):
    comparison = Comparison(old, new)
    comparison.paths()
    return comparison.found


def main():
    old, new = (json.loads(open(name, encoding="utf-8").read()) for name in sys.argv[1:3])
    found = breaking_changes(old, new)
    for one in found:
        print(one)
    same_version = old["info"]["version"] == new["info"]["version"]
    return 1 if found and same_version else 0


if __name__ == "__main__":
    sys.exit(main())
