"""GPU pools, read back from AWS."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.client import BaseClient

from components import INSTANCE_TYPES

Client = Callable[[str], BaseClient]
POOLS = ("training", "serving", "reserved", "alone")


@dataclass(frozen=True)
class Pool:
    output: dict[str, Any]
    group: dict[str, Any]
    template: dict[str, Any]


@pytest.fixture(scope="module")
def pools(client: Client, outputs: dict[str, Any]) -> dict[str, Pool]:
    eks, ec2 = client("eks"), client("ec2")
    found = {}
    for name, output in outputs["node_pools"].items():
        group = eks.describe_nodegroup(
            clusterName=outputs["cluster_name"], nodegroupName=output["node_group_name"]
        )["nodegroup"]
        versions = ec2.describe_launch_template_versions(LaunchTemplateId=output["launch_template_id"])
        template = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
        found[name] = Pool(output=output, group=group, template=template)
    return found


def test_outputs_tell_what_workloads_need(pools: dict[str, Pool]) -> None:
    assert set(pools) == set(POOLS)
    output = {
        key: value for key, value in pools["training"].output.items() if not key.endswith(("_name", "_id"))
    }
    assert output == {
        "name": "training",
        "instance_type": "g6e.48xlarge",
        "capacity": "spot",
        "min_nodes": 0,
        "max_nodes": 2,
        "gpus_per_node": 8,
        "efa_interfaces": 4,
        "labels": pools["training"].group["labels"],
        "taints": [
            {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"},
            {"key": "datahall/spot", "value": "true", "effect": "NoSchedule"},
        ],
    }


@pytest.mark.parametrize("name", POOLS)
def test_no_node_gives_away_its_credentials(pools: dict[str, Pool], name: str) -> None:
    metadata = pools[name].template["MetadataOptions"]
    assert metadata["HttpTokens"] == "required"
    assert metadata["HttpPutResponseHopLimit"] == 1
    assert "KeyName" not in pools[name].template
    assert not pools[name].group.get("remoteAccess")


@pytest.mark.parametrize("name", POOLS)
def test_every_root_volume_is_encrypted_with_the_data_key(
    pools: dict[str, Pool], outputs: dict[str, Any], name: str
) -> None:
    (disk,) = pools[name].template["BlockDeviceMappings"]
    assert disk["DeviceName"] == "/dev/xvda"
    assert disk["Ebs"]["Encrypted"]
    assert disk["Ebs"]["VolumeType"] == "gp3"
    assert disk["Ebs"]["KmsKeyId"] == outputs["data_key_arn"]


@pytest.mark.parametrize("name", POOLS)
def test_no_node_has_a_public_address(pools: dict[str, Pool], outputs: dict[str, Any], name: str) -> None:
    interfaces = pools[name].template["NetworkInterfaces"]
    assert {each["AssociatePublicIpAddress"] for each in interfaces} == {False}
    assert set(pools[name].group["subnets"]) <= set(outputs["private_subnet_ids"])


@pytest.mark.parametrize("name", ["training", "reserved", "alone"])
def test_training_nodes_have_every_efa_interface_in_one_zone(
    pools: dict[str, Pool], outputs: dict[str, Any], name: str
) -> None:
    pool = pools[name]
    kind = INSTANCE_TYPES[pool.output["instance_type"]]
    interfaces = pool.template["NetworkInterfaces"]
    assert [each["NetworkCardIndex"] for each in interfaces] == list(range(kind.efa_interfaces))
    assert {each["InterfaceType"] for each in interfaces} <= {"efa", "efa-only"}
    for each in interfaces:
        assert outputs["efa_security_group_id"] in each["Groups"]
    assert len(pool.group["subnets"]) == 1


def test_serving_nodes_stand_in_every_zone(pools: dict[str, Pool], outputs: dict[str, Any]) -> None:
    pool = pools["serving"]
    assert set(pool.group["subnets"]) == set(outputs["private_subnet_ids"])
    (interface,) = pool.template["NetworkInterfaces"]
    assert interface.get("InterfaceType") in (None, "interface")
    assert outputs["efa_security_group_id"] not in interface["Groups"]
    assert "Placement" not in pool.template


def test_pods_must_ask_for_gpus_and_for_spot(pools: dict[str, Pool]) -> None:
    for name, pool in pools.items():
        taints = {each["key"]: each["effect"] for each in pool.group["taints"]}
        assert taints.pop("nvidia.com/gpu") == "NO_SCHEDULE"
        assert taints == ({"datahall/spot": "NO_SCHEDULE"} if name == "training" else {})
        assert pool.group["labels"]["datahall/pool"] == f"datahall-local-{name}"


def test_capacity_is_bought_as_told(pools: dict[str, Pool]) -> None:
    bought = {name: pool.group["capacityType"] for name, pool in pools.items()}
    assert bought == {
        "training": "SPOT",
        "serving": "ON_DEMAND",
        "reserved": "ON_DEMAND",
        "alone": "ON_DEMAND",
    }


def test_a_placement_group_and_a_reservation_agree(client: Client, pools: dict[str, Pool]) -> None:
    ec2 = client("ec2")
    assert "Placement" not in pools["alone"].template
    name = pools["training"].template["Placement"]["GroupName"]
    (group,) = ec2.describe_placement_groups(GroupNames=[name])["PlacementGroups"]
    assert group["Strategy"] == "cluster"

    reserved = pools["reserved"].template
    target = reserved["CapacityReservationSpecification"]["CapacityReservationTarget"]
    (reservation,) = ec2.describe_capacity_reservations(
        CapacityReservationIds=[target["CapacityReservationId"]]
    )["CapacityReservations"]
    (own,) = ec2.describe_placement_groups(GroupNames=[reserved["Placement"]["GroupName"]])["PlacementGroups"]
    assert reservation["PlacementGroupArn"] == own["GroupArn"]
    assert reservation["InstanceType"] == "p5.48xlarge"
    assert reservation["TotalInstanceCount"] == 2
    assert reservation["InstanceMatchCriteria"] == "targeted"
    assert reservation["AvailabilityZone"] == "us-west-2b"


@pytest.mark.parametrize("name", POOLS)
def test_nodes_and_their_disks_tell_owner_cost_and_time_to_live(pools: dict[str, Pool], name: str) -> None:
    told = {
        each["ResourceType"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]}
        for each in pools[name].template["TagSpecifications"]
    }
    assert {"instance", "volume", "network-interface"} <= set(told)
    for tags in told.values():
        assert tags["owner"] == "newcomer"
        assert {"cost-centre", "ttl", "environment", "Name"} <= set(tags)


def test_the_catalogue_says_what_ec2_says(client: Client) -> None:
    listed = client("ec2").describe_instance_types(InstanceTypes=sorted(INSTANCE_TYPES))["InstanceTypes"]
    told = {each["InstanceType"]: each for each in listed}
    assert set(told) == set(INSTANCE_TYPES)
    for name, kind in INSTANCE_TYPES.items():
        each = told[name]
        (gpus,) = each["GpuInfo"]["Gpus"]
        network = each["NetworkInfo"]
        assert (gpus["Count"], gpus["Name"]) == (kind.gpus, kind.gpu), name
        assert gpus["MemoryInfo"]["SizeInMiB"] // 1024 == kind.gpu_memory_gib, name
        assert each["VCpuInfo"]["DefaultVCpus"] == kind.vcpus, name
        assert each["MemoryInfo"]["SizeInMiB"] == kind.memory_gib * 1024, name
        assert network.get("EfaInfo", {}).get("MaximumEfaInterfaces", 0) == kind.efa_interfaces, name
        assert network["EncryptionInTransitSupported"] == kind.encrypts_in_transit, name
