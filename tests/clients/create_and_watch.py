#!/usr/bin/python3
"""A client in another language, from generated stubs alone: creates a service and watches it come up.

usage: create_and_watch.py PROTO_FOLDER     (the controller's address is in WAYMARK_SERVER)
Needs Debian's python3-grpcio, python3-grpc-tools, python3-pkg-resources, and the example carrier.
"""

import os
import subprocess
import sys
import tempfile


def main():
    server = os.environ["WAYMARK_SERVER"]
    protos = sys.argv[1]
    with tempfile.TemporaryDirectory() as stubs:
        subprocess.run(
            [sys.executable, "-m", "grpc_tools.protoc", "-I" + protos, "--python_out=" + stubs,
             "--grpc_python_out=" + stubs, "waymark/v1/resources.proto", "waymark/v1/paths.proto",
             "waymark/v1/services.proto"],
            check=True)
        sys.path.insert(0, stubs)
        import grpc
        from waymark.v1 import resources_pb2 as r
        from waymark.v1 import services_pb2 as s
        from waymark.v1 import services_pb2_grpc as g

        channel = grpc.insecure_channel(server)
        customers = g.CustomerServiceStub(channel)
        changes = g.ChangeServiceStub(channel)

        for site, node in (("north", "sto"), ("south", "mad")):
            customers.CreateSite(s.CreateSiteRequest(site=r.Site(
                name="customers/bank/sites/" + site, node="nodes/" + node, port="c4")), timeout=10)
        name = "customers/bank/services/python"
        service = customers.CreateService(s.CreateServiceRequest(service=r.Service(
            name=name, type=r.E_LINE, class_map="customers/bank/classMaps/marks",
            endpoints=[r.ServiceEndpoint(site="customers/bank/sites/north"),
                       r.ServiceEndpoint(site="customers/bank/sites/south")])), timeout=10)
        assert service.vni > 0 and service.revision > 0, service

        # The bank's class map has a class that may not leave Switzerland: between Stockholm and Madrid
        # it must be refused with the reason, and the rest of the service must come up all the same.
        seen = []
        for event in changes.Watch(s.WatchRequest(
                start_revision=service.revision - 1, prefixes=[name], include_status=True), timeout=30):
            if event.name != name or not event.HasField("resource"):
                continue
            status = event.resource.service.status
            seen.append(r.State.Name(status.state))
            print("revision", event.revision, s.ChangeType.Name(event.change), seen[-1],
                  status.reason, flush=True)
            if status.state in (r.UP, r.DEGRADED) and "BLOCKED" in status.reason:
                assert "CH" in status.blocking_constraint + status.reason, status
                break
        else:
            raise SystemExit("the service never came up: " + " ".join(seen))

        try:
            customers.CreateService(s.CreateServiceRequest(service=r.Service(
                name="customers/bank/services/bad", type=r.E_LINE,
                class_map="customers/bank/classMaps/marks",
                endpoints=[r.ServiceEndpoint(site="customers/bank/sites/north")])), timeout=10)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
            assert "endpoints" in error.details(), error.details()
            print("refused as it must be:", error.details())
        else:
            raise SystemExit("a service with one site was taken")

        customers.DeleteService(s.DeleteRequest(name=name), timeout=10)
        for site in ("north", "south"):
            customers.DeleteSite(s.DeleteRequest(name="customers/bank/sites/" + site), timeout=10)


if __name__ == "__main__":
    main()
