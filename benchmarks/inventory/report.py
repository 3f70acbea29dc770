"""Notes what a contender printed, and makes a table of the notes. Used by run."""

import collections
import json
import os
import statistics
import sys


def note(name, times, work, user, system):
    lists = [line.split() for line in open(work + "/out")]
    path, asked = work + "/requests", None
    if os.path.exists(path) and os.path.getsize(path):
        asked = len(json.load(open(path))) / int(times)
        os.remove(path)
    print(json.dumps({"name": name, "lists": lists, "requests": asked, "cpu": (float(user) + float(system)) / int(times)}))


def table(what, path):
    notes = collections.defaultdict(list)
    for line in open(path):
        it = json.loads(line)
        notes[it["name"]].append(it)
    seen = {tuple(l[:3]) for its in notes.values() for it in its for l in it["lists"] if l[1] != "-"}
    counts = {l[0] for its in notes.values() for it in its for l in it["lists"]}
    if len(seen) != 1 or len(counts) != 1:
        sys.exit("the contenders saw different clouds: %s %s" % (seen, counts))
    servers, vcpus, volumes = seen.pop()
    print("\n%s: every contender saw %s servers, %s vCPUs, %s attached volumes\n" % (what, servers, vcpus, volumes))
    print("| | requests a list | first list, s | later lists, median s | times ours (first, later) | CPU s a list, the process's start included |")
    print("| --- | --- | --- | --- | --- | --- |")
    ours = None
    for name, its in notes.items():
        first = statistics.median(float(it["lists"][0][3]) for it in its)
        later = [float(l[3]) for it in its for l in it["lists"][1:]]
        later = statistics.median(later) if later else None
        ours = ours or (first, later)
        asked = its[0]["requests"]
        print("| %s | %s | %.2f | %s | %.1f, %s | %.1f |" % (
            name, "%.1f" % asked if asked else "not counted", first, "%.2f" % later if later else "-", first / ours[0],
            "%.1f" % (later / ours[1]) if later else "-", statistics.median(it["cpu"] for it in its)))


{"note": note, "table": table}[sys.argv[1]](*sys.argv[2:])
