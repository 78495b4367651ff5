"""A month's cost: what each resource adds, what is left out and said to be."""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datahall.capacity import Estimate, Priced, estimate, prices, to_dict

ROOT = Path(__file__).resolve().parents[2]


def resource(type_: str, name: str = "it", id_: str = "", /, **inputs: Any) -> Priced:  # noqa: ANN401  # any input
    return Priced(type=type_, name=name, id=id_, inputs=inputs)


def template(id_: str = "lt-1", /, **inputs: Any) -> Priced:  # noqa: ANN401  # any input
    return resource("aws:ec2/launchTemplate:LaunchTemplate", "template", id_, **inputs)


def group(nodes: object, *, template_id: str | None = "lt-1", **inputs: Any) -> Priced:  # noqa: ANN401  # any input
    if template_id is not None:
        inputs["launchTemplate"] = {"id": template_id, "version": "1"}
    inputs["scalingConfig"] = {"desiredSize": nodes, "minSize": 0, "maxSize": 100}
    return resource("aws:eks/nodeGroup:NodeGroup", "pool", **inputs)


def reservation(count: int, id_: str = "cr-1") -> Priced:
    return resource(
        "aws:ec2/capacityReservation:CapacityReservation",
        "held",
        id_,
        instanceType="p5.48xlarge",
        instanceCount=count,
    )


def in_reservation(id_: str) -> Priced:
    target = {"capacityReservationTarget": {"capacityReservationId": id_}}
    return template(instanceType="p5.48xlarge", capacityReservationSpecification=target)


def priced(found: Estimate) -> dict[str, Decimal]:
    return {line.what: line.monthly_usd for line in found.lines}


SINGLE: list[tuple[str, Mapping[str, Any], str]] = [
    ("aws:ec2/natGateway:NatGateway", {}, "32.85"),
    ("aws:ec2/eip:Eip", {}, "3.65"),
    ("aws:eks/cluster:Cluster", {}, "73.00"),
    ("aws:kms/key:Key", {}, "1.00"),
    ("aws:ebs/volume:Volume", {"type": "gp3", "size": 100.0}, "8.00"),
    ("aws:ebs/volume:Volume", {"size": 100}, "10.00"),
    ("aws:ebs/volume:Volume", {"type": "gp3", "size": 100, "iops": 4000, "throughput": 225}, "17.00"),
    (
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {"vpcEndpointType": "Interface", "subnetIds": ["a", "b", "c"]},
        "21.90",
    ),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Gateway"}, "0"),
    (
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        {"deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 125, "storageCapacity": 1200},
        "174.00",
    ),
    (
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        {"deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 1000, "storageCapacity": 2400.0},
        "1440.00",
    ),
    ("aws:fsx/lustreFileSystem:LustreFileSystem", {"storageCapacity": 1200}, "168.00"),
    (
        "aws:ec2/capacityReservation:CapacityReservation",
        {"instanceType": "p5.48xlarge", "instanceCount": 2},
        "80358.40",
    ),
    ("aws:iam/role:Role", {}, "0"),
    ("aws:ec2/subnet:Subnet", {}, "0"),
    ("pulumi:providers:aws", {}, "0"),
    ("datahall:components:Network", {}, "0"),
]


@pytest.mark.parametrize(("type_", "inputs", "usd"), SINGLE)
def test_a_resource_costs_its_list_price(type_: str, inputs: Mapping[str, Any], usd: str) -> None:
    found = estimate([resource(type_, **inputs)])
    assert found.monthly_usd == Decimal(usd)
    assert found.unpriced == ()


@pytest.mark.parametrize(
    ("type_", "what"),
    [
        ("aws:s3/bucket:Bucket", "S3 storage"),
        ("aws:efs/fileSystem:FileSystem", "EFS storage"),
        ("aws:cloudwatch/logGroup:LogGroup", "logs"),
        ("aws:ecr/repository:Repository", "images"),
        ("aws:backup/vault:Vault", "backups"),
        ("aws:ec2/natGateway:NatGateway", "traffic"),
    ],
)
def test_what_costs_by_use_is_named_once_with_its_price(type_: str, what: str) -> None:
    found = estimate([resource(type_, "one"), resource(type_, "two")])
    (only,) = found.not_counted
    assert what in only.what
    assert "USD per" in only.price


@pytest.mark.parametrize(
    ("unknown", "reason"),
    [
        (resource("aws:rds/instance:Instance"), "no price here for this type"),
        (resource("kubernetes:core/v1:Pod"), "no price here for this type"),
        (resource("aws:ebs/volume:Volume", type="io2", size=10), "io2"),
        (resource("aws:ebs/volume:Volume", type="gp3"), "size"),
        (resource("aws:ec2/vpcEndpoint:VpcEndpoint", vpcEndpointType="GatewayLoadBalancer"), "Gateway"),
        (
            resource("aws:fsx/lustreFileSystem:LustreFileSystem", storageCapacity=6000, storageType="HDD"),
            "HDD",
        ),
        (group(2, template_id="lt-elsewhere"), "not in this stack"),
        (group("04da6b54-80e4-46f7-96ec-b56ff0331ba9", template_id=None), "desiredSize"),
        (group(2, template_id=None), "t3.medium"),
        (group(1, template_id=None, instanceTypes=["u7i.metal"]), "u7i.metal"),
        (group(1, template_id=None, instanceTypes=["p5e.48xlarge"]), "capacity block"),
    ],
)
def test_what_has_no_price_is_named_with_the_reason(unknown: Priced, reason: str) -> None:
    found = estimate([unknown])
    assert [one.type for one in found.unpriced] == [unknown.type]
    assert reason in found.unpriced[0].reason


def test_nodes_cost_their_type_their_disks_and_their_metrics() -> None:
    disk = {"volumeType": "gp3", "volumeSize": 200, "iops": 3000, "throughput": 250, "encrypted": "true"}
    node = template(
        instanceType="g6.xlarge",
        blockDeviceMappings=[{"deviceName": "/dev/xvda", "ebs": disk}],
        monitoring={"enabled": True},
    )
    assert priced(estimate([node, group(2)])) == {
        "nodes of pool: g6.xlarge": Decimal("1175.01"),
        "node disks, gp3": Decimal("32.00"),
        "node disks, MB/s over 125": Decimal("10.00"),
        "detailed monitoring of nodes": Decimal("4.20"),
    }


def test_a_group_without_a_template_has_the_disk_that_eks_gives_it() -> None:
    found = estimate([group(1, template_id=None, instanceTypes=["m7i.large"])])
    assert priced(found) == {
        "nodes of pool: m7i.large": Decimal("73.58"),
        "node disks, gp3": Decimal("1.60"),
    }


def test_a_group_of_several_types_is_priced_by_the_dearest() -> None:
    found = estimate([group(1, template_id=None, instanceTypes=["g5.xlarge", "g5.48xlarge"])])
    assert "nodes of pool: g5.48xlarge" in priced(found)


def test_at_their_maximum_groups_cost_what_they_may_grow_to() -> None:
    pool = [template(instanceType="g5.xlarge"), group(0)]
    assert estimate(pool).monthly_usd == 0
    assert estimate(pool, at="max").monthly_usd == Decimal("73438.00")


def test_spot_is_counted_at_its_upper_bound_and_says_so() -> None:
    node = template(instanceType="g5.xlarge")
    (line,) = estimate([node, group(3, capacityType="SPOT")]).lines
    assert line.monthly_usd == Decimal("2203.14")
    assert "upper bound" in line.note


def test_a_capacity_block_is_not_counted_and_says_so() -> None:
    found = estimate([template(instanceType="p5e.48xlarge"), group(2, capacityType="CAPACITY_BLOCK")])
    assert found.lines == ()
    assert "paid in advance" in found.not_counted[0].price


def test_nodes_that_fill_the_stacks_own_reservation_are_paid_once() -> None:
    alone = estimate([reservation(2)])
    filled = estimate([reservation(2), in_reservation("cr-1"), group(2)])
    over = estimate([reservation(2), in_reservation("cr-1"), group(3)])
    assert filled.monthly_usd == alone.monthly_usd
    assert over.monthly_usd == alone.monthly_usd / 2 * 3


def test_nodes_in_someone_elses_reservation_are_counted_and_say_so() -> None:
    (line,) = estimate([in_reservation("cr-2"), group(1)]).lines
    assert line.monthly_usd == Decimal("40179.20")
    assert "cr-2" in line.note


def test_outputs_win_over_inputs() -> None:
    grown = Priced(type="aws:ebs/volume:Volume", inputs={"size": 1}, outputs={"size": 10, "type": "gp3"})
    assert estimate([grown]).monthly_usd == Decimal("0.80")


def test_equal_things_are_one_line_and_the_dearest_comes_first() -> None:
    found = estimate(
        [resource("aws:kms/key:Key"), resource("aws:eks/cluster:Cluster"), resource("aws:kms/key:Key")]
    )
    assert [(line.what, int(line.count)) for line in found.lines] == [("EKS cluster", 1), ("KMS key", 2)]


@pytest.mark.parametrize(
    ("kind", "hour"),
    [
        ("m7i.large", "0.1008"),
        ("m7i.xlarge", "0.2016"),
        ("c7a.48xlarge", "9.85344"),
        ("p4d.24xlarge", "21.957642"),
    ],
)
def test_cpu_sizes_cost_in_proportion(kind: str, hour: str) -> None:
    assert prices.instance_hour(kind) == Decimal(hour)


@pytest.mark.parametrize("kind", ["", "m7i", "m7i.metal", "m7i.xxlarge", "m7i.-2xlarge", "z9.large", "p5e.1"])
def test_an_instance_type_that_is_not_listed_has_no_price(kind: str) -> None:
    assert prices.instance_hour(kind) is None


counts = st.integers(min_value=0, max_value=64)
kinds = st.sampled_from(sorted(prices.GPU_HOUR))
rows = st.lists(
    st.one_of(
        st.sampled_from([resource(type_, **inputs) for type_, inputs, _ in SINGLE]),
        st.builds(lambda n, kind: group(n, template_id=None, instanceTypes=[kind]), counts, kinds),
    ),
    max_size=12,
)


@given(rows)
def test_the_total_is_the_sum_of_the_lines(stack: list[Priced]) -> None:
    found = to_dict(estimate(stack))
    assert sum(Decimal(str(line["monthly_usd"])) for line in found["lines"]) == Decimal(
        str(found["monthly_usd"])
    )
    assert found["source"] == "AWS list price"


@given(counts, counts, kinds, st.integers(min_value=0, max_value=8))
def test_more_nodes_never_cost_less(some: int, more: int, kind: str, held: int) -> None:
    target = {"capacityReservationTarget": {"capacityReservationId": "cr-1"}}
    node = template(
        instanceType=kind,
        blockDeviceMappings=[{"ebs": {"volumeType": "gp3", "volumeSize": 200}}],
        capacityReservationSpecification=target,
    )
    few = estimate([reservation(held), node, group(min(some, more))])
    many = estimate([reservation(held), node, group(max(some, more))])
    assert many.monthly_usd >= few.monthly_usd


@given(rows, rows)
def test_what_a_resource_costs_does_not_depend_on_the_others(one: list[Priced], other: list[Priced]) -> None:
    together = estimate([*one, *other]).monthly_usd
    apart = estimate(one).monthly_usd + estimate(other).monthly_usd
    assert abs(together - apart) <= Decimal("0.01") * (len(one) + len(other))  # cents are rounded a line


def test_every_resource_type_of_the_components_is_priced_free_or_by_use() -> None:
    sources = [path.read_text() for name in ("components", "stacks") for path in (ROOT / name).rglob("*.py")]
    made = {found for text in sources for found in re.findall(r"\baws\.(\w+)\.([A-Z]\w+)\(", text)}
    tokens = sorted(
        f"aws:{module}/{name[0].lower()}{name[1:]}:{name}"
        for module, name in made
        if not name.endswith("Args")
    )
    assert len(tokens) > 30, "the components have moved: look for them where they are"
    unpriced = estimate([resource(token) for token in tokens]).unpriced
    assert [one.type for one in unpriced if "for this type" in one.reason] == []


def test_gpu_prices_are_those_of_the_components_catalogue() -> None:
    from components.instance_types import INSTANCE_TYPES

    for name, kind in INSTANCE_TYPES.items():
        listed = prices.instance_hour(name)
        assert (float(listed) if listed is not None else None) == kind.usd_per_hour, name
