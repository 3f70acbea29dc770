"""The same with openstacksdk."""

import sys
import time

import openstack

for _ in range(int(sys.argv[3])):
    start = time.monotonic()
    servers = vcpus = volumes = 0
    with openstack.connect(cloud=sys.argv[2]) as cloud:
        for server in cloud.compute.servers(details=True):
            servers += 1
            vcpus += server.flavor.vcpus
            volumes += len(server.attached_volumes)
    print("%d %d %d %.3f" % (servers, vcpus, volumes, time.monotonic() - start), flush=True)
