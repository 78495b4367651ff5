"""The identity of pods that train, read back from AWS."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore.client import BaseClient

from components import InvalidArgs, PodIdentityArgs
from tests.components.documents import statements

Client = Callable[[str], BaseClient]


@pytest.fixture(scope="module")
def identity(client: Client, outputs: dict[str, Any]) -> dict[str, Any]:
    eks, (told,) = client("eks"), outputs["pod_identities"]
    (found,) = eks.list_pod_identity_associations(
        clusterName=outputs["cluster_name"],
        namespace=told["namespace"],
        serviceAccount=told["service_account"],
    )["associations"]
    described: dict[str, Any] = eks.describe_pod_identity_association(
        clusterName=outputs["cluster_name"], associationId=found["associationId"]
    )["association"]
    return described


@pytest.fixture(scope="module")
def granted(client: Client, identity: dict[str, Any]) -> list[dict[str, Any]]:
    iam, role = client("iam"), identity["roleArn"].rpartition("/")[2]
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return statements(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])


def allowed(granted: list[dict[str, Any]], action: str, resource: str) -> bool:
    def listed(value: str | list[str]) -> list[str]:
        return [value] if isinstance(value, str) else value

    return any(
        action in listed(each["Action"])
        and any(fnmatchcase(resource, one) for one in listed(each["Resource"]))
        for each in granted
    )


def test_only_pods_of_this_cluster_get_it(client: Client, identity: dict[str, Any]) -> None:
    role = client("iam").get_role(RoleName=identity["roleArn"].rpartition("/")[2])["Role"]
    (statement,) = statements(role["AssumeRolePolicyDocument"])
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    (cluster_arn,) = statement["Condition"]["ArnEquals"].values()
    assert cluster_arn.endswith(f":cluster/{identity['clusterName']}")


@pytest.mark.parametrize(
    ("bucket", "may", "may_not"),
    [
        ("data_bucket", {"GetObject"}, {"PutObject", "DeleteObject"}),
        ("registry_bucket", {"GetObject", "PutObject"}, {"DeleteObject", "DeleteObjectVersion"}),
        ("checkpoint_bucket", {"GetObject", "PutObject", "DeleteObject"}, {"DeleteObjectVersion"}),
    ],
)
def test_it_may_do_what_a_training_does_and_no_more(
    outputs: dict[str, Any], granted: list[dict[str, Any]], bucket: str, may: set[str], may_not: set[str]
) -> None:
    arn = f"arn:aws:s3:::{outputs[bucket]}"
    assert allowed(granted, "s3:ListBucket", arn)
    for action in may | may_not:
        assert allowed(granted, f"s3:{action}", f"{arn}/some/key") is (action in may), action
    assert not allowed(granted, "s3:PutBucketPolicy", arn)
    assert not allowed(granted, "s3:GetObject", "arn:aws:s3:::another/key")


def test_it_uses_the_data_key_through_s3_alone(
    outputs: dict[str, Any], granted: list[dict[str, Any]]
) -> None:
    (use,) = [each for each in granted if any(action.startswith("kms:") for action in each["Action"])]
    assert use["Resource"] == outputs["data_key_arn"]
    assert use["Condition"] == {"StringLike": {"kms:ViaService": f"s3.{outputs['region']}.*"}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"namespace": "Team"}, "namespace"),
        ({"service_account": "a.b"}, "service_account"),
        ({"reads": ()}, "reads"),
        ({"tags": {"aws:x": "y"}}, "tags.aws:x"),
    ],
)
def test_bad_arguments_are_refused(change: dict[str, Any], field: str) -> None:
    good: dict[str, Any] = {"namespace": "team", "service_account": "a", "reads": ["bucket"]}
    given = {"cluster_name": "c", "cluster_arn": "arn", "key_arn": "arn", **good}
    assert PodIdentityArgs(**given).reads == ["bucket"]
    with pytest.raises(InvalidArgs) as caught:
        PodIdentityArgs(**{**given, **change})
    assert caught.value.field == field
