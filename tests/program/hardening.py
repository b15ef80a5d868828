#!/usr/bin/env python3
"""What a linked program lacks of the hardening that cmake/toolchain.cmake asks for, read from the file itself.

usage: hardening.py PROGRAM
Prints one line for each fault and ends with 1; prints nothing when there is none."""
import platform
import re
import subprocess
import sys


def readelf(program, *options):
    return subprocess.run(["readelf", "-W", *options, str(program)], check=True, capture_output=True, text=True).stdout


def compiled_without(program):
    """Flags that some unit of our own was compiled without, as its debug information tells."""
    units = re.findall(r"DW_AT_producer\s*: (.*GNU (?:C|GIMPLE).*)",
                       readelf(program, "--debug-dump=info", "--dwarf-depth=1"))
    if not units:
        return ["its debug information, which tells how it was compiled"]
    missing = [flag for flag in ("-fstack-protector-strong", "-fstack-clash-protection")
               if any(flag not in unit for unit in units)]
    # Of several, the last one counts.
    if platform.machine() == "x86_64" and any(
            re.findall(r"-fcf-protection=(\w+)", unit)[-1:] != ["full"] for unit in units):
        missing.append("-fcf-protection")
    return missing


def faults(program):
    header, segments, dynamic = (readelf(program, option) for option in ("-h", "-l", "-d"))
    symbols = set(re.findall(r"UND (\w+)", readelf(program, "--dyn-syms")))
    found = []
    if not re.search(r"Type:\s+DYN", header) or "INTERP" not in segments:
        found.append("is at a fixed address: no PIE")
    if "GNU_RELRO" not in segments:
        found.append("leaves its relocations writable: no RELRO")
    if not re.search(r"\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b", dynamic):
        found.append("binds symbols late: RELRO is not full")
    stack = re.search(r"GNU_STACK(?:\s+0x\w+){5}\s+([RWE ]+?)\s+0x", segments)
    if not stack or "E" in stack[1]:
        found.append("may execute its stack")
    if re.search(r"LOAD(?:\s+0x\w+){5}\s+RWE", segments):
        found.append("has memory that may be written and executed")
    if "(TEXTREL)" in dynamic:
        found.append("writes to its code when it starts: text relocations")
    if "(RPATH)" in dynamic or "(RUNPATH)" in dynamic:
        found.append("looks for libraries in folders of its own")
    if "__stack_chk_fail" not in symbols:
        found.append("has no stack protector")
    if not any(re.fullmatch(r"__\w+_chk", symbol) for symbol in symbols):
        found.append("calls no function that checks sizes: no _FORTIFY_SOURCE")
    return found + [f"was compiled, in part, without {flag}" for flag in compiled_without(program)]


if __name__ == "__main__":
    lines = faults(sys.argv[1])
    print("".join(f"{sys.argv[1]} {line}\n" for line in lines), end="")
    sys.exit(1 if lines else 0)
