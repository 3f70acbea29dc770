#!/usr/bin/python3
"""neutron-stub.py PORT: answers Nova's few questions to Neutron about servers without networks. The lab's only part that is not real."""

import http.server
import json
import sys


class Stub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0].rstrip("/")
        collection = path.rsplit("/", 1)[-1].split(".")[0].replace("-", "_")
        if not path:
            links = [{"rel": "self", "href": "http://%s/v2.0/" % self.headers["Host"]}]
            body = {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]}
        elif path == "/v2.0":
            body = {"resources": []}
        elif "/quotas" in path:
            body = {"quota": {}}
        else:
            body = {collection: []}
        data = b"" if self.command == "DELETE" else json.dumps(body).encode()
        self.send_response(204 if self.command == "DELETE" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = answer


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Stub).serve_forever()
