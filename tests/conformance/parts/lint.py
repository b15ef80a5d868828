"""redocly and spectral, with OWASP's rules for APIs, on the API document; a warning is a finding, too. And ajv: the document
is one of OpenAPI 3.1, its schemas are of JSON Schema 2020-12, and every example in it is what its schema accepts."""

import copy
import json
import os
import shutil
import subprocess
import tempfile

from server import CHECKOUT
from tools import HERE, node_tools


# What ajv must find in a document that was spoilt so: it would have seen it here, too.
SPOILT = {
    "an unknown member": lambda document: document["info"].update(colour="blue"),
    "a keyword of OpenAPI 3.0": lambda document: user_of(document)["properties"]["id"].update(nullable=True),
    "a type that is none": lambda document: user_of(document)["properties"]["id"].update(type="number of a user"),
    "a required member that is not described": lambda document: user_of(document)["required"].append("shoe_size"),
    "an example of another type": lambda document: login_of(document)["example"].update(email=7),
    "an example with a member too many": lambda document: login_of(document)["example"].update(shoe_size=43),
}


def user_of(document):
    return document["components"]["schemas"]["User"]


def login_of(document):
    return document["paths"]["/login"]["post"]["requestBody"]["content"]["application/json"]


def looked_at(document, modules):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(document, file)
        file.flush()
        found = subprocess.run(["node", HERE / "parts" / "lint_schemas.js", file.name], check=True, stdout=subprocess.PIPE,
                               env={**os.environ, "NODE_PATH": str(modules)})
    return json.loads(found.stdout)


def schemas_hold(document, modules):
    found = looked_at(document, modules)
    unseen = []
    for fault, spoil in SPOILT.items():
        spoilt = copy.deepcopy(document)
        spoil(spoilt)
        if len(looked_at(spoilt, modules)["faults"]) <= len(found["faults"]):
            unseen.append(fault)
    print(f"  ajv: {found['schemas']} schemas, {found['examples']} examples and defaults, {len(found['faults'])} findings; "
          f"{len(SPOILT) - len(unseen)} of {len(SPOILT)} faults put in were found")
    for fault in [*found["faults"], *(f"not seen: {one}" for one in unseen)]:
        print(f"  {fault}")
    return not found["faults"] and not unseen


def run(program, _):
    tools = node_tools()
    document = CHECKOUT / "build" / "openapi.json"
    document.write_text(subprocess.run([program, "openapi"], check=True, stdout=subprocess.PIPE, text=True).stdout)
    redocly = subprocess.run([tools / "redocly", "lint", "--config", HERE / "redocly.yaml", document], check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    # Spectral looks for the rules that its configuration names beside it.
    rules = shutil.copy(HERE / "spectral.yaml", tools.parent.parent)
    spectral = subprocess.run([tools / "spectral", "lint", "--ruleset", rules, "--fail-severity", "hint",
                               document], check=False)
    schemas_fine = schemas_hold(json.loads(document.read_text()), tools.parent)
    clean = "is valid" in redocly and "warning" not in redocly.lower().replace("deprecation warning", "")
    print(redocly if not clean else "  redocly: no error, no warning")
    print(f"  spectral: {'no error, no warning' if spectral.returncode == 0 else 'see above'}")
    return clean and spectral.returncode == 0 and schemas_fine
