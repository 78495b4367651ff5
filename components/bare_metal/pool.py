"""A pool of machines that stand somewhere already, and are made nodes by playbooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from components._options import protected
from components.bare_metal.args import BareMetalPoolArgs
from components.bare_metal.hosts import Hosts
from components.bare_metal.paths import absolute, found
from components.checks import check_name


@dataclass(frozen=True, kw_only=True)
class BareMetalPoolResources:
    """What a BareMetalPool is made of."""

    hosts: Hosts


class BareMetalPool(pulumi.ComponentResource):
    """Machines converged by Ansible; its inventory is for plain ansible-playbook as well."""

    inventory: pulumi.Output[dict[str, Any]]
    hosts: list[str]
    drift: pulumi.Output[dict[str, list[str]]]

    def __init__(
        self, name: str, args: BareMetalPoolArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_name("name", name)
        super().__init__("datahall:components:BareMetalPool", name, None, opts)
        hosts = Hosts(
            name,
            playbooks=absolute(args.playbooks),
            inventory=args.inventory(),
            neighbour_tags=args.neighbour_tags,
            leavers=args.leavers,
            private_key_file=found(args.private_key_file),
            vault_files=[absolute(path) for path in args.vault_files],
            vault_password_file=found(args.vault_password_file),
            opts=protected(pulumi.ResourceOptions(parent=self), args.deletion_protection),
        )
        self.resources = BareMetalPoolResources(hosts=hosts)
        self.inventory = hosts.inventory
        self.hosts = sorted(args.machines)
        self.drift = hosts.drift
        self.register_outputs({"inventory": self.inventory, "hosts": self.hosts, "drift": self.drift})
