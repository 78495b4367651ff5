"""Storage: buckets, images, file systems and backups."""

from components.storage.args import BackupArgs, LustreArgs, StorageArgs
from components.storage.storage import Storage, StorageResources

__all__ = ["BackupArgs", "LustreArgs", "Storage", "StorageArgs", "StorageResources"]
