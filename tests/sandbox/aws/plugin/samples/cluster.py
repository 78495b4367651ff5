"""Samples: EKS."""

from __future__ import annotations

import json

from tests.sandbox.aws.plugin.samples.parts import OTHER_TAGS, TAGS, Sample

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
