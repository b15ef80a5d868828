"""slowhttptest: 400 clients that send their header (-H), their body (-B) or ranges (-R) slowly, or read the answer slowly
(-X), while healthy ones go on: reads and commands, each over connections of its own. Nobody healthy is refused or waits
long, and the slow ones are let go in time."""

import json
import subprocess
import threading
import time
import urllib.request

from server import PASSWORD, Server

KINDS = {"-H": "slow headers", "-B": "slow bodies", "-R": "ranges", "-X": "slow reading"}
SLOW_COUNT = 400
ALONE_S = 4  # how long the healthy ones ask before anybody slow comes, to compare with
HEALTHY_S_MAX = 5.0  # of a machine that does other things beside; the figure that is printed tells more


class Healthy:
    """Asks again and again, as a new client each time; what it had to wait is kept."""

    def __init__(self, request):
        self.request = request
        self.waited, self.failed = [], []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.ask)

    def ask(self):
        while not self.stopping.is_set():
            begun = time.monotonic()
            try:
                urllib.request.urlopen(self.request(), timeout=10).read()
                self.waited.append(time.monotonic() - begun)
            except OSError as error:
                self.failed.append(str(error))
            time.sleep(0.02)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


def post(url, body, token=None):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    return urllib.request.Request(url, json.dumps(body).encode(), headers)


def run(program, chosen):
    return all([attack(program, kind, min(40, max(10, chosen.seconds // 8))) for kind in KINDS])


def attack(program, kind, seconds):
    with Server(program) as server:
        login = post(f"{server.url}/login", {"email": "zoe@example.org", "password": PASSWORD})
        token = json.load(urllib.request.urlopen(login))["access_token"]
        read = Healthy(lambda: urllib.request.Request(f"{server.url}/events/?limit=5"))
        write = Healthy(lambda: post(f"{server.url}/messages/", {"content": "Psst", "receiver_id": 2}, token))
        with read, write:
            time.sleep(ALONE_S)
            alone = {client: len(client.waited) for client in (read, write)}
            tool = subprocess.run(["slowhttptest", kind, "-c", str(SLOW_COUNT), "-r", "200", "-l", str(seconds), "-i", "3",
                                   "-p", "3", *(["-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"] if kind == "-X" else []),
                                   "-u", f"{server.url}/openapi.json" if kind == "-X" else f"{server.url}/messages/"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        server.check_alive()
    fine = tool.returncode == 0
    for name, client in (("reads", read), ("commands", write)):
        before, meanwhile = client.waited[:alone[client]], client.waited[alone[client]:]
        worst = max(meanwhile, default=99)
        print(f"  {KINDS[kind]}: {len(meanwhile)} healthy {name}, {len(client.failed)} failed, the slowest "
              f"{worst * 1000:.0f} ms (alone before: {max(before, default=99) * 1000:.0f} ms)")
        fine = fine and len(meanwhile) > 20 and not client.failed and worst < HEALTHY_S_MAX
    if not fine:
        print(tool.stdout[-1500:])
    return fine
