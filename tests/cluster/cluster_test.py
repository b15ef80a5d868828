#!/usr/bin/env python3
"""scripts/cluster.sh with a real Kafka, a real PostgreSQL, a real proxy, and stubs in place of the servers.

What it promises: `up` returns when everything is ready or says why not, and `down` ends everything, whatever became of
`up`."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STUB = Path(__file__).with_name("stub_program.py")
DEADLINE_S = 120
PARTS = ("kafka-1", "postgres", "command-1", "command-2", "project-1", "project-2", "query-1", "query-2", "proxy")


def free_ports(count):
    """That many in a row, below those that the system gives to clients (32768 on)."""
    first = 20000 + os.getpid() % 10000
    while not all(is_free(port) for port in range(first, first + count)):
        first += count
    return first


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class ClusterTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="dacapo-cluster-"))
        self.folder.chmod(0o755)  # PostgreSQL's user has to pass
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.cluster = self.folder / "cluster"
        first = free_ports(40)
        self.proxy_port, self.server_port, kafka_port, postgres_port = first, first + 1, first + 10, first + 30
        self.up = ["up", "--program", str(STUB), "--port", str(self.proxy_port), "--servers-port", str(self.server_port),
                   "--kafka-port", str(kafka_port), "--postgres-port", str(postgres_port)]
        self.addCleanup(self.run_script, "down")

    def script(self, *arguments):
        return [str(ROOT / "scripts/cluster.sh"), *arguments, "--dir", str(self.cluster)]

    def run_script(self, *arguments, **environment):
        return subprocess.run(self.script(*arguments), env={**os.environ, **environment}, timeout=DEADLINE_S, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)

    def states(self):
        return dict(re.findall(r"^(\S+) +127\.0\.0\.1:\S+ +(\w+)$", self.run_script("status").stdout, re.MULTILINE))

    def ask(self, data=None):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.proxy_port}/events/", data, DEADLINE_S) as response:
            return response.read().decode()

    def pids(self):
        return [int(file.read_text().split()[0]) for file in self.cluster.glob("**/pid")]

    def assert_all_gone(self, pids):
        for pid in pids:
            state = Path(f"/proc/{pid}/stat")
            self.assertTrue(not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z", pid)

    def test_up_is_ready_when_it_returns_and_down_leaves_nothing(self):
        up = self.run_script(*self.up)
        self.assertEqual(up.returncode, 0, up.stdout)
        self.assertEqual(self.states(), dict.fromkeys(PARTS, "ready"))
        command = self.ask(b"{}").splitlines()
        self.assertEqual(command[0], "command")
        self.assertRegex(command[1], r"^EVENT_LOG=kafka://127\.0\.0\.1:\d+/dacapo$")
        self.assertRegex(command[2], r"^DATABASE_URL=postgresql://dacapo:\S+@127\.0\.0\.1:\d+/dacapo$")
        self.assertRegex(command[3], rf"^ADVERTISED_URL=http://127\.0\.0\.1:({self.server_port}|{self.server_port + 1})$")
        self.assertEqual(self.ask().splitlines()[0], "query")

        again = self.run_script(*self.up)
        self.assertEqual(again.returncode, 0)
        self.assertIn("is running", again.stdout)

        pids = self.pids()
        self.assertEqual(len(pids), len(PARTS))
        self.assertEqual(self.run_script("kill", "query-1").returncode, 0)
        self.assertEqual(self.run_script("kill", "query-2", "--signal", "STOP").returncode, 0)
        states = self.states()
        self.assertEqual((states["query-1"], states["query-2"], states["command-1"]), ("down", "silent", "ready"))
        self.assertEqual(self.run_script("status").returncode, 1)
        self.assertEqual(self.run_script(*self.up).returncode, 1)
        self.assertEqual(self.run_script("restart", "query-1").returncode, 0)
        self.assertEqual(self.states()["query-1"], "ready")
        pids += self.pids()

        self.assertEqual(self.run_script("down").returncode, 0)
        self.assert_all_gone(pids)
        self.assertFalse(self.cluster.exists())
        self.assertIn("there is no cluster", self.run_script("down").stdout)

    def test_a_part_that_does_not_start_says_why_and_down_ends_the_rest(self):
        up = self.run_script(*self.up, STUB_FAILS="query")
        self.assertEqual(up.returncode, 1)
        self.assertIn("the query stub fails, as it was asked to", up.stdout)
        self.assertIn("query-1 ended", up.stdout)
        pids = self.pids()
        self.assertEqual(self.run_script("down").returncode, 0)
        self.assert_all_gone(pids)

    def test_down_finds_what_a_killed_up_has_started_and_keeps_data_if_asked(self):
        up = subprocess.Popen(self.script(*self.up), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + DEADLINE_S
        while not (self.cluster / "postgres/pid").exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.001)
        up.kill()
        up.wait()
        while not (self.cluster / "postgres/pid").read_text():  # it was killed while this was being written
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.001)
        pids = self.pids()
        self.assertEqual(len(pids), 2)
        self.assertEqual(self.run_script("down", "--keep").returncode, 0)
        self.assert_all_gone(pids)
        cluster_id = (self.cluster / "kafka/cluster_id").read_text()
        up = self.run_script(*self.up)
        self.assertEqual(up.returncode, 0, up.stdout)
        self.assertEqual((self.cluster / "kafka/cluster_id").read_text(), cluster_id)
        self.assertEqual(self.run_script("down", "--keep").returncode, 0)
        more = self.run_script(*self.up, "--brokers", "3")
        self.assertEqual(more.returncode, 1)
        self.assertIn("holds the data of 1 broker(s), not of 3", more.stdout)

    def test_a_taken_port_is_named_before_anything_starts(self):
        with socket.create_server(("127.0.0.1", self.server_port + 2)):
            up = self.run_script(*self.up)
        self.assertEqual(up.returncode, 1)
        self.assertIn(f"port {self.server_port + 2} on 127.0.0.1 is taken; choose another (--servers-port)", up.stdout)
        self.assertEqual(self.pids(), [])


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
