"""The rules on a whole stack: no bucket or file system is left without what completes it."""

import pytest

from tests.policies.analyzer import UNKNOWN, Pack, Resource, Verdict

BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"
FILE_SYSTEM_POLICY = "aws:efs/fileSystemPolicy:FileSystemPolicy"

RULES = {
    "require-s3-kms-encryption-on-every-bucket": (BUCKET, ENCRYPTION, "bucket"),
    "require-s3-tls-only-on-every-bucket": (BUCKET, POLICY, "bucket"),
    "require-efs-tls-only-on-every-file-system": (FILE_SYSTEM, FILE_SYSTEM_POLICY, "fileSystemId"),
}


@pytest.fixture(params=RULES)
def rule(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _judge(
    pack: Pack, rule: str, *, value: str, links: tuple[str, ...] = (), identity: str = "data-1"
) -> Verdict:
    """Judge a stack of an owner `data` and a partner that names `value`."""
    owner, partner, link = RULES[rule]
    return pack.judge_stack(
        [
            Resource(type=owner, name="data", outputs={"id": identity, "bucket": identity}),
            Resource(type=partner, name="partner", outputs={link: value}, links={link: links}),
        ]
    )


def test_an_owner_alone_is_refused_and_named(pack: Pack, rule: str) -> None:
    owner, _, _ = RULES[rule]
    verdict = pack.judge_stack([Resource(type=owner, name="data", outputs={"id": "data-1"})])
    assert "data has no" in verdict.violations(rule)[0]
    assert {finding.urn for finding in verdict.findings} == {f"urn:pulumi:test::datahall::{owner}::data"}


def test_a_partner_found_by_value_will_do(pack: Pack, rule: str) -> None:
    assert not _judge(pack, rule, value="data-1").violations(rule)


def test_a_partner_found_by_dependency_will_do_while_ids_are_unknown(pack: Pack, rule: str) -> None:
    verdict = _judge(pack, rule, value=UNKNOWN, links=("data",), identity=UNKNOWN)
    assert not verdict.violations(rule)
    assert not verdict.not_judged(rule)


def test_the_partner_of_another_will_not(pack: Pack, rule: str) -> None:
    assert _judge(pack, rule, value="data-2").violations(rule)


def test_an_unknown_link_to_nothing_known_cannot_be_judged(pack: Pack, rule: str) -> None:
    verdict = _judge(pack, rule, value=UNKNOWN)
    assert not verdict.violations(rule)
    assert verdict.not_judged(rule)


def test_a_second_owner_is_not_hidden_by_the_first_ones_unknown_id(pack: Pack, rule: str) -> None:
    owner, partner, link = RULES[rule]
    verdict = pack.judge_stack(
        [
            Resource(type=owner, name="covered", outputs={"id": UNKNOWN}),
            Resource(type=owner, name="bare", outputs={"id": UNKNOWN}),
            Resource(type=partner, name="partner", outputs={link: UNKNOWN}, links={link: ["covered"]}),
        ]
    )
    assert len(verdict.violations(rule)) == 1
    assert "bare has no" in verdict.violations(rule)[0]


EBS_DEFAULT = "require-ebs-encryption-by-default-in-stack"
VOLUME = Resource(type="aws:ebs/volume:Volume", name="scratch")
SETTING = Resource(type="aws:ebs/encryptionByDefault:EncryptionByDefault", name="ebs")


def test_a_stack_with_disks_declares_encryption_by_default(pack: Pack) -> None:
    assert "scratch makes disks" in pack.judge_stack([VOLUME]).violations(EBS_DEFAULT)[0]
    assert not pack.judge_stack([VOLUME, SETTING]).findings


def test_a_stack_without_disks_need_not(pack: Pack) -> None:
    assert not pack.judge_stack([Resource(type="aws:ec2/vpc:Vpc", name="vpc")]).findings
