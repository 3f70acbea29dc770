#!/usr/bin/python3
"""stub.py SERVERS: a cloud on a free port of the loopback address that has SERVERS servers; prints its port.

Keystone v3, Nova 2.1 to 2.87 and Glance v2 as far as listing servers needs them, answered out of memory: pages of at most 1000 as
Nova's default has it, a link to the next page whenever a page is full, the flavor embedded from 2.47 on. GET /requests tells what
was asked since the last time and forgets it.
"""

import http.server
import json
import sys
import threading
import urllib.parse

COUNT = int(sys.argv[1])
PAGE = 1000
PROJECT = "0f3c6b5a9d8e4f7a8b1c2d3e4f5a6b7c"
FLAVORS = [{"id": str(i), "name": "m1.%d" % i, "vcpus": i, "ram": 2048 * i, "disk": 20 * i} for i in range(1, 9)]
requests, lock = [], threading.Lock()


def uuid(kind, i):
    return "%08x-0000-4000-8000-%012x" % (kind, i)


def flavor_details(flavor):
    extra = {"swap": "", "OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": False, "rxtx_factor": 1.0}
    return dict(flavor, links=[], **dict(extra, **{"os-flavor-access:is_public": True}))


def server(i, base, embedded):
    flavor = FLAVORS[i % len(FLAVORS)]
    known = {"original_name": flavor["name"], "vcpus": flavor["vcpus"], "ram": flavor["ram"], "disk": flavor["disk"], "ephemeral": 0, "swap": 0}
    link = lambda rel: {"rel": rel, "href": "%s/servers/%s" % (base, uuid(1, i))}
    address = lambda kind, ip, mac: {"version": 4, "addr": ip, "OS-EXT-IPS:type": kind, "OS-EXT-IPS-MAC:mac_addr": mac}
    mac = "fa:16:3e:%02x:%02x:%02x" % (i >> 16 & 255, i >> 8 & 255, i & 255)
    return {
        "id": uuid(1, i), "name": "server-%05d" % i, "status": "ACTIVE", "tenant_id": PROJECT, "user_id": uuid(9, 1).replace("-", ""),
        "metadata": {"role": "web", "owner": "team-%d" % (i % 50)}, "hostId": "%056x" % i, "image": "",
        "flavor": known if embedded else {"id": flavor["id"], "links": [{"rel": "bookmark", "href": "%s/flavors/%s" % (base, flavor["id"])}]},
        "created": "2020-05-01T10:00:00Z", "updated": "2020-05-01T10:01:00Z", "addresses": {"private": [
            address("fixed", "10.%d.%d.%d" % (i >> 16 & 255, i >> 8 & 255, i & 255), mac), address("floating", "198.51.100.%d" % (i & 255), mac)]},
        "accessIPv4": "", "accessIPv6": "", "links": [link("self"), link("bookmark")], "OS-DCF:diskConfig": "AUTO", "progress": 0,
        "OS-EXT-AZ:availability_zone": "nova", "config_drive": "", "key_name": "ops", "OS-SRV-USG:launched_at": "2020-05-01T10:01:00.000000",
        "OS-SRV-USG:terminated_at": None, "security_groups": [{"name": "default"}, {"name": "web"}], "OS-EXT-STS:task_state": None,
        "OS-EXT-STS:vm_state": "active", "OS-EXT-STS:power_state": 1,
        "os-extended-volumes:volumes_attached": [{"id": uuid(2, i), "delete_on_termination": False}, {"id": uuid(3, i), "delete_on_termination": False}],
    }


class Cloud(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    pages = {}

    def log_message(self, *unused):
        pass

    def answer(self, status, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in dict(headers, Content_Type="application/json", Content_Length=str(len(data))).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def note(self):
        path = urllib.parse.urlsplit(self.path).path
        if path != "/requests":
            with lock:
                requests.append("%s %s" % (self.command, path))
        return path.rstrip("/")

    @property
    def root(self):
        return "http://127.0.0.1:%d" % self.server.server_address[1]

    def do_POST(self):
        path = self.note()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path != "/identity/v3/auth/tokens":
            return self.answer(404, {})
        place = lambda url: [{"id": i, "interface": i, "region": "R", "region_id": "R", "url": url} for i in ("public", "internal", "admin")]
        kinds = (("identity", "keystone", "/identity/v3"), ("compute", "nova", "/compute/v2.1"), ("image", "glance", "/image"))
        catalog = [{"id": k, "type": k, "name": n, "endpoints": place(self.root + p)} for k, n, p in kinds]
        domain = {"id": "default", "name": "Default"}
        token = {
            "methods": ["password"], "expires_at": "2099-01-01T00:00:00.000000Z", "issued_at": "2026-01-01T00:00:00.000000Z",
            "project": {"id": PROJECT, "name": "demo", "domain": domain}, "user": {"id": "u1", "name": "demo", "domain": domain},
            "roles": [{"id": "r1", "name": "member"}], "catalog": catalog, "is_domain": False, "audit_ids": ["a"],
        }
        return self.answer(201, {"token": token}, X_Subject_Token="stub-token")

    def do_GET(self):
        path = self.note()
        link = lambda p: [{"rel": "self", "href": self.root + p}]
        identity = {"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z", "links": link("/identity/v3/"), "media-types": []}
        compute = {"id": "v2.1", "status": "CURRENT", "version": "2.87", "min_version": "2.1", "updated": "2013-07-23T11:33:21Z",
                   "links": link("/compute/v2.1/"), "media-types": []}
        image = {"id": "v2.9", "status": "CURRENT", "links": link("/image/v2/")}
        fixed = {
            "": (404, {}),
            "/identity": (300, {"versions": {"values": [identity]}}),
            "/identity/v3": (200, {"version": identity}),
            "/compute": (200, {"versions": [compute]}),
            "/compute/v2.1": (200, {"version": compute}),
            "/image": (300, {"versions": [image]}),
            "/image/v2/images": (200, {"images": [], "first": "/v2/images", "schema": "/v2/schemas/images"}),
        }
        if path == "/requests":
            with lock:
                told, requests[:] = list(requests), []
            return self.answer(200, told)
        if path in fixed:
            return self.answer(*fixed[path])
        rest = path.replace("/compute/v2.1", "", 1).replace("/" + PROJECT, "", 1)
        if self.headers.get("X-Auth-Token") != "stub-token":
            return self.answer(401, {"error": {"code": 401, "title": "Unauthorized", "message": "no token"}})
        if rest == "/servers/detail":
            return self.list_servers()
        if rest == "/flavors/detail":
            return self.answer(200, {"flavors": [flavor_details(f) for f in FLAVORS]})
        if rest.startswith("/flavors/") and rest.count("/") == 2:
            return self.answer(200, {"flavor": flavor_details(FLAVORS[int(rest[9:]) - 1])})
        return self.answer(404, {"itemNotFound": {"code": 404, "message": path}})

    def list_servers(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        wanted = self.headers.get("OpenStack-API-Version", "compute 2.1").split()[-1]
        wanted = self.headers.get("X-OpenStack-Nova-API-Version", wanted)
        version = 87 if wanted == "latest" else int(wanted.split(".")[1])
        if version > 87:
            return self.answer(406, {"computeFault": {"code": 406, "message": "Version %s is not supported by the API. Minimum is 2.1 and maximum is 2.87." % wanted}})
        start = int(query["marker"].split("-")[-1], 16) + 1 if query.get("marker") else 0
        size = min(PAGE, int(query.get("limit") or PAGE))
        key = (start, size, version >= 47)
        if key not in self.pages:
            base = self.root + "/compute/v2.1"
            servers = [server(i, base, version >= 47) for i in range(start, min(COUNT, start + size))]
            body = {"servers": servers}
            if len(servers) == size:
                body["servers_links"] = [{"rel": "next", "href": "%s/servers/detail?limit=%d&marker=%s" % (base, size, servers[-1]["id"])}]
            self.pages[key] = json.dumps(body).encode()
        self.answer(200, self.pages[key], OpenStack_API_Version="compute 2.%d" % version, Vary="OpenStack-API-Version")


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


listener = Listener(("127.0.0.1", 0), Cloud)
print(listener.server_address[1], flush=True)
listener.serve_forever()
