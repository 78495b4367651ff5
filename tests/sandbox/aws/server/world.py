"""A small account to test against: clients, and what the resources under test refer to."""

import json
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import boto3

from datahall.sandbox.aws import accounts, control

REGION = "us-west-2"
Client = Any  # of boto3, which has no types
Shape = Any  # a member of a request
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def key_policy(region: str = REGION) -> str:
    """A key policy that lets the account and CloudWatch Logs in."""
    root = {"AWS": f"arn:aws:iam::{control.ACCOUNT}:root"}
    logs = {"Service": f"logs.{region}.amazonaws.com"}
    allow = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{**allow, "Principal": p} for p in (root, logs)]}
    )


@cache
def _client(url: str, region: str, service: str, account: str) -> Client:
    """Clients cost more than calls; one a server, region and service is enough."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=accounts.access_key(account),
        aws_secret_access_key=accounts.SECRET_KEY,
    )


@dataclass
class World:
    """Clients of one server, and references made when first asked for."""

    url: str
    region: str = REGION
    name: str = "world"
    account: str = control.ACCOUNT

    def client(self, service: str) -> Client:
        """A boto3 client of the emulated AWS."""
        return _client(self.url, self.region, service, self.account)

    @cached_property
    def vpc(self) -> str:
        vpc = str(self.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):
            self.client("ec2").modify_vpc_attribute(VpcId=vpc, **{name: {"Value": True}})
        return vpc

    @cached_property
    def subnets(self) -> list[str]:
        made = [
            self.client("ec2").create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{self.region}{'ab'[i]}"
            )
            for i in range(2)
        ]
        return [one["Subnet"]["SubnetId"] for one in made]

    @cached_property
    def group(self) -> str:
        made = self.client("ec2").create_security_group(
            GroupName=f"{self.name}-group", Description="d", VpcId=self.vpc
        )
        return str(made["GroupId"])

    @cached_property
    def role(self) -> str:
        made = self.client("iam").create_role(RoleName=f"{self.name}-role", AssumeRolePolicyDocument=TRUST)
        return str(made["Role"]["Arn"])

    @cached_property
    def key(self) -> str:
        return str(self.client("kms").create_key(Policy=key_policy(self.region))["KeyMetadata"]["Arn"])

    @cached_property
    def dying_key(self) -> str:
        kms = self.client("kms")
        arn = str(kms.create_key()["KeyMetadata"]["Arn"])
        kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
        return arn

    @cached_property
    def bucket(self) -> str:
        name = f"{self.name}-bucket"
        place = {"LocationConstraint": self.region}
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)
        return name

    def cluster(self, name: str, **more: Shape) -> dict[str, Any]:
        """Make an EKS cluster in the two subnets."""
        config = {"subnetIds": self.subnets, **more.pop("resourcesVpcConfig", {})}
        made = self.client("eks").create_cluster(
            name=name, roleArn=self.role, resourcesVpcConfig=config, **more
        )
        return dict(made["cluster"])

    @cached_property
    def eks(self) -> str:
        """A cluster whose access is by the API."""
        self.cluster("shared", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
        return "shared"

    @cached_property
    def lustre(self) -> str:
        made = self.client("fsx").create_file_system(**self.lustre_request())
        return str(made["FileSystem"]["FileSystemId"])

    def lustre_request(self, **more: Shape) -> dict[str, Any]:
        """A request for a persistent Lustre file system."""
        config = {"DeploymentType": "PERSISTENT_2", "PerUnitStorageThroughput": 125}
        return {
            "FileSystemType": "LUSTRE",
            "StorageCapacity": 1200,
            "SubnetIds": self.subnets[:1],
            "LustreConfiguration": config,
            **more,
        }

    @cached_property
    def vault(self) -> str:
        name = f"{self.name}-vault"
        self.client("backup").create_backup_vault(BackupVaultName=name, EncryptionKeyArn=self.key)
        return name

    @cached_property
    def plan(self) -> str:
        rules = [{"RuleName": "r", "TargetBackupVaultName": self.vault}]
        made = self.client("backup").create_backup_plan(
            BackupPlan={"BackupPlanName": self.name, "Rules": rules}
        )
        return str(made["BackupPlanId"])
