"""The servers that a user would otherwise pick, each on a private PostgreSQL that is started here on a unix socket.

Their code is not part of this project: it is read from DACAPO_PEERS, and without it they are left out."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import servers

POSTGRES = Path("/usr/lib/postgresql/15/bin")
REQUIREMENTS = Path(__file__).resolve().parent.parent / "peers-requirements.txt"
TOKEN_SECONDS = 7 * 24 * 3600
POSTGRES_PORT = 54329  # only a name of the socket: no TCP

ROWS = """
INSERT INTO users(username, email, hashed_password)
  SELECT 'user' || i, 'user' || i || '@example.org', '-' FROM generate_series(1, {users}) AS i;
INSERT INTO events(title, description, date, location, organizer_id)
  SELECT 'Event ' || i, 'The event with the number ' || i || ', seeded for measuring.', now(), 'Lyon',
         1 + i % {users} FROM generate_series(1, {events}) AS i;
INSERT INTO messages(content, sender_id, receiver_id, created_at, is_read)
  SELECT 'Message ' || i || ' of the seed, long enough to look like one.', 1 + i % {users},
         1 + (i * 7919 + 1) % {users}, now(), false FROM generate_series(1, {messages}) AS i;
"""


def folder():
    """Where the peers stand: DACAPO_PEERS, or a folder beside the checkout."""
    checkout = Path(__file__).resolve().parents[3]
    return Path(os.environ.get("DACAPO_PEERS", checkout.parent / "shared" / "peers"))


def missing():
    """Why peers cannot be measured here, or nothing."""
    if not folder().is_dir():
        return f"there is no folder {folder()} (DACAPO_PEERS names another)"
    if not (POSTGRES / "initdb").exists():
        return "PostgreSQL 15 is not installed (apt-get install postgresql-15)"
    return None


def tokens(count):
    """HS256 tokens with `sub` and `exp`, which is all that the peers read."""
    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    head = encoded(b'{"alg":"HS256","typ":"JWT"}')
    expires = int(time.time()) + TOKEN_SECONDS
    for user in range(1, count + 1):
        signed = head + b"." + encoded(json.dumps({"sub": str(user), "exp": expires}).encode())
        signature = hmac.new(servers.SECRET.encode(), signed, hashlib.sha256).digest()
        yield (signed + b"." + encoded(signature)).decode()


class Postgres:
    """A fresh cluster with its own settings left as they are, thus durable. As root it runs as `postgres`."""

    def __init__(self, data):
        self.data = data
        self.sockets = tempfile.mkdtemp(prefix="dacapo-bench-")  # a socket's path must be short
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        if os.geteuid() == 0:
            for owned in (data, self.sockets):
                shutil.chown(owned, "postgres", "postgres")
        self.run("initdb", "-D", data / "cluster", "-U", "app", "-E", "UTF8", "--locale=C.UTF-8", "--auth-local=trust",
                 "--auth-host=reject", "--no-sync")
        self.run("pg_ctl", "-D", data / "cluster", "-l", data / "log", "-w", "-o",
                 f"-k {self.sockets} -p {POSTGRES_PORT} -c listen_addresses=", "start")
        self.pid = int((data / "cluster" / "postmaster.pid").read_text().split()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("pg_ctl", "-D", self.data / "cluster", "-w", "-m", "fast", "stop")
        shutil.rmtree(self.sockets, ignore_errors=True)

    def run(self, program, *arguments, text=None):
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*as_postgres, str(POSTGRES / program), *map(str, arguments)], input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/")
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed:\n{done.stdout}")

    def sql(self, database, text):
        self.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.sockets, "-p", POSTGRES_PORT, "-U", "app",
                 "-d", database, text=text)

    def url(self, database, scheme="postgresql"):
        return f"{scheme}://app@/{database}?host={self.sockets}&port={POSTGRES_PORT}"


def python_with_packages(build):
    """A virtual environment with the pinned packages, made once."""
    environment, stamp = build / "venv", build / "venv" / "installed.txt"
    wanted = REQUIREMENTS.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([str(environment / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "-r",
                        str(REQUIREMENTS)], check=True)
        stamp.write_text(wanted)
    return environment / "bin"


def node_with_packages(build):
    """A copy of the Express peer with what its package.json asks for."""
    copy = build / "express"
    shutil.copytree(folder() / "express", copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    if not (copy / "node_modules").is_dir():
        subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier",
                        "--loglevel=error"], cwd=copy, check=True)
    return copy


class Peer(servers.Process):
    def __init__(self, name, build, postgres, workers):
        self.port = servers.free_port()
        database = "peer_" + name.replace("-", "_")
        scheme = "postgresql+psycopg2" if name == "fastapi" else "postgresql"
        environment = dict(os.environ, JWT_SECRET=servers.SECRET, PORT=str(self.port), WORKERS=str(workers),
                           PEER_DATABASE_URL=postgres.url(database, scheme), PYTHONDONTWRITEBYTECODE="1",
                           PYTHONWARNINGS="ignore")
        if name == "express":
            command, where = ["node", "server.js"], node_with_packages(build)
        else:
            where = folder() / name
            command = [str(python_with_packages(build) / "uvicorn"), "app:app", "--host", "127.0.0.1", "--port",
                       str(self.port), "--workers", str(workers), "--no-access-log", "--log-level", "warning"]
        super().__init__(name, command, build / f"{name}.log", environment, where)
        self.pids.append(postgres.pid)
        self.wait_until(lambda: servers.get(self.port, "/events/?limit=1"), "answering")


def prepare(name, build, postgres, amounts):
    """A database of its own: one worker makes the tables (two would race), then rows are filled in."""
    database = "peer_" + name.replace("-", "_")
    postgres.sql("postgres", f"CREATE DATABASE {database};")
    with Peer(name, build, postgres, 1):
        pass
    postgres.sql(database, ROWS.format(**amounts) + "VACUUM ANALYZE; CHECKPOINT;")
