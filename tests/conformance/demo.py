"""The demo's people and things, for tools that must name what exists: each question looks again, because the tools make
and remove things, and what has run out is made anew."""

import itertools
import os

import requests

BASE = os.environ["DACAPO_URL"]
PASSWORD = os.environ["DACAPO_PASSWORD"]
ADMIN = "zoe@example.org"
OTHER = "tom@example.org"
OTHER_ID = 4
numbers = itertools.count(1)


def session(email=ADMIN, password=PASSWORD):
    answer = requests.post(f"{BASE}/login", json={"email": email, "password": password}, timeout=30)
    answer.raise_for_status()
    return answer.json()


def position():
    """Of the log, as a command answers it."""
    answer = requests.post(f"{BASE}/login", json={"email": ADMIN, "password": PASSWORD}, timeout=30)
    return answer.headers["Dacapo-Position"]


def token():
    return session()["access_token"]


def ask(method, path, body=None, as_whom=ADMIN):
    answer = requests.request(method, BASE + path, json=body, timeout=30,
                              headers={"Authorization": f"Bearer {session(as_whom)['access_token']}"})
    answer.raise_for_status()
    return answer.json()


def new_name(kind):
    return f"{kind} {os.getpid()}.{next(numbers)}"


def new_event(as_whom=OTHER):
    return ask("POST", "/events", {"title": new_name("Jam"), "description": "", "date": "2031-06-21T20:00:00",
                                   "location": "Docks, Lyon"}, as_whom)["id"]


def new_person():
    """An account of its own, with the session that its registration began."""
    name = f"spare-{os.getpid()}-{next(numbers)}"
    answer = requests.post(f"{BASE}/register", timeout=30,
                           json={"username": name, "email": f"{name}@example.org", "password": PASSWORD})
    answer.raise_for_status()
    return answer.json()


def event_to_change():
    return new_event()


def event_to_join():
    open_to_all = [e["id"] for e in ask("GET", "/events?limit=500") if e["my_status"] is None]
    return open_to_all[-1] if open_to_all else new_event()


def event_to_leave():
    events = [e for e in ask("GET", "/events?limit=500&mine=true") if e["organizer_id"] != 1]
    if events:
        return events[0]["id"]
    event = new_event()
    ask("POST", f"/events/{event}/join")
    return event


def message_to_read():
    found = ask("GET", "/messages/received")
    return found[0]["id"] if found else ask("POST", "/messages", {"content": "Psst", "receiver_id": 1}, OTHER)["id"]


def check_in_to_end():
    found = ask("GET", "/checkins")
    return found[0]["id"] if found else ask("POST", "/checkins", {"location_name": "Docks"})["id"]


def entry_of(kind):
    found = ask("GET", f"/{kind}?limit=500")
    return found[-1]["id"] if found else ask("POST", f"/{kind}", {"name": new_name(kind)})["id"]


def session_to_end():
    return ask("GET", "/auth/sessions?limit=500")[-1]["id"]
