"""Cluster, read back from AWS."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient

from components import VERSIONS
from components.cluster import ADDONS
from tests.components.documents import statements

Client = Callable[[str], BaseClient]


@pytest.fixture(scope="module")
def eks(client: Client) -> BaseClient:
    return client("eks")


@pytest.fixture(scope="module")
def cluster(eks: BaseClient, outputs: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = eks.describe_cluster(name=outputs["cluster_name"])["cluster"]
    return found


def trust(client: Client, role: str) -> list[dict[str, Any]]:
    return statements(client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])


def test_the_api_is_reached_from_the_vpc_only(cluster: dict[str, Any], outputs: dict[str, Any]) -> None:
    network = cluster["resourcesVpcConfig"]
    assert network["endpointPrivateAccess"]
    assert not network["endpointPublicAccess"]
    assert set(network["subnetIds"]) == set(outputs["private_subnet_ids"])
    assert cluster["endpoint"] == outputs["cluster_endpoint"]


def test_secrets_are_encrypted_with_the_cluster_key(cluster: dict[str, Any], outputs: dict[str, Any]) -> None:
    (encryption,) = cluster["encryptionConfig"]
    assert encryption == {"resources": ["secrets"], "provider": {"keyArn": outputs["cluster_key_arn"]}}


def test_all_control_plane_logs_are_kept_encrypted(
    client: Client, cluster: dict[str, Any], outputs: dict[str, Any]
) -> None:
    enabled = {
        kind for each in cluster["logging"]["clusterLogging"] if each["enabled"] for kind in each["types"]
    }
    assert enabled == {"api", "audit", "authenticator", "controllerManager", "scheduler"}
    name = f"/aws/eks/{cluster['name']}/cluster"
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["kmsKeyId"] == outputs["logs_key_arn"]
    assert group["retentionInDays"] >= 365


def test_the_version_is_a_supported_one_and_upgrades_in_time(cluster: dict[str, Any]) -> None:
    assert cluster["version"] in VERSIONS
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    assert not cluster["deletionProtection"]


def test_people_come_in_by_access_entries_and_their_creator_does_not(
    client: Client, eks: BaseClient, cluster: dict[str, Any]
) -> None:
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert not cluster["accessConfig"].get("bootstrapClusterCreatorAdminPermissions")
    entries = eks.list_access_entries(clusterName=cluster["name"])["accessEntries"]
    (operator,) = [each for each in entries if "operator" in each]
    policies = eks.list_associated_access_policies(clusterName=cluster["name"], principalArn=operator)
    (policy,) = policies["associatedAccessPolicies"]
    assert policy["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")
    assert policy["accessScope"]["type"] == "cluster"
    (statement,) = trust(client, operator.rpartition("/")[2])
    assert statement["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def test_pods_have_identities_of_their_own(client: Client, eks: BaseClient, cluster: dict[str, Any]) -> None:
    listed = eks.list_pod_identity_associations(clusterName=cluster["name"])["associations"]
    accounts = {each["serviceAccount"] for each in listed if each["namespace"] == "kube-system"}
    assert accounts == {account for addon in ADDONS.values() for account in addon.service_accounts}
    assert [each["serviceAccount"] for each in listed if each["namespace"] != "kube-system"] == ["training"]
    for each in listed:
        association = eks.describe_pod_identity_association(
            clusterName=cluster["name"], associationId=each["associationId"]
        )["association"]
        (statement,) = trust(client, association["roleArn"].rpartition("/")[2])
        assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
        assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": cluster["arn"]}


def test_the_cluster_issues_tokens_that_iam_trusts(
    client: Client, cluster: dict[str, Any], outputs: dict[str, Any]
) -> None:
    issuer = cluster["identity"]["oidc"]["issuer"]
    assert issuer == outputs["cluster_oidc_issuer"]
    iam = client("iam")
    arns = [each["Arn"] for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    (arn,) = [each for each in arns if each.endswith(issuer.removeprefix("https://"))]
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert provider["ClientIDList"] == ["sts.amazonaws.com"]


def test_every_add_on_is_active(eks: BaseClient, cluster: dict[str, Any]) -> None:
    assert set(eks.list_addons(clusterName=cluster["name"])["addons"]) == set(ADDONS)
    for name in ADDONS:
        assert eks.describe_addon(clusterName=cluster["name"], addonName=name)["addon"]["status"] == "ACTIVE"


def test_system_nodes_are_as_closed_as_gpu_nodes(
    client: Client, eks: BaseClient, cluster: dict[str, Any], outputs: dict[str, Any]
) -> None:
    groups = eks.list_nodegroups(clusterName=cluster["name"])["nodegroups"]
    (system,) = [each for each in groups if "-system" in each]
    group = eks.describe_nodegroup(clusterName=cluster["name"], nodegroupName=system)["nodegroup"]
    assert group["scalingConfig"] == {"minSize": 2, "desiredSize": 2, "maxSize": 4}
    assert set(group["subnets"]) == set(outputs["private_subnet_ids"])
    assert not group.get("taints")
    template_id = group["launchTemplate"]["id"]
    found = client("ec2").describe_launch_template_versions(LaunchTemplateId=template_id)
    data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["BlockDeviceMappings"][0]["Ebs"]["KmsKeyId"] == outputs["data_key_arn"]
