"""What the figures were measured on: without it they say nothing."""

import datetime
import os
import re
import subprocess
from pathlib import Path


def told(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def disk_of(folder):
    row = told(["df", "--output=source,fstype", str(folder)], folder).splitlines()[-1:]
    source, kind = (row[0].split() + ["", ""])[:2] if row else ("", "")
    block = Path("/sys/class/block") / Path(source).name
    model = block / "device" / "model"
    name = model.read_text().strip() if model.exists() else ("virtio" if source.startswith("/dev/vd") else "")
    return f"{kind} on {source}" + (f" ({name})" if name else "")


def facts(checkout, folder):
    processor = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    memory = int(re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.M).group(1))
    changed = told(["git", "status", "--porcelain", "--untracked-files=no"], checkout)
    commit = told(["git", "rev-parse", "--short", "HEAD"], checkout)
    load = os.getloadavg()
    return {
        "processor": f"{processor.group(1) if processor else 'unknown'}, {os.cpu_count()} cores",
        "memory": f"{memory / 1024 / 1024:.0f} GiB",
        "kernel": os.uname().release,
        "disk": disk_of(folder),
        "date": datetime.date.today().isoformat(),
        "commit": commit + (" and uncommitted changes" if changed else ""),
        "load at the end": f"{load[0]:.1f} over one minute, {load[2]:.1f} over fifteen",
    }
