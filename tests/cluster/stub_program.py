#!/usr/bin/env python3
"""Stands in for the program in tests of scripts/cluster.sh: every role is ready at once and tells its environment."""
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

role = sys.argv[1]
if role == os.environ.get("STUB_FAILS"):
    sys.exit(f"the {role} stub fails, as it was asked to")
if role == "migrate":
    sys.exit()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        names = ("EVENT_LOG", "DATABASE_URL", "ADVERTISED_URL", "DATA_DIR")
        body = "\n".join([role] + [f"{name}={os.environ[name]}" for name in names]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
