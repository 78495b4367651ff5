"""The data centre's building blocks, as Pulumi components."""

from components.bare_metal import (
    BareMetalPool,
    BareMetalPoolArgs,
    BareMetalPoolResources,
    BmcArgs,
    MachineArgs,
)
from components.capacity import (
    Capacity,
    ExistingReservation,
    NewReservation,
    OnDemand,
    Spot,
    capacity_name,
)
from components.cluster import (
    VERSIONS,
    AccessEntry,
    Cluster,
    ClusterArgs,
    ClusterResources,
    SystemPoolArgs,
)
from components.encryption import Encryption, EncryptionArgs, EncryptionResources
from components.errors import InvalidArgs, meant, near
from components.gpu_pool import GpuNodePool, GpuNodePoolArgs, GpuNodePoolResources, wants_efa
from components.instance_types import INSTANCE_TYPES, InstanceType, instance_type
from components.network import Network, NetworkArgs, NetworkResources
from components.pod_identity import PodIdentity, PodIdentityArgs, PodIdentityResources
from components.storage import BackupArgs, LustreArgs, Storage, StorageArgs, StorageResources

__all__ = [
    "INSTANCE_TYPES",
    "VERSIONS",
    "AccessEntry",
    "BackupArgs",
    "BareMetalPool",
    "BareMetalPoolArgs",
    "BareMetalPoolResources",
    "BmcArgs",
    "Capacity",
    "Cluster",
    "ClusterArgs",
    "ClusterResources",
    "Encryption",
    "EncryptionArgs",
    "EncryptionResources",
    "ExistingReservation",
    "GpuNodePool",
    "GpuNodePoolArgs",
    "GpuNodePoolResources",
    "InstanceType",
    "InvalidArgs",
    "LustreArgs",
    "MachineArgs",
    "Network",
    "NetworkArgs",
    "NetworkResources",
    "NewReservation",
    "OnDemand",
    "PodIdentity",
    "PodIdentityArgs",
    "PodIdentityResources",
    "Spot",
    "Storage",
    "StorageArgs",
    "StorageResources",
    "SystemPoolArgs",
    "capacity_name",
    "instance_type",
    "meant",
    "near",
    "wants_efa",
]
