"""Cases of the rules on keys, clusters, load balancers and training."""

import json
from typing import Any

from tests.policies.cases import ABSENT, IMDSV2, KEY, Case

_ACCOUNT = "arn:aws:iam::123456789012:root"


def key_policy(**changes: object) -> str:
    """Return a key policy that names the account, with members of its statement changed."""
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Principal": {"AWS": _ACCOUNT},
        "Action": "kms:*",
        "Resource": "*",
    }
    statement |= changes
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def _everyone(**condition: object) -> str:
    return key_policy(Principal="*", Condition=condition)


_KEY_POLICY_BREAKS: tuple[tuple[str, Any], ...] = (
    ("policy", key_policy(Principal="*")),
    ("policy", key_policy(Principal={"AWS": "*"})),
    ("policy", key_policy(Principal={"AWS": [_ACCOUNT, "*"]})),
    ("policy", key_policy(Principal=None, NotPrincipal={"AWS": _ACCOUNT})),
    ("policy", _everyone(Bool={"aws:SecureTransport": "true"})),
    ("policy", _everyone(StringLike={"aws:PrincipalArn": "arn:aws:iam::*:role/train"})),
    ("policy", _everyone(StringNotEquals={"aws:PrincipalAccount": "123456789012"})),
    ("policy", _everyone(StringEquals={"aws:PrincipalAccount": []})),
    ("policy", "not json"),
)
_HTTPS = {
    "loadBalancerArn": "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/a/1",
    "port": 443,
    "protocol": "HTTPS",
    "certificateArn": "arn:aws:acm:us-west-2:123456789012:certificate/1",
    "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "defaultActions": [{"type": "forward", "targetGroupArn": "arn:aws:tg"}],
}
_TO_HTTPS = {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
_TLS_BREAKS: tuple[tuple[str, Any], ...] = (
    ("sslPolicy", ABSENT),
    ("sslPolicy", "ELBSecurityPolicy-2016-08"),
    ("sslPolicy", "ELBSecurityPolicy-TLS13-1-0-2021-06"),
    ("sslPolicy", "ELBSecurityPolicy-TLS-1-1-2017-01"),
    ("protocol", "HTTP"),
)
_TRAFFIC = "require-encrypted-node-traffic"
_CONTAINERS = "require-inter-container-encryption"
_FLAG = "enableInterContainerTrafficEncryption"
_CLUSTER = {
    "roleArn": "arn:aws:iam::123456789012:role/cluster",
    "encryptionConfig": {"provider": {"keyArn": KEY}, "resources": ["secrets"]},
    "vpcConfig": {
        "subnetIds": ["subnet-1", "subnet-2"],
        "endpointPrivateAccess": True,
        "endpointPublicAccess": False,
    },
}
_NODE_DISK = [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "kmsKeyId": KEY}}]

CLUSTER = (
    Case(
        rule="require-eks-secrets-encryption",
        type="aws:eks/cluster:Cluster",
        compliant=_CLUSTER,
        broken=(
            ("encryptionConfig", ABSENT),
            ("encryptionConfig.provider.keyArn", ""),
            ("encryptionConfig.provider", {}),
            ("encryptionConfig.resources", []),
        ),
        unknown=("encryptionConfig", "encryptionConfig.provider.keyArn", "encryptionConfig.resources"),
    ),
    Case(
        rule="require-eks-private-endpoint",
        type="aws:eks/cluster:Cluster",
        compliant=_CLUSTER,
        broken=(
            ("vpcConfig", ABSENT),
            ("vpcConfig.endpointPublicAccess", True),
            ("vpcConfig.endpointPublicAccess", ABSENT),
            ("vpcConfig.endpointPrivateAccess", False),
            ("vpcConfig.endpointPrivateAccess", ABSENT),
        ),
        unknown=("vpcConfig.endpointPublicAccess", "vpcConfig.endpointPrivateAccess"),
    ),
    Case(
        rule="require-kms-rotation",
        type="aws:kms/key:Key",
        compliant={"enableKeyRotation": True, "rotationPeriodInDays": 365, "policy": key_policy()},
        broken=(
            ("enableKeyRotation", False),
            ("enableKeyRotation", ABSENT),
            ("rotationPeriodInDays", 730),
        ),
        unknown=("enableKeyRotation", "rotationPeriodInDays"),
        also=(("rotationPeriodInDays", ABSENT), ("rotationPeriodInDays", 90)),
    ),
    Case(
        rule="require-kms-rotation",
        type="aws:kms/key:Key",
        compliant={"customerMasterKeySpec": "RSA_4096", "keyUsage": "SIGN_VERIFY"},
        broken=(),
        also=(("customerMasterKeySpec", "ECC_NIST_P256"),),
    ),
    Case(
        rule="disallow-wildcard-key-policy",
        type="aws:kms/key:Key",
        compliant={"enableKeyRotation": True, "policy": key_policy()},
        broken=_KEY_POLICY_BREAKS,
        unknown=("policy",),
        also=(
            ("policy", ABSENT),
            ("policy", key_policy(Effect="Deny", Principal="*")),
            ("policy", key_policy(Principal={"Service": "logs.us-west-2.amazonaws.com"})),
            ("policy", _everyone(StringEquals={"aws:PrincipalAccount": "123456789012"})),
            (
                "policy",
                _everyone(ArnEquals={"aws:SourceArn": "arn:aws:logs:us-west-2:123456789012:a"}),
            ),
        ),
    ),
    *(
        Case(
            rule="disallow-wildcard-key-policy",
            type=token,
            compliant={**properties, "policy": key_policy()},
            broken=(("policy", key_policy(Principal="*")),),
        )
        for token, properties in (
            ("aws:kms/keyPolicy:KeyPolicy", {"keyId": "1234abcd"}),
            ("aws:kms/externalKey:ExternalKey", {}),
            ("aws:kms/replicaKey:ReplicaKey", {"primaryKeyArn": KEY}),
            ("aws:kms/replicaExternalKey:ReplicaExternalKey", {"primaryKeyArn": KEY}),
        )
    ),
    Case(
        rule="require-load-balancer-tls",
        type="aws:lb/listener:Listener",
        compliant=_HTTPS,
        broken=_TLS_BREAKS,
        unknown=("protocol", "sslPolicy"),
        also=(
            ("protocol", "TLS"),
            ("protocol", "TCP"),
            ("sslPolicy", "ELBSecurityPolicy-TLS13-1-3-2021-06"),
        ),
    ),
    Case(
        rule="require-load-balancer-tls",
        type="aws:lb/listener:Listener",
        compliant={
            "loadBalancerArn": "arn:lb",
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [_TO_HTTPS],
        },
        broken=(
            ("defaultActions", []),
            ("defaultActions.0.type", "forward"),
            ("defaultActions.0.redirect.protocol", "HTTP"),
            ("defaultActions.0.redirect", ABSENT),
        ),
        unknown=("defaultActions.0.type",),
    ),
    Case(
        rule="require-load-balancer-tls",
        type="aws:alb/listener:Listener",
        compliant=_HTTPS,
        broken=_TLS_BREAKS,
    ),
    Case(
        rule=_TRAFFIC,
        type="aws:ec2/launchTemplate:LaunchTemplate",
        compliant={
            "instanceType": "p5.48xlarge",
            "blockDeviceMappings": _NODE_DISK,
            "metadataOptions": IMDSV2,
        },
        broken=(
            ("instanceType", "p3.16xlarge"),
            ("instanceType", "g5g.16xlarge"),
            ("instanceType", "p9.48xlarge"),
        ),
        unknown=("instanceType",),
        also=(
            ("instanceType", "m5.large"),
            ("instanceType", "g6e.48xlarge"),
            ("instanceType", "p6-b200.48xlarge"),
            ("instanceType", "trn2.48xlarge"),
            ("instanceType", ABSENT),
        ),
    ),
    *(
        Case(
            rule=_TRAFFIC,
            type=token,
            compliant={
                "ami": "ami-1",
                "instanceType": "g6.xlarge",
                "rootBlockDevice": {"encrypted": True, "kmsKeyId": KEY},
                "metadataOptions": IMDSV2,
            },
            broken=(("instanceType", "g3.4xlarge"),),
        )
        for token in ("aws:ec2/instance:Instance", "aws:ec2/spotInstanceRequest:SpotInstanceRequest")
    ),
    Case(
        rule=_TRAFFIC,
        type="aws:eks/nodeGroup:NodeGroup",
        compliant={
            "clusterName": "c",
            "nodeRoleArn": "arn:aws:iam::123456789012:role/node",
            "launchTemplate": {"id": "lt-1", "version": "1"},
            "instanceTypes": ["p4d.24xlarge", "m5.large"],
            "scalingConfig": {"desiredSize": 1, "maxSize": 1, "minSize": 1},
            "subnetIds": ["subnet-1"],
        },
        broken=(("instanceTypes.1", "p2.xlarge"),),
        unknown=("instanceTypes", "instanceTypes.1"),
        also=(("instanceTypes", ABSENT),),
    ),
    Case(
        rule=_CONTAINERS,
        type="aws:sagemaker/trainingJob:TrainingJob",
        compliant={"roleArn": "arn:aws:iam::123456789012:role/t", "trainingJobName": "mnist", _FLAG: True},
        broken=((_FLAG, False), (_FLAG, ABSENT)),
        unknown=(_FLAG,),
    ),
    Case(
        rule=_CONTAINERS,
        type="aws:sagemaker/hyperParameterTuningJob:HyperParameterTuningJob",
        compliant={"trainingJobDefinition": {_FLAG: True}},
        broken=((f"trainingJobDefinition.{_FLAG}", False), ("trainingJobDefinition", {})),
        also=(("trainingJobDefinitions", [{_FLAG: True}]),),
    ),
    Case(
        rule=_CONTAINERS,
        type="aws:sagemaker/hyperParameterTuningJob:HyperParameterTuningJob",
        compliant={"trainingJobDefinitions": [{_FLAG: True}, {_FLAG: True}]},
        broken=((f"trainingJobDefinitions.1.{_FLAG}", False), ("trainingJobDefinitions", [])),
    ),
    Case(
        rule=_CONTAINERS,
        type="aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition",
        compliant={"roleArn": "arn:aws:iam::123456789012:role/t", "networkConfig": {_FLAG: True}},
        broken=((f"networkConfig.{_FLAG}", False), ("networkConfig", ABSENT)),
        unknown=("networkConfig",),
    ),
    Case(
        rule=_CONTAINERS,
        type="aws:sagemaker/monitoringSchedule:MonitoringSchedule",
        compliant={"monitoringScheduleConfig": {"monitoringJobDefinition": {"networkConfig": {_FLAG: True}}}},
        broken=(
            (f"monitoringScheduleConfig.monitoringJobDefinition.networkConfig.{_FLAG}", False),
            ("monitoringScheduleConfig.monitoringJobDefinition.networkConfig", ABSENT),
        ),
    ),
)
