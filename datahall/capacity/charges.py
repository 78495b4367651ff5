"""The charges of each resource type that is billed by the hour, the month or the provisioned GB."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from datahall.capacity import prices
from datahall.capacity.model import Line, NotCounted, Priced, Unpriced

Charge = Line | NotCounted | Unpriced
ONE = Decimal(1)


def number(value: object) -> Decimal | None:
    """Return a property as a number; None where it is not one (not set, or not known yet)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def unpriced(resource: Priced, reason: str) -> Unpriced:
    """Return the note that a resource is left out of the total."""
    return Unpriced(type=resource.type, name=resource.name, reason=reason)


def no_price(instance_type: object) -> str:
    """Return why an instance type cannot be priced."""
    if instance_type in prices.NOT_ON_DEMAND:
        return f"AWS lists no on-demand price for {instance_type}; it is sold by the capacity block"
    return f"no price here for instance type {instance_type}"


def disk(what: str, count: Decimal, settings: Mapping[str, Any]) -> Iterator[Line | str]:
    """Yield the charges of `count` like EBS volumes, or the reason why they cannot be told."""
    kind = settings.get("volumeType") or settings.get("type") or "gp3"
    size = number(settings.get("volumeSize", settings.get("size")))
    if size is None:
        yield f"{what}: the size of the volume is not known"
        return
    if kind not in prices.VOLUME_GB:
        yield f"{what}: no price here for volume type {kind}"
        return
    yield Line(what=f"{what}, {kind}", count=count * size, usd=prices.VOLUME_GB[kind], per="GB-month")
    if kind != "gp3":
        return
    iops = (number(settings.get("iops")) or 0) - prices.GP3_IOPS_INCLUDED
    throughput = (number(settings.get("throughput")) or 0) - prices.GP3_MB_PER_S_INCLUDED
    if iops > 0:
        yield Line(what=f"{what}, IOPS over 3,000", count=count * iops, usd=prices.GP3_IOPS, per="month")
    if throughput > 0:
        yield Line(
            what=f"{what}, MB/s over 125", count=count * throughput, usd=prices.GP3_MB_PER_S, per="month"
        )


def _hourly(what: str, usd: Decimal) -> Callable[[Priced], Iterator[Charge]]:
    def charge(_: Priced) -> Iterator[Charge]:
        yield Line(what=what, count=ONE, usd=usd, per="hour")

    return charge


def _nat(resource: Priced) -> Iterator[Charge]:
    yield from _hourly("NAT gateway", prices.NAT_GATEWAY)(resource)
    yield NotCounted(what="traffic through NAT gateways", price="0.045 USD per GB")


def _endpoint(resource: Priced) -> Iterator[Charge]:
    kind = resource.get("vpcEndpointType") or "Gateway"
    if kind == "Gateway":
        return
    subnets = resource.get("subnetIds")
    if kind != "Interface" or not isinstance(subnets, list | tuple):
        yield unpriced(resource, f"the subnets of a VPC endpoint of type {kind} are not known")
        return
    yield Line(
        what="interface endpoint, each zone",
        count=Decimal(len(subnets)),
        usd=prices.INTERFACE_ENDPOINT_ZONE,
        per="hour",
    )
    yield NotCounted(what="traffic through interface endpoints", price="0.01 USD per GB")


def _cluster(resource: Priced) -> Iterator[Charge]:
    yield from _hourly("EKS cluster", prices.EKS_CLUSTER)(resource)
    policy = resource.get("upgradePolicy")
    if isinstance(policy, Mapping) and policy.get("supportType") == "EXTENDED":
        yield NotCounted(what="EKS extended support, when it begins", price="0.50 USD per hour")


def _key(_: Priced) -> Iterator[Charge]:
    yield Line(what="KMS key", count=ONE, usd=prices.KMS_KEY, per="month")
    yield NotCounted(
        what="KMS requests, and the first two rotations of a key",
        price="0.03 USD per 10,000 requests, 1 USD per month each",
    )


def _lustre(resource: Priced) -> Iterator[Charge]:
    deployment = resource.get("deploymentType") or "SCRATCH_1"
    capacity, throughput = number(resource.get("storageCapacity")), resource.get("perUnitStorageThroughput")
    tier = (str(deployment), int(number(throughput) or 0))
    storage = resource.get("storageType") or "SSD"
    if capacity is None or storage != "SSD" or tier not in prices.LUSTRE_GB:
        yield unpriced(resource, f"no price here for {storage} {tier[0]} at {tier[1]} MB/s/TiB")
        return
    rate = f", {tier[1]} MB/s/TiB" if tier[1] else ""
    yield Line(
        what=f"FSx for Lustre, {deployment}{rate}", count=capacity, usd=prices.LUSTRE_GB[tier], per="GB-month"
    )


def _volume(resource: Priced) -> Iterator[Charge]:
    settings = {name: resource.get(name) for name in ("type", "size", "iops", "throughput")}
    settings["type"] = settings["type"] or "gp2"  # the provider's default
    for found in disk("EBS volume", ONE, settings):
        yield found if isinstance(found, Line) else unpriced(resource, found)


def _reservation(resource: Priced) -> Iterator[Charge]:
    kind, count = resource.get("instanceType"), number(resource.get("instanceCount"))
    hour = prices.instance_hour(str(kind))
    if hour is None or count is None:
        yield unpriced(resource, no_price(kind))
        return
    yield Line(
        what=f"capacity reservation {resource.name}: {kind}",
        count=count,
        usd=hour,
        per="hour",
        note="charged in full whether or not its nodes run",
    )


CHARGES: Mapping[str, Callable[[Priced], Iterator[Charge]]] = {
    "aws:ebs/volume:Volume": _volume,
    "aws:ec2/capacityReservation:CapacityReservation": _reservation,
    "aws:ec2/eip:Eip": _hourly("public IPv4 address", prices.PUBLIC_IPV4),
    "aws:ec2/natGateway:NatGateway": _nat,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:fsx/lustreFileSystem:LustreFileSystem": _lustre,
    "aws:kms/key:Key": _key,
    "aws:kms/replicaKey:ReplicaKey": _key,
}
