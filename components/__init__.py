"""The data centre's building blocks, as Pulumi components."""

from components.encryption import Encryption, EncryptionArgs, EncryptionResources
from components.errors import InvalidArgs
from components.network import Network, NetworkArgs, NetworkResources
from components.storage import BackupArgs, LustreArgs, Storage, StorageArgs, StorageResources

__all__ = [
    "BackupArgs",
    "Encryption",
    "EncryptionArgs",
    "EncryptionResources",
    "InvalidArgs",
    "LustreArgs",
    "Network",
    "NetworkArgs",
    "NetworkResources",
    "Storage",
    "StorageArgs",
    "StorageResources",
]
