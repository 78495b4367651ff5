"""An environment, from its settings to its outputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components import (
    BareMetalPool,
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
from stacks.blocks import BareMetalSettings, ClusterSettings, PoolSettings
from stacks.machines import pool_args
from stacks.settings import Settings

PODS = "training"
"""Namespace and service account of pods that train."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """What clusters stand on."""

    encryption: Encryption
    network: Network
    storage: Storage

    @property
    def private(self) -> list[pulumi.Output[str]]:
        """The private subnets' ids, a zone each."""
        return [subnet.id for subnet in self.network.resources.subnets.private]


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
    outputs: dict[str, Any] = {}
    if settings.cluster is not None:
        base = Base(encryption=encryption, network=network, storage=storage)
        outputs |= _cluster(base, settings, settings.cluster)
    if settings.bare_metal is not None:
        outputs |= _bare_metal(name, settings, settings.bare_metal)

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
            "efa_security_group_id": network.efa_security_group_id,
            **outputs,
        }
    )


def _cluster(base: Base, settings: Settings, wanted: ClusterSettings) -> dict[str, Any]:
    """EKS and its GPU pools; the outputs."""
    name, tags = settings.prefix, settings.tags
    cluster = Cluster(
        name,
        ClusterArgs(
            subnet_ids=base.private,
            cluster_key_arn=base.encryption.cluster_key_arn,
            data_key_arn=base.encryption.data_key_arn,
            logs_key_arn=base.encryption.logs_key_arn,
            node_security_group_ids=[base.storage.client_security_group_id],
            access=[entry.args() for entry in wanted.access],
            system=wanted.system.args(),
            deletion_protection=settings.deletion_protection,
            **wanted.given(),
            tags=tags,
        ),
        # nodes pull images and mount file systems through the network's routes and endpoints
        pulumi.ResourceOptions(depends_on=[base.network]),
    )
    training = PodIdentity(
        f"{name}-training-pods",
        PodIdentityArgs(
            cluster_name=cluster.cluster_name,
            cluster_arn=cluster.cluster_arn,
            namespace=PODS,
            service_account=PODS,
            key_arn=base.encryption.data_key_arn,
            reads=[base.storage.data_bucket],
            adds=[base.storage.registry_bucket],  # what is registered stays
            writes=[base.storage.checkpoint_bucket],
            tags=tags,
        ),
    )
    pools = {
        pool: _pool(f"{name}-{pool}", asked, base, cluster, tags) for pool, asked in settings.pools.items()
    }
    return {
        "cluster_name": cluster.cluster_name,
        "cluster_endpoint": cluster.endpoint,
        "cluster_oidc_issuer": cluster.oidc_issuer,
        "pod_identities": [{"namespace": training.namespace, "service_account": training.service_account}],
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


def _bare_metal(name: str, settings: Settings, wanted: BareMetalSettings) -> dict[str, Any]:
    """Machines that Ansible converges; the outputs."""
    args = pool_args(wanted, deletion_protection=settings.deletion_protection)
    pool = BareMetalPool(f"{name}-hosts", args)
    return {"inventory": pool.inventory, "hosts": pool.hosts, "drift": pool.drift}


def _pool(
    name: str, wanted: PoolSettings, base: Base, cluster: Cluster, tags: Mapping[str, str]
) -> GpuNodePool:
    capacity = wanted.capacity.args()
    reserved = isinstance(capacity, ExistingReservation | NewReservation)
    zone = wanted.zone
    if zone is None and (reserved or wants_efa(wanted.instance_type, wanted.purpose, efa=wanted.efa)):
        zone = 0
    return GpuNodePool(
        name,
        GpuNodePoolArgs(
            cluster_name=cluster.cluster_name,
            node_role_arn=cluster.node_role_arn,
            subnet_ids=base.private if zone is None else [base.private[zone]],
            zone=None if zone is None else base.network.zones[zone],
            security_group_ids=[cluster.security_group_id, base.storage.client_security_group_id],
            efa_security_group_id=base.network.efa_security_group_id,
            data_key_arn=base.encryption.data_key_arn,
            capacity=capacity,
            **wanted.given(),
            tags=tags,
        ),
        # a node becomes ready only once the cluster's network add-ons run
        pulumi.ResourceOptions(depends_on=[cluster]),
    )


def _export(outputs: dict[str, Any]) -> None:
    for name, value in outputs.items():
        pulumi.export(name, value)
