"""Notes what a contender printed, and makes a table of the notes. Used by run."""

import collections
import json
import os
import statistics
import sys


def note(name, times, work, user, system):
    lists = [line.split() for line in open(work + "/out")]
    for each in lists:
        # A command that is a process of its own: all of its time
        each[4:] = each[4:] or [str(float(user) + float(system))]
    path, asked = work + "/requests", None
    if os.path.exists(path) and os.path.getsize(path):
        asked = len(json.load(open(path))) / int(times)
        os.remove(path)
    print(json.dumps({"name": name, "lists": lists, "requests": asked}))


def table(what, path):
    notes = collections.defaultdict(list)
    for line in open(path):
        it = json.loads(line)
        notes[it["name"]].append(it)
    seen = {tuple(l[:3]) for its in notes.values() for it in its for l in it["lists"] if l[1] != "-"}
    counts = {l[0] for its in notes.values() for it in its for l in it["lists"]}
    if len(seen) != 1 or len(counts) != 1:
        sys.exit("the contenders saw different clouds: %s %s" % (seen, counts))
    print("\n%s: every contender saw %s servers, %s vCPUs, %s attached volumes\n" % ((what,) + seen.pop()))
    print("| | requests a list | first list of a process, s (CPU s) | later lists, median s (CPU s) | CPU, times ours: first, later |")
    print("| --- | --- | --- | --- | --- |")

    def middle(lists, column):
        return statistics.median(float(l[column]) for l in lists) if lists else None

    ours = None
    for name, its in notes.items():
        first = [it["lists"][0] for it in its]
        # Half of the later lists warm up
        later = [l for it in its for l in it["lists"][1 + len(it["lists"]) // 2 :]] or [l for it in its for l in it["lists"][1:]]
        cpu = middle(first, 4), middle(later, 4)
        ours = ours or cpu
        print("| %s | %s | %.2f (%.2f) | %s | %.1f, %s |" % (
            name, "%.1f" % its[0]["requests"] if its[0]["requests"] else "not counted", middle(first, 3), cpu[0],
            "%.2f (%.2f)" % (middle(later, 3), cpu[1]) if later else "-", cpu[0] / ours[0], "%.1f" % (cpu[1] / ours[1]) if later else "-"))


{"note": note, "table": table}[sys.argv[1]](*sys.argv[2:])
