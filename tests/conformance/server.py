"""`dacapo serve` on the demo, in a folder of its own, with the read models in a file or in PostgreSQL."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PASSWORD = "dacapo-demo"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    """Debian's, on a free port, held as long as its input is open."""

    def __init__(self):
        # Not among the build's files: the server runs as a user of its own, who must reach it.
        self.folder = Path(tempfile.mkdtemp(prefix="dacapo-postgres-"))
        self.folder.chmod(0o755)
        self.process = subprocess.Popen([CHECKOUT / "scripts" / "postgres.sh", "hold", str(self.folder / "data"), "0"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError("PostgreSQL did not start")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
        shutil.rmtree(self.folder)


class Server:
    def __init__(self, program, *flags, database="sqlite", scheme="http",
                 secret="only for this run, and for nobody else", rate_limit="off"):
        self.folder = Path(tempfile.mkdtemp(prefix="dacapo-conformance-"))
        self.secret = secret
        self.port = free_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.postgres = Postgres() if database == "postgresql" else None
        database_url = self.postgres.url if self.postgres else f"sqlite:{self.folder}/read.db"
        settings = ["--data-dir", str(self.folder), "--event-log", f"sqlite:{self.folder}/log.db", "--database-url",
                    database_url, "--password-cost", "4", "--rate-limit", rate_limit]
        environment = {**os.environ, "JWT_SECRET": secret}
        subprocess.run([program, "seed", *settings], check=True, env=environment, cwd=self.folder,
                       stdout=subprocess.DEVNULL)
        self.log = open(self.folder / "output", "wb")
        self.process = subprocess.Popen([program, "serve", "--port", str(self.port), *settings, *flags],
                                        env=environment, cwd=self.folder, stdout=self.log, stderr=self.log)

    def __enter__(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.1)
        raise RuntimeError(self.output())

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
        if self.postgres:
            self.postgres.stop()
        shutil.rmtree(self.folder)

    def output(self):
        return (self.folder / "output").read_text()

    def check_alive(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.output()[-2000:]}")

    def known_demo(self):
        """The environment of a tool that logs in as the demo's people."""
        return {**os.environ, "DACAPO_URL": self.url, "DACAPO_PASSWORD": PASSWORD, "PYTHONDONTWRITEBYTECODE": "1"}
