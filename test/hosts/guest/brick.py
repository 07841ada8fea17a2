#!/usr/bin/python3
"""Attaches and detaches a volume with OpenStack's own library, as a compute service does.

    brick.py connector                      what this host tells the storage about itself, as JSON
    brick.py connect    < connection.json   the device, when it is there
    brick.py disconnect < connection.json

The connection is what the API answers as connection_info.
"""
import json
import sys

from os_brick import privileged
from os_brick.initiator import connector
from oslo_concurrency import lockutils

# Root already: what needs privileges is done here, and not by a daemon of its own behind sudo.
privileged.default.set_client_mode(False)
lockutils.set_defaults("/run/lock")


def main(what):
    if what == "connector":
        print(json.dumps(connector.get_connector_properties("", my_ip="", multipath=False, enforce_multipath=False)))
        return
    connection = json.load(sys.stdin)
    initiator = connector.InitiatorConnector.factory("ISCSI", "", use_multipath=False)
    if what == "connect":
        print(initiator.connect_volume(connection)["path"])
    elif what == "disconnect":
        initiator.disconnect_volume(connection, None)
    else:
        sys.exit(f"unknown: {what}")


main(sys.argv[1])
