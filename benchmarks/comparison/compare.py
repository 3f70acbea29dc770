#!/usr/bin/python3
"""The side-by-side runs of `benchmarks/compare`, which builds, installs and calls this; see its --help.

Contenders take turns, so that a load from elsewhere hits all of them. What is measured of each: wall time, CPU seconds of
client and OSD (/proc/PID/stat), peak memory of both, and the bytes that the OSD sent out as answers to reads.
"""

import argparse
import json
import os
import random
import re
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import rados
import rbd

import plot

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.join(HERE, "..", "lab", "ceph")
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20
OBJECT = 4 * MIB
POOL = "volumes"
TOOL_USER = "cinder"
TMPFS = "/dev/shm"


def say(text):
    print("[%s] %s" % (time.strftime("%H:%M:%S"), text), file=sys.stderr, flush=True)


# ------------------------------------------------------------------------------------------------ cluster and images
class Cluster:
    """A cluster of its own for the benchmark, made anew."""

    def __init__(self, store, port, gib):
        self.options = ["--name", "compare", "--port", str(port), "--store", store, "--osd-gib", str(gib),
                        "--osd-threads", "ceph"]
        self.store = store
        self.connection = None

    def start(self):
        self.lab("wipe")
        lines = self.lab("up").splitlines()
        self.values = dict(line.split("=", 1) for line in lines)
        self.conf = self.values["CEPH_CONF"]
        self.state = self.values["STATE"]
        with open(os.path.join(self.state, "run", "osd.0.pid")) as pid:
            self.osd = int(pid.read())
        self.connection = rados.Rados(conffile=self.conf, name="client.admin")
        self.connection.connect()

    def lab(self, command):
        return subprocess.run([LAB, command] + self.options, check=True, stdout=subprocess.PIPE, text=True).stdout

    def close(self):
        if self.connection:
            self.connection.shutdown()
        self.lab("wipe")

    def osd_command(self, prefix):
        """Asks the OSD over its admin socket; the ceph command would take longer than what is measured."""
        with socket.socket(socket.AF_UNIX) as channel:
            channel.connect(os.path.join(self.state, "run", "osd.0.asok"))
            channel.sendall(json.dumps({"prefix": prefix}).encode() + b"\0")
            length = struct.unpack(">I", receive(channel, 4))[0]
            return json.loads(receive(channel, length))

    def bytes_out(self):
        return self.osd_command("perf dump")["osd"]["op_r_out_bytes"]

    def operations(self):
        return self.osd_command("perf dump")["osd"]["op_r"]

    def make_image(self, name, objects, write, threads=16):
        """An image of whole objects, each filled by `write(image, object)`, which returns its (offset, data) pairs."""
        with self.connection.open_ioctx(POOL) as pool:
            rbd.RBD().create(pool, name, objects * OBJECT)
            with rbd.Image(pool, name) as image:
                Writes(image, threads).all(pair for number in range(objects) for pair in write(number))
                image.create_snap("s1")

    def overwrite(self, name, pairs, threads=64):
        with self.connection.open_ioctx(POOL) as pool, rbd.Image(pool, name) as image:
            Writes(image, threads).all(pairs)
            image.create_snap("s2")


def receive(channel, length):
    data = b""
    while len(data) < length:
        part = channel.recv(length - len(data))
        if not part:
            raise EOFError("the OSD's admin socket closed")
        data += part
    return data


class Writes:
    """Writes with a number of them in flight."""

    def __init__(self, image, depth):
        self.image, self.depth = image, depth

    def all(self, pairs):
        flying = []
        for offset, data in pairs:
            if len(flying) == self.depth:
                self.wait(flying.pop(0))
            flying.append(self.image.aio_write(data, offset, lambda completion: None))
        for completion in flying:
            self.wait(completion)

    @staticmethod
    def wait(completion):
        completion.wait_for_complete_and_cb()
        if completion.get_return_value() < 0:
            raise OSError("a write failed: %d" % completion.get_return_value())


NOISE = random.Random(4711).randbytes(16 * MIB)


def noise(generator, length):
    """Bytes that do not compress and hold no zero pages, cheaply."""
    at = generator.randrange(len(NOISE) - length)
    return NOISE[at:at + length]


def dense(number):
    generator = random.Random(number)
    return [(number * OBJECT, noise(generator, OBJECT))]


def half_empty(number):
    """Data at both ends of the object, a hole in the middle."""
    generator = random.Random(number)
    return [(number * OBJECT, noise(generator, MIB)), (number * OBJECT + 3 * MIB, noise(generator, MIB))]


def scattered(objects, count):
    generator = random.Random(815)
    for _ in range(count):
        length = int(2 ** generator.uniform(0, 4.09)) * 4096
        yield generator.randrange((objects * OBJECT - length) // 4096) * 4096, noise(generator, length)


# ---------------------------------------------------------------------------------------------------------- processes
def cpu_of(pid):
    with open("/proc/%d/stat" % pid) as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_of(pid):
    with open("/proc/%d/status" % pid) as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) * 1024


def reset_peak(pid):
    with open("/proc/%d/clear_refs" % pid, "w") as control:
        control.write("5")


class Sample(dict):
    """What was measured of one run."""


class Process:
    """A contender that is a process of its own: its start is part of its time, as it is for whoever uses the tool."""

    def __init__(self, name, command, seconds=None, before=None, ceiling=False):
        self.name, self.command, self.seconds, self.before, self.ceiling = name, command, seconds, before, ceiling

    def run(self):
        if self.before:
            self.before()
        with tempfile.NamedTemporaryFile("r") as usage:
            # time(1), because what is started by this process inherits its peak of memory
            done = subprocess.run(["/usr/bin/time", "-q", "-o", usage.name, "-f", "%e %U %S %M"] + self.command, text=True,
                                  stdout=subprocess.PIPE if self.seconds else subprocess.DEVNULL, stderr=subprocess.PIPE)
            if done.returncode != 0:
                raise RuntimeError("%s failed: %s" % (" ".join(self.command), done.stderr))
            wall, user, system, peak = (float(word) for word in usage.read().split())
        return Sample(wall=self.seconds(done.stdout) if self.seconds else wall, client_cpu=user + system, client_peak=peak * 1024)


class Ours:
    """The library in a Java process that has run the same job before."""

    ceiling = False

    def __init__(self, name, java, job, before=None):
        self.name, self.java, self.job, self.before = name, java, job, before

    def run(self):
        if self.before:
            self.before()
        pid = self.java.process.pid
        reset_peak(pid)
        cpu = cpu_of(pid)
        answer = self.java.ask(self.job)
        return Sample(wall=answer[0], client_cpu=cpu_of(pid) - cpu, client_peak=peak_of(pid), bytes=answer[2])


class Java:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "connected":
            raise RuntimeError("%s did not connect" % " ".join(command))

    def ask(self, job):
        self.process.stdin.write(job + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 3:
            raise RuntimeError("no answer to the job " + job)
        return [float(word) for word in answer]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def rate_of_rbd_bench(output):
    operations, rate = re.search(r"ops: (\d+)\s+ops/sec: ([\d.,]+)", output).groups()
    return int(operations) / float(rate.replace(",", ""))


def seconds_of_rados_bench(output):
    return float(re.search(r"Total time run:\s+([\d.]+)", output).group(1))


# ---------------------------------------------------------------------------------------------------------- workloads
class Workload:
    def __init__(self, key, title, size, contenders, note=""):
        self.key, self.title, self.size, self.contenders, self.note = key, title, size, contenders, note

    def measure(self, cluster, rounds, warm):
        samples = {contender.name: [] for contender in self.contenders}
        for contender in self.contenders:
            if isinstance(contender, Ours):
                for _ in range(warm):
                    contender.run()
        for number in range(rounds):
            order = self.contenders if number % 2 == 0 else self.contenders[::-1]
            for contender in order:
                samples[contender.name].append(self.one(cluster, contender))
        return [(contender, medians(samples[contender.name])) for contender in self.contenders]

    @staticmethod
    def one(cluster, contender):
        reset_peak(cluster.osd)
        cpu, out, operations = cpu_of(cluster.osd), cluster.bytes_out(), cluster.operations()
        sample = contender.run()
        sample["osd_cpu"] = cpu_of(cluster.osd) - cpu
        sample["osd_peak"] = peak_of(cluster.osd)
        sample["out"] = cluster.bytes_out() - out
        sample["operations"] = cluster.operations() - operations
        return sample


def medians(samples):
    keys = samples[0].keys()
    result = {key: statistics.median(sample[key] for sample in samples) for key in keys}
    result["runs"] = len(samples)
    result["walls"] = [sample["wall"] for sample in samples]
    return result


def workloads(cluster, java, java_command, sizes, wanted):
    tool = ["rbd", "-c", cluster.conf, "--id", TOOL_USER]
    full, half = "%s/full" % POOL, "%s/half" % POOL
    raw = os.path.join(TMPFS, "sync-compare-%d.raw" % os.getpid())
    disk = os.path.join(cluster.state, "compare.raw")

    def remove():
        for name in (raw, raw + ".json"):
            if os.path.exists(name):
                os.remove(name)

    def the_disk():
        """What the OSD's disk gives without Ceph."""
        if cluster.store != "bluestore" or (wanted and "null" not in wanted):
            return []
        subprocess.run(["dd", "if=/dev/urandom", "of=" + disk, "bs=4M", "count=%d" % sizes.objects, "conv=fsync"],
                       check=True, stderr=subprocess.DEVNULL)
        return [Process("dd, direct, off the OSD's disk", [
            "dd", "if=" + disk, "of=/dev/null", "bs=4M", "iflag=direct"], ceiling=True)]

    def whole(job):
        return java_command + job.split(" ")

    def rbd_bench(image, objects):
        return Process("rbd bench read 4M x 16", tool + [
            "bench", "--io-type", "read", "--io-size", "4M", "--io-threads", "16", "--io-total",
            str(objects * OBJECT), "--io-pattern", "seq", image], rate_of_rbd_bench, ceiling=True)

    size = sizes.objects * OBJECT
    found = [
        Workload("null", "Full read to nowhere (%d MiB, dense)" % (size // MIB), size, [
            Ours("sync", java, full + " - s2 -"),
            Process("sync, whole process", whole(full + " - s2 -")),
            Process("rbd export", tool + ["export", "--no-progress", full + "@s2", "-"]),
            Process("rbd export-diff", tool + ["export-diff", "--no-progress", full + "@s2", "-"]),
            rbd_bench(full, sizes.objects),
            Process("rados bench seq x 16", [
                "rados", "-c", cluster.conf, "-p", "backups", "bench", "60", "seq", "-t", "16"],
                lambda output: seconds_of_rados_bench(output) * sizes.objects / sizes.bench_objects, ceiling=True),
        ] + the_disk(), "`rados bench` and `rbd bench` keep nothing of what they read and tell their own time; they are ceilings. "
           "`rados bench` reads %d MiB; its wall time is scaled, the rest is not." % (sizes.bench_objects * 4)),
        Workload("tmpfs", "Full to a raw file on tmpfs (%d MiB, dense)" % (size // MIB), size, [
            Ours("sync", java, "%s - s2 %s" % (full, raw), remove),
            Process("sync, whole process", whole("%s - s2 %s" % (full, raw)), before=remove),
            Process("rbd export", tool + ["export", "--no-progress", full + "@s2", raw], before=remove),
            Process("qemu-img convert -m 16 -W", [
                "qemu-img", "convert", "-m", "16", "-W", "-O", "raw",
                "rbd:%s@s2:conf=%s:id=%s" % (full, cluster.conf, TOOL_USER), raw], before=remove),
        ]),
        Workload("increment", "Scattered increment, diff included", None, [
            Ours("sync", java, full + " s1 s2 -"),
            Process("sync, whole process", whole(full + " s1 s2 -")),
            Process("rbd export-diff", tool + ["export-diff", "--no-progress", "--from-snap", "s1", full + "@s2", "-"]),
        ]),
        Workload("half", "Full read of half-empty objects (%d MiB, half of it data)" % (sizes.half_objects * 4),
                 sizes.half_objects * OBJECT, [
            Ours("sync", java, half + " - s1 -"),
            Process("rbd export", tool + ["export", "--no-progress", half + "@s1", "-"]),
            Process("rbd export-diff", tool + ["export-diff", "--no-progress", half + "@s1", "-"]),
        ]),
    ]
    return [workload for workload in found if not wanted or workload.key in wanted], remove


def prepare(cluster, sizes):
    say("%s: writing images" % cluster.store)
    cluster.make_image("full", sizes.objects, dense)
    cluster.overwrite("full", scattered(sizes.objects, sizes.extents))
    cluster.make_image("half", sizes.half_objects, half_empty)
    subprocess.run(["rados", "-c", cluster.conf, "-p", "backups", "bench", "60", "write", "-t", "16", "--no-cleanup",
                    "--max-objects", str(sizes.bench_objects)], check=True, stdout=subprocess.DEVNULL)


def measure(store, arguments, sizes):
    cluster = Cluster(store, arguments.port, 24 if store == "bluestore" else 12)
    try:
        cluster.start()
        prepare(cluster, sizes)
        command = arguments.java + [cluster.conf, "client.sync-reader"]
        java = Java(command)
        try:
            found, remove = workloads(cluster, java, command, sizes, arguments.only)
            results = []
            try:
                for workload in found:
                    say("%s: %s" % (store, workload.title))
                    rows = workload.measure(cluster, arguments.rounds, arguments.warm)
                    size = workload.size or rows[0][1]["bytes"]
                    results.append((workload, size, rows))
                    print(table(workload, size, rows), file=sys.stderr)
            finally:
                remove()
            return cluster.values["VERSION"], results
        finally:
            java.close()
    finally:
        cluster.close()


# ------------------------------------------------------------------------------------------------------------ results
def table(workload, size, rows):
    gib = size / (1 << 30)
    ours = rows[0][1]
    lines = [
        "| | wall s | MB/s | sync is | client CPU s/GiB | sync's share | OSD CPU s/GiB | client peak MB | OSD peak MB | OSD sent MiB | read ops |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for contender, row in rows:
        lines.append("| %s%s | %.3f | %.0f | %.2fx | %.2f | %.2f | %.2f | %.0f | %.0f | %.1f | %.0f |" % (
            contender.name, " (ceiling)" if contender.ceiling else "", row["wall"], size / row["wall"] / 1e6,
            row["wall"] / ours["wall"], row["client_cpu"] / gib,
            ours["client_cpu"] / row["client_cpu"] if row["client_cpu"] else float("nan"), row["osd_cpu"] / gib,
            row["client_peak"] / 1e6, row["osd_peak"] / 1e6, row["out"] / MIB, row["operations"]))
    return "\n".join(lines)


def options_of(arguments):
    """What to call to get the same again."""
    chosen = {"stores": arguments.stores, "only": ",".join(arguments.only), "scale": "%g" % arguments.scale,
              "rounds": arguments.rounds, "warm": arguments.warm}
    return "benchmarks/compare " + " ".join("--%s %s" % pair for pair in chosen.items() if pair[1] != "")


def write(folder, arguments, sizes, results):
    os.makedirs(folder, exist_ok=True)
    version = next(iter(results.values()))[0]
    today = time.strftime("%Y-%m-%d", time.gmtime())
    # no % in what follows: titles, notes and names may hold one
    lines = [
        "# Side by side on a real Ceph", "",
        f"Written by `benchmarks/compare`: {today}, Ceph {version}, one OSD, {os.cpu_count()} cores shared by client and cluster, "
        f"{arguments.java_version}. The OSD has as many threads as Ceph gives it by itself.", "",
        f"`{options_of(arguments)}`", "",
        f"Medians of {arguments.rounds} rounds in which the contenders take turns. `sync` runs in a warm Java process, from opening "
        "the image to the target's flush; the tools and \"whole process\" include their start. Memory is the peak of the resident "
        "set. \"sync is\" is the other's wall time over that of `sync`; \"sync's share\" is the client CPU time of `sync` over the "
        "other's.", ""]
    for store, (_, workloads_of_store, load) in results.items():
        lines += [f"## {store}", "", f"Load average of the machine at the end: {load:.1f}.", ""]
        for workload, size, rows in workloads_of_store:
            name = f"{store}-{workload.key}.svg"
            plot.bars(os.path.join(folder, name), f"{workload.title}, {store}", [
                (contender.name, size / row["wall"] / 1e6, row["client_cpu"] / (size / (1 << 30)),
                 row["osd_cpu"] / (size / (1 << 30))) for contender, row in rows])
            lines += [f"### {workload.title}", ""]
            if workload.size is None:
                lines += [f"{size / MIB:.0f} MiB in the extents of {sizes.extents} random overwrites of 4 to 64 KiB, over "
                          f"{sizes.objects} objects.", ""]
            lines += [table(workload, size, rows), ""]
            if workload.note:
                lines += [workload.note, ""]
            lines += [f"![{workload.title}]({name})", ""]
    with open(os.path.join(folder, "README.md"), "w") as file:
        file.write("\n".join(lines).rstrip() + "\n")
    say("wrote " + os.path.join(folder, "README.md"))


class Sizes:
    def __init__(self, scale):
        self.objects, self.half_objects, self.bench_objects = int(512 * scale), int(128 * scale), int(256 * scale)
        self.extents = int(15043 * scale)


def main():
    parser = argparse.ArgumentParser(prog="benchmarks/compare", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", default="memstore,bluestore", help="which of memstore, bluestore  [%(default)s]")
    parser.add_argument("--only", default="", help="which of null, tmpfs, increment, half  [all]")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contender  [%(default)s]")
    parser.add_argument("--warm", type=int, default=3, help="runs that warm the Java process up, for each job  [%(default)s]")
    parser.add_argument("--scale", type=float, default=1, help="size of the images, 1 for 2 GiB  [%(default)s]")
    parser.add_argument("--port", type=int, default=29000, help="first of 100 ports of the cluster  [%(default)s]")
    parser.add_argument("--out", default=os.path.join(HERE, "..", "results", "comparison"), help="folder for table and plots")
    parser.add_argument("--java", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.java = arguments.java.split("\x1f")
    arguments.only = arguments.only.split(",") if arguments.only else []
    version = subprocess.run([arguments.java[0], "-version"], stderr=subprocess.PIPE, text=True, check=True).stderr
    arguments.java_version = "Java " + re.search(r'version "([^"]+)"', version).group(1)
    sizes = Sizes(arguments.scale)
    results = {}
    for store in arguments.stores.split(","):
        results[store] = measure(store, arguments, sizes) + (os.getloadavg()[1],)
        # what is measured is kept, whatever happens to the next store
        write(os.path.normpath(arguments.out), arguments, sizes, results)


if __name__ == "__main__":
    main()
