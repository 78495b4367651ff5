"""The rules on settings' values: the components' own, all of them at once, and those between blocks."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from ipaddress import IPv4Network
from typing import Any

from components import (
    INSTANCE_TYPES,
    AccessEntry,
    BackupArgs,
    ClusterArgs,
    EncryptionArgs,
    GpuNodePoolArgs,
    InvalidArgs,
    LustreArgs,
    NetworkArgs,
    StorageArgs,
    SystemPoolArgs,
)
from stacks.blocks import (
    CapacitySettings,
    ClusterSettings,
    EncryptionSettings,
    LimitSettings,
    NetworkSettings,
    PoolSettings,
    StorageSettings,
)
from stacks.errors import problem

PRODUCTION = "prod"

_ID = "known-at-deployment"
_LARGEST_POOL: Mapping[str, Any] = {
    "instance_type": "p5.48xlarge",
    "purpose": "training",
    "cluster_name": _ID,
    "node_role_arn": _ID,
    "security_group_ids": [_ID],
    "efa_security_group_id": _ID,
    "data_key_arn": _ID,
    "zone": _ID,
    "subnet_ids": [_ID],
}
"""What a pool is checked with where a setting is left out: a type on which the others can hold."""

_AN_ENTRY: Mapping[str, Any] = {"principal_arn": "arn:aws:iam::000000000000:role/any", "policy": "view"}


def broken(prefix: str, build: Callable[..., object], values: Mapping[str, Any]) -> Iterator[str]:
    """Every rule that ``values`` break: the value that broke one is left out, and the rest is tried again."""
    left = dict(values)
    while True:
        try:
            build(**left)
        except InvalidArgs as error:
            yield problem(f"{prefix}.{_within(prefix, error.field)}", error.value, error.rule, error.fix)
            culprit = next((key for key in reversed(error.field.split(".")) if key in left), None)
            if culprit is None:
                return
            del left[culprit]
        else:
            return


def _within(prefix: str, field: str) -> str:
    """``lustre.capacity_gib`` within ``datahall:storage.lustre`` is ``capacity_gib``."""
    head, _, rest = field.partition(".")
    return rest if rest and prefix.split("[", maxsplit=1)[0].endswith(f".{head}") else field


def network_rules(at: str, network: NetworkSettings) -> Iterator[str]:
    """NetworkArgs' own."""
    yield from broken(at, partial(NetworkArgs, log_key_arn=_ID), network.given())


def encryption_rules(at: str, encryption: EncryptionSettings) -> Iterator[str]:
    """EncryptionArgs' own."""
    yield from broken(at, EncryptionArgs, encryption.given())


def storage_rules(at: str, storage: StorageSettings) -> Iterator[str]:
    """StorageArgs' own, and those of the blocks in it."""
    inputs: dict[str, Any] = {
        "vpc_id": _ID,
        "subnet_ids": [_ID],
        "data_key_arn": _ID,
        "logs_key_arn": _ID,
        "backup_key_arn": _ID,
    }
    yield from broken(at, partial(StorageArgs, deletion_protection=False, **inputs), storage.given())
    yield from broken(f"{at}.lustre", LustreArgs, storage.lustre.given())
    yield from broken(f"{at}.backup", BackupArgs, storage.backup.given())


def cluster_rules(at: str, cluster: ClusterSettings) -> Iterator[str]:
    """ClusterArgs' own, and those of the blocks in it."""
    inputs: dict[str, Any] = {
        "subnet_ids": [_ID, _ID],
        "cluster_key_arn": _ID,
        "data_key_arn": _ID,
        "logs_key_arn": _ID,
    }
    yield from broken(at, partial(ClusterArgs, **inputs), cluster.given())
    yield from broken(f"{at}.system", SystemPoolArgs, cluster.system.given())
    for index, entry in enumerate(cluster.access):
        yield from broken(f"{at}.access[{index}]", partial(AccessEntry, **_AN_ENTRY), entry.given())


def pool_rules(at: str, pool: PoolSettings, tags: Mapping[str, str]) -> Iterator[str]:
    """GpuNodePoolArgs' own, with those of its capacity."""
    values = pool.given()
    problems = list(_capacity_rules(f"{at}.capacity", pool.capacity))
    yield from problems
    if not problems:
        values["capacity"] = pool.capacity.args()
    yield from broken(at, partial(GpuNodePoolArgs, **_LARGEST_POOL, tags=tags), values)


def _capacity_rules(at: str, capacity: CapacitySettings) -> Iterator[str]:
    extra = {key for key in capacity.given() if key != "type"}
    if capacity.type != "reservation":
        for key in sorted(extra):
            yield problem(
                f"{at}.{key}", getattr(capacity, key), f"{capacity.type} has no such setting", "remove it"
            )
        return
    if ("id" in extra) == ("nodes" in extra):
        yield problem(
            at, "reservation", "needs either id (bought already) or nodes (to be made)", "give one of them"
        )
        return
    wrong = extra & ({"ends"} if "id" in extra else {"block", "placement_group"})
    for key in sorted(wrong):
        kind = "bought" if "id" in extra else "new"
        yield problem(
            f"{at}.{key}", getattr(capacity, key), f"a {kind} reservation has no such setting", "remove it"
        )
    if not wrong:
        yield from broken(at, lambda **_: capacity.args(), {})


def between(
    environment: str,
    *,
    network: NetworkSettings,
    storage: StorageSettings,
    cluster: ClusterSettings,
    deletion_protection: bool,
    pools: Mapping[str, PoolSettings],
    limits: LimitSettings,
) -> Iterator[str]:
    """Rules that concern more than one block."""
    if IPv4Network(cluster.service_cidr).overlaps(IPv4Network(network.cidr)):
        yield problem(
            "datahall:cluster.service_cidr",
            cluster.service_cidr,
            f"overlaps datahall:network.cidr, {network.cidr}",
            "use 172.20.0.0/16",
        )
    zones = [("datahall:storage.lustre_zone", storage.lustre_zone)]
    zones += [(f"datahall:pools.{name}.zone", pool.zone) for name, pool in pools.items() if pool.zone]
    for field, zone in zones:
        if not 0 <= zone < network.zone_count:
            yield problem(
                field, zone, f"the network has zones 0 to {network.zone_count - 1}", "choose one of these"
            )
    yield from _within_limits(pools, limits)
    if storage.force_destroy and deletion_protection:
        yield problem(
            "datahall:storage.force_destroy",
            True,
            "contradicts datahall:deletion_protection",
            "set one of them to false",
        )
    if environment == PRODUCTION and not deletion_protection:
        yield problem("datahall:deletion_protection", False, "prod is always protected", "remove it")


def _within_limits(pools: Mapping[str, PoolSettings], limits: LimitSettings) -> Iterator[str]:
    cap = limits.usd_per_hour
    if cap is None:
        return
    total = 0.0
    for name, pool in pools.items():
        price = INSTANCE_TYPES[pool.instance_type].usd_per_hour
        if price is None:
            yield problem(
                f"datahall:pools.{name}.instance_type",
                pool.instance_type,
                "has no list price to hold against datahall:limits.usd_per_hour",
                "remove the limit, or take another type",
            )
        total += pool.max_nodes * (price or 0.0)
    if total > cap:
        yield problem(
            "datahall:limits.usd_per_hour",
            f"{cap:g}",
            f"all pools at max_nodes cost {total:.2f} an hour at list price",
            "raise it, or lower max_nodes",
        )
