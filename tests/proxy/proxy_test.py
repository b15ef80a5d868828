#!/usr/bin/env python3
"""The proxy's configuration, asked as clients ask it: Debian's haproxy in front of servers that note what they receive.

What it promises: a command is sent once, whatever becomes of its server; tokens stay out of its log; what is internal
stays inside."""
import base64
import hashlib
import http.client
import itertools
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy/haproxy/haproxy.cfg"
COMMANDS = ("POST", "PUT", "PATCH", "DELETE")
WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
DEADLINE_S = 20
PROBLEM_MEMBERS = ["type", "title", "status", "detail", "instance", "code", "request_id", "errors"]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """The proxy drops connections of its health checks; that is no fault of the stub."""


class Upstream:
    """A server that says who it is. A path with /die ends the connection instead of an answer."""

    def __init__(self, name, port=0):
        self.name = name
        self.ready = True
        self.received = []
        self.http = Server(("127.0.0.1", port), handler_of(self))
        self.port = self.http.server_port
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def handler_of(upstream):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def parse_request(self):
            if not super().parse_request():
                return False
            setattr(self, f"do_{self.command}", self.answer)
            return True

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/readyz":
                return self.reply(200 if upstream.ready else 503)
            upstream.received.append((self.command, self.path, self.headers.get_all("X-Forwarded-For"),
                                      self.headers.get_all("X-Request-Id")))
            if "/die" in self.path:
                self.close_connection = True
            elif "/slow" in self.path:
                self.connection.recv(1)  # until the proxy gives up
                self.close_connection = True
            elif self.headers.get("Upgrade"):
                self.echo()
            else:
                self.reply(200)

        def reply(self, status):
            self.send_response(status)
            self.send_header("Content-Length", str(len(upstream.name)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(upstream.name.encode())

        def echo(self):
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            accept = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + WEBSOCKET_GUID).encode()).digest()
            self.send_header("Sec-WebSocket-Accept", base64.b64encode(accept).decode())
            self.end_headers()
            self.close_connection = True
            while data := self.connection.recv(4096):
                self.connection.sendall(data)

        def log_message(self, *_):
            pass

    return Handler


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, what):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {DEADLINE_S} s: {what}")
        time.sleep(0.02)


class ProxyTest(unittest.TestCase):
    def setUp(self):
        self.upstreams = [Upstream(name) for name in ("command-1", "command-2", "query-1", "query-2")]
        self.port = free_port()
        self.certificate = None
        self.environment = dict(os.environ, PROXY_BIND=f"127.0.0.1:{self.port}")
        for upstream in self.upstreams:
            variable = upstream.name.upper().replace("-", "_")
            self.environment[variable] = f"127.0.0.1:{upstream.port}"
        self.start(CONFIGURATION)

    def start(self, configuration):
        self.proxy = subprocess.Popen(["haproxy", "-db", "-f", str(configuration)], env=self.environment, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(self.end)
        until(lambda: self.status_of("/proxyz") == 200, "the proxy is ready")

    def restart(self, before, after):
        """With one thing changed in the configuration."""
        text = CONFIGURATION.read_text()
        self.assertEqual(text.count(before), 1)
        self.proxy.kill()
        self.proxy.communicate()
        configuration = Path(self.folder(), "haproxy.cfg")
        configuration.write_text(text.replace(before, after))
        self.start(configuration)

    def folder(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        return made.name

    def end(self):
        """Ends the proxy; returns what it has logged."""
        for upstream in self.upstreams:
            upstream.close()
        self.upstreams = []
        if self.proxy.poll() is None:
            self.proxy.kill()
        return self.proxy.communicate()[0] if not self.proxy.stdout.closed else ""

    def connect(self):
        if self.certificate:
            trusting = ssl.create_default_context(cafile=self.certificate)
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=DEADLINE_S, context=trusting)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)

    def ask(self, method, path, connection=None, headers=None):
        own = connection or self.connect()
        try:
            own.request(method, path, body=b"{}" if method in COMMANDS else None, headers=headers or {})
            response = own.getresponse()
            return response.status, response.read().decode(), response
        finally:
            if connection is None:
                own.close()

    def assert_problem(self, answer, status, code, path):
        """The answer is the proxy's own, and as a server's would be."""
        _, body, response = answer
        self.assertEqual(response.status, status)
        self.assertEqual(response.getheader("Content-Type"), "application/problem+json")
        problem = json.loads(body)
        self.assertEqual(list(problem), PROBLEM_MEMBERS)
        self.assertEqual(problem["type"], f"/docs#problem-{code}")
        self.assertEqual(problem["title"], http.HTTPStatus(status).phrase)
        self.assertEqual((problem["status"], problem["code"], problem["instance"], problem["errors"]),
                         (status, code, path, []))
        self.assertTrue(problem["detail"])
        self.assertEqual(problem["request_id"], response.getheader("X-Request-Id"))
        for name, value in (("Server", "dacapo"), ("X-Content-Type-Options", "nosniff"),
                            ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Resource-Policy", "same-site"),
                            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
                            ("Cache-Control", "no-store"), ("Vary", "Origin")):
            self.assertEqual(response.headers.get_all(name), [value])
        self.assertRegex(response.getheader("Date"), "GMT$")

    def status_of(self, path):
        try:
            return self.ask("GET", path)[0]
        except OSError:
            return None

    def times_received(self, path):
        return sum(received[1] == path for upstream in self.upstreams for received in upstream.received)

    def test_commands_go_to_command_servers_and_the_rest_to_query_servers(self):
        for method in COMMANDS:
            self.assertRegex(self.ask(method, "/events/")[1], "^command-")
        for method in ("GET", "OPTIONS", "PROPFIND"):
            self.assertRegex(self.ask(method, "/events/")[1], "^query-")
        self.ask("HEAD", "/head")
        self.assertEqual([u.name[:-2] for u in self.upstreams for r in u.received if r[1] == "/head"], ["query"])

    def test_a_command_is_sent_once_although_its_server_dies_of_it(self):
        for method in COMMANDS:
            with self.subTest(method):
                path = f"/die/{method}"
                self.assert_problem(self.ask(method, path), 502, "outcome_unknown", path)
                self.assertEqual(self.times_received(path), 1)

    def test_a_used_connection_is_told_of_the_death_too(self):
        # Closed silently, a browser would send the command again.
        connection = self.connect()
        self.addCleanup(connection.close)
        for attempt in range(4):
            self.assertEqual(self.ask("POST", "/warm", connection)[0], 200)
            self.assertEqual(self.ask("GET", "/warm", connection)[0], 200)
            self.assertEqual(self.ask("POST", f"/die/{attempt}", connection)[0], 502)
            self.assertEqual(self.times_received(f"/die/{attempt}"), 1)

    def test_a_command_with_a_key_is_sent_once_too(self):
        key = {"Idempotency-Key": "k"}
        connection = self.connect()
        self.addCleanup(connection.close)
        self.assertEqual(self.ask("POST", "/warm", connection, key)[0], 200)
        # Its client is free to send it again, so the proxy may close a used connection instead of an answer.
        self.assertRaises(http.client.RemoteDisconnected, self.ask, "POST", "/die", connection, key)
        self.assertEqual(self.times_received("/die"), 1)

    def test_a_read_is_sent_again(self):
        self.assertEqual(self.ask("GET", "/die")[0], 502)
        self.assertEqual(self.times_received("/die"), 3)

    def test_a_server_that_is_away_costs_no_command_and_no_read(self):
        self.upstreams.pop(0).close()
        self.upstreams.pop(-1).close()
        for _ in range(10):  # from now on, before and after the proxy has noticed
            self.assertEqual(self.ask("POST", "/events/")[:2], (200, "command-2"))
            self.assertEqual(self.ask("GET", "/events/")[:2], (200, "query-1"))

    def test_a_server_that_is_not_ready_gets_nothing_new(self):
        self.upstreams[0].ready = False

        def is_passed_over():
            return {self.ask("POST", "/events/")[1] for _ in range(4)} == {"command-2"}

        until(is_passed_over, "command-1 is passed over")
        self.assertEqual(self.status_of("/proxyz"), 200)
        self.upstreams[1].ready = False
        until(lambda: self.status_of("/proxyz") == 503, "the proxy says that nobody takes commands")
        answer = self.ask("POST", "/events/")
        self.assert_problem(answer, 503, "no_server", "/events/")
        self.assertEqual(answer[2].getheader("Retry-After"), "1")
        self.assertEqual(self.ask("GET", "/events/")[0], 200)

    def test_what_is_internal_stays_inside(self):
        for path in ("/internal/commands", "/internal", "/%69nternal/commands", "//internal/commands",
                     "/./internal/commands", "/%2e/internal/commands", "/internal?x", "/../internal/"):
            for method in ("GET", "POST"):
                self.assertEqual(self.ask(method, path)[0], 404, f"{method} {path}")
        self.assert_problem(self.ask("GET", "/internal?x"), 404, "not_found", "/internal")
        self.assertEqual([u.received for u in self.upstreams], [[], [], [], []])
        self.assertEqual(self.ask("GET", "/users/internals")[0], 200)

    def test_a_strange_field_is_refused_as_a_problem(self):
        self.assert_problem(self.ask("GET", "/users/", headers={"X_y": "1"}), 403, "bad_field_name", "/users/")

    def test_a_server_without_an_answer_is_a_problem(self):
        self.restart("timeout server 60s", "timeout server 1s")
        for method in ("GET", "POST"):
            self.assert_problem(self.ask(method, "/slow"), 504, "outcome_unknown", "/slow")

    def test_what_a_problem_quotes_stays_text(self):
        path = '/die"%22\\x'
        self.assert_problem(self.ask("GET", path), 502, "outcome_unknown", path)
        self.assert_problem(self.ask("GET", "/ws/SECRET/die"), 502, "outcome_unknown", "/ws/***")

    def test_a_request_has_one_id_on_its_whole_way(self):
        for method, key in itertools.product(("GET", "POST"), ({}, {"Idempotency-Key": "k"})):
            self.ask(method, "/mine", headers={"X-Request-Id": "mine-1", **key})
            answer = self.ask(method, "/die", headers={"X-Request-Id": "mine-2", **key})
            self.assertEqual(json.loads(answer[1])["request_id"], "mine-2")
            self.ask(method, "/none", headers={"X-Request-Id": 'a"b', **key})
        seen = [received[1:] for upstream in self.upstreams for received in upstream.received]
        self.assertEqual({str(one[2]) for one in seen if one[0] == "/mine"}, {"['mine-1']"})
        given = [one[2] for one in seen if one[0] == "/none"]
        self.assertEqual(len({str(ids) for ids in given}), 4)
        for ids in given:
            self.assertRegex(ids[0], "^[0-9a-f-]{36}$")

    def test_with_a_certificate_it_tells_browsers_to_stay_with_tls(self):
        self.assertIsNone(self.ask("GET", "/die")[2].getheader("Strict-Transport-Security"))
        certificate = Path(self.folder(), "certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                        "-out", certificate, "-keyout", f"{certificate}.key"], check=True, stderr=subprocess.DEVNULL)
        self.certificate = str(certificate)
        self.restart('bind "${PROXY_BIND}"', f'bind "${{PROXY_BIND}}" ssl crt {certificate}')
        for path in ("/users/", "/die", "/internal/"):
            told = self.ask("GET", path)[2].headers.get_all("Strict-Transport-Security")
            self.assertEqual(told, ["max-age=31536000; includeSubDomains"])

    def test_the_health_of_the_proxy_is_no_page(self):
        self.assertEqual(json.loads(self.ask("GET", "/proxyz")[1]), {"status": "ok"})

    def test_the_log_holds_no_token(self):
        keys = ({}, {"Idempotency-Key": "k"})
        for path in ("/events/?q=a&token=SECRET", "/events/?%74oken=SECRET", "/ws?token=SECRET", "/ws/SECRET",
                     "/%77s/SECRET", "/ws%2fSECRET", "//WS/SECRET"):
            for method, key in itertools.product(("GET", "POST"), keys):
                self.ask(method, path, headers={"Authorization": "Bearer SECRET", "Cookie": "token=SECRET",
                                                "Referer": "http://a/?token=SECRET", **key})
        with socket.create_connection(("127.0.0.1", self.port)) as broken:
            broken.sendall(b"GET /ws/SECRET HTTP/1.1\r\nbro ken: SECRET\r\n\r\n")
            self.assertIn(b" 400 ", broken.recv(4096))
        self.ask("POST", "/shown")
        log = self.end()
        self.assertIn("POST /shown", log)
        self.assertIn("GET /ws/***", log)
        self.assertNotIn("SECRET", log)

    def test_a_feed_passes_both_ways(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S) as feed:
            key = base64.b64encode(os.urandom(16)).decode()
            feed.sendall(f"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
            head = b""
            while b"\r\n\r\n" not in head:
                head += feed.recv(4096)
            self.assertIn(b" 101 ", head)
            feed.sendall(b"first")
            self.assertEqual(feed.recv(4096), b"first")

    def test_nobody_says_for_himself_where_he_comes_from(self):
        self.ask("POST", "/from", headers={"X-Forwarded-For": "6.6.6.6"})
        self.ask("GET", "/from", headers={"X-Forwarded-For": "6.6.6.6"})
        seen = [received[2] for upstream in self.upstreams for received in upstream.received]
        self.assertEqual(seen, [["127.0.0.1"], ["127.0.0.1"]])


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
