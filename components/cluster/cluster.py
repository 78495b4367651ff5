"""An EKS cluster for GPU work: private, encrypted, logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pulumi
import pulumi_aws as aws

from components._location import location
from components._tags import tagged
from components.checks import check_name
from components.cluster.access import AccessEntry, build_access
from components.cluster.addons import ADDONS
from components.cluster.args import ClusterArgs
from components.cluster.built_addon import BuiltAddon, build_addon
from components.cluster.control_plane import ControlPlane, build_control_plane
from components.cluster.roles import build_cluster_role, build_node_role, build_operator_role
from components.cluster.system_nodes import SystemNodes, build_system_nodes
from components.cluster.versions import NEWEST, support_ended


@dataclass(frozen=True, kw_only=True)
class ClusterResources:
    """What a Cluster is made of; add-ons are keyed by name."""

    control_plane: ControlPlane
    oidc_provider: aws.iam.OpenIdConnectProvider
    cluster_role: aws.iam.Role
    node_role: aws.iam.Role
    operator_role: aws.iam.Role
    access_entries: tuple[aws.eks.AccessEntry, ...]
    addons: dict[str, BuiltAddon]
    system_nodes: SystemNodes


class Cluster(pulumi.ComponentResource):
    """EKS with its add-ons, its system nodes, and IAM identities for people and pods.

    Nodes of other pools take ``node_role_arn`` and ``security_group_id``, and depend on the whole component.
    """

    cluster_name: pulumi.Output[str]
    cluster_arn: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    certificate_authority: pulumi.Output[str]
    oidc_issuer: pulumi.Output[str]
    oidc_provider_arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    node_role_arn: pulumi.Output[str]
    operator_role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_name("name", name)
        super().__init__("datahall:components:Cluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        where = location(self)
        _warn_of_old_version(args, self)

        # 1 - the control plane
        cluster_role, cluster_needs = build_cluster_role(
            name, args.cluster_key_arn, where=where, tags=args.tags, opts=child
        )
        control_plane = build_control_plane(name, args, cluster_role, cluster_needs, opts=child)
        cluster = control_plane.cluster
        self.security_group_id = cluster.vpc_config.apply(
            lambda config: _told(config.cluster_security_group_id, "security group")
        )
        _let_in(name, args, self.security_group_id, child)

        # 2 - identities: pods by Pod Identity or OIDC, people by access entries
        issuer = cluster.identities.apply(_issuer)
        oidc_provider = aws.iam.OpenIdConnectProvider(
            f"{name}-oidc",
            url=issuer,
            client_id_lists=["sts.amazonaws.com"],
            tags=tagged(f"{name}-oidc", args.tags),
            opts=child,
        )
        operator_role = build_operator_role(name, cluster, where=where, tags=args.tags, opts=child)
        entries = (AccessEntry(principal_arn=operator_role.arn, policy="cluster-admin"), *args.access)
        access_entries = tuple(
            build_access(f"{name}-access-{index}", cluster, entry, where=where, tags=args.tags, opts=child)
            for index, entry in enumerate(entries)
        )

        # 3 - what nodes need, then nodes, then what runs on them
        node_role, node_needs = build_node_role(name, where=where, tags=args.tags, opts=child)
        addons: dict[str, BuiltAddon] = {}

        def add(addon: str, needs: Sequence[pulumi.Resource]) -> None:
            addons[addon] = build_addon(
                name,
                addon,
                cluster,
                version=args.addons[addon],
                volumes_key_arn=args.data_key_arn,
                needs=needs,
                where=where,
                tags=args.tags,
                opts=child,
            )

        early = [addon for addon in args.addons if ADDONS[addon].before_nodes]
        for addon in early:
            add(addon, needs=[])
        system_nodes = build_system_nodes(
            name,
            args,
            cluster,
            node_role,
            [self.security_group_id, *args.node_security_group_ids],
            needs=[*node_needs, *(addons[addon].addon for addon in early)],
            opts=child,
        )
        for addon in args.addons:
            if addon not in early:
                add(addon, needs=[system_nodes.node_group])

        self.resources = ClusterResources(
            control_plane=control_plane,
            oidc_provider=oidc_provider,
            cluster_role=cluster_role,
            node_role=node_role,
            operator_role=operator_role,
            access_entries=access_entries,
            addons=addons,
            system_nodes=system_nodes,
        )
        self.cluster_name = cluster.name
        self.cluster_arn = cluster.arn
        self.endpoint = cluster.endpoint
        self.certificate_authority = cluster.certificate_authority.apply(
            lambda found: _told(found.data, "certificate authority")
        )
        self.oidc_issuer = issuer
        self.oidc_provider_arn = oidc_provider.arn
        self.node_role_arn = node_role.arn
        self.operator_role_arn = operator_role.arn
        self.register_outputs(
            {
                "cluster_name": self.cluster_name,
                "cluster_arn": self.cluster_arn,
                "endpoint": self.endpoint,
                "oidc_issuer": self.oidc_issuer,
                "oidc_provider_arn": self.oidc_provider_arn,
                "security_group_id": self.security_group_id,
                "node_role_arn": self.node_role_arn,
                "operator_role_arn": self.operator_role_arn,
            }
        )


def _warn_of_old_version(args: ClusterArgs, parent: pulumi.Resource) -> None:
    ended = support_ended(args.version, extended=args.extended_support, today=datetime.now(UTC).date())
    if ended is not None:
        pulumi.warn(
            f"version: {args.version}: its support ended on {ended}; EKS will upgrade it by itself: "
            f"move to {NEWEST}, or set extended_support",
            parent,
        )


def _let_in(name: str, args: ClusterArgs, group_id: pulumi.Output[str], opts: pulumi.ResourceOptions) -> None:
    for index, cidr in enumerate(args.api_cidrs):
        label = f"{name}-api-{index}"
        aws.vpc.SecurityGroupIngressRule(
            label,
            security_group_id=group_id,
            cidr_ipv4=str(cidr),
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description="Kubernetes API from a private network",
            tags=tagged(label, args.tags),
            opts=opts,
        )


def _issuer(identities: Sequence[aws.eks.outputs.ClusterIdentity]) -> str:
    issuers = [oidc.issuer for identity in identities for oidc in identity.oidcs or ()]
    return _told(issuers[0] if issuers else None, "OIDC issuer")


def _told(value: str | None, what: str) -> str:
    if not value:
        raise pulumi.RunError(f"EKS told no {what} for the cluster; refresh the stack once it is active")
    return value
