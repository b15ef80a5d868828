#!/usr/bin/env python3
"""The bill of materials of dacapo: CycloneDX 1.5 as JSON, of what the program is built from and tested with.

usage: scripts/sbom.py BUILD_FOLDER

What the program holds, or loads when it starts, is "required": Debian's packages of the libraries that it is linked with
(and what those are linked with), and of every header that was compiled into it; files of npm that are embedded. What only
measures and tests is "excluded": linters, test tools from PyPI, the jars of a broker. Nothing is guessed: the linker, the
compiler's own list of headers, dpkg and the lock files are asked."""
import base64
import hashlib
import json
import re
import subprocess
import sys
import uuid
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAVEN = "{http://maven.apache.org/POM/4.0.0}"


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def component(kind, name, version, purl, scope, **more):
    return {"type": kind, "bom-ref": purl, "name": name, "version": version, "scope": scope, "purl": purl, **more}


# --- Debian

def linked_libraries(program):
    """The files that the loader finds for the program, and for its libraries in turn."""
    return {Path(path).resolve() for path in re.findall(r"=> (/\S+)", output_of("ldd", str(program)))}


def compiled_headers(build):
    """Every file from outside that the compiler read for the program; tests are not part of it."""
    headers, ours = set(), False
    for line in output_of("ninja", "-C", str(build), "-t", "deps").splitlines():
        if line.endswith("(VALID)") or line.endswith("(STALE)"):
            ours = not line.startswith("tests/")
        elif ours and line.startswith("    /usr/"):
            headers.add(Path(line.strip()).resolve())
    return headers


def packages_of(files):
    """Names of the packages that own these files. Those of a merged /usr are listed where they were before."""
    names, paths = set(), sorted(map(str, files))
    for begin in range(0, len(paths), 500):
        some = paths[begin:begin + 500]
        asked = some + [path.removeprefix("/usr") for path in some if path.startswith("/usr/lib/")]
        found = subprocess.run(["dpkg", "-S", *asked], capture_output=True, text=True).stdout
        for line in found.splitlines():
            if not line.startswith("diversion"):
                names.update(name.strip() for name in line.split(": /")[0].split(","))
    return names


def debian_components(build):
    files = linked_libraries(build / "dacapo") | compiled_headers(build)
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    distribution = f'{release["ID"]}-{release.get("VERSION_ID", "").strip(chr(34))}'
    form = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n"
    for line in output_of("dpkg-query", "-W", f"-f={form}", *sorted(packages_of(files))).splitlines():
        name, version, architecture, source, source_version = line.split("\t")
        escaped = version.replace("+", "%2B").replace(":", "%3A")
        yield component("library", name, version,
                        f"pkg:deb/debian/{name}@{escaped}?arch={architecture}&distro={distribution}", "required",
                        properties=[{"name": "debian:source", "value": f"{source} {source_version}"}])


# --- npm, PyPI, Maven

def npm_components(lock, embedded):
    """`embedded`: what the lock file asks for by itself is built into the program; what comes along with that is not."""
    packages = json.loads(lock.read_text())["packages"]
    for path, package in sorted(packages.items()):
        if not path or "version" not in package:
            continue
        name = path.rpartition("node_modules/")[2]
        scope = "required" if embedded and name in packages[""]["dependencies"] else "excluded"
        algorithm, _, digest = package.get("integrity", "").partition("-")
        more = {}
        if algorithm == "sha512":
            more["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}]
        if isinstance(package.get("license"), str):
            more["licenses"] = [{"license": {"name": package["license"]}}]
        escaped = name.replace("@", "%40", 1) if name.startswith("@") else name
        yield component("library", name, package["version"], f"pkg:npm/{escaped}@{package['version']}", scope, **more)


def pypi_components(requirements):
    for line in requirements.read_text().splitlines():
        if match := re.fullmatch(r"([\w.-]+)==([\w.+!-]+)", line.strip()):
            name = re.sub(r"[-_.]+", "-", match[1]).lower()
            yield component("library", match[1], match[2], f"pkg:pypi/{name}@{match[2]}", "excluded")


def maven_components(pom):
    project = xml.parse(pom).getroot()
    properties = {entry.tag.removeprefix(MAVEN): entry.text for entry in project.find(f"{MAVEN}properties")}
    for part in project.findall(f"{MAVEN}dependencies/{MAVEN}dependency"):
        group, name, version = (part.find(f"{MAVEN}{tag}").text for tag in ("groupId", "artifactId", "version"))
        version = re.sub(r"\$\{(.+?)\}", lambda match: properties[match[1]], version)
        yield component("library", name, version, f"pkg:maven/{group}/{name}@{version}", "excluded", group=group)


def bill_of(build):
    components = [
        *debian_components(build),
        *npm_components(ROOT / "web/package-lock.json", embedded=True),
        *npm_components(ROOT / "tests/conformance/package-lock.json", embedded=False),
        *pypi_components(ROOT / "tests/conformance/requirements.txt"),
        *pypi_components(ROOT / "tests/bench/peers-requirements.txt"),
        *maven_components(ROOT / "deploy/kafka/pom.xml"),
    ]
    # What two lists name, or npm installs twice, is one component, and the first list says for what it is.
    components = sorted({each["purl"]: each for each in reversed(components)}.values(), key=lambda each: each["purl"])
    version = re.search(r"project\(dacapo VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    program = {"type": "application", "bom-ref": f"pkg:generic/dacapo@{version}", "name": "dacapo", "version": version,
               "purl": f"pkg:generic/dacapo@{version}"}
    # Made from the content: the same parts give the same file, which can be compared.
    digest = hashlib.sha256(json.dumps([program, components], sort_keys=True).encode()).digest()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}",
        "version": 1,
        "metadata": {"component": program},
        "components": components,
        "dependencies": [{"ref": program["bom-ref"],
                          "dependsOn": sorted(each["bom-ref"] for each in components if each["scope"] == "required")}],
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    json.dump(bill_of(Path(sys.argv[1])), sys.stdout, indent=1, ensure_ascii=False)
    print()
