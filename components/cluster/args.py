"""What a Cluster may be told, and what of it is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network

import pulumi

from components._networks import private_network
from components._tags import Tags
from components.checks import check_choice, check_range, check_retention, check_tags, check_text
from components.cluster.access import AccessEntry
from components.cluster.addons import ADDONS, REQUIRED
from components.cluster.versions import NEWEST, VERSIONS
from components.errors import InvalidArgs, near


@dataclass(frozen=True, kw_only=True)
class SystemPoolArgs:
    """CPU nodes for what a cluster itself runs: DNS, storage drivers, controllers."""

    instance_type: str = "m7i.large"
    nodes: int = 2
    root_volume_gib: int = 100

    def __post_init__(self) -> None:
        check_text(
            "system.instance_type",
            self.instance_type,
            r"(c|m|r)[5-9](i|a|in|id|n|d|i-flex)?\.(\d*x?large)",
            "must be an x86 general-purpose type of generation 5 or later",
            "use m7i.large",
        )
        check_range("system.nodes", self.nodes, 2, 20, "two survive the loss of a zone")
        check_range("system.root_volume_gib", self.root_volume_gib, 50, 1000, "100 is enough")


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """EKS with a private endpoint, encrypted secrets and all logs, always.

    ``addons`` maps add-on names to versions (None: EKS's default for the Kubernetes version). ``api_cidrs``
    are private networks beyond the nodes' that may reach the API, such as a VPN's. ``deletion_protection``
    makes EKS and the engine refuse to delete the cluster.
    """

    subnet_ids: Sequence[pulumi.Input[str]]
    cluster_key_arn: pulumi.Input[str]
    data_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    version: str = NEWEST
    extended_support: bool = False
    deletion_protection: bool = True
    service_cidr: IPv4Network | str = "172.20.0.0/16"
    api_cidrs: Sequence[IPv4Network | str] = ()
    node_security_group_ids: Sequence[pulumi.Input[str]] = ()
    access: Sequence[AccessEntry] = ()
    addons: Mapping[str, str | None] = field(default_factory=lambda: dict.fromkeys(ADDONS))
    system: SystemPoolArgs = field(default_factory=SystemPoolArgs)
    log_retention_days: int = 365
    tags: Tags = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.subnet_ids, str) or len(self.subnet_ids) < 2:
            raise InvalidArgs(
                "subnet_ids", self.subnet_ids, "EKS needs subnets in two zones", "give one a zone"
            )
        check_choice("version", self.version, VERSIONS)
        _check_addons(self.addons)
        private_network("service_cidr", self.service_cidr, "use 172.20.0.0/16", largest=12, smallest=24)
        for cidr in self.api_cidrs:
            private_network("api_cidrs", cidr, "name the VPN's or the office's network")
        check_retention("log_retention_days", self.log_retention_days)
        check_tags("tags", self.tags)


def _check_addons(addons: Mapping[str, str | None]) -> None:
    for name, version in addons.items():
        if name not in ADDONS:
            raise InvalidArgs("addons", name, "is no add-on known here", near(name, ADDONS))
        if version is not None:
            check_text(
                f"addons.{name}",
                version,
                r"v\d+\.\d+\.\d+-eksbuild\.\d+",
                "must be an add-on version",
                "use one like v1.20.4-eksbuild.1, or leave it out for the default",
            )
    for name in REQUIRED:
        if name not in addons:
            raise InvalidArgs("addons", ", ".join(addons) or "(empty)", f"must have {name}", f"add {name}")
