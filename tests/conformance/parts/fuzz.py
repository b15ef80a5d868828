"""schemathesis: calls made up from the API document, all checks, and whatever one answer gives for the next call."""

import json
import re
import subprocess
import urllib.request

from server import CHECKOUT, Server
from tools import HERE, python_tools

# Operations that no call of the fuzzer can make succeed, each with its reason: none.
NEVER_2XX = {}


def run(program, chosen):
    return all([fuzz(program, chosen.seconds, database) for database in chosen.databases])


def fuzz(program, seconds, database):
    tools = python_tools()
    report = CHECKOUT / "build" / f"conformance-{database}.har"
    with Server(program, database=database) as server:
        # From a file: of a document that it has fetched, the fuzzer leaves out the operation that serves it.
        text = urllib.request.urlopen(f"{server.url}/openapi.json").read()
        file = CHECKOUT / "build" / "conformance-openapi.json"
        file.write_bytes(text)
        environment = {**server.known_demo(), "PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "hooks"}
        done = subprocess.run([tools / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run",
                               file, "--url", server.url, "--checks", "all", "--max-time", str(seconds),
                               "--continue-on-failure", "--report", "har", "--report-har-path", str(report)],
                              env=environment, cwd=CHECKOUT / "build")
        server.check_alive()
    document = json.loads(text)
    calls = json.loads(report.read_text())["log"]["entries"]
    missed = never_succeeded(document, calls)
    count = sum(len(methods) for methods in document["paths"].values())
    print(f"  {database}: {len(calls)} calls; {count - len(missed)} of {count} operations answered 2xx at least once")
    for operation in missed:
        print(f"  never answered 2xx: {operation}")
    return done.returncode == 0 and not set(missed) - set(NEVER_2XX)


def pattern_of(path):
    return re.compile("/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/")) + "/?$")


def never_succeeded(document, calls):
    patterns = [(method.upper(), path, pattern_of(path)) for path, methods in document["paths"].items() for method in methods]
    seen = set()
    for call in calls:
        path = re.sub(r"^https?://[^/]+", "", call["request"]["url"]).split("?")[0]
        if 200 <= call["response"]["status"] < 300:
            fits = [known for method, known, pattern in patterns
                    if method == call["request"]["method"] and pattern.match(path)]
            # /users/me is not /users/{user_id}, whatever its pattern says.
            seen |= {f"{call['request']['method']} {known}" for known in fits if known == path or path not in fits}
    return sorted({f"{method} {path}" for method, path, _ in patterns} - seen)
