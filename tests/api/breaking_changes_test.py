#!/usr/bin/env python3
"""scripts/breaking_changes.py: each change of the kept document that breaks a client is named, and what adds is not."""
import copy
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SCRIPT = TOP / "scripts/breaking_changes.py"
KEPT = json.loads((TOP / "docs/api/openapi.json").read_text(encoding="utf-8"))


def outcome(old, new):
    """The exit code, and the lines."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("old", "new")]
        for file, document in zip(files, (old, new)):
            file.write_text(json.dumps(document), encoding="utf-8")
        ran = subprocess.run([sys.executable, SCRIPT, *files], check=False, stdout=subprocess.PIPE, text=True)
    return ran.returncode, ran.stdout.splitlines()


class BreakingChanges(unittest.TestCase):
    def setUp(self):
        self.new = copy.deepcopy(KEPT)
        self.join = self.new["paths"]["/events/{event_id}/join"]["post"]
        self.register = self.new["paths"]["/register"]["post"]
        self.register_body = self.register["requestBody"]["content"]["application/json"]["schema"]
        self.user = self.new["components"]["schemas"]["User"]

    def check_breaks(self, *lines):
        self.assertEqual(outcome(KEPT, self.new), (1, list(lines)))

    def test_the_same_document_breaks_nothing(self):
        self.assertEqual(outcome(KEPT, KEPT), (0, []))

    def test_a_lost_operation(self):
        del self.new["paths"]["/register"]["post"]
        del self.new["paths"]["/login"]
        self.check_breaks("POST /register: is gone", "POST /login: is gone")

    def test_a_token_that_is_needed_now(self):
        self.new["paths"]["/users"]["get"]["security"] = [{"bearer": []}]
        self.check_breaks("GET /users: needs a token now")

    def test_parameters(self):
        parameters = self.new["paths"]["/users"]["get"]["parameters"]
        limit = next(p for p in parameters if p["name"] == "limit")
        skip = next(p for p in parameters if p["name"] == "skip")
        limit["schema"]["maximum"] = 100
        limit["required"] = True
        parameters.remove(skip)
        parameters.append({"name": "page", "in": "query", "required": True, "schema": {"type": "integer"}})
        code, lines = outcome(KEPT, self.new)
        self.assertEqual((code, set(lines)), (1, {
            "GET /users query parameter limit: is required now", "GET /users query parameter limit: maximum is 100 now",
            "GET /users query parameter skip: is gone", "GET /users query parameter page: is new and required"}))

    def test_members_of_a_request(self):
        properties = self.register_body["properties"]
        del properties["name"]
        properties["full_name"]["type"] = "string"
        properties["email"]["maxLength"] = 100
        properties["password"]["pattern"] = "[0-9]"
        self.register_body["required"].append("username")
        self.check_breaks("POST /register body/email: maxLength is 100 now",
                          "POST /register body/password: pattern is another",
                          "POST /register body/full_name: takes no null any more",
                          "POST /register body/name: is gone",
                          "POST /register body/username: is required now")

    def test_an_enum_of_a_request(self):
        properties = self.new["paths"]["/events"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
        properties["type"]["enum"].remove("jam")
        self.check_breaks('POST /events body/type: "jam" is taken no more')

    def test_a_body_that_is_required_now(self):
        self.join["requestBody"]["required"] = True
        self.check_breaks("POST /events/{event_id}/join: a body is required now")

    def test_members_of_an_answer_are_told_once(self):
        del self.user["properties"]["bio"]
        self.user["properties"]["username"]["type"] = ["string", "null"]
        self.user["properties"]["role"]["enum"].append("king")
        self.user["required"].remove("full_name")
        self.check_breaks("User/username: may be null now", "User/bio: is gone", 'User/role: may be "king" now',
                          "User/full_name: may be missing now")

    def test_statuses_media_types_and_headers_of_an_answer(self):
        del self.register["responses"]["429"]
        made = self.register["responses"]["200"]
        made["content"]["text/plain"] = made["content"].pop("application/json")
        del made["headers"]["Location"]
        self.new["components"]["headers"]["ETag"]["required"] = False
        code, lines = outcome(KEPT, self.new)
        self.assertEqual(code, 1)
        for line in ("POST /register: status 429 is gone", "POST /register 200: is not answered as application/json any more",
                     "POST /register 200 header Location: is gone", "GET /users 200 header ETag: may be missing now"):
            self.assertIn(line, lines)

    def test_what_is_added_or_wider_breaks_nothing(self):
        self.new["paths"]["/new"] = {"get": {"responses": {"200": {"description": "New."}}}}
        self.user["properties"]["karma"] = {"type": "integer"}
        self.user["required"].append("karma")
        self.user["description"] = "Somebody."
        self.register_body["properties"]["nickname"] = {"type": "string"}
        self.register_body["properties"]["email"]["maxLength"] = 300
        self.register_body["required"].remove("email")
        self.register["responses"]["418"] = {"description": "Tea."}
        self.new["paths"]["/auth/me"]["get"]["security"] = []
        self.assertEqual(outcome(KEPT, self.new), (0, []))

    def test_a_new_version_may_break_and_says_with_what(self):
        del self.new["paths"]["/login"]
        self.new["info"]["version"] = "9.0.0"
        self.assertEqual(outcome(KEPT, self.new), (0, ["POST /login: is gone"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
