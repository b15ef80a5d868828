"""The page /docs in a real browser: it shows every operation and problem, asks nobody else for anything, keeps to its own
policy, and what is tried from it is answered."""

import json
import os
import shutil
import subprocess
import tempfile
import urllib.request

from server import Server
from tools import HERE, node_tools


def faults_of(seen, document):
    operations = sum(len(methods) for methods in document["paths"].values())
    if seen["operations"] != operations:
        yield f"{seen['operations']} of {operations} operations are shown"
    if seen["problems"] < 60:
        yield f"only {seen['problems']} problems are explained"
    if seen["tried"] != "200":
        yield f"GET /health, tried from the page, was answered {seen['tried']!r}"
    for what in ("elsewhere", "failed", "errors", "refused"):
        for one in seen[what]:
            yield f"{what}: {one}"
    if {one.split()[0] for one in seen["control"]} != {"img-src", "script-src-elem"}:
        yield f"what the policy should have refused was seen as {seen['control']}"


def run(program, _):
    modules = node_tools().parent
    profile = tempfile.mkdtemp(prefix="dacapo-browser-")
    try:
        with Server(program) as server:
            with urllib.request.urlopen(f"{server.url}/openapi.json") as answer:
                document = json.load(answer)
            ran = subprocess.run(["node", HERE / "parts" / "docs_page.js", server.url, profile], check=False,
                                 stdout=subprocess.PIPE, text=True, env={**os.environ, "NODE_PATH": str(modules)})
    finally:
        shutil.rmtree(profile)
    if ran.returncode != 0:
        print("  the browser did not come through")
        return False
    seen = json.loads(ran.stdout)
    faults = list(faults_of(seen, document))
    print(f"  chromium: {seen['operations']} operations, {seen['problems']} problems, {len(faults)} findings")
    for fault in faults:
        print(f"  {fault}")
    return not faults
