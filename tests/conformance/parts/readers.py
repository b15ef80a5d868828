"""Readers of what the program writes beside bodies, and writers of what it reads there, by people who know nothing of it:
structured-headers on RateLimit and Idempotency-Key, http-link-header on Link, jose on access tokens, ws on feeds. Each reads
the program's answers, and then the same with one thing made wrong, which it must see."""

import json
import subprocess

from server import Server
from tools import HERE, node_tools

# The tool of each script, how many checks it makes at least, and what it tells of them.
READERS = {
    "limits": ("structured-headers", 400, "{answers} answers, with RateLimit and RateLimit-Policy where one counts"),
    "keys": ("structured-headers", 80, "{keys} keys written by it and repeated, {refused} fields refused"),
    "links": ("http-link-header", 800, "{walks} walks there and back, {pages} pages"),
    "tokens": ("jose", 80, "a token read, two made, {refused} forged"),
    "feeds": ("ws", 28, "feeds by header and ticket, {ends} ways to end"),
}


def run(program, _):
    modules = node_tools().parent
    return all([has_read(program, modules, name) for name in READERS])


def has_read(program, modules, name):
    tool, checks_min, told = READERS[name]
    with Server(program, rate_limit="on" if name == "limits" else "off") as server:
        ran = subprocess.run(["node", HERE / "parts" / f"readers_{name}.js"], check=False, stdout=subprocess.PIPE, text=True,
                             env={**server.known_demo(), "NODE_PATH": str(modules), "DACAPO_SECRET": server.secret})
        server.check_alive()
    if ran.returncode != 0:
        print(f"  {tool} ({name}) did not come through")
        return False
    seen = json.loads(ran.stdout)
    faults = [*seen["faults"], *(f"not seen: {one}" for one in seen["unseen"])]
    if seen["checks"] < checks_min or seen["spoilt"] == 0:
        faults.append(f"only {seen['checks']} of {checks_min} checks and {seen['spoilt']} faults put in")
    print(f"  {tool}: {told.format(**seen['told'])}; {seen['checks']} checks, {len(seen['faults'])} findings; "
          f"{seen['spoilt'] - len(seen['unseen'])} of {seen['spoilt']} faults put in were found")
    for fault in faults:
        print(f"  {fault}")
    return not faults
