"""What AWS refuses, the sandbox refuses with the same code: an operation, a bad argument, an error code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.server.world import World

Build = Callable[[World], dict[str, Any]]
NO_KEY = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-0000-0000-000000000000"
NO_ROLE = "arn:aws:iam::123456789012:role/none"


@dataclass(frozen=True)
class Case:
    """One call that must be refused."""

    service: str
    operation: str
    build: Build
    code: str

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}-{self.code}"


def cluster(**bad: object) -> Build:
    def build(world: World) -> dict[str, Any]:
        good = {"name": "bad", "roleArn": world.role, "resourcesVpcConfig": {"subnetIds": world.subnets}}
        return {**good, **bad}

    return build


def nodegroup(**bad: object) -> Build:
    def build(world: World) -> dict[str, Any]:
        good = {
            "clusterName": world.eks,
            "nodegroupName": "bad",
            "subnets": world.subnets,
            "nodeRole": world.role,
        }
        return {**good, **bad}

    return build


def templated(data: Mapping[str, object]) -> Build:
    def build(world: World) -> dict[str, Any]:
        ec2, name = world.client("ec2"), f"bad-{next(iter(data))}"
        template = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)[
            "LaunchTemplate"
        ]
        return nodegroup(launchTemplate={"id": template["LaunchTemplateId"]})(world)

    return build


def lustre(**bad: object) -> Build:
    return lambda world: world.lustre_request(**bad)


def endpoint(**bad: object) -> Build:
    return lambda world: {"VpcId": world.vpc, "ServiceName": "com.amazonaws.us-west-2.s3", **bad}


def repository(world: World) -> dict[str, Any]:
    return {"repositoryName": "bad", "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": NO_KEY}}


def put(**bad: object) -> Build:
    return lambda world: {"Bucket": world.bucket, "Key": "k", "Body": b"x", **bad}


def selection(**bad: object) -> Build:
    def build(world: World) -> dict[str, Any]:
        good = {"SelectionName": "s", "IamRoleArn": world.role, "Resources": ["*"]}
        return {"BackupPlanId": world.plan, "BackupSelection": {**good, **bad}}

    return build


def fixed(**arguments: object) -> Build:
    return lambda world: arguments


EKS, EC2, FSX, EFS, S3 = "InvalidParameterException", "ec2", "fsx", "efs", "s3"

CASES = [
    Case("eks", "create_cluster", cluster(roleArn=NO_ROLE), EKS),
    Case("eks", "create_cluster", cluster(version="1.19"), EKS),
    Case("eks", "create_cluster", cluster(resourcesVpcConfig={"subnetIds": ["subnet-0", "subnet-1"]}), EKS),
    Case(
        "eks",
        "create_cluster",
        lambda w: cluster(resourcesVpcConfig={"subnetIds": w.subnets[:1]})(w),
        EKS,
    ),
    Case(
        "eks",
        "create_cluster",
        lambda w: cluster(resourcesVpcConfig={"subnetIds": w.subnets, "securityGroupIds": ["sg-0"]})(w),
        EKS,
    ),
    Case(
        "eks",
        "create_cluster",
        cluster(encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": NO_KEY}}]),
        EKS,
    ),
    Case(
        "eks",
        "create_cluster",
        lambda w: cluster(encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": w.dying_key}}])(
            w
        ),
        EKS,
    ),
    Case("eks", "create_cluster", lambda w: {**cluster()(w), "name": w.eks}, "ResourceInUseException"),
    Case("eks", "describe_cluster", fixed(name="none"), "ResourceNotFoundException"),
    Case("eks", "update_cluster_version", lambda w: {"name": w.eks, "version": "1.31"}, EKS),
    Case("eks", "update_cluster_config", lambda w: {"name": w.eks}, EKS),
    Case("eks", "create_nodegroup", nodegroup(nodeRole=NO_ROLE), EKS),
    Case("eks", "create_nodegroup", nodegroup(subnets=["subnet-0"]), EKS),
    Case("eks", "create_nodegroup", nodegroup(instanceTypes=["p9.huge"]), EKS),
    Case("eks", "create_nodegroup", nodegroup(launchTemplate={"id": "lt-0"}), EKS),
    Case(
        "eks",
        "create_nodegroup",
        nodegroup(scalingConfig={"minSize": 3, "maxSize": 2, "desiredSize": 3}),
        EKS,
    ),
    *[
        Case("eks", "create_nodegroup", templated(data), "InvalidRequestException")
        for data in (
            {"SecurityGroupIds": ["sg-0"]},
            {"NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-0"]}]},
            {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"KmsKeyId": NO_KEY}}]},
            {"Placement": {"GroupName": "none"}},
            {
                "CapacityReservationSpecification": {
                    "CapacityReservationTarget": {"CapacityReservationId": "cr-0"}
                }
            },
        )
    ],
    Case("eks", "create_nodegroup", nodegroup(clusterName="none"), "ResourceNotFoundException"),
    Case("eks", "create_addon", lambda w: {"clusterName": w.eks, "addonName": "none"}, EKS),
    Case(
        "eks",
        "create_addon",
        lambda w: {"clusterName": w.eks, "addonName": "coredns", "addonVersion": "new"},
        EKS,
    ),
    Case(
        "eks",
        "create_addon",
        lambda w: {"clusterName": w.eks, "addonName": "vpc-cni", "serviceAccountRoleArn": NO_ROLE},
        EKS,
    ),
    Case(
        "eks",
        "describe_addon",
        lambda w: {"clusterName": w.eks, "addonName": "adot"},
        "ResourceNotFoundException",
    ),
    Case("eks", "create_access_entry", lambda w: {"clusterName": w.eks, "principalArn": NO_ROLE}, EKS),
    Case(
        "eks",
        "associate_access_policy",
        lambda w: {
            "clusterName": w.eks,
            "principalArn": NO_ROLE,
            "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
            "accessScope": {"type": "cluster"},
        },
        "ResourceNotFoundException",
    ),
    Case(
        "eks",
        "create_pod_identity_association",
        lambda w: {"clusterName": w.eks, "namespace": "n", "serviceAccount": "s", "roleArn": NO_ROLE},
        EKS,
    ),
    Case(FSX, "create_file_system", lustre(SubnetIds=["subnet-0123456789abcdef0"]), "InvalidNetworkSettings"),
    Case(
        FSX, "create_file_system", lustre(SecurityGroupIds=["sg-0123456789abcdef0"]), "InvalidNetworkSettings"
    ),
    Case(FSX, "create_file_system", lustre(KmsKeyId=NO_KEY), "BadRequest"),
    Case(FSX, "create_file_system", lustre(StorageCapacity=1300), "BadRequest"),
    Case(
        FSX,
        "create_file_system",
        lustre(LustreConfiguration={"DeploymentType": "PERSISTENT_2", "PerUnitStorageThroughput": 50}),
        "InvalidPerUnitStorageThroughput",
    ),
    Case(FSX, "describe_file_systems", fixed(FileSystemIds=["fs-0123456789abcdef0"]), "FileSystemNotFound"),
    Case(
        FSX,
        "create_data_repository_association",
        lambda w: {
            "FileSystemId": w.lustre,
            "FileSystemPath": "/x",
            "DataRepositoryPath": "s3://no-such-bucket",
        },
        "BadRequest",
    ),
    Case(
        FSX,
        "delete_data_repository_association",
        fixed(AssociationId="dra-0123456789abcdef0"),
        "DataRepositoryAssociationNotFound",
    ),
    Case(EFS, "create_file_system", fixed(CreationToken="t", Encrypted=True, KmsKeyId=NO_KEY), "BadRequest"),
    Case(
        EFS,
        "put_backup_policy",
        fixed(FileSystemId="fs-0", BackupPolicy={"Status": "ENABLED"}),
        "FileSystemNotFound",
    ),
    Case(EC2, "create_subnet", fixed(VpcId="vpc-0", CidrBlock="10.0.0.0/24"), "InvalidVpcID.NotFound"),
    Case(
        EC2,
        "create_security_group",
        fixed(VpcId="vpc-0", GroupName="g", Description="d"),
        "InvalidVpcID.NotFound",
    ),
    Case(
        EC2,
        "create_nat_gateway",
        lambda w: {"SubnetId": w.subnets[0], "AllocationId": "eipalloc-0"},
        "InvalidAllocationID.NotFound",
    ),
    Case(
        EC2, "create_vpc_endpoint", endpoint(ServiceName="com.amazonaws.us-west-2.none"), "InvalidServiceName"
    ),
    Case(EC2, "create_vpc_endpoint", endpoint(VpcId="vpc-0"), "InvalidVpcID.NotFound"),
    Case(
        EC2,
        "create_vpc_endpoint",
        endpoint(
            ServiceName="com.amazonaws.us-west-2.sts", VpcEndpointType="Interface", SecurityGroupIds=["sg-0"]
        ),
        "InvalidGroup.NotFound",
    ),
    Case(EC2, "describe_placement_groups", fixed(GroupNames=["none"]), "InvalidPlacementGroup.Unknown"),
    Case(EC2, "delete_placement_group", fixed(GroupName="none"), "InvalidPlacementGroup.Unknown"),
    Case(EC2, "create_placement_group", fixed(GroupName="g", Strategy="near"), "InvalidParameterValue"),
    Case(
        EC2,
        "create_capacity_reservation",
        fixed(
            InstanceType="p9.huge",
            InstancePlatform="Linux/UNIX",
            AvailabilityZone="us-west-2a",
            InstanceCount=1,
        ),
        "InvalidParameterValue",
    ),
    Case(
        EC2,
        "describe_capacity_reservations",
        fixed(CapacityReservationIds=["cr-0"]),
        "InvalidCapacityReservationId.NotFound",
    ),
    Case(EC2, "modify_ebs_default_kms_key_id", fixed(KmsKeyId=NO_KEY), "KMSKeyNotAccessibleFault"),
    Case(
        EC2,
        "create_flow_logs",
        lambda w: {
            "ResourceIds": [w.vpc],
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogGroupName": "g",
            "DeliverLogsPermissionArn": NO_ROLE,
        },
        "InvalidParameter",
    ),
    Case(S3, "put_object", put(ServerSideEncryption="aws:kms", SSEKMSKeyId=NO_KEY), "KMS.NotFoundException"),
    Case(
        S3,
        "put_object",
        lambda w: put(ServerSideEncryption="aws:kms", SSEKMSKeyId=w.dying_key)(w),
        "KMS.KMSInvalidStateException",
    ),
    Case(
        S3,
        "create_multipart_upload",
        lambda w: {"Bucket": w.bucket, "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": NO_KEY},
        "KMS.NotFoundException",
    ),
    Case(S3, "put_bucket_policy", lambda w: {"Bucket": w.bucket, "Policy": "{}"}, "MalformedPolicy"),
    Case("kms", "enable_key_rotation", lambda w: {"KeyId": w.dying_key}, "KMSInvalidStateException"),
    Case(
        "kms",
        "create_alias",
        lambda w: {"AliasName": "alias/aws/x", "TargetKeyId": w.key},
        "NotAuthorizedException",
    ),
    Case("kms", "get_public_key", lambda w: {"KeyId": w.key}, "UnsupportedOperationException"),
    Case("kms", "create_alias", fixed(AliasName="alias/x", TargetKeyId=NO_KEY), "NotFoundException"),
    Case(
        "kms",
        "put_key_policy",
        lambda w: {"KeyId": w.key, "Policy": "no"},
        "MalformedPolicyDocumentException",
    ),
    Case("logs", "create_log_group", fixed(logGroupName="bad", kmsKeyId=NO_KEY), "InvalidParameterException"),
    Case(
        "logs",
        "create_log_group",
        lambda w: {"logGroupName": "bad", "kmsKeyId": w.client("kms").create_key()["KeyMetadata"]["Arn"]},
        "InvalidParameterException",
    ),
    Case(
        "logs",
        "put_retention_policy",
        fixed(logGroupName="none", retentionInDays=7),
        "ResourceNotFoundException",
    ),
    Case("ecr", "create_repository", repository, "KmsException"),
    Case(
        "backup",
        "create_backup_vault",
        fixed(BackupVaultName="bad", EncryptionKeyArn=NO_KEY),
        "InvalidParameterValueException",
    ),
    Case(
        "backup",
        "create_backup_plan",
        fixed(
            BackupPlan={"BackupPlanName": "p", "Rules": [{"RuleName": "r", "TargetBackupVaultName": "none"}]}
        ),
        "InvalidParameterValueException",
    ),
    Case(
        "backup", "create_backup_selection", selection(IamRoleArn=NO_ROLE), "InvalidParameterValueException"
    ),
    Case("backup", "delete_backup_vault", fixed(BackupVaultName="none"), "ResourceNotFoundException"),
    Case(
        "iam",
        "attach_role_policy",
        lambda w: {"RoleName": "world-role", "PolicyArn": "arn:aws:iam::aws:policy/None"} if w.role else {},
        "NoSuchEntity",
    ),
    Case("iam", "get_role", fixed(RoleName="none"), "NoSuchEntity"),
    Case(
        "ec2",
        "run_scheduled_instances",
        fixed(LaunchSpecification={"ImageId": "a"}, ScheduledInstanceId="s"),
        "NotImplemented",
    ),
    Case("dynamodb", "list_tables", fixed(), "UnknownService"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_refused(world: World, case: Case) -> None:
    arguments = case.build(world)
    with pytest.raises(ClientError) as caught:
        getattr(world.client(case.service), case.operation)(**arguments)
    assert caught.value.response["Error"]["Code"] == case.code, caught.value
    assert caught.value.response["Error"]["Message"]
