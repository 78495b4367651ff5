"""The resource of the plugin `baremetal`: hosts that Ansible converges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi


class Hosts(pulumi.CustomResource):
    """Converged when made, and when playbooks, variables or inventory change; decommissioned when deleted."""

    inventory: pulumi.Output[dict[str, Any]]
    converged: pulumi.Output[dict[str, str]]
    drift: pulumi.Output[dict[str, list[str]]]

    def __init__(
        self,
        name: str,
        *,
        playbooks: str,
        inventory: Mapping[str, Any],
        neighbour_tags: Sequence[str],
        leavers: Sequence[str],
        private_key_file: str | None,
        vault_files: Sequence[str],
        vault_password_file: str | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        given = {
            "playbooks": playbooks,
            "inventory": inventory,
            "neighbourTags": list(neighbour_tags),
            "leavers": list(leavers),
            "privateKeyFile": private_key_file,
            "vaultFiles": list(vault_files),
            "vaultPasswordFile": vault_password_file,
        }
        super().__init__("baremetal:index:Hosts", name, {**given, "converged": None, "drift": None}, opts)
