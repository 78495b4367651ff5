"""GpuNodePool: GPU nodes of one type, in one cluster."""

from components.gpu_pool.args import REQUIRED_TAGS, GpuNodePoolArgs, wants_efa
from components.gpu_pool.pool import GpuNodePool, GpuNodePoolResources

__all__ = ["REQUIRED_TAGS", "GpuNodePool", "GpuNodePoolArgs", "GpuNodePoolResources", "wants_efa"]
