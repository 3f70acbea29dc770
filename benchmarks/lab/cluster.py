"""The part of `ceph up` that talks to the monitor: one connection in place of a CLI process (0.3 s) for every command.

cluster.py STATE osds ID...        registers the OSDs whose keyring lies in STATE/osd/ID
cluster.py STATE pools PGS NAME... makes the missing pools and waits until every placement group is active+clean
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
        clean = sum(s["count"] for s in pgmap.get("pgs_by_state", []) if s["state_name"] == "active+clean")
        if clean >= wanted and clean == pgmap["num_pgs"]:
            return
        if time.monotonic() > end:
            sys.exit("%d of %d placement groups active+clean after %d s" % (clean, pgmap["num_pgs"], seconds))
        time.sleep(0.1)


try:
    cluster.connect()
    if verb == "osds":
        for osd in arguments:
            register_osd(osd)
    else:
        pgs, names = int(arguments[0]), arguments[1:]
        make_pools(pgs, names)
        wait_until_clean(pgs * len(names), 90)
except rados.Error as error:
    sys.exit("the monitor does not answer: %s" % error)
finally:
    cluster.shutdown()
