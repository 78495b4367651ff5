"""Arguments: what each component refuses, by field, value, rule and fix; and what it plans from good ones."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import (
    INSTANCE_TYPES,
    VERSIONS,
    AccessEntry,
    BackupArgs,
    Capacity,
    ClusterArgs,
    EncryptionArgs,
    ExistingReservation,
    GpuNodePoolArgs,
    InvalidArgs,
    LustreArgs,
    NetworkArgs,
    NewReservation,
    OnDemand,
    Spot,
    StorageArgs,
    SystemPoolArgs,
    capacity_name,
    instance_type,
)
from components.cluster.versions import support_ended
from components.gpu_pool.placement import efa_interfaces
from components.network import plan_subnets

KEY = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-0000-0000-000000000000"
TAGS = {"owner": "me", "cost-centre": "research", "ttl": "8h"}


network = partial(NetworkArgs, log_key_arn=KEY)
storage = partial(
    StorageArgs,
    vpc_id="vpc-1",
    subnet_ids=["subnet-1"],
    data_key_arn=KEY,
    logs_key_arn=KEY,
    backup_key_arn=KEY,
)
cluster = partial(
    ClusterArgs,
    subnet_ids=["subnet-1", "subnet-2"],
    cluster_key_arn=KEY,
    data_key_arn=KEY,
    logs_key_arn=KEY,
)
pool = partial(
    GpuNodePoolArgs,
    cluster_name="c",
    node_role_arn="arn:aws:iam::123456789012:role/node",
    subnet_ids=["subnet-1"],
    security_group_ids=["sg-1"],
    efa_security_group_id="sg-2",
    data_key_arn=KEY,
    instance_type="p5.48xlarge",
    purpose="training",
    tags=TAGS,
)


def without(key: str) -> dict[str, str]:
    return {name: value for name, value in TAGS.items() if name != key}


REFUSED: list[tuple[Callable[..., object], Mapping[str, Any], str]] = [
    (network, {"cidr": "10.0.0.0/28"}, "cidr: 10.0.0.0/28: must be a /16 to a /20; "),
    (network, {"cidr": "11.0.0.0/16"}, "cidr: 11.0.0.0/16: must be private address space"),
    (network, {"cidr": "ten"}, "cidr: ten: must be an IPv4 network"),
    (network, {"zones": 4}, "zones: 4: must be a whole number from 2 to 3"),
    (network, {"zones": ["a", "a"]}, "zones: ['a', 'a']: must be 2 or 3 different zones"),
    (network, {"nat": "none"}, "nat: none: must be one of single, zone"),
    (network, {"interface_endpoints": ["s3x", "ec2"]}, "interface_endpoints: s3x: is no service"),
    (network, {"interface_endpoints": ["sts"]}, "interface_endpoints: sts: must have ec2; add ec2"),
    (network, {"gateway_endpoints": ["s3", "s3"]}, "gateway_endpoints: s3, s3: must name a service once"),
    (network, {"gateway_endpoints": "s3"}, "gateway_endpoints: s3: must be a list of services; write [s3]"),
    (network, {"flow_log_retention_days": 364}, "flow_log_retention_days: 364: must be a year or more"),
    (network, {"tags": {"Name": "x"}}, "tags.Name: x: Name is set by the component"),
    (network, {"tags": {"a": "x" * 257}}, "tag values have 256 characters or fewer"),
    (EncryptionArgs, {"rotation_days": 89}, "rotation_days: 89: must be a whole number from 90 to 2560"),
    (EncryptionArgs, {"rotation_days": 2561}, "rotation_days: 2561: "),
    (EncryptionArgs, {"deletion_window_days": 31}, "deletion_window_days: 31: "),
    (LustreArgs, {"capacity_gib": 2401}, "lustre.capacity_gib: 2401: must be 1200 or a multiple of 2400"),
    (LustreArgs, {"throughput_per_tib": 50}, "lustre.throughput_per_tib: 50: "),
    (LustreArgs, {"log_level": "NONE"}, "lustre.log_level: NONE: must be one of "),
    (BackupArgs, {"keep_days": 6}, "backup.keep_days: 6: "),
    (BackupArgs, {"schedule": "0 5 * * *"}, "backup.schedule: 0 5 * * *: must be an AWS cron"),
    (storage, {"subnet_ids": []}, "subnet_ids: []: must be a list of subnets"),
    (storage, {"repositories": ["a", "a"]}, "repositories: a, a: must differ"),
    (storage, {"repositories": ["-a"]}, "repositories: -a: must be lower-case"),
    (storage, {"force_destroy": True}, "force_destroy: True: contradicts deletion_protection"),
    (storage, {"log_retention_days": 90}, "log_retention_days: 90: must be a year or more"),
    (cluster, {"subnet_ids": ["subnet-1"]}, "subnet_ids: ['subnet-1']: EKS needs subnets in two zones"),
    (cluster, {"version": "1.99"}, "version: 1.99: must be one of "),
    (cluster, {"addons": {"vpc-cni": None}}, "addons: vpc-cni: must have kube-proxy; add kube-proxy"),
    (cluster, {"service_cidr": "172.20.0.0/25"}, "service_cidr: 172.20.0.0/25: must be a /12 to a /24"),
    (cluster, {"api_cidrs": ["1.1.1.1/32"]}, "api_cidrs: 1.1.1.1/32: must be private address space"),
    (SystemPoolArgs, {"instance_type": "m7g.large"}, "system.instance_type: m7g.large: must be an x86"),
    (SystemPoolArgs, {"nodes": 1}, "system.nodes: 1: "),
    (AccessEntry, {"principal_arn": "x", "policy": "view"}, "access.principal_arn: x: "),
    (
        AccessEntry,
        {"principal_arn": "arn:aws:iam::123456789012:role/a", "policy": "root"},
        "access.policy: root: must be one of admin, cluster-admin, edit, view",
    ),
    (
        AccessEntry,
        {"principal_arn": "arn:aws:iam::123456789012:role/a", "policy": "cluster-admin", "namespaces": ["a"]},
        "access.namespaces: a: cluster-admin has none",
    ),
    (
        pool,
        {"instance_type": "p5.48xl"},
        "instance_type: p5.48xl: is no GPU instance type known",
    ),
    (pool, {"instance_type": "m7i.large"}, "instance_type: m7i.large: is no GPU instance type known here"),
    (pool, {"purpose": "fun"}, "purpose: fun: must be one of serving, training"),
    (pool, {"tags": without("owner")}, "tags.owner: (missing): GPU nodes must tell it; add a tag owner"),
    (pool, {"tags": without("ttl")}, "tags.ttl: (missing): "),
    (pool, {"max_nodes": 0}, "max_nodes: 0: "),
    (pool, {"min_nodes": 2}, "min_nodes: 2: must be a whole number from 0 to 1; min_nodes is no more than"),
    (pool, {"desired_nodes": 2}, "desired_nodes: 2: must be a whole number from 0 to 1; "),
    (pool, {"root_volume_gib": 20}, "root_volume_gib: 20: "),
    (pool, {"subnet_ids": ["a", "b"]}, "subnet_ids: 2 subnets: EFA does not cross zones"),
    (pool, {"efa_security_group_id": None}, "efa_security_group_id: (missing): EFA needs it"),
    (pool, {"instance_type": "g5.xlarge", "efa": True}, "efa: True: g5.xlarge has no EFA"),
    (pool, {"capacity": Spot()}, "capacity: spot: is only for training that checkpoints"),
    (pool, {"capacity": NewReservation(nodes=1)}, "zone: (missing): a new reservation needs it"),
    (
        pool,
        {"capacity": NewReservation(nodes=1), "zone": "a", "max_nodes": 2},
        "max_nodes: 2: only 1 are reserved",
    ),
    (
        pool,
        {"capacity": ExistingReservation(id="cr-0123456789abcdef0"), "efa": False, "subnet_ids": ["a", "b"]},
        "subnet_ids: 2 subnets: a reservation is in one zone",
    ),
    (pool, {"max_usd_per_hour": 10.0}, "instance_type: p5.48xlarge: costs $55.04 an hour at list price"),
    (
        pool,
        {"instance_type": "p5e.48xlarge", "max_usd_per_hour": 99.0},
        "instance_type: p5e.48xlarge: has no list price",
    ),
    (ExistingReservation, {"id": "reserved"}, "capacity.id: reserved: must be a capacity reservation's id"),
    (
        ExistingReservation,
        {"id": "cr-0123456789abcdef0", "block": True, "placement_group": "g"},
        "capacity.placement_group: g: a capacity block has its own placement; remove it",
    ),
    (NewReservation, {"nodes": 0}, "capacity.nodes: 0: "),
    (
        NewReservation,
        {"nodes": 1, "ends": "2027-01-01T00:00:00"},
        "capacity.ends: 2027-01-01T00:00:00: ",
    ),
    (
        instance_type,
        {"name": "p6-b20.48xlarge"},
        "instance_type: p6-b20.48xlarge: is no GPU",
    ),
]


@pytest.mark.parametrize(("build", "given", "said"), REFUSED)
def test_a_broken_rule_is_named(build: Callable[..., object], given: Mapping[str, Any], said: str) -> None:
    with pytest.raises(InvalidArgs) as caught:
        build(**given)
    assert said in str(caught.value)
    assert caught.value.fix


def test_values_still_to_be_known_are_not_judged() -> None:
    unknown: pulumi.Output[str] = pulumi.Output.from_input("later")
    assert AccessEntry(principal_arn=unknown, policy="view").principal_arn is unknown
    assert ExistingReservation(id=unknown).id is unknown


@given(prefix=st.integers(16, 20), zones=st.integers(2, 3), block=st.integers(0, 15))
def test_subnets_lie_in_the_vpc_and_never_overlap(prefix: int, zones: int, block: int) -> None:
    cidr = next(iter(IPv4Network("10.0.0.0/8").subnets(new_prefix=prefix))).supernet(new_prefix=16)
    cidr = list(cidr.subnets(new_prefix=prefix))[block % 2 ** (prefix - 16)]
    plan = plan_subnets(cidr, zones)
    blocks = [*plan.private, *plan.public]
    assert len(plan.private) == len(plan.public) == zones
    assert all(each.subnet_of(cidr) for each in blocks)
    assert not any(a.overlaps(b) for i, a in enumerate(blocks) for b in blocks[i + 1 :])
    assert all(each.prefixlen <= 28 for each in blocks)


def test_a_network_is_cut_as_documented() -> None:
    plan = plan_subnets(IPv4Network("10.0.0.0/16"), 3)
    assert [str(each) for each in plan.private] == ["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18"]
    assert [str(each) for each in plan.public] == ["10.0.192.0/20", "10.0.208.0/20", "10.0.224.0/20"]


@pytest.mark.parametrize(
    ("name", "cards", "rest"),
    [
        ("p4d.24xlarge", 4, "efa"),
        ("p5.48xlarge", 32, "efa-only"),
        ("p5en.48xlarge", 16, "efa-only"),
        ("p6-b200.48xlarge", 8, "efa-only"),
        ("g6e.48xlarge", 4, "efa"),
        ("g5.8xlarge", 1, "efa"),
    ],
)
def test_one_efa_interface_a_network_card(name: str, cards: int, rest: str) -> None:
    made: list[Any] = efa_interfaces(instance_type(name), ["sg-1"])
    assert [each.network_card_index for each in made] == list(range(cards))
    assert [each.device_index for each in made] == [0] + [1] * (cards - 1)
    assert [each.interface_type for each in made] == ["efa"] + [rest] * (cards - 1)
    assert {each.associate_public_ip_address for each in made} == {"false"}


def test_training_has_efa_where_there_is_any_and_serving_only_where_asked_for() -> None:
    assert pool().uses_efa
    assert not pool(efa=False).uses_efa
    assert not pool(instance_type="g5.xlarge").uses_efa
    assert not pool(purpose="serving").uses_efa
    assert pool(purpose="serving", efa=True).uses_efa


def test_a_pool_starts_with_its_fewest_nodes_or_as_told() -> None:
    assert pool(min_nodes=1, max_nodes=3).start_nodes == 1
    assert pool(min_nodes=1, desired_nodes=2, max_nodes=3).start_nodes == 2


@pytest.mark.parametrize(
    ("capacity", "name"),
    [
        (OnDemand(), "on_demand"),
        (Spot(), "spot"),
        (ExistingReservation(id="cr-0123456789abcdef0"), "reservation"),
        (NewReservation(nodes=1, ends="2030-01-01T00:00:00Z"), "reservation"),
    ],
)
def test_capacity_has_one_of_three_names(capacity: Capacity, name: str) -> None:
    assert capacity_name(capacity) == name


def test_catalogue_rows_are_keyed_by_their_names_and_make_sense() -> None:
    for name, kind in INSTANCE_TYPES.items():
        assert kind.name == name
        assert kind.encrypts_in_transit
        assert kind.multi_card == (kind.efa_interfaces > 1)
        assert not kind.efa_only or kind.multi_card
        assert kind.usd_per_hour is None or kind.usd_per_hour > 0
        assert kind.network_gbps >= 100 * (kind.efa_interfaces if kind.multi_card else 0)


def test_support_ends_the_day_after_its_last() -> None:
    support = VERSIONS["1.34"]
    assert support_ended("1.34", extended=False, today=support.standard) is None
    assert support_ended("1.34", extended=False, today=date(2026, 12, 3)) == support.standard
    assert support_ended("1.34", extended=True, today=date(2026, 12, 3)) is None
    assert support_ended("1.34", extended=True, today=date(2027, 12, 3)) == support.extended
