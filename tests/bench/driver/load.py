"""Runs wrk and reads what processes cost: rates, latencies and CPU time of one measurement.

Here so that floors, peers and the program are measured by the very same lines."""

import json
import os
import re
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
WRK_THREADS = 2
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass
class Sample:
    """One run of wrk. Only answers under 400 count; `refused` are the others, `broken` those that never came."""

    measure: str
    subject: str
    connections: int
    per_second: float
    p50_us: float
    p99_us: float
    server_us: float  # CPU time of the server per answer, all its processes
    wrk_us: float  # the same of the load generator
    counted: int = 0
    refused: int = 0
    broken: int = 0
    more: dict = field(default_factory=dict)

    as_json = asdict


def stat_of(pid):
    """The parent and the CPU seconds of a process, or nothing when it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def cpu_seconds(pids):
    """CPU time so far of these processes and all that descend from them."""
    stats = {int(name): stat_of(name) for name in os.listdir("/proc") if name.isdigit()}
    stats = {pid: stat for pid, stat in stats.items() if stat}
    total, waiting, seen = 0.0, list(pids), set()
    while waiting:
        pid = waiting.pop()
        if pid in seen or pid not in stats:
            continue
        seen.add(pid)
        total += stats[pid][1]
        waiting += [child for child, (parent, _) in stats.items() if parent == pid]
    return total


def memory_mb(pid):
    """Resident memory now and at its highest."""
    text = Path(f"/proc/{pid}/status").read_text()
    return {key: int(re.search(rf"^{key}:\s+(\d+)", text, re.M).group(1)) / 1024 for key in ("VmRSS", "VmHWM")}


def run_wrk(port, script, connections, seconds, variables):
    """The summary that common.lua prints, with wrk's own CPU seconds."""
    command = ["wrk", "-t", str(WRK_THREADS), "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s",
               "-s", str(SCRIPTS / script), f"http://127.0.0.1:{port}"]
    environment = dict(os.environ, BENCH_SCRIPTS=str(SCRIPTS), **{k: str(v) for k, v in variables.items()})
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    found = re.search(r"^SUMMARY (.*)$", output, re.M)
    if process.returncode != 0 or not found:
        raise RuntimeError(f"wrk failed on {script}:\n{output}")
    summary = json.loads(found.group(1))
    summary["cpu_s"] = usage.ru_utime + usage.ru_stime
    return summary


def measure(server, load, connections, seconds):
    """Loads `server` (subject, port, pids) with `load` (name, script, variables)."""
    before = cpu_seconds(server.pids)
    summary = run_wrk(server.port, load.script, connections, seconds, load.variables)
    spent = cpu_seconds(server.pids) - before
    answered = max(1, summary["requests"])
    good = summary["requests"] - summary["refused"]
    return Sample(load.name, server.subject, connections, good / (summary["duration_us"] / 1e6),
                  summary["p50_us"], summary["p99_us"], spent * 1e6 / answered, summary["cpu_s"] * 1e6 / answered,
                  good, summary["refused"], summary["broken"])


@dataclass
class Load:
    name: str
    script: str
    variables: dict = field(default_factory=dict)
