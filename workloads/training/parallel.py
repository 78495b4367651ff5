"""How ranks share a network: each has all of it (DDP), or each a part of every tensor (FSDP2).

Zhao et al., 2023: with FSDP, parameters, gradients and moments are divided; a block's parameters are
put together when it is computed, and let go after it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from workloads.models.spec import ModelSpec
from workloads.training.ranks import Ranks


def divide(network: nn.Module, ranks: Ranks) -> None:
    """Divide `network` among the ranks, in place: each block of its lists, then what is left."""
    mesh = init_device_mesh(ranks.device.type, (ranks.world_size,))
    for layers in [module for module in network.modules() if isinstance(module, nn.ModuleList)]:
        for block in layers:
            fully_shard(block, mesh=mesh)
    fully_shard(network, mesh=mesh)


def wrapped(network: nn.Module, ranks: Ranks) -> nn.Module:
    """`network` with its gradients averaged over the ranks."""
    if ranks.world_size == 1 or isinstance(network, FSDPModule):
        return network
    return DistributedDataParallel(network, gradient_as_bucket_view=True)


@contextmanager
def exchanging(network: nn.Module, now: bool) -> Iterator[None]:
    """Gradients of what is computed within are exchanged among the ranks, or kept until they are."""
    if isinstance(network, FSDPModule):
        network.set_requires_gradient_sync(now)
    ddp = isinstance(network, DistributedDataParallel) and not now
    with network.no_sync() if ddp else nullcontext():  # type: ignore[operator]
        yield


def whole(network: nn.Module, spec: ModelSpec) -> nn.Module:
    """`network`, or a copy on this rank with all of its tensors where it is divided: every rank calls it."""
    if not isinstance(network, FSDPModule):
        return network
    copy = spec.build().to(next(network.parameters()).device)
    copy.load_state_dict({name: together(tensor) for name, tensor in network.state_dict().items()})
    return copy


def keep_buffers(network: nn.Module, of: nn.Module) -> None:
    """What was written into a whole copy's buffers, `of`, into those of the divided `network`."""
    if of is network:
        return
    buffers = dict(of.named_buffers())
    for name, buffer in network.named_buffers():
        buffer.copy_(buffers[name])


def together(tensor: Tensor) -> Tensor:
    """All of a tensor; every rank calls it."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
