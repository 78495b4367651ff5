"""The settings' shapes: which keys there are, of which type; the rules on values are the components'."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from components import (
    AccessEntry,
    BackupArgs,
    Capacity,
    ExistingReservation,
    LustreArgs,
    NewReservation,
    OnDemand,
    Spot,
    SystemPoolArgs,
)


class Block(BaseModel):
    """A group of settings; keys and types are exact."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def given(self) -> dict[str, Any]:
        """The settings that were set, without those nested in a block of their own."""
        return {
            key: value
            for key in self.model_fields_set
            if (value := getattr(self, key)) is not None and not _nested(value)
        }


def _nested(value: object) -> bool:
    return isinstance(value, Block) or (isinstance(value, list) and any(isinstance(i, Block) for i in value))


class NetworkSettings(Block):
    """The VPC; ``zones`` is a count, ``zone_names`` picks them by name instead."""

    cidr: str = "10.0.0.0/16"
    zones: int = 3
    zone_names: list[str] | None = None
    nat: Literal["zone", "single"] = "zone"
    gateway_endpoints: list[str] | None = None
    interface_endpoints: list[str] | None = None
    flow_log_retention_days: int = 365

    def given(self) -> dict[str, Any]:
        """As the component takes them: names stand in the place of the count."""
        values = super().given()
        names = values.pop("zone_names", None)
        return values if names is None else {**values, "zones": names}

    @property
    def zone_count(self) -> int:
        """How many zones there will be."""
        return self.zones if self.zone_names is None else len(self.zone_names)


class EncryptionSettings(Block):
    """The keys, in days."""

    rotation_days: int = 365
    deletion_window_days: int = 30


class LustreSettings(Block):
    """FSx for Lustre."""

    capacity_gib: int = 1200
    throughput_per_tib: int = 125
    log_level: str = "WARN_ERROR"

    def args(self) -> LustreArgs:
        """The component's arguments."""
        return LustreArgs(**self.given())


class BackupSettings(Block):
    """Recovery points."""

    schedule: str = "cron(0 5 ? * * *)"
    keep_days: int = 35

    def args(self) -> BackupArgs:
        """The component's arguments."""
        return BackupArgs(**self.given())


class StorageSettings(Block):
    """Buckets, images, file systems, backups; ``lustre_zone`` counts from 0."""

    repositories: list[str] | None = None
    log_retention_days: int = 365
    force_destroy: bool = False
    lustre_zone: int = 0
    lustre: LustreSettings = LustreSettings()
    backup: BackupSettings = BackupSettings()

    def given(self) -> dict[str, Any]:
        """Without the zone, which the program turns into a subnet."""
        return {key: value for key, value in super().given().items() if key != "lustre_zone"}


class SystemSettings(Block):
    """The cluster's own nodes."""

    instance_type: str = "m7i.large"
    nodes: int = 2
    root_volume_gib: int = 100

    def args(self) -> SystemPoolArgs:
        """The component's arguments."""
        return SystemPoolArgs(**self.given())


class AccessSettings(Block):
    """Who else may use the cluster."""

    principal_arn: str
    policy: str
    namespaces: list[str] | None = None

    def args(self) -> AccessEntry:
        """The component's arguments."""
        return AccessEntry(**self.given())


class ClusterSettings(Block):
    """EKS; ``addons`` maps names to versions, or to nothing for EKS's default."""

    version: str | None = None
    extended_support: bool = False
    service_cidr: str = "172.20.0.0/16"
    api_cidrs: list[str] | None = None
    access: list[AccessSettings] = []
    addons: dict[str, str | None] | None = None
    log_retention_days: int = 365
    system: SystemSettings = SystemSettings()

    def given(self) -> dict[str, Any]:
        """Without the access entries, which are arguments of their own."""
        return {key: value for key, value in super().given().items() if key != "access"}


class CapacitySettings(Block):
    """How nodes are bought: a word, or a reservation by its ``id`` or of so many ``nodes``."""

    type: Literal["on_demand", "spot", "reservation"]
    id: str | None = None
    block: bool | None = None
    placement_group: str | None = None
    nodes: int | None = None
    ends: str | None = None

    def args(self) -> Capacity:
        """The component's arguments."""
        values = {key: value for key, value in self.given().items() if key != "type"}
        if self.type == "on_demand":
            return OnDemand()
        if self.type == "spot":
            return Spot()
        return NewReservation(**values) if self.id is None else ExistingReservation(**values)


def _by_word(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


class PoolSettings(Block):
    """A GPU pool; ``zone`` counts from 0 and is needed only to choose another than the first."""

    instance_type: str
    purpose: Literal["training", "serving"]
    capacity: Annotated[CapacitySettings, BeforeValidator(_by_word)] = CapacitySettings(type="on_demand")
    checkpoints: bool = False
    min_nodes: int = 0
    desired_nodes: int | None = None
    max_nodes: int = 1
    zone: int | None = None
    efa: bool | None = None
    root_volume_gib: int = 500

    def given(self) -> dict[str, Any]:
        """Without the zone, which the program turns into a subnet."""
        return {key: value for key, value in super().given().items() if key != "zone"}


class BareMetalSettings(Block):
    """Machines that are there already: an Ansible inventory's, or ``emulated`` for those of this machine."""

    inventory: str
    leavers: list[str] | None = None
    private_key_file: str | None = None
    vault_files: list[str] | None = None
    vault_password_file: str | None = None


class LimitSettings(Block):
    """What all GPU pools at their largest may cost an hour, in US dollars at list price."""

    usd_per_hour: float | None = None
