"""A whole cluster as `./dev cluster` starts it, loaded through its proxy: which load, in which order, next to what."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from statistics import median

from . import servers
from .load import Load, measure
from .report import table

USERS = 200
RECORD_BYTES = 450  # of a message in the log, as JSON
FLOOR_RECORDS = 150_000
# What infra/kafka/client.cpp sets for durability and order.
PRODUCER = ("acks=all", "enable.idempotence=true", "max.in.flight.requests.per.connection=1", "linger.ms=0",
            "compression.type=lz4")
MESSAGE = "POST /messages/"
READS = (("GET /messages/received?limit=20", "/messages/received?limit=20"), ("GET /auth/me", "/auth/me"))
# Brokers as in production, with the compiler that tests and developers, who start them often, do without.
SETTINGS = {"PASSWORD_COST": "4", "RATE_LIMIT": "off", "CACHE_MB": "0", "LOG_LEVEL": "error",
            "BROKER_JAVA_OPTIONS": "-Xms512m -Xmx512m -XX:+UseSerialGC"}
WARM_UP_S = 20  # until that compiler is done with what a load needs


def free_ports(count):
    """That many in a row, below those that the system gives to clients."""
    first = 21000 + os.getpid() % 9000
    while not all(is_free(port) for port in range(first, first + count)):
        first += count
    return first


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@dataclass
class Target:
    """Whom wrk asks; the processes are those of the whole cluster, whoever is asked."""
    subject: str
    port: int
    pids: list


class Cluster:
    """Up inside the block, down and gone after it."""

    def __init__(self, checkout, program, folder, brokers):
        self.script = str(checkout / "scripts" / "cluster.sh")
        self.folder, self.brokers = folder / "cluster", brokers
        self.port = free_ports(40)
        self.command_port, self.query_port = self.port + 1, self.port + 5
        self.options = ["--brokers", str(brokers), "--program", str(program), "--port", str(self.port),
                        "--servers-port", str(self.port + 1), "--kafka-port", str(self.port + 10),
                        "--postgres-port", str(self.port + 30)]
        self.environment = {**os.environ, **SETTINGS}

    def run(self, *arguments):
        subprocess.run([self.script, *arguments, "--dir", str(self.folder)], check=True, env=self.environment,
                       stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def __enter__(self):
        self.run("up", *self.options)
        return self

    def __exit__(self, *_):
        self.run("down")

    @property
    def addresses(self):
        return ",".join(f"127.0.0.1:{self.port + 10 + number}" for number in range(self.brokers))

    @property
    def postgres_url(self):
        password = (self.folder / "postgres" / "password").read_text().strip()
        return f"postgresql://dacapo:{password}@127.0.0.1:{self.port + 30}/dacapo"

    def pids(self):
        return [int(file.read_text().split()[0]) for file in self.folder.glob("**/pid")]

    def target(self, subject, port):
        return Target(subject, port, self.pids())

    def lag_s(self):
        found = re.search(r"^dacapo_projection_lag_seconds (\S+)", servers.get(self.command_port, "/metrics"), re.M)
        return float(found.group(1)) if found else 0.0


def registered(port, count):
    """Accounts made through the proxy: their ids and tokens."""
    people = []
    for number in range(count):
        body = {"username": f"bench{number}", "email": f"bench{number}@example.org", "password": "four-strings"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/register", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        person = answered(request)
        people.append((person["id"], person["access_token"]))
    return people


def answered(request):
    """Comes again when it is told to, for a minute."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            if error.code != 503 or time.monotonic() > deadline:
                raise RuntimeError(f"{request.full_url}: {error.code} {text}") from error
            print(f"  503 {text[:200]}", file=sys.stderr)
            time.sleep(float(error.headers.get("Retry-After", "1")))


class Bench:
    def __init__(self, checkout, build, folder, chosen):
        self.checkout, self.build, self.folder, self.chosen = checkout, build, folder, chosen
        self.connections = [int(count) for count in chosen.connections.split(",")]
        self.results = {"samples": [], "floor": [], "rebuild": []}

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def run(self, brokers):
        self.say(f"{brokers} broker{'s' if brokers > 1 else ''}")
        with Cluster(self.checkout, self.build / "dacapo", self.folder, brokers) as cluster:
            people = registered(cluster.port, USERS)
            tokens, ids = self.folder / "cluster-tokens", self.folder / "cluster-ids"
            tokens.write_text("".join(f"{token}\n" for _, token in people))
            ids.write_text("".join(f"{number}\n" for number, _ in people))
            files = {"BENCH_TOKENS": tokens, "BENCH_IDS": ids}
            measure(cluster.target("warm-up", cluster.port), Load(MESSAGE, "messages.lua", files), 64, WARM_UP_S)
            for _ in range(self.chosen.repetitions):
                self.floor(cluster)
                self.commands(cluster, files)
                self.reads(cluster, {"BENCH_TOKENS": tokens, "BENCH_EVENTS": ids})
            if brokers == 1 and self.chosen.messages:
                self.rebuild(cluster)

    def floor(self, cluster):
        """Kafka's own producer, into a topic like ours, with the settings of ours."""
        subprocess.run([str(self.build / "dacapo"), "migrate"], check=True, stdout=subprocess.DEVNULL, env={
            **cluster.environment, "EVENT_LOG": f"kafka://{cluster.addresses}/floor",
            "DATABASE_URL": cluster.postgres_url, "KAFKA_REPLICATION_FACTOR": str(cluster.brokers),
            "KAFKA_MIN_INSYNC_REPLICAS": str(max(1, cluster.brokers - 1))})
        jars = (cluster.folder / "kafka" / "jars").read_text().strip()
        done = subprocess.run(["java", "-Xmx256m", "-cp", f"{jars}/*", "org.apache.kafka.tools.ProducerPerformance",
                               "--topic", "floor.events", "--num-records", str(FLOOR_RECORDS), "--record-size",
                               str(RECORD_BYTES), "--throughput", "-1", "--producer-props",
                               f"bootstrap.servers={cluster.addresses}", *PRODUCER],
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        found = re.findall(r"([\d.]+) records/sec.*?([\d.]+) ms avg latency.*?(\d+) ms 50th.*?(\d+) ms 99th", done.stdout)
        rate, _, p50, p99 = found[-1]
        self.results["floor"].append({"brokers": cluster.brokers, "per_second": float(rate), "p50_ms": float(p50),
                                      "p99_ms": float(p99)})
        self.say(f"  floor {rate}/s")

    def take(self, cluster, subject, port, load, connections):
        sample = measure(cluster.target(subject, port), load, connections, self.chosen.seconds)
        found = sample.as_json() | {"brokers": cluster.brokers, "lag_s": cluster.lag_s()}
        self.results["samples"].append(found)
        self.say(f"  {load.name}, {subject}, {connections}: {sample.per_second:,.0f}/s, p50 {sample.p50_us / 1000:.1f} "
                 f"ms, p99 {sample.p99_us / 1000:.1f} ms, refused {sample.refused}, broken {sample.broken}, "
                 f"lag {found['lag_s']:.1f} s")

    def commands(self, cluster, files):
        load = Load(MESSAGE, "messages.lua", files)
        for connections in self.connections:
            self.take(cluster, "through the proxy", cluster.port, load, connections)
            self.take(cluster, "one command server", cluster.command_port, load, connections)

    def reads(self, cluster, files):
        for name, path in READS:
            load = Load(name, "read.lua", files | {"BENCH_PATH": path, "BENCH_AS": "users"})
            for connections in self.connections:
                self.take(cluster, "through the proxy", cluster.port, load, connections)
                self.take(cluster, "one query server", cluster.query_port, load, connections)

    def rebuild(self, cluster):
        for part in ("command-1", "command-2", "project-1", "project-2", "query-1", "query-2", "proxy"):
            cluster.run("kill", part, "--signal", "TERM")
        done = subprocess.run([str(self.build / "tests" / "kafka_rebuild_bench"), str(self.chosen.messages),
                               f"kafka://{cluster.addresses}/rebuild", cluster.postgres_url], check=True,
                              stdout=subprocess.PIPE, text=True)
        self.results["rebuild"] = [json.loads(line) for line in done.stdout.splitlines()]
        for one in self.results["rebuild"]:
            self.say(f"  {one}")


def middle(found, key):
    return median(one[key] for one in found)


def tables(facts, chosen, results):
    parts = ["\n".join(f"- {name}: {value}" for name, value in facts.items()),
             f"Median of {chosen.repetitions}, {chosen.seconds} s each; {USERS} users, no cache, everything on the same "
             "cores: brokers, PostgreSQL, two servers of each role, proxy and wrk."]
    rows = []
    for brokers in sorted({one["brokers"] for one in results["floor"]}):
        found = [one for one in results["floor"] if one["brokers"] == brokers]
        rows.append([str(brokers), "floor: Kafka's producer performance tool", "", f"{middle(found, 'per_second'):,.0f}",
                     f"{middle(found, 'p50_ms'):.1f}", f"{middle(found, 'p99_ms'):.1f}", "", ""])
    groups = {}
    for one in results["samples"]:
        groups.setdefault((one["measure"], one["brokers"], one["subject"], one["connections"]), []).append(one)
    for (name, brokers, subject, connections), found in groups.items():
        rows.append([str(brokers), f"{name}, {subject}", str(connections), f"{middle(found, 'per_second'):,.0f}",
                     f"{middle(found, 'p50_us') / 1000:.1f}", f"{middle(found, 'p99_us') / 1000:.1f}",
                     f"{sum(one['refused'] + one['broken'] for one in found):,}", f"{middle(found, 'lag_s'):.1f}"])
    parts.append(table(["brokers", "what", "connections", "per second", "p50 ms", "p99 ms", "not counted",
                        "lag at the end s"], rows))
    if results["rebuild"]:
        found = results["rebuild"]
        rebuilt, upsert, copied = (middle(found, key) for key in ("rebuild", "upsert", "copy"))
        parts.append(f"Rebuild of the read models from {found[0]['messages']:,} messages in Kafka into an empty "
                     "PostgreSQL, from opening the log:\n\n" +
                     table(["what", "rows per second", "rebuild / it"],
                           [["**rebuild**", f"{rebuilt:,.0f}", ""],
                            ["floor: the same rows by upsert from arrays", f"{upsert:,.0f}", f"{rebuilt / upsert:.2f}"],
                            ["floor: the same rows by COPY", f"{copied:,.0f}", f"{rebuilt / copied:.2f}"]]))
    return "\n\n".join(parts)
