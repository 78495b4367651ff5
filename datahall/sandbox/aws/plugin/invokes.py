"""The package's functions that the sandbox answers, from the emulated AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from datahall.sandbox.aws.plugin.aws import Aws
from datahall.sandbox.aws.plugin.check import Failure
from datahall.sandbox.aws.plugin.config import Settings
from datahall.sandbox.aws.plugin.table import codes

Result = dict[str, Any]


def invoke(token: str, args: Mapping[str, Any], settings: Settings, aws: Aws) -> tuple[Result, list[Failure]]:
    """The function's result, or why its arguments are refused; LookupError for an unknown function."""
    function = _FUNCTIONS.get(token)
    if function is None:
        raise LookupError("not supported by the sandbox")
    body, known = function
    unknown = [name for name in args if name not in known and not name.startswith("__")]
    if unknown:
        return {}, [Failure(name, f"{name}: not supported by the sandbox's {token}") for name in unknown]
    return body({**args, "region": args.get("region") or settings.region}, aws), []


def _zones(args: Mapping[str, Any], aws: Aws) -> Result:
    region = args["region"]
    filters = [{"Name": one["name"], "Values": one["values"]} for one in args.get("filters") or ()]
    if args.get("state"):
        filters.append({"Name": "state", "Values": [args["state"]]})
    answer = aws.client("ec2", region).describe_availability_zones(
        Filters=filters, AllAvailabilityZones=bool(args.get("allAvailabilityZones"))
    )
    zones = [
        zone
        for zone in answer["AvailabilityZones"]
        if zone["ZoneName"] not in (args.get("excludeNames") or ())
        and zone["ZoneId"] not in (args.get("excludeZoneIds") or ())
    ]
    zones.sort(key=lambda zone: str(zone["ZoneName"]))
    return {
        **args,
        "id": region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName") or region for zone in zones}),
    }


def _identity(args: Mapping[str, Any], aws: Aws) -> Result:
    answer = aws.client("sts", args["region"]).get_caller_identity()
    return {
        "id": answer["Account"],
        "accountId": answer["Account"],
        "arn": answer["Arn"],
        "userId": answer["UserId"],
    }


def _region(args: Mapping[str, Any], aws: Aws) -> Result:
    region = args["region"]
    return {
        "id": region,
        "name": region,
        "region": region,
        "description": _DESCRIPTIONS.get(region, ""),
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _partition(args: Mapping[str, Any], aws: Aws) -> Result:
    partition = aws.client("ec2", args["region"]).meta.partition
    return {
        "id": partition,
        "partition": partition,
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


_DESCRIPTIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
    "eu-north-1": "Europe (Stockholm)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
}

_FUNCTIONS: Mapping[str, tuple[Callable[[Mapping[str, Any], Aws], Result], frozenset[str]]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": (
        _zones,
        codes("allAvailabilityZones excludeNames excludeZoneIds filters region state"),
    ),
    "aws:index/getCallerIdentity:getCallerIdentity": (_identity, frozenset()),
    "aws:index/getRegion:getRegion": (_region, frozenset(("region",))),
    "aws:index/getPartition:getPartition": (_partition, frozenset()),
}
