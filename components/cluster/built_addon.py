"""Installs one add-on, with an AWS identity of its own where it calls AWS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components._location import Location
from components._options import after
from components._tags import Tags, tagged
from components.cluster.addons import ADDONS
from components.cluster.roles import build_addon_role

NAMESPACE = "kube-system"


@dataclass(frozen=True, kw_only=True)
class BuiltAddon:
    """The add-on, and the role of its service accounts (None where it calls nothing of AWS)."""

    addon: aws.eks.Addon
    role: aws.iam.Role | None


def build_addon(
    name: str,
    addon: str,
    cluster: aws.eks.Cluster,
    *,
    version: str | None,
    volumes_key_arn: pulumi.Input[str],
    needs: Sequence[pulumi.Resource],
    where: Location,
    tags: Tags,
    opts: pulumi.ResourceOptions,
) -> BuiltAddon:
    """Its identity comes first, so that its pods start with it."""
    spec = ADDONS[addon]
    label = f"{name}-{addon}"
    role, first = None, list(needs)
    if spec.service_accounts:
        role, permissions = build_addon_role(
            label, spec, cluster, volumes_key_arn, where=where, tags=tags, opts=opts
        )
        first += permissions
        first += [
            aws.eks.PodIdentityAssociation(
                f"{label}-{account}",
                cluster_name=cluster.name,
                namespace=NAMESPACE,
                service_account=account,
                role_arn=role.arn,
                tags=tagged(f"{label}-{account}", tags),
                opts=opts,
            )
            for account in spec.service_accounts
        ]
    made = aws.eks.Addon(
        label,
        cluster_name=cluster.name,
        addon_name=addon,
        addon_version=version,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="PRESERVE",
        tags=tagged(label, tags),
        opts=after(opts, *first),
    )
    return BuiltAddon(addon=made, role=role)
