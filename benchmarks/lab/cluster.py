"""The part of `ceph up` that talks to the monitor: one connection in place of a CLI process (0.3 s) for every command.

cluster.py STATE osds ID...        registers the OSDs whose keyring lies in STATE/osd/ID
cluster.py STATE pools PGS NAME... makes the missing pools and waits until every placement group is active+clean
cluster.py STATE purge             removes the images that OpenStack made, with all their snapshots
"""

import json
import re
import sys
import time

import rados

state, verb, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
cluster = rados.Rados(
    conffile=state + "/ceph.conf",
    name="client.admin",
    conf={"client_mount_timeout": "60", "rados_mon_op_timeout": "30", "log_to_stderr": "false", "err_to_stderr": "false"},
)


def command(stdin=b"", may_fail_with=None, **fields):
    code, out, error = cluster.mon_command(json.dumps(dict(fields, format="json")), stdin)
    if code and -code != may_fail_with:
        sys.exit("%s: error %d %s" % (fields["prefix"], code, error))
    return json.loads(out) if out.strip() else None


def register_osd(osd):
    with open("%s/osd/%s/keyring" % (state, osd)) as keyring:
        secret = re.search(r"key = (\S+)", keyring.read()).group(1)
    with open("%s/osd/%s/uuid" % (state, osd)) as file:
        uuid = file.read().strip()
    command(json.dumps({"cephx_secret": secret}).encode(), prefix="osd new", uuid=uuid, id=int(osd))


def make_pools(pgs, names):
    present = {pool["poolname"] for pool in command(prefix="osd lspools")}
    for name in [n for n in names if n not in present]:
        command(prefix="osd pool create", pool=name, pg_num=pgs, pgp_num=pgs)
        command(prefix="osd pool application enable", pool=name, app="rbd")


def wait_until_clean(wanted, seconds):
    end = time.monotonic() + seconds
    while True:
        pgmap = command(prefix="status")["pgmap"]
        # "+snaptrim" and the like are work that goes on beside everything else
        states = [(set(s["state_name"].split("+")), s["count"]) for s in pgmap.get("pgs_by_state", [])]
        clean = sum(count for state, count in states if {"active", "clean"} <= state)
        if clean >= wanted and clean == pgmap["num_pgs"]:
            return
        if time.monotonic() > end:
            sys.exit("%d of %d placement groups active+clean after %d s" % (clean, pgmap["num_pgs"], seconds))
        time.sleep(0.1)


def purge():
    import rbd

    def remove(io, name):
        try:
            with rbd.Image(io, name) as image:
                for snapshot in list(image.list_snaps()):
                    try:
                        if image.is_protected_snap(snapshot["name"]):
                            image.unprotect_snap(snapshot["name"])
                        image.remove_snap(snapshot["name"])
                    except rbd.Error:
                        pass  # in use by a clone that a later round removes, or in the trash
            rbd.RBD().remove(io, name)
        except rbd.Error as error:
            return error

    uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    ours = {"volumes": "volume-" + uuid, "volumes-hdd": "volume-" + uuid, "vms": uuid + "_disk", "images": uuid}
    left = {}
    for _ in range(6):  # clones before their parents
        left = {}
        for pool, pattern in ours.items():
            with cluster.open_ioctx(pool) as io:
                for name in rbd.RBD().list(io):
                    if re.match(pattern, name):
                        error = remove(io, name)
                        if error:
                            left[pool + "/" + name] = str(error)
        if not left:
            return
    sys.exit("left: %s" % left)


try:
    cluster.connect()
    if verb == "osds":
        for osd in arguments:
            register_osd(osd)
    elif verb == "purge":
        purge()
    else:
        pgs, names = int(arguments[0]), arguments[1:]
        make_pools(pgs, names)
        wait_until_clean(pgs * len(names), 90)
except rados.Error as error:
    sys.exit("the monitor does not answer: %s" % error)
finally:
    cluster.shutdown()
