"""hashcat: the secret under an access token, guessed from a dictionary, a list of passwords and every word of our own
documents, each in the ways that people change them. A token under a secret made as .env.example says is not found; one under
a word, in the same run, is."""

import json
import os
import re
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from server import CHECKOUT, PASSWORD, Server
from tools import BUILD

DICTIONARIES = (Path("/usr/share/dict/american-english"), Path("/usr/share/john/password.lst"))
OUR_OWN = (".env.example", "README.md", "compose.yaml", "docs/operations.md", "tests/conformance/server.py")
RULES = "/usr/share/hashcat/rules/best64.rule"
JWT = "16500"
WEAK = "drummer1"  # In no list as it stands: the rules have to make it.
SECONDS_MAX = 240  # It needs a fourth of that, and once a minute more to compile what it guesses with.
EXHAUSTED = 1


def token_under(program, secret):
    login = json.dumps({"email": "zoe@example.org", "password": PASSWORD}).encode()
    with Server(program, secret=secret) as server:
        request = urllib.request.Request(f"{server.url}/login", login, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["access_token"]


def words():
    found = set()
    for file in DICTIONARIES:
        found.update(file.read_text(errors="replace").splitlines())
    for name in OUR_OWN:
        text = (CHECKOUT / name).read_text()
        found.update(line.strip("# ") for line in text.splitlines())
        found.update(re.findall(r"[^\s\"'`=|()]+", text))
        found.update(re.findall(r"\w+", text))
    return sorted(found)


def run(program, _):
    made = subprocess.run(["openssl", "rand", "-base64", "48"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    good, weak = token_under(program, made), token_under(program, WEAK)
    home = BUILD / "conformance-hashcat"  # keeps what hashcat has compiled
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dacapo-secrets-") as folder:
        tokens, guesses, found = (Path(folder) / name for name in ("tokens", "guesses", "found"))
        tokens.write_text(f"{good}\n{weak}\n")
        guesses.write_text("\n".join(words()))
        # --force: it takes processors, beside graphics cards, only when told to.
        tool = subprocess.run(["hashcat", "--force", "--potfile-disable", "--hash-type", JWT, "--outfile", found, "--runtime",
                               str(SECONDS_MAX), "--rules-file", RULES, tokens, guesses], check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home)})
        guessed = found.read_text() if found.exists() else ""
    guesses_made = re.search(r"^\* Keyspace\.*: (\d+)", tool.stdout, re.MULTILINE) if tool.returncode == EXHAUSTED else None
    fine = tool.returncode == EXHAUSTED and guessed == f"{weak}:{WEAK}\n"
    print(f"  hashcat: {int(guesses_made[1]) if guesses_made else 0:,} guesses at each token; a secret that is a word was "
          f"{'found' if WEAK in guessed else 'NOT found'}, one made as documented {'FOUND' if good in guessed else 'not'}")
    if not fine:
        print(tool.stdout[-1500:])
    return fine
