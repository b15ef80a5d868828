"""The tools from outside, each with a fixed version, in folders that a new build keeps."""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"


def is_current(folder, *wanted):
    return all((folder / name.name).exists() and (folder / name.name).read_bytes() == name.read_bytes() for name in wanted)


def python_tools():
    folder = BUILD / "conformance"
    wanted = HERE / "requirements.txt"
    if not is_current(folder, wanted):
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "-r", wanted], check=True)
        shutil.copy(wanted, folder)
    return folder / "bin"


def node_tools():
    folder = BUILD / "conformance-node"
    wanted = [HERE / "package.json", HERE / "package-lock.json"]
    if not is_current(folder / "node_modules", *wanted):
        folder.mkdir(parents=True, exist_ok=True)
        for name in wanted:
            shutil.copy(name, folder)
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
        for name in wanted:
            shutil.copy(name, folder / "node_modules")
    return folder / "node_modules" / ".bin"
