"""Who the fuzzer is: the demo's admin, with a new session for each call, so that a log-out that it tries ends nothing but
itself; and ids that exist, every other time, so that more is tried than 404."""

import os
import random

import requests
import schemathesis

BASE = os.environ["DACAPO_URL"]
LOGIN = {"email": "zoe@example.org", "password": os.environ["DACAPO_PASSWORD"]}


def token():
    answer = requests.post(f"{BASE}/login", json=LOGIN, timeout=30)
    answer.raise_for_status()
    return answer.json()["access_token"]


def ids_of(path):
    answer = requests.get(BASE + path, headers={"Authorization": f"Bearer {token()}"}, timeout=30)
    answer.raise_for_status()
    return [one["id"] for one in answer.json()]


# By the path's parameter; read when they are needed, because the fuzzer makes and removes them.
LISTS = {"user_id": "/users/", "event_id": "/events/", "message_id": "/messages/received", "checkin_id": "/checkins",
         "instrument_id": "/instruments", "genre_id": "/genres", "session_id": "/auth/sessions"}


@schemathesis.auth(refresh_interval=None)
class NewSession:
    def get(self, case, context):
        return token()

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    for name in path_parameters or {}:
        if name in LISTS and random.random() < 0.5:
            found = ids_of(LISTS[name])
            if found:
                path_parameters[name] = random.choice(found)
    return path_parameters
