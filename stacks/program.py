"""An environment, from its settings to its outputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components import (
    Cluster,
    ClusterArgs,
    Encryption,
    EncryptionArgs,
    ExistingReservation,
    GpuNodePool,
    GpuNodePoolArgs,
    Network,
    NetworkArgs,
    NewReservation,
    PodIdentity,
    PodIdentityArgs,
    Storage,
    StorageArgs,
    wants_efa,
)
from stacks.blocks import PoolSettings
from stacks.settings import Settings

PODS = "training"
"""Namespace and service account of pods that train."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """What GPU pools stand in."""

    encryption: Encryption
    network: Network
    storage: Storage
    cluster: Cluster


def deploy(settings: Settings) -> None:
    """Makes the components and exports the outputs, all flat."""
    name, tags = settings.prefix, settings.tags

    # 1 - what everything else stands on
    encryption = Encryption(
        name,
        EncryptionArgs(
            **settings.encryption.given(), deletion_protection=settings.deletion_protection, tags=tags
        ),
    )
    network = Network(
        name, NetworkArgs(log_key_arn=encryption.logs_key_arn, **settings.network.given(), tags=tags)
    )
    private = [subnet.id for subnet in network.resources.subnets.private]

    # 2 - what holds state
    storage = Storage(
        name,
        StorageArgs(
            vpc_id=network.vpc_id,
            subnet_ids=private,
            lustre_subnet_id=private[settings.storage.lustre_zone],
            data_key_arn=encryption.data_key_arn,
            logs_key_arn=encryption.logs_key_arn,
            backup_key_arn=encryption.backup_key_arn,
            lustre=settings.storage.lustre.args(),
            backup=settings.storage.backup.args(),
            deletion_protection=settings.deletion_protection,
            **settings.storage.given(),
            tags=tags,
        ),
    )

    # 3 - what computes
    cluster = Cluster(
        name,
        ClusterArgs(
            subnet_ids=private,
            cluster_key_arn=encryption.cluster_key_arn,
            data_key_arn=encryption.data_key_arn,
            logs_key_arn=encryption.logs_key_arn,
            node_security_group_ids=[storage.client_security_group_id],
            access=[entry.args() for entry in settings.cluster.access],
            system=settings.cluster.system.args(),
            deletion_protection=settings.deletion_protection,
            **settings.cluster.given(),
            tags=tags,
        ),
        # nodes pull images and mount file systems through the network's routes and endpoints
        pulumi.ResourceOptions(depends_on=[network]),
    )
    training = PodIdentity(
        f"{name}-training-pods",
        PodIdentityArgs(
            cluster_name=cluster.cluster_name,
            cluster_arn=cluster.cluster_arn,
            namespace=PODS,
            service_account=PODS,
            key_arn=encryption.data_key_arn,
            reads=[storage.data_bucket],
            adds=[storage.registry_bucket],  # what is registered stays
            writes=[storage.checkpoint_bucket],
            tags=tags,
        ),
    )
    site = Site(encryption=encryption, network=network, storage=storage, cluster=cluster)
    pools = {pool: _pool(f"{name}-{pool}", wanted, site, tags) for pool, wanted in settings.pools.items()}

    _export(
        {
            "environment": settings.environment,
            "region": settings.region,
            "vpc_id": network.vpc_id,
            "public_subnet_ids": network.public_subnet_ids,
            "private_subnet_ids": network.private_subnet_ids,
            "data_bucket": storage.data_bucket,
            "checkpoint_bucket": storage.checkpoint_bucket,
            "registry_bucket": storage.registry_bucket,
            "data_key_arn": encryption.data_key_arn,
            "cluster_key_arn": encryption.cluster_key_arn,
            "logs_key_arn": encryption.logs_key_arn,
            "backup_key_arn": encryption.backup_key_arn,
            "file_system_id": storage.file_system_id,
            "lustre_file_system_id": storage.lustre_file_system_id,
            "lustre_dns_name": storage.lustre_dns_name,
            "lustre_mount_name": storage.lustre_mount_name,
            "cluster_name": cluster.cluster_name,
            "cluster_endpoint": cluster.endpoint,
            "cluster_oidc_issuer": cluster.oidc_issuer,
            "pod_identities": [
                {"namespace": training.namespace, "service_account": training.service_account}
            ],
            "efa_security_group_id": network.efa_security_group_id,
            "node_pools": {
                pool: {
                    "name": pool,
                    "instance_type": made.instance_type,
                    "capacity": made.capacity,
                    "min_nodes": made.min_nodes,
                    "max_nodes": made.max_nodes,
                    "gpus_per_node": made.gpus_per_node,
                    "efa_interfaces": made.efa_interfaces,
                    "labels": made.labels,
                    "taints": made.taints,
                    "node_group_name": made.node_group_name,
                    "launch_template_id": made.launch_template_id,
                }
                for pool, made in pools.items()
            },
        }
    )


def _pool(name: str, wanted: PoolSettings, site: Site, tags: Mapping[str, str]) -> GpuNodePool:
    capacity = wanted.capacity.args()
    reserved = isinstance(capacity, ExistingReservation | NewReservation)
    zone = wanted.zone
    if zone is None and (reserved or wants_efa(wanted.instance_type, wanted.purpose, efa=wanted.efa)):
        zone = 0
    private = [subnet.id for subnet in site.network.resources.subnets.private]
    return GpuNodePool(
        name,
        GpuNodePoolArgs(
            cluster_name=site.cluster.cluster_name,
            node_role_arn=site.cluster.node_role_arn,
            subnet_ids=private if zone is None else [private[zone]],
            zone=None if zone is None else site.network.zones[zone],
            security_group_ids=[site.cluster.security_group_id, site.storage.client_security_group_id],
            efa_security_group_id=site.network.efa_security_group_id,
            data_key_arn=site.encryption.data_key_arn,
            capacity=capacity,
            **wanted.given(),
            tags=tags,
        ),
        # a node becomes ready only once the cluster's network add-ons run
        pulumi.ResourceOptions(depends_on=[site.cluster]),
    )


def _export(outputs: dict[str, Any]) -> None:
    for name, value in outputs.items():
        pulumi.export(name, value)
