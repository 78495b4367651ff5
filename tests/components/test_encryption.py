"""Encryption, read back from AWS."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.client import BaseClient

from datahall.testing import Stack

PURPOSES = ("data", "cluster", "logs", "backup")


@pytest.fixture(scope="module")
def kms(client: Callable[[str], BaseClient]) -> BaseClient:
    return client("kms")


def statements(kms: BaseClient, key_arn: str) -> Iterator[dict[str, Any]]:
    policy = json.loads(kms.get_key_policy(KeyId=key_arn, PolicyName="default")["Policy"])
    yield from policy["Statement"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_each_purpose_has_a_key_of_its_own_that_rotates(
    kms: BaseClient, outputs: dict[str, Any], purpose: str
) -> None:
    arn = outputs[f"{purpose}_key_arn"]
    described = kms.describe_key(KeyId=f"alias/datahall-local-{purpose}")["KeyMetadata"]
    assert described["Arn"] == arn
    assert described["KeyManager"] == "CUSTOMER"
    rotation = kms.get_key_rotation_status(KeyId=arn)
    assert rotation["KeyRotationEnabled"]
    assert rotation["RotationPeriodInDays"] == 365
    assert len({outputs[f"{each}_key_arn"] for each in PURPOSES}) == len(PURPOSES)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_key_is_for_everyone_or_for_everything(
    kms: BaseClient, outputs: dict[str, Any], purpose: str
) -> None:
    for statement in statements(kms, outputs[f"{purpose}_key_arn"]):
        assert "*" not in json.dumps(statement["Principal"])
        assert "kms:*" not in statement["Action"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_administrators_cannot_use_the_key(kms: BaseClient, outputs: dict[str, Any], purpose: str) -> None:
    (administration,) = [
        each for each in statements(kms, outputs[f"{purpose}_key_arn"]) if each["Sid"] == "Administration"
    ]
    use = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:ReEncryptFrom"}
    assert not use & set(administration["Action"])


@pytest.mark.parametrize("purpose", PURPOSES)
def test_use_by_the_account_or_a_service_is_conditional(
    kms: BaseClient, outputs: dict[str, Any], purpose: str
) -> None:
    for statement in statements(kms, outputs[f"{purpose}_key_arn"]):
        principal = json.dumps(statement["Principal"])
        if statement["Sid"] != "Administration" and "AWSServiceRoleForAutoScaling" not in principal:
            assert statement["Condition"], statement["Sid"]


def test_log_groups_of_this_account_only_use_the_logs_key(
    kms: BaseClient, site: Stack, outputs: dict[str, Any]
) -> None:
    (use,) = [each for each in statements(kms, outputs["logs_key_arn"]) if "Service" in each["Principal"]]
    assert use["Principal"] == {"Service": "logs.us-west-2.amazonaws.com"}
    assert use["Condition"] == {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-west-2:{site.account}:log-group:*"
        }
    }


def test_new_volumes_are_encrypted_with_the_data_key(
    client: Callable[[str], BaseClient], outputs: dict[str, Any]
) -> None:
    ec2 = client("ec2")
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == outputs["data_key_arn"]
    volume = ec2.create_volume(AvailabilityZone="us-west-2a", Size=1)
    try:
        assert volume["Encrypted"]
    finally:
        ec2.delete_volume(VolumeId=volume["VolumeId"])
