"""sqlmap, on every parameter of path, query, header and body of every operation of the API document. A small server that is
vulnerable on purpose shows first that the tool would find what it looks for."""

import concurrent.futures
import http.server
import json
import re
import sqlite3
import subprocess
import tempfile
import threading
import urllib.parse
import urllib.request
from pathlib import Path

from parts import examples
from server import Server
from tools import python_tools

OPERATION_S_MAX = 120
DBMS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
FOUND = re.compile(r"identified the following injection point|parameter '.*' is vulnerable")
CLEARED = re.compile(r"parameter '[^']*' does not seem to be injectable")


class Vulnerable(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query).get("id", ["0"])[0]
        database = sqlite3.connect(":memory:")
        database.execute("CREATE TABLE people AS SELECT 1 AS id, 'Zoe' AS name")
        try:
            found = database.execute("SELECT name FROM people WHERE id = " + wanted).fetchall()
        except sqlite3.Error:
            found = []
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"<p>{found[0][0] if found else 'nobody'}</p>".encode())

    def log_message(self, *_):
        pass


def sqlmap(request, dbms, port):
    """Of one request whose places to try are marked with stars: what was cleared, and whether anything was found."""
    with tempfile.TemporaryDirectory(prefix="dacapo-sqlmap-") as folder:
        file = Path(folder) / "request"
        file.write_text(request.replace("HOST", f"127.0.0.1:{port}"))
        command = [python_tools() / "sqlmap", "-r", file, "--batch", "--disable-coloring", "--flush-session", "--level=1",
                   "--risk=1", f"--dbms={dbms}", "--ignore-code=*", "--time-sec=2", "--timeout=10", "--retries=1",
                   "--skip-waf", f"--output-dir={folder}/output"]
        try:
            told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                                  timeout=OPERATION_S_MAX, cwd=folder, env={"HOME": folder, "PATH": "/usr/bin:/bin"}).stdout
        except subprocess.TimeoutExpired as late:
            return 0, False, (late.stdout or b"").decode()[-600:]
    return len(CLEARED.findall(told)), bool(FOUND.search(told)), told[-1500:]


def tool_finds_what_is_there():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vulnerable) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _, found, told = sqlmap("GET /?id=1* HTTP/1.1\nHost: HOST\n\n", "SQLite", server.server_port)
        server.shutdown()
    print("  control: " + ("the hole made for it is found" if found else f"the hole made for it is NOT found\n{told}"))
    return found


def run(program, chosen):
    return tool_finds_what_is_there() and all([scan(program, database) for database in chosen.databases])


def scan(program, database):
    with Server(program, database=database) as server:
        document = json.load(urllib.request.urlopen(f"{server.url}/openapi.json"))
        requests = examples.marked_requests(document, server)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = {name: pool.submit(sqlmap, text, DBMS[database], server.port) for name, text in requests.items()}
            results = {name: job.result() for name, job in jobs.items()}
        # The tool compares answers, and loses its way where another request changes them meanwhile: once more, alone.
        for name, (cleared, found, _) in results.items():
            if not found and cleared < requests[name].count("*"):
                print(f"  {name}: once more, alone", flush=True)
                results[name] = sqlmap(requests[name], DBMS[database], server.port)
        server.check_alive()
        alive = urllib.request.urlopen(f"{server.url}/events?limit=1").status == 200
    fine, count = alive, 0
    for name, (cleared, found, told) in results.items():
        wanted = requests[name].count("*")
        count += wanted
        # Of a request with a star in its head the tool tries the members of the body, too.
        if found or cleared < wanted:
            fine = False
            print(f"  {name}: {cleared} of {wanted} parameters cleared{', INJECTABLE' if found else ''}\n{told}")
    print(f"  {database}: {count} parameters tried in {len(results)} requests, {'nothing found' if fine else 'see above'}")
    return fine
