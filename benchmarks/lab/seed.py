#!/usr/bin/python3
"""What `openstack up` and `openstack demo` put into the cloud, over plain REST (the openstack client takes seconds a call).

seed.py identity            projects, users, roles, service catalogue
seed.py wait SINCE          until every service has sent a heartbeat after SINCE (Unix seconds)
seed.py resources           volume types, flavors, quotas, application credential, clouds.yaml
seed.py demo GUEST          the demo servers, from the disk GUEST; prints key=value lines
seed.py act WHAT ...        what the owner of a server or volume does to it
Settings come from the environment: LAB_STATE, LAB_PORT, LAB_PASSWORD, CEPH_CONF, QUOTA_VOLUMES, QUOTA_SNAPSHOTS.
"""

import calendar
import json
import os
import sys
import time
import urllib.error
import urllib.request

STATE, PORT, PASSWORD = os.environ["LAB_STATE"], int(os.environ["LAB_PORT"]), os.environ["LAB_PASSWORD"]
KEYSTONE = "http://127.0.0.1:%d/v3" % PORT
GLANCE, CINDER, NOVA, PLACEMENT, NEUTRON = ("http://127.0.0.1:%d" % (PORT + i) for i in range(1, 6))


class ApiError(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def send(method, url, body=None, token=None, headers=(), data=None):
    """Returns the response's headers and JSON."""
    fields = dict({"Content-Type": "application/json", "Accept": "application/json"}, **dict(headers))
    if token:
        fields["X-Auth-Token"] = token
    if body is not None:
        data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, fields, method=method), timeout=120) as response:
            text = response.read()
            return response.headers, json.loads(text) if text else {}
    except urllib.error.HTTPError as error:
        raise ApiError(error.code, "%s %s: %d %s" % (method, url, error.code, error.read()[:500])) from None


class Session:
    def __init__(self, user, project):
        domain = {"id": "default"}
        password = {"user": {"name": user, "domain": domain, "password": PASSWORD}}
        identity = {"methods": ["password"], "password": password}
        scope = {"project": {"name": project, "domain": domain}}
        headers, body = send("POST", KEYSTONE + "/auth/tokens", {"auth": {"identity": identity, "scope": scope}})
        self.token, self.project, self.user = headers["X-Subject-Token"], body["token"]["project"]["id"], body["token"]["user"]["id"]
        self.cinder = "%s/v3/%s" % (CINDER, self.project)

    def get(self, url):
        return send("GET", url, token=self.token)[1]

    def post(self, url, body, **headers):
        return send("POST", url, body, self.token, headers)[1]

    def put(self, url, body=None):
        return send("PUT", url, body, self.token)[1]

    def find(self, url, collection, name):
        return next((x for x in self.get(url)[collection] if x["name"] == name), None)


def identity():
    admin = Session("admin", "admin")

    def ensure(collection, key, name, **fields):
        url = "%s/%s" % (KEYSTONE, collection)
        found = admin.find(url + "?name=" + name, collection, name)
        return (found or admin.post(url, {key: dict(fields, name=name)})[key])["id"]

    roles = {r["name"]: r["id"] for r in admin.get(KEYSTONE + "/roles")["roles"]}
    for name in ("admin", "member", "reader", "service"):
        roles.setdefault(name, None)
        roles[name] = roles[name] or admin.post(KEYSTONE + "/roles", {"role": {"name": name}})["role"]["id"]
    projects = {n: ensure("projects", "project", n, domain_id="default") for n in ("admin", "service", "demo", "other")}

    def user(name, *grants):
        uid = ensure("users", "user", name, domain_id="default", password=PASSWORD, enabled=True)
        for project, role in grants:
            admin.put("%s/projects/%s/users/%s/roles/%s" % (KEYSTONE, projects[project], uid, roles[role]))

    for name in ("nova", "cinder", "glance", "placement"):
        user(name, ("service", "admin"), ("service", "service"))
    user("demo", ("demo", "member"), ("demo", "reader"))
    user("other", ("other", "member"))
    user("admin", ("demo", "admin"))

    present = {s["type"] for s in admin.get(KEYSTONE + "/services")["services"]}
    for kind, name, url in (
        ("image", "glance", GLANCE),
        ("volumev3", "cinderv3", CINDER + "/v3/%(project_id)s"),
        ("block-storage", "cinder", CINDER + "/v3/%(project_id)s"),
        ("compute", "nova", NOVA + "/v2.1"),
        ("placement", "placement", PLACEMENT),
        ("network", "neutron", NEUTRON),
    ):
        if kind not in present:
            service = admin.post(KEYSTONE + "/services", {"service": {"type": kind, "name": name}})["service"]["id"]
            for interface in ("public", "internal", "admin"):
                endpoint = {"service_id": service, "interface": interface, "url": url, "region_id": "RegionOne"}
                admin.post(KEYSTONE + "/endpoints", {"endpoint": endpoint})


def wait(since):
    """'up' alone is stale after a restart, and a server made then is put in ERROR by the starting nova-compute."""

    def fresh(service):
        beat = service["updated_at"]
        return service["state"] == "up" and beat and calendar.timegm(time.strptime(beat[:19], "%Y-%m-%dT%H:%M:%S")) >= since

    def ready(admin):
        volume = [s for s in admin.get(admin.cinder + "/os-services")["services"] if fresh(s)]
        compute = [s for s in admin.get(NOVA + "/v2.1/os-services")["services"] if fresh(s)]
        seen.update(volume=[s["binary"] + " " + s["host"] for s in volume], compute=[s["binary"] for s in compute])
        return (
            {s["host"].split("@")[-1] for s in volume} >= {"ceph-ssd", "ceph-hdd"}
            and "cinder-scheduler" in {s["binary"] for s in volume}
            and {s["binary"] for s in compute} >= {"nova-compute", "nova-scheduler", "nova-conductor"}
            and admin.get(NOVA + "/v2.1/os-hypervisors")["hypervisors"]
        )

    seen, end, admin = {}, time.monotonic() + 150, None
    while time.monotonic() < end:
        try:
            admin = admin or Session("admin", "admin")
            if ready(admin):
                return
        except (ApiError, OSError) as error:
            seen["error"], admin = str(error), None
        time.sleep(0.3)
    sys.exit("services that are up: %s" % seen)


def resources():
    admin, demo, other = Session("admin", "admin"), Session("demo", "demo"), Session("other", "other")
    for name in ("ceph-ssd", "ceph-hdd"):
        if not admin.find(admin.cinder + "/types", "volume_types", name):
            admin.post(admin.cinder + "/types", {"volume_type": {"name": name, "extra_specs": {"volume_backend_name": name}}})
    for i, (name, mib, gib) in enumerate((("m1.nano", 64, 0), ("m1.micro", 64, 1), ("m1.tiny", 128, 2))):
        if not admin.find(NOVA + "/v2.1/flavors", "flavors", name):
            admin.post(NOVA + "/v2.1/flavors", {"flavor": {"name": name, "ram": mib, "vcpus": 1, "disk": gib, "id": str(i + 1)}})
    # cinder.conf's quotas are copied into the database once; later changes go through the API
    quota = {"volumes": int(os.environ["QUOTA_VOLUMES"]), "snapshots": int(os.environ["QUOTA_SNAPSHOTS"]), "gigabytes": 5000}
    admin.put(admin.cinder + "/os-quota-class-sets/default", {"quota_class_set": quota})
    if not os.path.exists(STATE + "/clouds.yaml"):
        write_clouds(demo)


def write_clouds(demo):
    url = "%s/users/%s/application_credentials" % (KEYSTONE, demo.user)
    old = demo.find(url, "application_credentials", "lab")
    if old:
        send("DELETE", url + "/" + old["id"], token=demo.token)
    credential = demo.post(url, {"application_credential": {"name": "lab"}})["application_credential"]
    text = "clouds:\n"
    for cloud, user, project in (("lab", "demo", "demo"), ("lab-admin", "admin", "admin"), ("lab-other", "other", "other")):
        text += (
            "  %s:\n    region_name: RegionOne\n    identity_api_version: 3\n    auth:\n      auth_url: %s\n      username: %s\n"
            "      password: %s\n      project_name: %s\n      user_domain_name: Default\n      project_domain_name: Default\n"
        ) % (cloud, KEYSTONE, user, PASSWORD, project)
    text += (
        "  lab-appcred:\n    region_name: RegionOne\n    identity_api_version: 3\n    auth_type: v3applicationcredential\n    auth:\n"
        "      auth_url: %s\n      application_credential_id: %s\n      application_credential_secret: %s\n"
    ) % (KEYSTONE, credential["id"], credential["secret"])
    with open(os.open(STATE + "/clouds.yaml.part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    os.rename(STATE + "/clouds.yaml.part", STATE + "/clouds.yaml")


COMPUTE = NOVA + "/v2.1"
WITHOUT_NETWORKS = {"OpenStack-API-Version": "compute 2.37"}


def until(user, what, url, key, wanted, seconds=180):
    """Waits until the record at a URL has a status, or until it is as a function says."""
    end = time.monotonic() + seconds
    done = wanted if callable(wanted) else lambda it: it["status"] == wanted
    while True:
        found = user.get(url)
        found = found[key] if key else found
        if done(found):
            return found
        if found["status"].lower().startswith("error") or time.monotonic() > end:
            sys.exit("%s is %s: %s" % (what, found["status"], found.get("fault") or found))
        time.sleep(0.3)


def until_gone(user, what, url, seconds=180):
    end = time.monotonic() + seconds
    while True:
        try:
            user.get(url)
        except ApiError as error:
            if error.status == 404:
                return
            raise
        if time.monotonic() > end:
            sys.exit("%s is still there" % what)
        time.sleep(0.3)


def demo(guest):
    user = Session("demo", "demo")

    image = user.find(GLANCE + "/v2/images?name=guest", "images", "guest")
    if not image:
        # Without an operating system nobody acknowledges an unplug of virtio-blk; of virtio-scsi nobody needs to
        fields = {"name": "guest", "disk_format": "raw", "container_format": "bare", "hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi"}
        image = user.post(GLANCE + "/v2/images", fields)
    if image["status"] == "queued":
        with open(guest, "rb") as file:
            headers = {"Content-Type": "application/octet-stream"}
            send("PUT", "%s/v2/images/%s/file" % (GLANCE, image["id"]), token=user.token, headers=headers, data=file.read())
    until(user, "image guest", "%s/v2/images/%s" % (GLANCE, image["id"]), None, "active")

    def volume(name, kind, source=None):
        found = user.find(user.cinder + "/volumes/detail?name=" + name, "volumes", name)
        if not found:
            fields = dict({"name": name, "size": 1, "volume_type": kind}, **({"imageRef": source} if source else {}))
            found = user.post(user.cinder + "/volumes", {"volume": fields})["volume"]
        return found["id"]

    def server(name, **fields):
        found = user.find(COMPUTE + "/servers/detail?name=^%s$" % name, "servers", name)
        if not found:
            for disk in fields.get("block_device_mapping_v2", []):
                until(user, "volume " + disk["uuid"], user.cinder + "/volumes/" + disk["uuid"], "volume", "available")
            found = user.post(COMPUTE + "/servers", {"server": dict(fields, name=name, networks="none")}, **WITHOUT_NETWORKS)["server"]
        elif found["status"] == "SHUTOFF":
            user.post("%s/servers/%s/action" % (COMPUTE, found["id"]), {"os-start": None})
        return found["id"]

    disks = [volume("web-1-root", "ceph-ssd", image["id"]), volume("web-1-data-ssd", "ceph-ssd"), volume("web-1-data-hdd", "ceph-hdd")]
    mapping = [
        {"uuid": disk, "source_type": "volume", "destination_type": "volume", "boot_index": 0 if i == 0 else None}
        for i, disk in enumerate(disks)
    ]
    web = server("web-1", flavorRef="1", block_device_mapping_v2=mapping)
    database = server("db-1", flavorRef="2", imageRef=image["id"])
    for name, uid in (("web-1", web), ("db-1", database)):
        until(user, "server " + name, "%s/servers/%s" % (COMPUTE, uid), "server", "ACTIVE")
    wait_for_writes(
        [("volumes", "volume-" + disks[0]), ("volumes", "volume-" + disks[1]), ("volumes-hdd", "volume-" + disks[2]), ("vms", database + "_disk")]
    )
    print("WEB_1=%s\nDB_1=%s\nIMAGE=%s" % (web, database, image["id"]))
    print("WEB_1_ROOT=%s\nWEB_1_DATA_SSD=%s\nWEB_1_DATA_HDD=%s" % tuple(disks))


def wait_for_writes(images, seconds=60):
    import rados
    import rbd

    def counter(pool, name):
        with cluster.open_ioctx(pool) as io, rbd.Image(io, name, read_only=True) as image:
            return image.read(1 << 20, 4)

    with rados.Rados(conffile=os.environ["CEPH_CONF"], rados_id="sync-reader") as cluster:
        before, end = {i: counter(*i) for i in images}, time.monotonic() + seconds
        while True:
            still = [i for i in images if counter(*i) == before[i]]
            if not still:
                return
            if time.monotonic() > end:
                sys.exit("no guest writes to: %s" % still)
            time.sleep(0.3)


def act(what, *words):
    user = Session("demo", "demo")
    acts = {
        "server": act_server,
        "delete-server": lambda u, s: act_delete(u, "server " + s, COMPUTE + "/servers/" + s),
        "delete-volume": lambda u, v: act_delete(u, "volume " + v, u.cinder + "/volumes/" + v),
        "delete-snapshot": lambda u, s: act_delete(u, "snapshot " + s, u.cinder + "/snapshots/" + s),
        "volume-snapshot": act_snapshot,
        "attach": act_attach,
        "detach": act_detach,
        "extend": act_extend,
        "retype": act_retype,
        "revert": act_revert,
    }
    if what not in acts:
        sys.exit("act is one of: " + " ".join(acts))
    acts[what](user, *words)


def act_server(user, name, kind):
    image = user.find(GLANCE + "/v2/images?name=guest", "images", "guest")["id"]

    def volume(role, **source):
        fields = dict({"name": "%s-%s" % (name, role), "size": 1, "volume_type": "ceph-ssd"}, **source)
        return user.post(user.cinder + "/volumes", {"volume": fields})["volume"]["id"]

    if kind == "image":
        disks, fields = [], {"flavorRef": "2", "imageRef": image}
    else:
        disks = [volume("root", imageRef=image), volume("data")]
        for disk in disks:
            until(user, "volume " + disk, user.cinder + "/volumes/" + disk, "volume", "available")
        if kind == "agent":
            action = {"os-set_image_metadata": {"metadata": {"hw_qemu_guest_agent": "yes"}}}
            user.post("%s/volumes/%s/action" % (user.cinder, disks[0]), action)
        fields = {
            "flavorRef": "1",
            "block_device_mapping_v2": [
                {"uuid": d, "source_type": "volume", "destination_type": "volume", "boot_index": 0 if d == disks[0] else None} for d in disks
            ],
        }
    server = user.post(COMPUTE + "/servers", {"server": dict(fields, name=name, networks="none")}, **WITHOUT_NETWORKS)["server"]["id"]
    until(user, "server " + name, COMPUTE + "/servers/" + server, "server", "ACTIVE")
    wait_for_writes([("volumes", "volume-" + d) for d in disks] or [("vms", server + "_disk")])
    print("SERVER=" + server)
    if disks:
        print("ROOT=%s\nDATA=%s" % tuple(disks))


def act_delete(user, what, url):
    send("DELETE", url, token=user.token)
    until_gone(user, what, url)


def act_snapshot(user, volume, name):
    fields = {"volume_id": volume, "name": name, "force": True}
    snapshot = user.post(user.cinder + "/snapshots", {"snapshot": fields})["snapshot"]["id"]
    until(user, "snapshot " + snapshot, user.cinder + "/snapshots/" + snapshot, "snapshot", "available")
    print("SNAPSHOT=" + snapshot)


def on_volume(user, volume, action, done, version="3.42"):
    url = user.cinder + "/volumes/" + volume
    user.post(url + "/action", action, **{"OpenStack-API-Version": "volume " + version})
    until(user, "volume " + volume, url, "volume", done)


def act_attach(user, server, volume):
    user.post("%s/servers/%s/os-volume_attachments" % (COMPUTE, server), {"volumeAttachment": {"volumeId": volume}})
    until(user, "volume " + volume, user.cinder + "/volumes/" + volume, "volume", "in-use")


def act_detach(user, server, volume):
    send("DELETE", "%s/servers/%s/os-volume_attachments/%s" % (COMPUTE, server, volume), token=user.token)
    until(user, "volume " + volume, user.cinder + "/volumes/" + volume, "volume", "available")


def act_extend(user, volume, gib):
    done = lambda it: it["status"] in ("available", "in-use") and it["size"] == int(gib)
    on_volume(user, volume, {"os-extend": {"new_size": int(gib)}}, done)


def act_retype(user, volume, kind):
    def done(it):
        seen.append(it["status"])
        # Back at rest with the old type: Cinder moves no volume that has snapshots, and tells nobody
        if it["volume_type"] != kind and seen[-1] in ("available", "in-use") and len(seen) > 30:
            sys.exit("volume %s was not retyped; does it have snapshots?" % volume)
        return seen[-1] in ("available", "in-use") and it["volume_type"] == kind

    seen = []
    on_volume(user, volume, {"os-retype": {"new_type": kind, "migration_policy": "on-demand"}}, done)


def act_revert(user, volume, snapshot):
    on_volume(user, volume, {"revert": {"snapshot_id": snapshot}}, "available")


verb = sys.argv[1]
try:
    if verb == "wait":
        wait(int(sys.argv[2]))
    elif verb == "demo":
        demo(sys.argv[2])
    elif verb == "act":
        act(*sys.argv[2:])
    else:
        {"identity": identity, "resources": resources}[verb]()
except ApiError as error:
    sys.exit(str(error))
