#!/usr/bin/env python3
"""The bill of materials has the shape of CycloneDX 1.5, and everything that the program was really made from."""
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(sys.argv.pop(1))


def run(*command, check=True):
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout


def bill():
    return run(ROOT / "scripts/sbom.py", BUILD)


class BillOfMaterials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = bill()
        cls.bill = json.loads(cls.text)
        cls.components = {each["bom-ref"]: each for each in cls.bill["components"]}
        cls.required = {each["name"]: each for each in cls.bill["components"] if each["scope"] == "required"}

    def test_it_has_the_shape_of_cyclonedx(self):
        self.assertEqual((self.bill["bomFormat"], self.bill["specVersion"], self.bill["version"]),
                         ("CycloneDX", "1.5", 1))
        self.assertRegex(self.bill["serialNumber"], r"^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertEqual(len(self.components), len(self.bill["components"]), "a bom-ref comes twice")
        self.assertEqual(self.bill["metadata"]["component"]["type"], "application")
        for each in self.bill["components"]:
            with self.subTest(component=each["bom-ref"]):
                self.assertEqual(each["type"], "library")
                self.assertIn(each["scope"], ("required", "excluded"))
                self.assertTrue(each["name"] and each["version"])
                self.assertRegex(each["purl"], r"^pkg:(deb|npm|pypi|maven)/[\w.%~+/-]+@[\w.%~+-]+(\?[\w=&.-]+)?$")
                for digest in each.get("hashes", []):
                    self.assertRegex(digest["content"], r"^[0-9a-f]{128}$")

    def test_what_the_program_depends_on_is_what_is_required(self):
        (dependency,) = self.bill["dependencies"]
        self.assertEqual(dependency["ref"], self.bill["metadata"]["component"]["bom-ref"])
        self.assertEqual(dependency["dependsOn"], sorted(each["bom-ref"] for each in self.required.values()))

    def test_every_library_that_the_program_names_is_there_in_its_installed_version(self):
        needed = re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "-d", BUILD / "dacapo"))
        self.assertGreater(len(needed), 10)
        found = dict(re.findall(r"(\S+) => (/\S+)", run("ldd", BUILD / "dacapo")))
        # Of a merged /usr, some packages list the file where it was before.
        names = [name for path in (Path(found[library]).resolve() for library in needed if library in found)
                 for name in (str(path), str(path).removeprefix("/usr"))]
        owners = set(re.findall(r"^(\S+?):", run("dpkg", "-S", *names, check=False), re.M))
        self.assertGreater(len(owners), 10)
        for owner in owners:
            with self.subTest(package=owner):
                self.assertEqual(self.required[owner]["version"], run("dpkg-query", "-W", "-f=${Version}", owner))

    def test_what_leaves_no_library_behind_is_there(self):
        for name in ("libcli11-dev", "libboost1.81-dev", "swagger-ui-dist", "@zxcvbn-ts/language-common"):
            self.assertIn(name, self.required)

    def test_tools_are_there_and_required_by_nobody(self):
        for tool in ("pkg:npm/%40redocly/cli@", "pkg:pypi/schemathesis@", "pkg:maven/org.apache.kafka/kafka_2.13@"):
            found = [each for ref, each in self.components.items() if ref.startswith(tool)]
            self.assertEqual([each["scope"] for each in found], ["excluded"], tool)
        self.assertNotIn("doctest-dev", self.required)

    def test_it_says_nothing_of_the_machine_and_is_the_same_the_next_time(self):
        self.assertNotIn(str(ROOT), self.text)
        self.assertEqual(bill(), self.text)


if __name__ == "__main__":
    unittest.main()
