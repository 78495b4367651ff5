"""Storage, read back from AWS."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient

Client = Callable[[str], BaseClient]
BUCKETS = ("data_bucket", "checkpoint_bucket", "registry_bucket")


@pytest.fixture(scope="module")
def s3(client: Client) -> BaseClient:
    return client("s3")


@pytest.mark.parametrize("bucket", BUCKETS)
def test_objects_are_encrypted_with_the_data_key_unasked(
    s3: BaseClient, outputs: dict[str, Any], bucket: str
) -> None:
    name = outputs[bucket]
    configuration = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    (rule,) = configuration["Rules"]
    assert rule["BucketKeyEnabled"]
    s3.put_object(Bucket=name, Key="probe", Body=b"x")
    try:
        put = s3.head_object(Bucket=name, Key="probe")
        assert put["ServerSideEncryption"] == "aws:kms"
        assert put["SSEKMSKeyId"] == outputs["data_key_arn"]
    finally:
        s3.delete_object(Bucket=name, Key="probe")


@pytest.mark.parametrize("bucket", BUCKETS)
def test_buckets_are_private_and_versioned(s3: BaseClient, outputs: dict[str, Any], bucket: str) -> None:
    name = outputs[bucket]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    (rule,) = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerEnforced"


@pytest.mark.parametrize("bucket", BUCKETS)
def test_plain_http_and_other_keys_are_denied(s3: BaseClient, outputs: dict[str, Any], bucket: str) -> None:
    name = outputs[bucket]
    policy = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
    denied = {each["Sid"]: each for each in policy["Statement"]}
    assert {each["Effect"] for each in denied.values()} == {"Deny"}
    http = denied["DenyPlainHttp"]
    assert http["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert http["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    key = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    assert denied["DenyOtherKeys"]["Condition"] == {
        "Null": {key: "false"},
        "StringNotEquals": {key: outputs["data_key_arn"]},
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_old_versions_and_leftovers_go_by_themselves(
    s3: BaseClient, outputs: dict[str, Any], bucket: str
) -> None:
    rules = {
        each["ID"]: each for each in s3.get_bucket_lifecycle_configuration(Bucket=outputs[bucket])["Rules"]
    }
    assert {each["Status"] for each in rules.values()} == {"Enabled"}
    assert rules["tiers"]["Transitions"]
    assert rules["old-versions"]["NoncurrentVersionExpiration"]["NoncurrentDays"] >= 30
    assert rules["leftovers"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7


def test_images_are_encrypted_scanned_and_immutable(client: Client, outputs: dict[str, Any]) -> None:
    ecr = client("ecr")
    repositories = ecr.describe_repositories()["repositories"]
    ours = [each for each in repositories if each["repositoryName"].startswith("datahall-local/")]
    assert {each["repositoryName"].partition("/")[2] for each in ours} == {"training", "serving"}
    for each in ours:
        assert each["imageTagMutability"] == "IMMUTABLE"
        assert each["imageScanningConfiguration"] == {"scanOnPush": True}
        assert each["encryptionConfiguration"] == {
            "encryptionType": "KMS",
            "kmsKey": outputs["data_key_arn"],
        }


def test_efs_is_encrypted_and_mounted_over_tls_in_each_zone(client: Client, outputs: dict[str, Any]) -> None:
    efs = client("efs")
    file_system_id = outputs["file_system_id"]
    (file_system,) = efs.describe_file_systems(FileSystemId=file_system_id)["FileSystems"]
    assert file_system["Encrypted"]
    assert file_system["KmsKeyId"] == outputs["data_key_arn"]
    targets = efs.describe_mount_targets(FileSystemId=file_system_id)["MountTargets"]
    assert {each["SubnetId"] for each in targets} == set(outputs["private_subnet_ids"])
    policy = json.loads(efs.describe_file_system_policy(FileSystemId=file_system_id)["Policy"])
    (deny,) = [each for each in policy["Statement"] if each["Effect"] == "Deny"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert efs.describe_backup_policy(FileSystemId=file_system_id)["BackupPolicy"]["Status"] in (
        "ENABLED",
        "ENABLING",
    )


def test_only_clients_reach_the_file_systems(client: Client, outputs: dict[str, Any]) -> None:
    ec2 = client("ec2")
    filters = [{"Name": "vpc-id", "Values": [outputs["vpc_id"]]}]
    groups = {
        {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}.get("Name"): each
        for each in ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    }
    clients = groups["datahall-local-storage-clients"]["GroupId"]
    (nfs,) = groups["datahall-local-efs"]["IpPermissions"]
    assert (nfs["FromPort"], nfs["ToPort"]) == (2049, 2049)
    assert [pair["GroupId"] for pair in nfs["UserIdGroupPairs"]] == [clients]
    lustre = groups["datahall-local-lustre"]
    assert {(rule["FromPort"], rule["ToPort"]) for rule in lustre["IpPermissions"]} == {
        (988, 988),
        (1018, 1023),
    }
    for rule in lustre["IpPermissions"]:
        assert {pair["GroupId"] for pair in rule["UserIdGroupPairs"]} == {clients, lustre["GroupId"]}
        assert not rule["IpRanges"]


def test_lustre_stands_before_the_data_bucket(client: Client, outputs: dict[str, Any]) -> None:
    fsx = client("fsx")
    lustre_id = outputs["lustre_file_system_id"]
    (lustre,) = fsx.describe_file_systems(FileSystemIds=[lustre_id])["FileSystems"]
    assert lustre["KmsKeyId"] == outputs["data_key_arn"]
    assert lustre["DNSName"] == outputs["lustre_dns_name"]
    assert lustre["SubnetIds"] == outputs["private_subnet_ids"][:1]
    settings = lustre["LustreConfiguration"]
    assert settings["DeploymentType"] == "PERSISTENT_2"
    assert settings["MountName"] == outputs["lustre_mount_name"]
    assert settings["LogConfiguration"]["Level"] == "WARN_ERROR"
    (link,) = fsx.describe_data_repository_associations(
        Filters=[{"Name": "file-system-id", "Values": [lustre_id]}]
    )["Associations"]
    assert link["DataRepositoryPath"] == f"s3://{outputs['data_bucket']}"
    assert link["FileSystemPath"] == "/"
    assert set(link["S3"]["AutoExportPolicy"]["Events"]) == {"NEW", "CHANGED", "DELETED"}


def test_whatever_holds_state_is_backed_up_under_a_key_of_its_own(
    client: Client, outputs: dict[str, Any]
) -> None:
    backup = client("backup")
    vault = backup.describe_backup_vault(BackupVaultName="datahall-local-backup")
    assert vault["EncryptionKeyArn"] == outputs["backup_key_arn"]
    plans = backup.list_backup_plans()["BackupPlansList"]
    (plan_id,) = [each["BackupPlanId"] for each in plans if each["BackupPlanName"] == "datahall-local-backup"]
    (rule,) = backup.get_backup_plan(BackupPlanId=plan_id)["BackupPlan"]["Rules"]
    assert rule["TargetBackupVaultName"] == "datahall-local-backup"
    assert rule["Lifecycle"]["DeleteAfterDays"] == 35
    (listed,) = backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
    selection = backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=listed["SelectionId"])
    covered = selection["BackupSelection"]["Resources"]
    assert {f"arn:aws:s3:::{outputs[bucket]}" for bucket in BUCKETS} <= set(covered)
    assert any(each.endswith(f"/{outputs['file_system_id']}") for each in covered)
