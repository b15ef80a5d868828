"""Turns what was measured into Markdown, which reads as well on a terminal.

What people wrote about the figures in docs/benchmarks.md stays: only what stands between two marks is replaced."""

from statistics import median

BEGIN, END = "<!-- figures: written by ./dev bench --write -->", "<!-- end of figures -->"
CLUSTER_BEGIN = "<!-- figures: written by ./dev bench --cluster --write -->"
CLUSTER_END = "<!-- end of the cluster's figures -->"
LOGINS_BEGIN = "<!-- figures: written by ./dev bench --logins --write -->"
LOGINS_END = "<!-- end of the log-ins' figures -->"

TEMPLATE = f"""# Benchmarks

Every figure stands next to its floor (what the same machine can do at best) and, where there are any, its peers,
measured in the same run.

{BEGIN}
{END}

## What holds it back

To be written by whoever measured: which thread is busy, what a profile of it shows, how far each figure is from its
floor and which aim was missed.

## How to measure again

On a quiet machine: `./dev bench` prints the tables, `./dev bench --write` also puts them here. `--quick` takes some
minutes, `--only messages,reads` takes a part, `--again` prints the last run once more. The load generator runs on the
same cores as the server. Everything is on loopback and below `build/bench`.

- **floor**: a bare Beast server that gives every request the same 215 bytes, under the same wrk script.
- **peers**: servers of the same contract on PostgreSQL 15, two workers each, driven by the same scripts. Their code
  is read from `DACAPO_PEERS` (default `../shared/peers`); without it they are left out. Their Python packages are
  pinned in `tests/bench/peers-requirements.txt`. They run as their authors set them up: the one on SQLAlchemy has
  a pool of 20 connections for 40 threads and no overflow, so it locks itself up under many connections until
  requests time out. That says something of its settings, not of its framework; compare with a peer at its best.
- Answers of 400 and more do not count. CPU is that of all processes of the server (a peer's PostgreSQL included)
  per answer; the program's includes its projector. wrk waits for each answer before it asks again, so latencies are
  those of a server under full load and do not show what an open stream of requests would wait for.
"""

NAMES = {"dacapo": "**dacapo**", "floor": "floor: bare Beast server", "fastapi": "FastAPI, SQLAlchemy, psycopg2",
         "fastapi-asyncpg": "FastAPI, asyncpg", "express": "Express, pg"}
ORDER = list(NAMES)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def middle(samples, key):
    values = [sample[key] if key in sample else sample["more"].get(key) for sample in samples]
    values = [value for value in values if value is not None]
    return median(values) if values else None


def figure(value, form):
    return "" if value is None else format(value, form)


def milliseconds(value):
    return "" if value is None else f"{value / 1000:.2f}"


def grouped(samples):
    """measure -> (subject, connections) -> its samples"""
    found = {}
    for sample in samples:
        key = sample["subject"], sample["connections"]
        found.setdefault(sample["measure"], {}).setdefault(key, []).append(sample)
    return found


def measure_table(groups):
    rows = []
    own = {count: middle(found, "per_second") for (subject, count), found in groups.items() if subject == "dacapo"}
    for subject, connections in sorted(groups, key=lambda key: (key[1], ORDER.index(key[0]))):
        found = groups[subject, connections]
        rate = middle(found, "per_second")
        if not rate:  # a latency or a cost per answer would be made up
            rows.append([NAMES[subject], str(connections), "no answers", "", "", "", "", "", ""])
            continue
        ratio = f"{own[connections] / rate:.2f}" if own.get(connections) and rate else ""
        rows.append([NAMES[subject], str(connections), f"{rate:,.0f}", "" if subject == "dacapo" else ratio,
                     milliseconds(middle(found, "p50_us")), milliseconds(middle(found, "p99_us")),
                     f"{middle(found, 'server_us'):.1f}", f"{middle(found, 'wrk_us'):.1f}",
                     f"{sum(sample['refused'] + sample['broken'] for sample in found):,}"])
    head = ["server", "connections", "per second", "dacapo / it", "p50 ms", "p99 ms", "server CPU us", "wrk CPU us",
            "not counted"]
    return table(head, rows) + against_peers(groups)


def against_peers(groups):
    """How often the program's own figure, at its fewest connections, holds that of each peer at its best."""
    own = [key for key in groups if key[0] == "dacapo"]
    if not own:
        return ""
    connections = min(own)[1]
    rate = middle(groups["dacapo", connections], "per_second")
    best = {}
    for (subject, count), found in groups.items():
        if subject not in ("dacapo", "floor"):
            best[subject] = max(best.get(subject, (0, 0)), (middle(found, "per_second"), count))
    told = [f"{NAMES[subject]} {rate / best[subject][0]:.1f} (its best: {best[subject][0]:,.0f}/s at "
            f"{best[subject][1]})" for subject in ORDER if best.get(subject, (0, 0))[0]]
    return f"\n\ndacapo at {connections} connections is so many times each peer at its best: " + "; ".join(told) + \
        "." if told else ""


def durable_table(groups):
    rows = []
    for (subject, connections), found in sorted(groups.items(), key=lambda item: item[0][1]):
        if subject == "dacapo" and "lag_s" in found[0]["more"]:
            rows.append([str(connections), figure(middle(found, "lag_s"), ".2f"),
                         figure(max(one["more"]["lag_s"] for one in found), ".2f"),
                         figure(middle(found, "lag_records"), ",.0f"), figure(middle(found, "catch_up_s"), ".2f"),
                         figure(middle(found, "flushes_per_second"), ",.0f"),
                         figure(middle(found, "records_a_flush"), ".1f"), figure(middle(found, "flush_us"), ",.0f")])
    head = ["connections", "lag at the end s", "worst", "records behind", "until caught up s", "flushes a second",
            "records a flush", "one flush us"]
    return "\n\n" + table(head, rows) if rows else ""


def disk_section(disk):
    rows = []
    for size in sorted({one["bytes"] for one in disk}):
        found = [one for one in disk if one["bytes"] == size]
        rows.append([f"{size:,}"] + [f"{median(one[key] for one in found):,.0f}"
                                     for key in ("per_second", "p50_us", "p99_us")])
    return "### Floor of durability: append and fdatasync\n\n" + table(
        ["bytes a batch", "per second", "p50 us", "p99 us"], rows)


def rebuild_section(rounds):
    rows = [[name, f"{median(one[name] for one in rounds if name in one):,.0f}"] for name in rounds[0]]
    return "### Read models, in one process and without HTTP\n\n" + table(["what", "per second"], rows)


def start_section(starts):
    rows = []
    for kind in dict.fromkeys(one["kind"] for one in starts):
        found = [one for one in starts if one["kind"] == kind]
        rows.append([kind, f"{median(one['ready_s'] for one in found):.2f}",
                     figure(found[0].get("catch_up_s"), ".1f"), figure(found[0].get("records"), ",.0f")])
    return "### Start-up with a million messages\n\n" + table(
        ["start", "ready after s", "read models caught up after another s", "records"], rows)


def memory_section(memory):
    rows = [[when, f"{found['VmRSS']:,.0f}", f"{found['VmHWM']:,.0f}"] for when, found in memory.items()]
    return "### Memory with 100,000 users and a million messages\n\n" + table(
        ["when", "resident MiB", "highest MiB"], rows)


def tables(results):
    facts, seconds = results["facts"], results["seconds"]
    parts = ["## Figures",
             "\n".join(f"- {name}: {value}" for name, value in results["machine"].items()),
             f"Median of {results['repetitions']}; {seconds['messages']} s for messages, {seconds['others']} s for all "
             "else; wrk with 2 threads on the same cores."]
    parts += results["notes"]
    for name, groups in grouped(results["samples"]).items():
        parts.append(f"### {name}\n\n" + measure_table(groups) + durable_table(groups))
    for section, key in ((disk_section, "disk"), (rebuild_section, "rebuild"), (start_section, "start"),
                         (memory_section, "memory")):
        if facts[key]:
            parts.append(section(facts[key]))
    return "\n\n".join(parts)


def write(page, text):
    old = page.read_text() if page.exists() else ""
    if BEGIN not in old or END not in old:
        old = TEMPLATE
    page.write_text(replaced(old, BEGIN, END, text))


def write_cluster(page, text):
    page.write_text(replaced(page.read_text(), CLUSTER_BEGIN, CLUSTER_END, text))


def write_logins(page, text):
    page.write_text(replaced(page.read_text(), LOGINS_BEGIN, LOGINS_END, text))


def replaced(old, begin, end, text):
    before, rest = old.split(begin, 1)
    return before + begin + "\n\n" + text + "\n\n" + end + rest.split(end, 1)[1]
