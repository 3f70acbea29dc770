"""The same with openstacksdk."""

import sys
import time

import openstack

for _ in range(int(sys.argv[3])):
    start, cpu = time.monotonic(), time.process_time()
    servers = vcpus = volumes = 0
    with openstack.connect(cloud=sys.argv[2]) as cloud:
        for server in cloud.compute.servers(details=True):
            servers += 1
            vcpus += server.flavor.vcpus
            volumes += len(server.attached_volumes)
    print("%d %d %d %.3f %.3f" % (servers, vcpus, volumes, time.monotonic() - start, time.process_time() - cpu), flush=True)
