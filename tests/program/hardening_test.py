#!/usr/bin/env python3
"""The program is hardened, and the check would see it if it were not: each fault is built into a small program once."""
import sys
import tempfile
import unittest
from pathlib import Path
import platform
import subprocess

import hardening

PROGRAM = Path(sys.argv.pop(1))
SOURCE = """
#include <string.h>
#include <stdio.h>
int main(int argc, char** argv) {
    char text[64];
    volatile int big[4096];
    big[argc] = argc;
    strncpy(text, argv[0], (size_t)argc * 8);
    puts(text);
    return big[argc];
}
"""
GOOD = ["-O2", "-g1", "-D_FORTIFY_SOURCE=2", "-fstack-protector-strong", "-fstack-clash-protection", "-fPIE", "-pie",
        "-Wl,-z,relro,-z,now,-z,noexecstack"]
if platform.machine() == "x86_64":
    GOOD.append("-fcf-protection=full")


class Hardening(unittest.TestCase):
    def faults_with(self, *more):
        with tempfile.TemporaryDirectory() as folder:
            source, program = Path(folder, "small.c"), Path(folder, "small")
            source.write_text(SOURCE)
            subprocess.run(["cc", "-w", *GOOD, *more, "-o", program, source], check=True)
            return " ".join(hardening.faults(program))

    def test_the_program_lacks_nothing(self):
        self.assertEqual(hardening.faults(PROGRAM), [])

    def test_a_program_with_everything_passes(self):
        self.assertEqual(self.faults_with(), "")

    def test_what_is_missing_is_seen(self):
        rows = [(["-no-pie", "-fno-pie"], "PIE"),
                (["-Wl,-z,norelro"], "no RELRO"),
                (["-Wl,-z,lazy"], "RELRO is not full"),
                (["-Wl,-z,execstack"], "execute its stack"),
                (["-Wl,-rpath,/opt/somewhere"], "folders of its own"),
                (["-fno-stack-protector"], "no stack protector"),
                (["-U_FORTIFY_SOURCE"], "no _FORTIFY_SOURCE"),
                (["-fno-stack-clash-protection"], "-fstack-clash-protection"),
                (["-g0"], "debug information")]
        if platform.machine() == "x86_64":
            rows.append((["-fcf-protection=none"], "-fcf-protection"))
        for flags, fault in rows:
            with self.subTest(flags=flags):
                self.assertIn(fault, self.faults_with(*flags))


if __name__ == "__main__":
    unittest.main()
