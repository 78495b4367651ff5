"""Container image repositories. API: Amazon ECR."""

from __future__ import annotations

from datahall.sandbox.aws.plugin.table import Call, Name, Text, Type, codes

_ARN = Text("arn:aws:ecr:{region}:{account}:repository/{id}")
_REPOSITORY = {"repositoryName": "$id"}
_POLICY = {"repositoryName": "$repository"}

TYPES = (
    Type(
        type="aws:ecr/repository:Repository",
        service="ecr",
        create=Call(
            op="create_repository",
            props="imageTagMutability imageTagMutabilityExclusionFilters imageScanningConfiguration",
            args={
                "repositoryName": "$name",
                "encryptionConfiguration": "$encryptionConfigurations",
                "tags": "$tagsAll",
            },
            pick="repository",
        ),
        id="repositoryName",
        read=(
            Call(op="describe_repositories", args={"repositoryNames": ["$id"]}, pick="repositories[0]"),
            Call(op="list_tags_for_resource", args={"resourceArn": _ARN}, into={"tagsAll": "tags"}),
        ),
        update=(
            Call(
                op="put_image_tag_mutability",
                props="imageTagMutability imageTagMutabilityExclusionFilters",
                args=_REPOSITORY,
            ),
            Call(
                op="put_image_scanning_configuration",
                props="imageScanningConfiguration",
                args=_REPOSITORY,
                needs="imageScanningConfiguration",
            ),
            Call(op="untag_resource", args={"resourceArn": _ARN, "tagKeys": "$-tagsAll"}),
            Call(op="tag_resource", args={"resourceArn": _ARN, "tags": "$+tagsAll"}),
        ),
        delete=(Call(op="delete_repository", args={**_REPOSITORY, "force": "$forceDelete"}),),
        outputs={
            "arn": "repositoryArn",
            "name": "repositoryName",
            "repositoryUrl": "repositoryUri",
            "encryptionConfigurations": "encryptionConfiguration && [encryptionConfiguration]",
        },
        defaults={"imageTagMutability": "MUTABLE"},
        cleared={"imageScanningConfiguration": {"scanOnPush": False}},
        kept="forceDelete",
        replace="name encryptionConfigurations",
        name=Name(property="name", limit=256, lower=True),
        gone=codes("RepositoryNotFoundException"),
    ),
    Type(
        type="aws:ecr/lifecyclePolicy:LifecyclePolicy",
        service="ecr",
        create=Call(op="put_lifecycle_policy", args={**_POLICY, "lifecyclePolicyText": "$policy"}),
        id="{repository}",
        read=(Call(op="get_lifecycle_policy", args=_POLICY),),
        put=True,
        delete=(Call(op="delete_lifecycle_policy", args=_POLICY),),
        outputs={"policy": "lifecyclePolicyText", "repository": "repositoryName"},
        replace="repository",
        json="policy",
        gone=codes("RepositoryNotFoundException LifecyclePolicyNotFoundException"),
        delete_first=True,
    ),
)
