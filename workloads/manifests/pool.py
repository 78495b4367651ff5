"""The node pools and pod identities among the site's outputs, as far as pods care."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from workloads.command import validate
from workloads.errors import InvalidInputError
from workloads.site import load_site

SITE_OUTPUTS = ("data_bucket", "checkpoint_bucket", "registry_bucket", "data_key_arn", "region")


_FIX = "apply the stack again: this version's outputs tell it"


class Taint(BaseModel):
    """What keeps other pods away."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    key: str
    value: str
    effect: str


class Pool(BaseModel):
    """A pool of GPU nodes; what else the stack tells of it is none of the pods' business."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    name: str
    capacity: str
    max_nodes: Annotated[int, Field(ge=0)]
    gpus_per_node: Annotated[int, Field(ge=1)]
    efa_interfaces: Annotated[int, Field(ge=0)]
    labels: dict[str, str]
    taints: list[Taint]

    @property
    def spot(self) -> bool:
        """Whether its nodes are taken back at two minutes' notice."""
        return self.capacity == "spot"


class _Identity(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    namespace: str
    service_account: str


class _Identities(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    pod_identities: list[_Identity] = []


def find_pool(file: Path, name: str, nodes: int) -> Pool:
    """The pool called `name` in the outputs; raises InvalidInputError where it is not there or too small."""
    load_site(file)
    pools: Any = json.loads(file.read_text()).get("node_pools") or {}
    if name not in pools:
        known = ", ".join(sorted(pools)) or "none"
        rule = f"must be a node pool of the site ({known})"
        raise InvalidInputError("--pool", name, rule, "give one of them, or add it to the stack's settings")
    pool = validate(Pool, pools[name], prefix=f"node_pools.{name}.", fix=_FIX)
    if nodes > pool.max_nodes:
        rule = f"must be at most the {pool.max_nodes} nodes of {name}"
        raise InvalidInputError("--nodes", nodes, rule, "lower it, or raise the pool's max_nodes")
    return pool


def check_identity(file: Path, namespace: str, service_account: str) -> None:
    """Raise InvalidInputError unless the stack gives that service account's pods a role."""
    told = validate(_Identities, json.loads(file.read_text()), fix=_FIX).pod_identities
    known = [f"{each.namespace}/{each.service_account}" for each in told]
    if (asked := f"{namespace}/{service_account}") not in known:
        rule = f"must be one that the stack gives an AWS role ({', '.join(known) or 'none'})"
        fix = "give --namespace and --service-account of one, or --role-arn"
        raise InvalidInputError("--service-account", asked, rule, fix)


def site_file(file: Path) -> str:
    """The outputs that workloads need, and no others, as JSON."""
    site = load_site(file)
    return json.dumps({name: getattr(site, name) for name in SITE_OUTPUTS})
