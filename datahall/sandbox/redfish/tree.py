"""The emulated controller's resources, as DMTF names them (DSP0266, DSP2046); what is not here is 404."""

from __future__ import annotations

from typing import Any, Final

from datahall.sandbox.redfish.machines import RESETS
from datahall.sandbox.redfish.systems import ENABLED, TARGETS, Systems

ROOT: Final = "/redfish/v1"
SESSIONS: Final = f"{ROOT}/SessionService/Sessions"
SYSTEMS: Final = f"{ROOT}/Systems"
Body = dict[str, Any]


def versions() -> Body:
    """GET /redfish."""
    return {"v1": f"{ROOT}/"}


def root() -> Body:
    """ServiceRoot: the one resource that needs no session."""
    return {
        "@odata.id": f"{ROOT}/",
        "@odata.type": "#ServiceRoot.v1_15_0.ServiceRoot",
        "Id": "RootService",
        "Name": "Emulated baseboard controller of datahall",
        "RedfishVersion": "1.6.0",
        "Systems": {"@odata.id": SYSTEMS},
        "SessionService": {"@odata.id": f"{ROOT}/SessionService"},
        "Links": {"Sessions": {"@odata.id": SESSIONS}},
        "Oem": {"Datahall": {"Emulated": True}},
    }


def session_service() -> Body:
    """SessionService."""
    return {
        "@odata.id": f"{ROOT}/SessionService",
        "@odata.type": "#SessionService.v1_1_8.SessionService",
        "Id": "SessionService",
        "Name": "Session Service",
        "ServiceEnabled": True,
        "Sessions": {"@odata.id": SESSIONS},
    }


def session(id_: str, user: str) -> Body:
    """Session."""
    return {
        "@odata.id": f"{SESSIONS}/{id_}",
        "@odata.type": "#Session.v1_5_0.Session",
        "Id": id_,
        "Name": "User Session",
        "UserName": user,
    }


def collection(path: str, kind: str, ids: list[str]) -> Body:
    """A collection of resources."""
    return {
        "@odata.id": path,
        "@odata.type": f"#{kind}Collection.{kind}Collection",
        "Name": f"{kind} Collection",
        "Members@odata.count": len(ids),
        "Members": [{"@odata.id": f"{path}/{id_}"} for id_ in ids],
    }


def system(systems: Systems, name: str) -> Body:
    """ComputerSystem. Raises LookupError."""
    found = systems.find(name)
    return {
        "@odata.id": f"{SYSTEMS}/{name}",
        "@odata.type": "#ComputerSystem.v1_20_0.ComputerSystem",
        "Id": name,
        "Name": name,
        "SystemType": "Physical",
        "PowerState": systems.power(name),
        "Status": {"State": "Enabled", "Health": "Critical" if found.failed else "OK"},
        "Boot": {
            "BootSourceOverrideEnabled": found.enabled,
            "BootSourceOverrideEnabled@Redfish.AllowableValues": list(ENABLED),
            "BootSourceOverrideTarget": found.target,
            "BootSourceOverrideTarget@Redfish.AllowableValues": list(TARGETS),
        },
        "Actions": {
            "#ComputerSystem.Reset": {
                "target": f"{SYSTEMS}/{name}/Actions/ComputerSystem.Reset",
                "ResetType@Redfish.AllowableValues": list(RESETS),
            }
        },
        "Oem": {"Datahall": {"Emulated": True, "LastResetFailed": found.failed}},
    }


def error(message_id: str, message: str) -> Body:
    """The error object of DSP0266, with a message of the registry Base."""
    code = f"Base.1.15.{message_id}"
    return {
        "error": {
            "code": code,
            "message": message,
            "@Message.ExtendedInfo": [{"MessageId": code, "Message": message}],
        }
    }
