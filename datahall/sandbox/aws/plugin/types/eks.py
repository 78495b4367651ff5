"""Clusters, node groups, add-ons and access. API: Amazon EKS."""

from __future__ import annotations

from typing import Any

from datahall.sandbox.aws.plugin.reading import GoneError
from datahall.sandbox.aws.plugin.run import Run
from datahall.sandbox.aws.plugin.table import Call, Name, Text, Type, Wait, codes

_GONE = codes("ResourceNotFoundException")
_CLUSTER_ARN = Text("arn:aws:eks:{region}:{account}:cluster/{id}")
_NODE_GROUP = {"clusterName": "$clusterName", "nodegroupName": "$nodeGroupName"}
_ADDON = {"clusterName": "$clusterName", "addonName": "$addonName"}
_ENTRY = {"clusterName": "$clusterName", "principalArn": "$principalArn"}
_IDENTITY = {"clusterName": "$clusterName", "associationId": "$id"}


def _tags(arn: Any) -> tuple[Call, Call]:  # noqa: ANN401  # a reference or a Text
    return (
        Call(op="untag_resource", args={"resourceArn": arn, "tagKeys": "$-tagsAll"}),
        Call(op="tag_resource", args={"resourceArn": arn, "tags": "$+tagsAll"}),
    )


def _cluster_config(member: str, value: Any) -> Call:  # noqa: ANN401  # a template
    """One kind of configuration: EKS takes one kind an update, and one update at a time."""
    return Call(op="update_cluster_config", args={"name": "$id", member: value}, settles=True)


def _update_taints(run: Run) -> None:
    """A taint is known by key and effect: one with another value is updated, not removed."""
    old, new = run.old.get("taints") or [], run.new.get("taints") or []
    if run.created or old == new:
        return
    kept = {(one["key"], one["effect"]) for one in new}
    removed = [one for one in old if (one["key"], one["effect"]) not in kept]
    added = [one for one in new if one not in old]
    told = {
        **({"addOrUpdateTaints": added} if added else {}),
        **({"removeTaints": removed} if removed else {}),
    }
    if told:
        run.client().update_nodegroup_config(
            clusterName=run.new["clusterName"], nodegroupName=run.new["nodeGroupName"], taints=told
        )


def _read_pod_identities(run: Run, found: dict[str, Any]) -> None:
    """An add-on tells the ARNs of its associations; what they join is asked one by one."""
    client, cluster = run.client(), run.new["clusterName"]
    addon = client.describe_addon(clusterName=cluster, addonName=run.new["addonName"])["addon"]
    found["podIdentityAssociations"] = []
    for arn in addon.get("podIdentityAssociations", ()):
        answer = client.describe_pod_identity_association(
            clusterName=cluster, associationId=arn.rsplit("/", 1)[-1]
        )["association"]
        found["podIdentityAssociations"].append(
            {"roleArn": answer["roleArn"], "serviceAccount": answer["serviceAccount"]}
        )


def _read_policy_association(run: Run, found: dict[str, Any]) -> None:
    pages = run.client().get_paginator("list_associated_access_policies")
    cluster, principal, wanted = (run.new[name] for name in ("clusterName", "principalArn", "policyArn"))
    listed = pages.paginate(clusterName=cluster, principalArn=principal).search("associatedAccessPolicies")
    for one in listed:
        if one["policyArn"] == wanted:
            found.update(
                clusterName=cluster,
                principalArn=principal,
                policyArn=wanted,
                accessScope=one["accessScope"],
                associatedAt=_moment(one.get("associatedAt")),
                modifiedAt=_moment(one.get("modifiedAt")),
            )
            return
    raise GoneError(run.id)


def _moment(value: Any) -> str:  # noqa: ANN401  # boto3 types nothing
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else ""


TYPES = (
    Type(
        type="aws:eks/cluster:Cluster",
        service="eks",
        create=Call(
            op="create_cluster",
            props="name roleArn version accessConfig bootstrapSelfManagedAddons deletionProtection "
            "encryptionConfig "
            "kubernetesNetworkConfig remoteNetworkConfig upgradePolicy zonalShiftConfig",
            args={
                "resourcesVpcConfig": "$vpcConfig",
                "logging": {"clusterLogging": [{"types": "$enabledClusterLogTypes", "enabled": True}]},
                "clientRequestToken": "$token",
                "tags": "$tagsAll",
            },
            pick="cluster",
        ),
        id="name",
        read=(Call(op="describe_cluster", args={"name": "$id"}, pick="cluster"),),
        update=(
            Call(
                op="update_cluster_version",
                args={"name": "$id", "force": "$forceUpdateVersion"},
                props="version",
                needs="version",
                settles=True,
            ),
            _cluster_config(
                "resourcesVpcConfig",
                {
                    "endpointPrivateAccess": "$vpcConfig.endpointPrivateAccess",
                    "endpointPublicAccess": "$vpcConfig.endpointPublicAccess",
                    "publicAccessCidrs": "$vpcConfig.publicAccessCidrs",
                },
            ),
            _cluster_config(
                "resourcesVpcConfig",
                {"subnetIds": "$vpcConfig.subnetIds", "securityGroupIds": "$vpcConfig.securityGroupIds"},
            ),
            _cluster_config(
                "logging",
                {
                    "clusterLogging": [
                        {"types": "$enabledClusterLogTypes", "enabled": True},
                        {"types": "$-enabledClusterLogTypes", "enabled": False},
                    ]
                },
            ),
            _cluster_config("accessConfig", {"authenticationMode": "$accessConfig.authenticationMode"}),
            _cluster_config("upgradePolicy", "$upgradePolicy"),
            _cluster_config("zonalShiftConfig", "$zonalShiftConfig"),
            _cluster_config("remoteNetworkConfig", "$remoteNetworkConfig"),
            _cluster_config("deletionProtection", "$deletionProtection"),
            Call(
                op="associate_encryption_config",
                props="encryptionConfig",
                args={"clusterName": "$id"},
                needs="encryptionConfig",
                settles=True,
            ),
            *_tags(_CLUSTER_ARN),
        ),
        delete=(Call(op="delete_cluster", args={"name": "$id"}),),
        outputs={
            "vpcConfig": "resourcesVpcConfig",
            "clusterId": "id",
            "enabledClusterLogTypes": "logging.clusterLogging[?enabled].types[]",
            "identities": "[identity]",
            "computeConfig": "computeConfig || {enabled: `false`}",
            "storageConfig": "storageConfig || {blockStorage: {enabled: `false`}}",
            "controlPlaneScalingConfig": "controlPlaneScalingConfig || {tier: 'standard'}",
        },
        defaults={"bootstrapSelfManagedAddons": True},
        kept="bootstrapSelfManagedAddons forceUpdateVersion "
        "accessConfig.bootstrapClusterCreatorAdminPermissions",
        replace="name roleArn bootstrapSelfManagedAddons kubernetesNetworkConfig.ipFamily "
        "kubernetesNetworkConfig.serviceIpv4Cidr accessConfig.bootstrapClusterCreatorAdminPermissions",
        fixed_once_set="encryptionConfig",
        told="vpcConfig.vpcId vpcConfig.clusterSecurityGroupId kubernetesNetworkConfig.serviceIpv6Cidr",
        refused="computeConfig controlPlaneScalingConfig defaultAddonsToRemoves kubeApiServerConfig "
        "kubeControllerManagerConfig kubeSchedulerConfig outpostConfig storageConfig",
        name=Name(property="name", limit=100),
        gone=_GONE,
        wait=Wait(
            state="status",
            ready=codes("ACTIVE"),
            failed=codes("FAILED"),
            reason="health.issues[0].message",
        ),
    ),
    Type(
        type="aws:eks/nodeGroup:NodeGroup",
        service="eks",
        create=Call(
            op="create_nodegroup",
            props="clusterName amiType capacityType diskSize instanceTypes labels launchTemplate "
            "nodeRepairConfig "
            "releaseVersion remoteAccess scalingConfig taints updateConfig version",
            args={
                "nodegroupName": "$nodeGroupName",
                "nodeRole": "$nodeRoleArn",
                "subnets": "$subnetIds",
                "clientRequestToken": "$token",
                "tags": "$tagsAll",
            },
        ),
        id="{clusterName}:{nodeGroupName}",
        read=(Call(op="describe_nodegroup", args=_NODE_GROUP, pick="nodegroup"),),
        update=(
            Call(
                op="update_nodegroup_version",
                props="version releaseVersion",
                args={**_NODE_GROUP, "force": "$forceUpdateVersion"},
                settles=True,
            ),
            Call(
                op="update_nodegroup_version",
                props="launchTemplate",
                args={**_NODE_GROUP, "force": "$forceUpdateVersion"},
                needs="launchTemplate",
                settles=True,
            ),
            Call(op="update_nodegroup_config", props="scalingConfig", args=_NODE_GROUP, settles=True),
            Call(op="update_nodegroup_config", props="updateConfig", args=_NODE_GROUP, settles=True),
            Call(op="update_nodegroup_config", props="nodeRepairConfig", args=_NODE_GROUP, settles=True),
            Call(
                op="update_nodegroup_config",
                args={
                    **_NODE_GROUP,
                    "labels": {"addOrUpdateLabels": "$+labels", "removeLabels": "$-labels"},
                },
                settles=True,
            ),
            _update_taints,
            *_tags("$state.arn"),
        ),
        delete=(Call(op="delete_nodegroup", args=_NODE_GROUP),),
        outputs={
            "arn": "nodegroupArn",
            "nodeGroupName": "nodegroupName",
            "nodeRoleArn": "nodeRole",
            "subnetIds": "subnets",
        },
        names={
            "remoteAccess.sourceSecurityGroupIds": "sourceSecurityGroups",
            "resources.remoteAccessSecurityGroupId": "remoteAccessSecurityGroup",
        },
        kept="forceUpdateVersion",
        used="nodeGroupNamePrefix taints",
        ordered="instanceTypes",
        replace="amiType capacityType clusterName diskSize instanceTypes launchTemplate.id "
        "launchTemplate.name "
        "nodeGroupName nodeGroupNamePrefix nodeRoleArn remoteAccess subnetIds",
        refused="warmPoolConfig",
        name=Name(property="nodeGroupName", limit=63, prefix_property="nodeGroupNamePrefix"),
        at_most_one=("nodeGroupName nodeGroupNamePrefix", "launchTemplate.id launchTemplate.name"),
        gone=_GONE,
        wait=Wait(
            state="status",
            ready=codes("ACTIVE"),
            failed=codes("CREATE_FAILED DELETE_FAILED"),
            reason="health.issues[0].message",
        ),
    ),
    Type(
        type="aws:eks/addon:Addon",
        service="eks",
        create=Call(
            op="create_addon",
            props="clusterName addonName addonVersion configurationValues namespaceConfig "
            "podIdentityAssociations "
            "serviceAccountRoleArn",
            args={
                "resolveConflicts": "$resolveConflictsOnCreate",
                "clientRequestToken": "$token",
                "tags": "$tagsAll",
            },
        ),
        id="{clusterName}:{addonName}",
        read=(
            Call(op="describe_addon", args=_ADDON, pick="addon"),
            _read_pod_identities,
        ),
        update=(
            Call(
                op="update_addon",
                props="addonVersion configurationValues podIdentityAssociations serviceAccountRoleArn",
                args={**_ADDON, "resolveConflicts": "$resolveConflictsOnUpdate"},
                settles=True,
            ),
            *_tags("$state.arn"),
        ),
        delete=(Call(op="delete_addon", props="preserve", args=_ADDON),),
        outputs={"arn": "addonArn"},
        kept="preserve resolveConflictsOnCreate resolveConflictsOnUpdate",
        replace="clusterName addonName namespaceConfig",
        json="configurationValues",
        gone=_GONE,
        delete_first=True,
        wait=Wait(
            state="status",
            ready=codes("ACTIVE"),
            failed=codes("CREATE_FAILED UPDATE_FAILED DELETE_FAILED"),
            reason="health.issues[0].message",
        ),
    ),
    Type(
        type="aws:eks/accessEntry:AccessEntry",
        service="eks",
        create=Call(
            op="create_access_entry",
            props="clusterName principalArn kubernetesGroups type",
            args={"username": "$userName", "clientRequestToken": "$token", "tags": "$tagsAll"},
        ),
        id="{clusterName}:{principalArn}",
        read=(Call(op="describe_access_entry", args=_ENTRY, pick="accessEntry"),),
        update=(
            Call(
                op="update_access_entry",
                props="kubernetesGroups",
                args={**_ENTRY, "username": "$userName"},
            ),
            *_tags("$state.accessEntryArn"),
        ),
        delete=(Call(op="delete_access_entry", args=_ENTRY),),
        defaults={"type": "STANDARD"},
        replace="clusterName principalArn type",
        gone=_GONE,
        delete_first=True,
    ),
    Type(
        type="aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        service="eks",
        create=Call(op="associate_access_policy", props="clusterName principalArn policyArn accessScope"),
        id="{clusterName}#{principalArn}#{policyArn}",
        read=(_read_policy_association,),
        delete=(Call(op="disassociate_access_policy", props="clusterName principalArn policyArn"),),
        replace="clusterName principalArn policyArn accessScope",
        gone=_GONE,
        delete_first=True,
    ),
    Type(
        type="aws:eks/podIdentityAssociation:PodIdentityAssociation",
        service="eks",
        create=Call(
            op="create_pod_identity_association",
            props="clusterName namespace serviceAccount roleArn disableSessionTags policy targetRoleArn",
            args={"clientRequestToken": "$token", "tags": "$tagsAll"},
            pick="association",
        ),
        id="associationId",
        import_id="{clusterName},{id}",
        read=(Call(op="describe_pod_identity_association", args=_IDENTITY, pick="association"),),
        update=(
            Call(
                op="update_pod_identity_association",
                props="roleArn disableSessionTags policy targetRoleArn",
                args=_IDENTITY,
            ),
            *_tags("$state.associationArn"),
        ),
        delete=(Call(op="delete_pod_identity_association", args=_IDENTITY),),
        replace="clusterName namespace serviceAccount",
        json="policy",
        gone=_GONE,
        delete_first=True,
    ),
)
