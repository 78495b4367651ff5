"""The AWS identity of one service account's pods: which buckets they read, add to and write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components._location import Location, location
from components._policy import Statement, allow, assumed_by_pods, document
from components._tags import Tags, tagged
from components.checks import check_name, check_tags, check_text
from components.errors import InvalidArgs

READ = ("s3:GetObject",)
ADD = (*READ, "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject")
WRITE = (*ADD, "s3:DeleteObject")
LOOK = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
"""On the bucket itself, for all three (AWS, "Actions, resources, and condition keys for Amazon S3")."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


@dataclass(frozen=True, kw_only=True)
class PodIdentityArgs:
    """Buckets by name: what is in ``adds`` may be read and added to, and nothing in it be deleted.

    ``key_arn`` is the KMS key of the buckets. The service account need not be there yet.
    """

    cluster_name: pulumi.Input[str]
    cluster_arn: pulumi.Input[str]
    namespace: str
    service_account: str
    key_arn: pulumi.Input[str]
    reads: Sequence[pulumi.Input[str]] = ()
    adds: Sequence[pulumi.Input[str]] = ()
    writes: Sequence[pulumi.Input[str]] = ()
    tags: Tags = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in (("namespace", self.namespace), ("service_account", self.service_account)):
            rule = "must be 1 to 63 characters of a-z, 0-9 and '-', with a letter or digit at both ends"
            check_text(name, value, _LABEL, rule, "re-spell it, as Kubernetes has it")
        if not (self.reads or self.adds or self.writes):
            raise InvalidArgs("reads", [], "pods without a bucket need no identity", "name a bucket")
        check_tags("tags", self.tags)


@dataclass(frozen=True, kw_only=True)
class PodIdentityResources:
    """What a PodIdentity is made of."""

    role: aws.iam.Role
    policy: aws.iam.RolePolicy
    association: aws.eks.PodIdentityAssociation


class PodIdentity(pulumi.ComponentResource):
    """A role that only one service account's pods, in one cluster, are given (EKS Pod Identity)."""

    namespace: str
    service_account: str
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: PodIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_name("name", name)
        super().__init__("datahall:components:PodIdentity", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        where = location(self)
        role = aws.iam.Role(
            name,
            assume_role_policy=assumed_by_pods(where.account, args.cluster_arn),
            tags=tagged(name, args.tags),
            opts=child,
        )
        policy = aws.iam.RolePolicy(
            name, role=role.name, policy=document(_statements(args, where)), opts=child
        )
        association = aws.eks.PodIdentityAssociation(
            name,
            cluster_name=args.cluster_name,
            namespace=args.namespace,
            service_account=args.service_account,
            role_arn=role.arn,
            tags=tagged(name, args.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.resources = PodIdentityResources(role=role, policy=policy, association=association)
        self.namespace, self.service_account = args.namespace, args.service_account
        self.role_arn = role.arn
        self.register_outputs(
            {
                "namespace": self.namespace,
                "service_account": self.service_account,
                "role_arn": self.role_arn,
            }
        )


def _statements(args: PodIdentityArgs, where: Location) -> Sequence[Statement]:
    kinds = (("Read", READ, args.reads), ("Add", ADD, args.adds), ("Write", WRITE, args.writes))
    given = [(verb, actions, buckets) for verb, actions, buckets in kinds if buckets]
    adding = ["kms:GenerateDataKey"] if args.adds or args.writes else []
    through_s3 = {"StringLike": {"kms:ViaService": pulumi.Output.concat("s3.", where.region, ".*")}}
    return [
        allow("Look", LOOK, resources=[_arn(each, where) for _, _, buckets in given for each in buckets]),
        *(
            allow(verb, actions, resources=[_arn(each, where, "/*") for each in buckets])
            for verb, actions, buckets in given
        ),
        allow("UseKey", ["kms:Decrypt", *adding], resources=args.key_arn, condition=through_s3),
    ]


def _arn(bucket: pulumi.Input[str], where: Location, objects: str = "") -> pulumi.Output[str]:
    return pulumi.Output.concat("arn:", where.partition, ":s3:::", bucket, objects)
