"""Log-ins: whether their time tells who has an account, and what many at once do to everybody else.

Sockets of its own instead of wrk, because each single answer's time counts here, and requests come at a fixed rate."""

import json
import math
import multiprocessing
import os
import random
import selectors
import socket
import time
from statistics import median

from . import servers

ATTEMPTS = 200  # of known names, and as many of unknown ones
AT_ONCE = 200
READS_PER_SECOND = 200
READ = "/events/?limit=20"
PASSWORD = "four-strings"
ANSWER_SECONDS_MAX = 120


def request(method, path, body=None):
    text = json.dumps(body) if body is not None else ""
    fields = f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n" if text else ""
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{text}".encode()


def log_in(name, password):
    return request("POST", "/login", {"username": name, "password": password})


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, data):
        """The status of the answer and its head; the body is read to its end."""
        self.socket.sendall(data)
        return self.answer()

    def answer(self):
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.more()
        head, body = received.split(b"\r\n\r\n", 1)
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                       if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            body += self.more()
        return int(head.split(b" ", 2)[1]), head.lower()

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise RuntimeError("the server closed a connection")
        return data


def rank_test(one, other):
    """Mann-Whitney U, two-sided, by the normal approximation with its correction for ties; gives p."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    rank_sum, ties, at = 0.0, 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        rank_sum += (at + 1 + end) / 2 * sum(1 for _, group in ranked[at:end] if group == 0)
        ties += (end - at) ** 3 - (end - at)
        at = end
    n, m = len(one), len(other)
    u = rank_sum - n * (n + 1) / 2
    spread = math.sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
    return math.erfc(abs(u - n * m / 2) / spread / math.sqrt(2))


def timing(port, names):
    """Wrong passwords for names that exist and names that do not, one after the other in random order; milliseconds."""
    connection = Connection(port)
    order = ["known", "unknown"] * ATTEMPTS
    random.shuffle(order)
    took = {"known": [], "unknown": []}
    for number, kind in enumerate(order):
        name = names[number % len(names)] if kind == "known" else f"nobody{number}"
        data = log_in(name, "not it, whoever this is")
        begun = time.perf_counter()
        status, _ = connection.ask(data)
        took[kind].append((time.perf_counter() - begun) * 1000)
        if status != 401:
            raise RuntimeError(f"a wrong password got {status}")
    return {"known_ms": median(took["known"]), "unknown_ms": median(took["unknown"]),
            "p": rank_test(took["known"], took["unknown"]), "load": os.getloadavg()[0]}


def read_at_a_rate(port, stop, told):
    """Asks at fixed times, and counts an answer's time from when it should have been asked; milliseconds."""
    connection = Connection(port)
    data = request("GET", READ)
    took, due = [], time.perf_counter()
    while not stop.is_set():
        due += 1 / READS_PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        status, _ = connection.ask(data)
        took.append((time.perf_counter() - due) * 1000)
        if status != 200:
            raise RuntimeError(f"a read got {status}")
    told.put(took)


def log_in_at_once(port, names):
    """All requests are sent before any answer is read."""
    waiting = selectors.DefaultSelector()
    connections = [Connection(port) for _ in range(AT_ONCE)]
    begun = time.perf_counter()
    for number, connection in enumerate(connections):
        connection.socket.sendall(log_in(names[number % len(names)], PASSWORD))
        waiting.register(connection.socket, selectors.EVENT_READ, connection)
    statuses, without_retry = {}, 0
    for _ in connections:
        key = waiting.select(ANSWER_SECONDS_MAX)[0][0]
        waiting.unregister(key.fileobj)
        status, head = key.data.answer()
        statuses[status] = statuses.get(status, 0) + 1
        without_retry += status == 503 and b"\r\nretry-after:" not in head
    if without_retry or set(statuses) - {200, 503}:
        raise RuntimeError(f"{AT_ONCE} log-ins at once got {statuses}, {without_retry} of the 503 without Retry-After")
    return statuses, time.perf_counter() - begun


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def crowd(port, names):
    """Reads alone for as long as the crowd takes, then beside it."""
    found = {}
    for beside in ("alone", "beside"):
        stop, told = multiprocessing.Event(), multiprocessing.Queue()
        reader = multiprocessing.Process(target=read_at_a_rate, args=(port, stop, told))
        reader.start()
        try:
            if beside == "alone":
                time.sleep(5)
            else:
                statuses, found["seconds"] = log_in_at_once(port, names)
                found |= {"accepted": statuses.get(200, 0), "refused": statuses.get(503, 0)}
        finally:
            stop.set()
        took = told.get(timeout=ANSWER_SECONDS_MAX)
        reader.join()
        found |= {f"{beside}_p50_ms": percentile(took, 0.5), f"{beside}_p99_ms": percentile(took, 0.99)}
    return found | {"load": os.getloadavg()[0]}


def run(build, folder, repetitions, say):
    servers.seed(build / "dacapo", folder / "logins", 100, 100, 100)
    rounds = []
    with servers.Dacapo(build / "dacapo", folder / "logins", folder / "logins.log") as server:
        server.catch_up()
        connection = Connection(server.port)
        names = [f"member{number}" for number in range(10)]
        for name in names:
            made = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
            if connection.ask(request("POST", "/register", made))[0] != 200:
                raise RuntimeError(f"{name} could not register")
        for _ in range(repetitions):
            rounds.append({"timing": timing(server.port, names), "crowd": crowd(server.port, names)})
            say(f"  {rounds[-1]}")
    return rounds


def tables(facts, rounds):
    def middle(part, key, form):
        return format(median(one[part][key] for one in rounds), form)

    def each(part, key, form):
        return ", ".join(format(one[part][key], form) for one in rounds)

    lines = ["\n".join(f"- {name}: {value}" for name, value in facts.items()),
             f"Median of {len(rounds)}; the load average over one minute was {each('timing', 'load', '.1f')} after the "
             f"first measure of each round and {each('crowd', 'load', '.1f')} after the second.",
             f"{ATTEMPTS} log-ins of names that exist and {ATTEMPTS} of names that do not, one after the other in random "
             f"order, all with a wrong password: median {middle('timing', 'known_ms', '.1f')} ms and "
             f"{middle('timing', 'unknown_ms', '.1f')} ms. Mann-Whitney rank test, two-sided: p = "
             f"{each('timing', 'p', '.2f')}.",
             f"{AT_ONCE} log-ins at once, right passwords: {middle('crowd', 'accepted', '.0f')} answered 200, "
             f"{middle('crowd', 'refused', '.0f')} at once 503 with `Retry-After`; the last one after "
             f"{middle('crowd', 'seconds', '.1f')} s. `GET {READ}` meanwhile, {READS_PER_SECOND} a second, each timed from "
             "when it was due:",
             "| | p50 ms | p99 ms |\n|---|---|---|\n" + "\n".join(
                 f"| {name} | {middle('crowd', key + '_p50_ms', '.2f')} | {middle('crowd', key + '_p99_ms', '.2f')} |"
                 for name, key in (("no log-ins", "alone"), (f"{AT_ONCE} log-ins", "beside")))]
    return "\n\n".join(lines)
