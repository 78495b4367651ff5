"""EKS: what is sent is read back, and what AWS fills in is there."""

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.server.world import REGION, TRUST, World


def test_cluster_has_all_that_was_sent_and_what_aws_adds(world: World) -> None:
    sent = {
        "version": "1.33",
        "logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
        "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": world.key}}],
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.100.0.0/16"},
        "upgradePolicy": {"supportType": "STANDARD"},
        "accessConfig": {"authenticationMode": "API"},
        "resourcesVpcConfig": {"endpointPrivateAccess": True, "endpointPublicAccess": False},
        "tags": {"a": "b"},
    }
    world.cluster("full", **sent)
    cluster = world.client("eks").describe_cluster(name="full")["cluster"]
    assert cluster["status"] == "ACTIVE"
    assert (cluster["version"], cluster["tags"]) == ("1.33", {"a": "b"})
    assert cluster["encryptionConfig"] == sent["encryptionConfig"]
    assert cluster["logging"]["clusterLogging"][0] == {"types": ["api", "audit"], "enabled": True}
    assert cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "10.100.0.0/16"
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["endpoint"].startswith("https://")
    assert cluster["identity"]["oidc"]["issuer"].startswith(f"https://oidc.eks.{REGION}.amazonaws.com/id/")
    assert cluster["certificateAuthority"]["data"]
    assert cluster["platformVersion"].startswith("eks.")
    network = cluster["resourcesVpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    assert (network["vpcId"], network["subnetIds"]) == (world.vpc, world.subnets)
    group = network["clusterSecurityGroupId"]
    found = world.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert found["VpcId"] == world.vpc
    world.client("eks").delete_cluster(name="full")
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        world.client("ec2").describe_security_groups(GroupIds=[group])


def test_cluster_updates_merge_and_are_recorded(world: World) -> None:
    eks = world.client("eks")
    world.cluster("changing", version="1.32")
    update = eks.update_cluster_config(name="changing", resourcesVpcConfig={"endpointPrivateAccess": True})[
        "update"
    ]
    assert eks.describe_update(name="changing", updateId=update["id"])["update"]["status"] == "Successful"
    eks.update_cluster_version(name="changing", version="1.33")
    eks.update_cluster_config(
        name="changing", logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]}
    )
    eks.associate_encryption_config(
        clusterName="changing",
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": world.key}}],
    )
    cluster = eks.describe_cluster(name="changing")["cluster"]
    assert cluster["version"] == "1.33"
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"]
    assert cluster["resourcesVpcConfig"]["subnetIds"] == world.subnets
    assert cluster["logging"]["clusterLogging"][0]["types"] == ["audit"]
    assert cluster["encryptionConfig"][0]["provider"]["keyArn"] == world.key
    assert len(eks.list_updates(name="changing")["updateIds"]) == 4
    with pytest.raises(ClientError, match="already at the desired configuration"):
        eks.update_cluster_config(name="changing", resourcesVpcConfig={"endpointPrivateAccess": True})


def test_node_group_reads_back(world: World) -> None:
    eks, ec2 = world.client("eks"), world.client("ec2")
    data = {
        "InstanceType": "p5.48xlarge",
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
    }
    template = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)[
        "LaunchTemplate"
    ]
    eks.create_nodegroup(
        clusterName=world.eks,
        nodegroupName="gpu",
        subnets=world.subnets,
        nodeRole=world.role,
        launchTemplate={"id": template["LaunchTemplateId"], "version": "1"},
        scalingConfig={"minSize": 0, "maxSize": 4, "desiredSize": 2},
        taints=[{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
        labels={"pool": "gpu"},
        capacityType="CAPACITY_BLOCK",
        amiType="AL2023_x86_64_NVIDIA",
        updateConfig={"maxUnavailablePercentage": 33},
        nodeRepairConfig={"enabled": True},
        tags={"a": "b"},
    )
    group = eks.describe_nodegroup(clusterName=world.eks, nodegroupName="gpu")["nodegroup"]
    assert group["status"] == "ACTIVE"
    assert group["launchTemplate"] == {"id": template["LaunchTemplateId"], "name": "nodes", "version": "1"}
    assert group["scalingConfig"] == {"minSize": 0, "maxSize": 4, "desiredSize": 2}
    assert group["taints"][0]["effect"] == "NO_SCHEDULE"
    assert (group["capacityType"], group["amiType"]) == ("CAPACITY_BLOCK", "AL2023_x86_64_NVIDIA")
    assert group["updateConfig"] == {"maxUnavailablePercentage": 33}
    assert group["nodeRepairConfig"] == {"enabled": True}
    assert "diskSize" not in group
    assert "remoteAccess" not in group
    assert "instanceTypes" not in group
    eks.update_nodegroup_config(
        clusterName=world.eks,
        nodegroupName="gpu",
        scalingConfig={"desiredSize": 4},
        labels={"addOrUpdateLabels": {"x": "y"}, "removeLabels": ["pool"]},
    )
    eks.tag_resource(resourceArn=group["nodegroupArn"], tags={"c": "d"})
    group = eks.describe_nodegroup(clusterName=world.eks, nodegroupName="gpu")["nodegroup"]
    assert group["scalingConfig"]["desiredSize"] == 4
    assert (group["labels"], group["tags"]) == ({"x": "y"}, {"a": "b", "c": "d"})
    entries = eks.list_access_entries(clusterName=world.eks)["accessEntries"]
    assert world.role in entries  # as AWS lets the nodes of a managed group in
    with pytest.raises(ClientError, match="ResourceInUseException"):
        eks.delete_cluster(name=world.eks)
    eks.delete_nodegroup(clusterName=world.eks, nodegroupName="gpu")
    ec2.delete_launch_template(LaunchTemplateName="nodes")


def test_addon_reads_back(world: World) -> None:
    eks = world.client("eks")
    eks.create_addon(
        clusterName=world.eks,
        addonName="aws-efs-csi-driver",
        configurationValues='{"a": 1}',
        resolveConflicts="OVERWRITE",
        podIdentityAssociations=[{"serviceAccount": "efs", "roleArn": world.role}],
        tags={"a": "b"},
    )
    addon = eks.describe_addon(clusterName=world.eks, addonName="aws-efs-csi-driver")["addon"]
    assert addon["status"] == "ACTIVE"
    assert addon["configurationValues"] == '{"a": 1}'
    assert addon["addonVersion"].startswith("v")
    assert len(addon["podIdentityAssociations"]) == 1
    assert eks.list_addons(clusterName=world.eks)["addons"] == ["aws-efs-csi-driver"]
    eks.update_addon(clusterName=world.eks, addonName="aws-efs-csi-driver", configurationValues="{}")
    assert (
        eks.describe_addon(clusterName=world.eks, addonName="aws-efs-csi-driver")["addon"][
            "configurationValues"
        ]
        == "{}"
    )
    eks.delete_addon(clusterName=world.eks, addonName="aws-efs-csi-driver")
    assert not eks.list_addons(clusterName=world.eks)["addons"]
    assert not eks.list_pod_identity_associations(clusterName=world.eks)["associations"]


def test_access_entry_and_its_policy_read_back(world: World) -> None:
    eks = world.client("eks")
    role = world.client("iam").create_role(RoleName="people", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    eks.create_access_entry(
        clusterName=world.eks, principalArn=role, kubernetesGroups=["ops"], tags={"a": "b"}
    )
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    scope = {"type": "namespace", "namespaces": ["one"]}
    eks.associate_access_policy(clusterName=world.eks, principalArn=role, policyArn=policy, accessScope=scope)
    entry = eks.describe_access_entry(clusterName=world.eks, principalArn=role)["accessEntry"]
    assert (entry["type"], entry["kubernetesGroups"], entry["tags"]) == ("STANDARD", ["ops"], {"a": "b"})
    found = eks.list_associated_access_policies(clusterName=world.eks, principalArn=role)[
        "associatedAccessPolicies"
    ]
    assert [(one["policyArn"], one["accessScope"]) for one in found] == [(policy, scope)]
    with pytest.raises(ClientError, match="ResourceInUseException"):
        eks.create_access_entry(clusterName=world.eks, principalArn=role)
    eks.disassociate_access_policy(clusterName=world.eks, principalArn=role, policyArn=policy)
    assert not eks.list_associated_access_policies(clusterName=world.eks, principalArn=role)[
        "associatedAccessPolicies"
    ]
    eks.delete_access_entry(clusterName=world.eks, principalArn=role)


def test_access_entries_need_the_api_mode(world: World) -> None:
    world.cluster("by-map")
    with pytest.raises(ClientError, match="authentication mode must be set"):
        world.client("eks").create_access_entry(clusterName="by-map", principalArn=world.role)


def test_pod_identity_reads_back(world: World) -> None:
    eks = world.client("eks")
    made = eks.create_pod_identity_association(
        clusterName=world.eks, namespace="train", serviceAccount="job", roleArn=world.role, tags={"a": "b"}
    )["association"]
    found = eks.describe_pod_identity_association(clusterName=world.eks, associationId=made["associationId"])
    assert found["association"]["roleArn"] == world.role
    assert found["association"]["associationId"].startswith("a-")
    with pytest.raises(ClientError, match="ResourceInUseException"):
        eks.create_pod_identity_association(
            clusterName=world.eks, namespace="train", serviceAccount="job", roleArn=world.role
        )
    eks.delete_pod_identity_association(clusterName=world.eks, associationId=made["associationId"])
    assert not eks.list_pod_identity_associations(clusterName=world.eks, namespace="train")["associations"]
