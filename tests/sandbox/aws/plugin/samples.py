"""One working resource of each supported type, with every input that the sandbox obeys where they agree.

In the order in which they can be made; `made` gives the ids and outputs of those before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.aws.plugin.client import Live

Inputs = dict[str, Any]


World = Mapping[str, Live]


@dataclass(frozen=True)
class Sample:
    """A resource: its type, its name, its inputs; `change` is another value for some of them, in place."""

    kind: str
    name: str
    inputs: Callable[[World], Inputs]
    change: Inputs = field(default_factory=dict)


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _trust(service: str) -> str:
    return _document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


READ = _document({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"})
READ_MORE = _document({"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"})
ACCOUNT = "123456789012"
TAGS = {"Name": "sample", "Team": "platform"}
OTHER_TAGS = {"Name": "renamed", "Purpose": "test"}


def _deny_plain(resource: str) -> str:
    return _document(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [resource, f"{resource}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def _key_policy(sid: str) -> str:
    root = f"arn:aws:iam::{ACCOUNT}:root"
    return _document(
        {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    )


def _log_key_policy() -> str:
    root = f"arn:aws:iam::{ACCOUNT}:root"
    return _document(
        {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"Service": "logs.us-west-2.amazonaws.com"},
            "Action": [
                "kms:Encrypt*",
                "kms:Decrypt*",
                "kms:ReEncrypt*",
                "kms:GenerateDataKey*",
                "kms:Describe*",
            ],
            "Resource": "*",
        },
    )


NETWORK = (
    Sample(
        "aws:ec2/vpc:Vpc",
        "vpc",
        lambda made: {
            "cidrBlock": "10.20.0.0/16",
            "enableDnsHostnames": True,
            "enableDnsSupport": True,
            "instanceTenancy": "default",
            "tags": TAGS,
        },
        {"enableDnsHostnames": False, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/internetGateway:InternetGateway",
        "gateway",
        lambda made: {"vpcId": made["vpc"].id, "tags": TAGS},
    ),
    Sample(
        "aws:ec2/subnet:Subnet",
        "subnet-a",
        lambda made: {
            "vpcId": made["vpc"].id,
            "cidrBlock": "10.20.0.0/24",
            "availabilityZone": "us-west-2a",
            "mapPublicIpOnLaunch": False,
            "tags": TAGS,
        },
        {"mapPublicIpOnLaunch": True, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/subnet:Subnet",
        "subnet-b",
        lambda made: {"vpcId": made["vpc"].id, "cidrBlock": "10.20.1.0/24", "availabilityZone": "us-west-2b"},
    ),
    Sample("aws:ec2/eip:Eip", "address", lambda made: {"domain": "vpc", "tags": TAGS}, {"tags": OTHER_TAGS}),
    Sample(
        "aws:ec2/natGateway:NatGateway",
        "nat",
        lambda made: {"allocationId": made["address"].id, "subnetId": made["subnet-a"].id, "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/routeTable:RouteTable",
        "routes",
        lambda made: {"vpcId": made["vpc"].id, "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/routeTable:RouteTable",
        "inline-routes",
        lambda made: {
            "vpcId": made["vpc"].id,
            "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": made["gateway"].id}],
        },
        {"routes": []},
    ),
    Sample(
        "aws:ec2/route:Route",
        "route",
        lambda made: {
            "routeTableId": made["routes"].id,
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": made["nat"].id,
        },
    ),
    Sample(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "association",
        lambda made: {"routeTableId": made["routes"].id, "subnetId": made["subnet-b"].id},
    ),
    Sample(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "default-group",
        lambda made: {"vpcId": made["vpc"].id, "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/securityGroup:SecurityGroup",
        "group",
        lambda made: {
            "vpcId": made["vpc"].id,
            "description": "a group",
            "revokeRulesOnDelete": True,
            "tags": TAGS,
        },
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/securityGroup:SecurityGroup",
        "inline-group",
        lambda made: {
            "vpcId": made["vpc"].id,
            "ingress": [
                {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8"]},
                {"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True},
            ],
            "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
        },
        {"ingress": [{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["10.0.0.0/8"]}]},
    ),
    Sample(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "ingress",
        lambda made: {
            "securityGroupId": made["group"].id,
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrIpv4": "10.20.0.0/16",
            "description": "https",
            "tags": TAGS,
        },
        {"toPort": 444, "description": "https and more"},
    ),
    Sample(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "egress",
        lambda made: {
            "securityGroupId": made["group"].id,
            "ipProtocol": "-1",
            "referencedSecurityGroupId": made["group"].id,
            "tags": TAGS,
        },
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "s3-endpoint",
        lambda made: {
            "vpcId": made["vpc"].id,
            "serviceName": "com.amazonaws.us-west-2.s3",
            "routeTableIds": [made["routes"].id],
            "policy": _document({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}),
            "tags": TAGS,
        },
        {"routeTableIds": []},
    ),
    Sample(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "ecr-endpoint",
        lambda made: {
            "vpcId": made["vpc"].id,
            "vpcEndpointType": "Interface",
            "serviceName": "com.amazonaws.us-west-2.ecr.api",
            "subnetIds": [made["subnet-a"].id, made["subnet-b"].id],
            "securityGroupIds": [made["group"].id],
            "privateDnsEnabled": True,
        },
        {"privateDnsEnabled": False},
    ),
)

SECURITY = (
    Sample(
        "aws:kms/key:Key",
        "key",
        lambda made: {
            "description": "data",
            "enableKeyRotation": True,
            "rotationPeriodInDays": 180,
            "deletionWindowInDays": 7,
            "policy": _key_policy("Root"),
            "tags": TAGS,
        },
        {
            "description": "more data",
            "enableKeyRotation": True,
            "policy": _key_policy("Owner"),
            "tags": OTHER_TAGS,
        },
    ),
    Sample(
        "aws:kms/key:Key",
        "log-key",
        lambda made: {"policy": _log_key_policy(), "deletionWindowInDays": 7},
    ),
    Sample(
        "aws:kms/alias:Alias",
        "alias",
        lambda made: {"name": "alias/sample", "targetKeyId": made["key"].outputs["keyId"]},
    ),
    Sample(
        "aws:iam/role:Role",
        "role",
        lambda made: {
            "assumeRolePolicy": _trust("eks.amazonaws.com"),
            "description": "cluster",
            "maxSessionDuration": 7200,
            "path": "/samples/",
            "forceDetachPolicies": True,
            "tags": TAGS,
        },
        {"description": "control plane", "assumeRolePolicy": _trust("ec2.amazonaws.com"), "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:iam/role:Role",
        "node-role",
        lambda made: {
            "assumeRolePolicy": _trust("ec2.amazonaws.com"),
            "inlinePolicies": [{"name": "read", "policy": READ}],
            "managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"],
        },
        {"managedPolicyArns": [], "inlinePolicies": []},
    ),
    Sample(
        "aws:iam/role:Role",
        "flow-role",
        lambda made: {"assumeRolePolicy": _trust("vpc-flow-logs.amazonaws.com")},
    ),
    Sample(
        "aws:iam/role:Role",
        "pod-role",
        lambda made: {
            "assumeRolePolicy": _document(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "pods.eks.amazonaws.com"},
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                }
            )
        },
    ),
    Sample(
        "aws:iam/role:Role", "backup-role", lambda made: {"assumeRolePolicy": _trust("backup.amazonaws.com")}
    ),
    Sample(
        "aws:iam/rolePolicy:RolePolicy",
        "role-policy",
        lambda made: {"role": made["role"].id, "policy": READ},
        {"policy": READ_MORE},
    ),
    Sample(
        "aws:iam/policy:Policy",
        "policy",
        lambda made: {"policy": READ, "description": "reads", "path": "/samples/", "tags": TAGS},
        {"policy": READ_MORE, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "attachment",
        lambda made: {"role": made["role"].id, "policyArn": made["policy"].outputs["arn"]},
    ),
    Sample(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "identity-provider",
        lambda made: {
            "url": "https://oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF",
            "clientIdLists": ["sts.amazonaws.com"],
            "thumbprintLists": ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
            "tags": TAGS,
        },
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:iam/instanceProfile:InstanceProfile",
        "profile",
        lambda made: {"role": made["node-role"].id, "path": "/samples/", "tags": TAGS},
        {"role": "", "tags": OTHER_TAGS},
    ),
)

STORAGE = (
    Sample(
        "aws:s3/bucket:Bucket",
        "bucket",
        lambda made: {"forceDestroy": True, "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "ownership",
        lambda made: {"bucket": made["bucket"].id, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        {"rule": {"objectOwnership": "BucketOwnerPreferred"}},
    ),
    Sample(
        "aws:s3/bucketVersioning:BucketVersioning",
        "versioning",
        lambda made: {"bucket": made["bucket"].id, "versioningConfiguration": {"status": "Enabled"}},
        {"versioningConfiguration": {"status": "Suspended"}},
    ),
    Sample(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "encryption",
        lambda made: {
            "bucket": made["bucket"].id,
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": made["key"].outputs["arn"],
                    },
                    "bucketKeyEnabled": True,
                }
            ],
        },
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
    ),
    Sample(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "access-block",
        lambda made: {
            "bucket": made["bucket"].id,
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        {"restrictPublicBuckets": False},
    ),
    Sample(
        "aws:s3/bucketPolicy:BucketPolicy",
        "bucket-policy",
        lambda made: {"bucket": made["bucket"].id, "policy": _deny_plain(made["bucket"].outputs["arn"])},
    ),
    Sample(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "lifecycle",
        lambda made: {
            "bucket": made["bucket"].id,
            "rules": [
                {
                    "id": "tier",
                    "status": "Enabled",
                    "filter": {"prefix": "raw/"},
                    "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                    "noncurrentVersionExpiration": {"noncurrentDays": 90},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        },
        {"rules": [{"id": "drop", "status": "Enabled", "filter": {}, "expiration": {"days": 365}}]},
    ),
    Sample(
        "aws:efs/fileSystem:FileSystem",
        "files",
        lambda made: {
            "encrypted": True,
            "kmsKeyId": made["key"].outputs["arn"],
            "performanceMode": "generalPurpose",
            "throughputMode": "elastic",
            "lifecyclePolicies": [
                {"transitionToIa": "AFTER_30_DAYS"},
                {"transitionToPrimaryStorageClass": "AFTER_1_ACCESS"},
            ],
            "tags": TAGS,
        },
        {"lifecyclePolicies": [{"transitionToIa": "AFTER_60_DAYS"}], "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:efs/mountTarget:MountTarget",
        "mount",
        lambda made: {
            "fileSystemId": made["files"].id,
            "subnetId": made["subnet-a"].id,
            "securityGroups": [made["group"].id],
        },
    ),
    Sample(
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        "files-policy",
        lambda made: {
            "fileSystemId": made["files"].id,
            "policy": _document(
                {
                    "Effect": "Deny",
                    "Principal": {"AWS": "*"},
                    "Action": "*",
                    "Resource": made["files"].outputs["arn"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ),
        },
    ),
    Sample(
        "aws:efs/backupPolicy:BackupPolicy",
        "files-backup",
        lambda made: {"fileSystemId": made["files"].id, "backupPolicy": {"status": "ENABLED"}},
        {"backupPolicy": {"status": "DISABLED"}},
    ),
    Sample(
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        "lustre",
        lambda made: {
            "subnetIds": made["subnet-a"].id,
            "securityGroupIds": [made["group"].id],
            "storageCapacity": 1200,
            "deploymentType": "PERSISTENT_2",
            "perUnitStorageThroughput": 125,
            "dataCompressionType": "LZ4",
            "kmsKeyId": made["key"].outputs["arn"],
            "automaticBackupRetentionDays": 7,
            "copyTagsToBackups": True,
            "tags": TAGS,
        },
        {"storageCapacity": 2400, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",
        "repository",
        lambda made: {
            "fileSystemId": made["lustre"].id,
            "fileSystemPath": "/data",
            "dataRepositoryPath": f"s3://{made['bucket'].id}",
            "batchImportMetaDataOnCreate": True,
            "s3": {
                "autoImportPolicy": {"events": ["NEW", "CHANGED"]},
                "autoExportPolicy": {"events": ["NEW"]},
            },
            "tags": TAGS,
        },
        {
            "s3": {
                "autoImportPolicy": {"events": ["NEW", "CHANGED", "DELETED"]},
                "autoExportPolicy": {"events": []},
            }
        },
    ),
    Sample(
        "aws:ecr/repository:Repository",
        "images",
        lambda made: {
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": made["key"].outputs["arn"]}],
            "imageScanningConfiguration": {"scanOnPush": True},
            "imageTagMutability": "IMMUTABLE",
            "forceDelete": True,
            "tags": TAGS,
        },
        {"imageTagMutability": "MUTABLE", "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "images-lifecycle",
        lambda made: {
            "repository": made["images"].id,
            "policy": json.dumps(
                {
                    "rules": [
                        {
                            "rulePriority": 1,
                            "selection": {
                                "tagStatus": "untagged",
                                "countType": "sinceImagePushed",
                                "countUnit": "days",
                                "countNumber": 14,
                            },
                            "action": {"type": "expire"},
                        }
                    ]
                }
            ),
        },
    ),
    Sample(
        "aws:backup/vault:Vault",
        "vault",
        lambda made: {"kmsKeyArn": made["key"].outputs["arn"], "forceDestroy": True, "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:backup/plan:Plan",
        "plan",
        lambda made: {
            "rules": [
                {
                    "ruleName": "daily",
                    "targetVaultName": made["vault"].id,
                    "schedule": "cron(0 5 ? * * *)",
                    "lifecycle": {"coldStorageAfter": 30, "deleteAfter": 365},
                }
            ],
            "tags": TAGS,
        },
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:backup/selection:Selection",
        "selection",
        lambda made: {
            "planId": made["plan"].id,
            "iamRoleArn": made["backup-role"].outputs["arn"],
            "resources": [made["files"].outputs["arn"]],
        },
    ),
    Sample(
        "aws:ebs/volume:Volume",
        "volume",
        lambda made: {
            "availabilityZone": "us-west-2a",
            "size": 10,
            "type": "gp3",
            "encrypted": True,
            "kmsKeyId": made["key"].outputs["arn"],
            "tags": TAGS,
        },
        {"size": 20, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ebs/defaultKmsKey:DefaultKmsKey", "ebs-key", lambda made: {"keyArn": made["key"].outputs["arn"]}
    ),
    Sample(
        "aws:ebs/encryptionByDefault:EncryptionByDefault",
        "ebs-encryption",
        lambda made: {"enabled": True},
        {"enabled": False},
    ),
)

WATCHING = (
    Sample(
        "aws:cloudwatch/logGroup:LogGroup",
        "logs",
        lambda made: {"kmsKeyId": made["log-key"].outputs["arn"], "retentionInDays": 30, "tags": TAGS},
        {"retentionInDays": 90, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/flowLog:FlowLog",
        "flow-log",
        lambda made: {
            "vpcId": made["vpc"].id,
            "iamRoleArn": made["flow-role"].outputs["arn"],
            "logDestination": made["logs"].outputs["arn"],
            "trafficType": "ALL",
            "maxAggregationInterval": 60,
            "tags": TAGS,
        },
        {"tags": OTHER_TAGS},
    ),
)

COMPUTE = (
    Sample(
        "aws:ec2/placementGroup:PlacementGroup",
        "placement",
        lambda made: {"strategy": "cluster", "tags": TAGS},
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/capacityReservation:CapacityReservation",
        "reservation",
        lambda made: {
            "availabilityZone": "us-west-2a",
            "instanceType": "p5.48xlarge",
            "instancePlatform": "Linux/UNIX",
            "instanceCount": 2,
            "instanceMatchCriteria": "targeted",
            "tags": TAGS,
        },
        {"instanceCount": 3, "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:ec2/launchTemplate:LaunchTemplate",
        "template",
        lambda made: {
            "description": "gpu nodes",
            "updateDefaultVersion": True,
            "instanceType": "p5.48xlarge",
            "ebsOptimized": "true",
            "blockDeviceMappings": [
                {
                    "deviceName": "/dev/xvda",
                    "ebs": {
                        "encrypted": "true",
                        "kmsKeyId": made["key"].outputs["arn"],
                        "volumeSize": 200,
                        "volumeType": "gp3",
                        "deleteOnTermination": "true",
                    },
                }
            ],
            "metadataOptions": {
                "httpTokens": "required",
                "httpPutResponseHopLimit": 1,
                "httpEndpoint": "enabled",
            },
            "monitoring": {"enabled": True},
            "networkInterfaces": [
                {
                    "deviceIndex": 0 if card == 0 else 1,
                    "networkCardIndex": card,
                    "interfaceType": "efa",
                    "associatePublicIpAddress": "false",
                    "deleteOnTermination": "true",
                    "securityGroups": [made["group"].id],
                }
                for card in range(2)
            ],
            "placement": {"groupName": made["placement"].id},
            "capacityReservationSpecification": {
                "capacityReservationTarget": {"capacityReservationId": made["reservation"].id}
            },
            "instanceMarketOptions": {"marketType": "capacity-block"},
            "tagSpecifications": [{"resourceType": "instance", "tags": {"Name": "gpu"}}],
            "userData": "IyEvYmluL3No",
            "tags": TAGS,
        },
        {"description": "more gpu nodes", "monitoring": {"enabled": False}, "tags": OTHER_TAGS},
    ),
)

CLUSTER = (
    Sample(
        "aws:eks/cluster:Cluster",
        "cluster",
        lambda made: {
            "roleArn": made["role"].outputs["arn"],
            "version": "1.33",
            "vpcConfig": {
                "subnetIds": [made["subnet-a"].id, made["subnet-b"].id],
                "securityGroupIds": [made["group"].id],
                "endpointPrivateAccess": True,
                "endpointPublicAccess": False,
            },
            "accessConfig": {
                "authenticationMode": "API",
                "bootstrapClusterCreatorAdminPermissions": False,
            },
            "encryptionConfig": {
                "provider": {"keyArn": made["key"].outputs["arn"]},
                "resources": ["secrets"],
            },
            "enabledClusterLogTypes": ["api", "audit"],
            "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"},
            "upgradePolicy": {"supportType": "STANDARD"},
            "bootstrapSelfManagedAddons": False,
            "tags": TAGS,
        },
        {"version": "1.34", "enabledClusterLogTypes": ["audit", "scheduler"], "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:eks/accessEntry:AccessEntry",
        "entry",
        lambda made: {
            "clusterName": made["cluster"].id,
            "principalArn": made["pod-role"].outputs["arn"],
            "kubernetesGroups": ["viewers"],
            "tags": TAGS,
        },
        {"kubernetesGroups": ["editors"], "tags": OTHER_TAGS},
    ),
    Sample(
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "access-policy",
        lambda made: {
            "clusterName": made["cluster"].id,
            "principalArn": made["entry"].inputs["principalArn"],
            "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
            "accessScope": {"type": "namespace", "namespaces": ["default"]},
        },
    ),
    Sample(
        "aws:eks/addon:Addon",
        "addon",
        lambda made: {
            "clusterName": made["cluster"].id,
            "addonName": "vpc-cni",
            "configurationValues": json.dumps({"env": {"ENABLE_PREFIX_DELEGATION": "true"}}),
            "resolveConflictsOnCreate": "OVERWRITE",
            "resolveConflictsOnUpdate": "PRESERVE",
            "tags": TAGS,
        },
        {
            "configurationValues": json.dumps({"env": {"ENABLE_PREFIX_DELEGATION": "false"}}),
            "tags": OTHER_TAGS,
        },
    ),
    Sample(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "pod-identity",
        lambda made: {
            "clusterName": made["cluster"].id,
            "namespace": "training",
            "serviceAccount": "trainer",
            "roleArn": made["pod-role"].outputs["arn"],
            "tags": TAGS,
        },
        {"tags": OTHER_TAGS},
    ),
    Sample(
        "aws:eks/nodeGroup:NodeGroup",
        "nodes",
        lambda made: {
            "clusterName": made["cluster"].id,
            "nodeRoleArn": made["node-role"].outputs["arn"],
            "subnetIds": [made["subnet-a"].id],
            "scalingConfig": {"desiredSize": 0, "maxSize": 4, "minSize": 0},
            "launchTemplate": {
                "id": made["template"].id,
                "version": str(made["template"].outputs["latestVersion"]),
            },
            "capacityType": "ON_DEMAND",
            "amiType": "AL2023_x86_64_NVIDIA",
            "labels": {"pool": "gpu"},
            "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
            "updateConfig": {"maxUnavailable": 1},
            "nodeRepairConfig": {"enabled": True},
            "tags": TAGS,
        },
        {
            "scalingConfig": {"desiredSize": 1, "maxSize": 8, "minSize": 0},
            "labels": {"pool": "gpus", "zone": "a"},
            "taints": [],
            "tags": OTHER_TAGS,
        },
    ),
)

SAMPLES: tuple[Sample, ...] = (*NETWORK, *SECURITY, *STORAGE, *WATCHING, *COMPUTE, *CLUSTER)
