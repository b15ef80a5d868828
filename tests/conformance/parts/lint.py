"""redocly and spectral, with OWASP's rules for APIs, on the API document; a warning is a finding, too."""

import shutil
import subprocess

from server import CHECKOUT
from tools import HERE, node_tools


def run(program, _):
    tools = node_tools()
    document = CHECKOUT / "build" / "openapi.json"
    document.write_text(subprocess.run([program, "openapi"], check=True, stdout=subprocess.PIPE, text=True).stdout)
    redocly = subprocess.run([tools / "redocly", "lint", "--config", HERE / "redocly.yaml", document], check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    # Spectral looks for the rules that its configuration names beside it.
    rules = shutil.copy(HERE / "spectral.yaml", tools.parent.parent)
    spectral = subprocess.run([tools / "spectral", "lint", "--ruleset", rules, "--fail-severity", "hint",
                               document], check=False)
    clean = "is valid" in redocly and "warning" not in redocly.lower().replace("deprecation warning", "")
    print(redocly if not clean else "  redocly: no error, no warning")
    print(f"  spectral: {'no error, no warning' if spectral.returncode == 0 else 'see above'}")
    return clean and spectral.returncode == 0
