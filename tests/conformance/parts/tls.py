"""sslscan, on a server with a certificate made for the occasion."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from server import Server


def run(program, _):
    folder = Path(tempfile.mkdtemp(prefix="dacapo-tls-"))
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost"], check=True,
                   stderr=subprocess.DEVNULL)
    with Server(program, "--tls-cert", str(certificate), "--tls-key", str(key), scheme="https") as server:
        found = subprocess.run(["sslscan", "--no-colour", f"127.0.0.1:{server.port}"], stdout=subprocess.PIPE, text=True,
                               check=False).stdout
    shutil.rmtree(folder)
    bad = [line.strip() for line in found.splitlines()
           if re.match(r"(SSLv[23]|TLSv1\.[01])\s+enabled", line) or re.search(r"vulnerable(?<!not vulnerable)", line)
           or re.search(r"(RC4|3DES|NULL|EXPORT|anon)", line) and "Accepted" in line]
    enabled = re.findall(r"(TLSv1\.\d)\s+enabled", found)
    print(f"  sslscan: {', '.join(enabled) or 'no protocol'}; {len(bad)} findings")
    for line in bad:
        print(f"  {line}")
    return bool(enabled) and not bad
