"""Bare metal: machines that Ansible converges."""

from components.bare_metal.args import BareMetalPoolArgs, BmcArgs, MachineArgs
from components.bare_metal.pool import BareMetalPool, BareMetalPoolResources

__all__ = ["BareMetalPool", "BareMetalPoolArgs", "BareMetalPoolResources", "BmcArgs", "MachineArgs"]
