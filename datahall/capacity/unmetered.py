"""The resource types that cost nothing by themselves, and those that cost by use only."""

from collections.abc import Mapping

FREE_PACKAGES = frozenset({"pulumi", "datahall", "baremetal"})
"""Stacks, providers, components, machines that stand somewhere: nothing of theirs is in the cloud."""

FREE_SERVICES = frozenset({"aws:iam"})

FREE = frozenset(
    {
        "aws:backup/plan:Plan",
        "aws:backup/selection:Selection",
        "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
        "aws:backup/vaultPolicy:VaultPolicy",
        "aws:ebs/defaultKmsKey:DefaultKmsKey",
        "aws:ebs/encryptionByDefault:EncryptionByDefault",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/placementGroup:PlacementGroup",
        "aws:ec2/route:Route",
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:efs/accessPoint:AccessPoint",
        "aws:efs/backupPolicy:BackupPolicy",
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        "aws:efs/mountTarget:MountTarget",
        "aws:eks/accessEntry:AccessEntry",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "aws:eks/addon:Addon",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",
        "aws:kms/alias:Alias",
        "aws:kms/keyPolicy:KeyPolicy",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    }
)

BY_USE: Mapping[str, tuple[str, str]] = {
    "aws:backup/vault:Vault": ("backups stored", "0.05 USD per GB-month"),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", "0.50 USD per GB taken in, 0.03 per GB-month kept"),
    "aws:ec2/flowLog:FlowLog": ("flow logs", "0.50 USD per GB taken in"),
    "aws:ecr/repository:Repository": ("images stored", "0.10 USD per GB-month"),
    "aws:efs/fileSystem:FileSystem": ("EFS storage", "0.30 USD per GB-month; 0.03 per GB read, 0.06 written"),
    "aws:s3/bucket:Bucket": ("S3 storage and requests", "0.023 USD per GB-month (Standard)"),
}
"""What is used, and what it costs (us-east-1, first tier)."""


def is_free(type_token: str) -> bool:
    """Tell whether a type costs nothing by itself."""
    package = type_token.split(":", maxsplit=1)[0]
    service = type_token.split("/", maxsplit=1)[0]
    return package in FREE_PACKAGES or service in FREE_SERVICES or type_token in FREE
