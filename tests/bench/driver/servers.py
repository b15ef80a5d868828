"""The servers that are measured on this machine's loopback: the program itself and the bare one that is its floor.

Each takes a free port and is ended, by its process, when the block that opened it ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

SECRET = "hetic"
START_SECONDS_MAX = 300
STOP_SECONDS_MAX = 30
POLL_SECONDS = 0.005


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path, token=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


class Process:
    """A program in a session of its own, so that whatever it starts ends with it."""

    def __init__(self, subject, command, log, environment=None, folder=None):
        self.subject = subject
        self.log = Path(log)
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                                            cwd=folder, env=environment, start_new_session=True)
        self.pids = [self.process.pid]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_until(self, holds, what):
        """Polls until `holds`; the figure returned is how long that took since the call, in seconds."""
        begun = time.monotonic()
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.subject} ended with {self.process.returncode}:\n{self.last_words()}")
            try:
                if holds():
                    return time.monotonic() - begun
            except (OSError, urllib.error.URLError):
                pass
            if time.monotonic() - begun > START_SECONDS_MAX:
                raise RuntimeError(f"{self.subject}: not {what} in {START_SECONDS_MAX} s:\n{self.last_words()}")
            time.sleep(POLL_SECONDS)

    def last_words(self):
        return self.log.read_text(errors="replace")[-2000:]

    def stop(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                return
            os.killpg(self.process.pid, number)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                pass


class Floor(Process):
    def __init__(self, program, log):
        self.port = free_port()
        super().__init__("floor", [str(program), str(self.port)], log)
        self.wait_until(lambda: get(self.port, "/"), "answering")


class Dacapo(Process):
    """`dacapo serve` on a data folder; returns from its constructor once it says that it is ready."""

    def __init__(self, program, data, log, flags=()):
        self.port = free_port()
        super().__init__("dacapo", [str(program), "serve", "--port", str(self.port), *settings(data), *flags], log,
                         environment(), data)
        self.ready_seconds = self.wait_until(lambda: get(self.port, "/readyz"), "ready")

    def metrics(self):
        found = {}
        for line in get(self.port, "/metrics").splitlines():
            name, _, value = line.rpartition(" ")
            if name and not line.startswith("#"):
                found[name] = float(value)
        return found

    def catch_up(self):
        """Waits until the read models have passed the log; how long that took, in seconds."""
        return self.wait_until(lambda: self.metrics()["dacapo_projection_lag_records"] == 0, "caught up")

    def event_ids(self):
        ids, page = [], 500
        while True:
            found = json.loads(get(self.port, f"/events/?limit={page}&skip={len(ids)}"))
            ids += [event["id"] for event in found]
            if len(found) < page:
                return ids


def environment():
    """The caller's, without what would set the program up otherwise."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"JWT_SECRET": SECRET}


def settings(data):
    return ["--host", "127.0.0.1", "--data-dir", str(data), "--event-log", f"sqlite:{data}/log.db",
            "--database-url", f"sqlite:{data}/read.db"]


def seed(program, data, users, messages, events):
    """Fills a fresh folder."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    subprocess.run([str(program), "seed", "--users", str(users), "--messages", str(messages), "--events", str(events),
                    *settings(data)], check=True, env=environment(), cwd=data, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def copy_of(seeded, data):
    """A fresh copy that is on the disk, so that the kernel does not write it while something is measured."""
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(seeded, data)
    os.sync()
    return data
