"""The measures themselves: which server, which load, which folder, in which order.

Whatever writes gets a fresh copy of the same seeded folder, so that no run sees the log of another."""

import json
import re
import shutil
import subprocess
import sys

from . import peers, servers
from .load import Load, measure, memory_mb

USERS, MESSAGES, EVENTS = 10_000, 100_000, 1_000
LARGE_USERS, LARGE_MESSAGES = 100_000, 1_000_000
WARM_UP_SECONDS = 2
WORKERS = 2  # of a peer: one per core of the reference machine
PEER_CONNECTIONS = 32  # measured beside the others, because a peer may do best with few
PEERS = ("fastapi", "fastapi-asyncpg", "express")

MESSAGE, JOIN, EVENT = "POST /messages/", "POST /events/{id}/join", "GET /events/{id}"
READS = (
    (EVENT, "/events/{event}", ""),
    ("GET /events/?limit=20", "/events/?limit=20", ""),
    ("GET /events/?limit=20, random page", "/events/?limit=20&skip={skip}", ""),
    ("GET /messages/received?limit=20", "/messages/received?limit=20", "users"),
    ("GET /auth/me", "/auth/me", "users"),
)


# The same without any cache: what the tables themselves give.
FROM_TABLES = tuple((f"{name}, from tables", path, who) for name, path, who in READS
                    if path.startswith(("/events/{", "/events/?limit=20&", "/messages/")))


class Bench:
    def __init__(self, build, folder, chosen):
        self.build, self.folder = build, folder
        self.connections, self.repetitions = chosen.connections, chosen.repetitions
        self.seconds = {"messages": 5, "others": 3} if chosen.quick else {"messages": 60, "others": 4}
        self.program = build / "dacapo"
        self.samples, self.notes = [], []
        self.facts = {"disk": [], "rebuild": [], "start": [], "memory": {}}
        self.tokens = folder / "tokens"
        self.events = folder / "events"
        self.joins_begun = 0
        with open(self.tokens, "w") as out:
            subprocess.run([str(self.tool("sign_tokens")), str(USERS), servers.SECRET], check=True, stdout=out)
        self.seeded = folder / "seeded"
        servers.seed(self.program, self.seeded, USERS, MESSAGES, EVENTS)
        with servers.Dacapo(self.program, self.seeded, folder / "seeded.log") as server:
            server.catch_up()
            self.events.write_text("".join(f"{number}\n" for number in server.event_ids()))

    def tool(self, name):
        return self.build / "tests" / name

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def files(self, **more):
        return {"BENCH_TOKENS": self.tokens, "BENCH_EVENTS": self.events, **more}

    def fresh(self, *flags):
        data = servers.copy_of(self.seeded, self.folder / "data")
        return servers.Dacapo(self.program, data, self.folder / "dacapo.log", flags)

    def floor(self):
        return servers.Floor(self.tool("floor_server"), self.folder / "floor.log")

    def take(self, server, load, connections, seconds, warm_up=0):
        if warm_up:
            measure(server, load, connections, warm_up)
        sample = measure(server, load, connections, seconds)
        self.samples.append(sample)
        self.say(f"  {sample.measure}, {sample.subject}, {connections}: {sample.per_second:,.0f}/s, "
                 f"p50 {sample.p50_us / 1000:.2f} ms, p99 {sample.p99_us / 1000:.2f} ms, "
                 f"{sample.server_us:.1f} us, refused {sample.refused}")
        return sample

    def disk(self):
        done = subprocess.run([str(self.tool("fdatasync_floor")), str(self.folder / "fdatasync"),
                               str(self.seconds["others"])], check=True, stdout=subprocess.PIPE, text=True)
        self.facts["disk"] += [json.loads(line) for line in done.stdout.splitlines()]

    def messages(self):
        load = Load(MESSAGE, "messages.lua", self.files())
        for connections in self.connections:
            with self.floor() as floor:
                self.take(floor, load, connections, self.seconds["others"], WARM_UP_SECONDS)
            with self.fresh() as server:
                self.durable(server, load, connections, self.seconds["messages"], WARM_UP_SECONDS)

    def join(self):
        for connections in self.connections:
            load = Load(JOIN, "join.lua", self.files(BENCH_SKIP=0))
            with self.floor() as floor:
                self.take(floor, load, connections, self.seconds["others"], WARM_UP_SECONDS)
            with self.fresh() as server:  # no warm-up: each pair can join once
                self.durable(server, load, connections, self.seconds["others"])

    def durable(self, server, load, connections, seconds, warm_up=0):
        """Beside the load itself: how far behind the read models are right after it, and how the log flushed."""
        if warm_up:
            measure(server, load, connections, warm_up)
        before = server.metrics()
        sample = self.take(server, load, connections, seconds)
        after = server.metrics()
        grown = after["dacapo_log_head"] - before["dacapo_log_head"]
        if grown < sample.counted:
            raise RuntimeError(f"{sample.measure}: {sample.counted} answers, but the log grew by {grown:.0f} records")
        sample.more["lag_s"] = after["dacapo_projection_lag_seconds"]
        sample.more["lag_records"] = after["dacapo_projection_lag_records"]
        sample.more["catch_up_s"] = server.catch_up()
        flushes = after["dacapo_log_flush_seconds_count"] - before["dacapo_log_flush_seconds_count"]
        spent = after["dacapo_log_flush_seconds_sum"] - before["dacapo_log_flush_seconds_sum"]
        records = after["dacapo_log_batch_records_sum"] - before["dacapo_log_batch_records_sum"]
        if flushes:
            sample.more |= {"flushes_per_second": flushes / seconds, "records_a_flush": records / flushes,
                            "flush_us": spent / flushes * 1e6}

    def reads(self):
        with self.fresh() as server, self.floor() as floor:
            server.catch_up()
            for name, path, who in READS:
                load = Load(name, "read.lua", self.files(BENCH_PATH=path, BENCH_AS=who))
                for connections in self.connections:
                    for subject in (floor, server):
                        self.take(subject, load, connections, self.seconds["others"], WARM_UP_SECONDS)
        with self.fresh("--cache-mb", "0") as server:
            server.catch_up()
            for name, path, who in FROM_TABLES:
                load = Load(name, "read.lua", self.files(BENCH_PATH=path, BENCH_AS=who))
                for connections in self.connections:
                    self.take(server, load, connections, self.seconds["others"], WARM_UP_SECONDS)

    def peers(self):
        """A PostgreSQL of this repetition alone: one left running would go on writing during other measures."""
        tokens, events = self.folder / "peer-tokens", self.folder / "peer-events"
        tokens.write_text("".join(f"{token}\n" for token in peers.tokens(USERS)))
        events.write_text("".join(f"{number}\n" for number in range(1, EVENTS + 1)))
        files = {"BENCH_TOKENS": tokens, "BENCH_EVENTS": events}
        loads = (Load(MESSAGE, "messages.lua", files),
                 Load(EVENT, "read.lua", files | {"BENCH_PATH": "/events/{event}", "BENCH_AS": ""}))
        with peers.Postgres(self.folder / "postgres") as postgres:
            for name in PEERS:
                self.say(f"peer {name}")
                peers.prepare(name, self.folder, postgres, {"users": USERS, "events": EVENTS, "messages": MESSAGES})
                for load in loads:
                    for connections in sorted({PEER_CONNECTIONS, *self.connections}):
                        # A fresh one each time: a peer that the last load jammed would still be jammed here.
                        with peers.Peer(name, self.folder, postgres, WORKERS) as server:
                            self.take(server, load, connections, self.seconds["others"], WARM_UP_SECONDS)

    def rebuild(self):
        done = subprocess.run([str(self.tool("rebuild_bench"))], check=True, stdout=subprocess.PIPE, text=True)
        for line in done.stdout.splitlines():
            found = re.findall(r"([a-z][a-z0-9 ]*?) (\d+)/s", line)
            self.facts["rebuild"].append({name: int(count) for name, count in found})

    def start(self):
        """A log of a million messages: empty read models, then an ordinary restart, then without snapshots."""
        data = self.folder / "large"
        self.say("start-up with a million messages")
        servers.seed(self.program, data, USERS, LARGE_MESSAGES, EVENTS)
        log = self.folder / "large.log"
        with servers.Dacapo(self.program, data, log) as server:
            first = {"kind": "from snapshots, read models empty", "ready_s": server.ready_seconds,
                     "catch_up_s": server.catch_up(), "records": server.metrics()["dacapo_log_head"]}
        self.facts["start"].append(first)
        for _ in range(self.repetitions):
            with servers.Dacapo(self.program, data, log) as server:
                self.facts["start"].append({"kind": "from snapshots", "ready_s": server.ready_seconds})
        for _ in range(self.repetitions):
            shutil.rmtree(data / "snapshots")
            with servers.Dacapo(self.program, data, log) as server:
                self.facts["start"].append({"kind": "full replay", "ready_s": server.ready_seconds})
        for one in self.facts["start"]:
            self.say(f"  {one}")
        shutil.rmtree(data)

    def memory(self):
        data = self.folder / "large"
        self.say("memory with 100,000 users and a million messages")
        servers.seed(self.program, data, LARGE_USERS, LARGE_MESSAGES, EVENTS)
        with servers.Dacapo(self.program, data, self.folder / "large.log") as server:
            server.catch_up()
            self.facts["memory"]["while the read models were built"] = memory_mb(server.process.pid)
        with servers.Dacapo(self.program, data, self.folder / "large.log") as server:
            server.catch_up()
            server.event_ids()
            self.facts["memory"]["after a restart"] = memory_mb(server.process.pid)
        self.say(f"  {self.facts['memory']}")
        shutil.rmtree(data)
