"""Power and PXE of a machine through its baseboard controller (BMC), by DMTF's Redfish."""

from datahall.redfish.client import Bmc, Power, connect
from datahall.redfish.credentials import Credentials, read_credentials
from datahall.redfish.errors import RedfishFailedError, RedfishUsageError

__all__ = [
    "Bmc",
    "Credentials",
    "Power",
    "RedfishFailedError",
    "RedfishUsageError",
    "connect",
    "read_credentials",
]
