"""What a training's manifests may be told; every field is a flag of `python -m workloads.manifests`."""

from typing import Annotated

from pydantic import Field

from workloads.settings import Settings

_DNS = r"[a-z0-9]([-a-z0-9]{0,%d}[a-z0-9])?"
_ROLE = r"^$|^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$"


class ManifestConfig(Settings):
    """How the training stands in its cluster."""

    name: Annotated[
        str,
        Field(pattern=rf"^$|^[a-z]$|^[a-z]{_DNS % 38}$", description="of all objects; empty: train-MODEL"),
    ] = ""
    namespace: Annotated[str, Field(pattern=f"^{_DNS % 61}$", description="where they are made")] = "training"
    service_account: Annotated[
        str, Field(pattern=f"^{_DNS % 61}$", description="whose identity the pods have")
    ] = "training"
    role_arn: Annotated[
        str,
        Field(pattern=_ROLE, description="its IAM role (IRSA); empty: the one that the stack gives it"),
    ] = ""
    nodes: Annotated[int, Field(ge=1, le=1000, description="nodes, a pod each, with all their GPUs")] = 1
    cpu_per_gpu: Annotated[int, Field(ge=1, le=256, description="CPUs asked for, a GPU")] = 3
    memory_gib_per_gpu: Annotated[
        int, Field(ge=2, le=2048, description="GiB asked for and allowed, a GPU; half may be /dev/shm")
    ] = 12
    restarts: Annotated[
        int, Field(ge=0, le=1000, description="starts after failures; lost nodes do not count")
    ] = 10
    grace_s: Annotated[
        int, Field(ge=0, le=86_400, description="seconds to save in; 0: 100 on spot, else 300")
    ] = 0
