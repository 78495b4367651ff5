"""What a Storage may be told, and what of it is refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi

from components._tags import Tags
from components.checks import check_choice, check_range, check_retention, check_tags, check_text
from components.errors import InvalidArgs

THROUGHPUTS = (125, 250, 500, 1000)
"""MB/s for each TiB of FSx for Lustre PERSISTENT_2 on SSD."""


@dataclass(frozen=True, kw_only=True)
class LustreArgs:
    """FSx for Lustre: ``capacity_gib`` is 1,200 or a multiple of 2,400; throughput is per TiB, in MB/s."""

    capacity_gib: int = 1200
    throughput_per_tib: int = 125
    log_level: str = "WARN_ERROR"

    def __post_init__(self) -> None:
        size = self.capacity_gib
        if (
            isinstance(size, bool)
            or not isinstance(size, int)
            or (size != 1200 and (size < 2400 or size % 2400))
        ):
            raise InvalidArgs(
                "lustre.capacity_gib", size, "must be 1200 or a multiple of 2400", "use 1200, 2400, 4800, ..."
            )
        if self.throughput_per_tib not in THROUGHPUTS:
            raise InvalidArgs(
                "lustre.throughput_per_tib",
                self.throughput_per_tib,
                "must be a PERSISTENT_2 throughput",
                f"use one of {', '.join(map(str, THROUGHPUTS))}",
            )
        check_choice("lustre.log_level", self.log_level, ("WARN_ONLY", "ERROR_ONLY", "WARN_ERROR"))


@dataclass(frozen=True, kw_only=True)
class BackupArgs:
    """When (AWS cron, UTC) recovery points are made, and how many days they are kept."""

    schedule: str = "cron(0 5 ? * * *)"
    keep_days: int = 35

    def __post_init__(self) -> None:
        check_text(
            "backup.schedule",
            self.schedule,
            r"cron\((\S+ ){5}\S+\)|rate\(\d+ (hour|hours|day|days)\)",
            "must be an AWS cron or rate expression",
            "use cron(0 5 ? * * *) for 05:00 UTC every day",
        )
        check_range("backup.keep_days", self.keep_days, 7, 3650, "35 covers a month")


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """Buckets, images, file systems and their backups; encrypted with the given keys, always.

    ``subnet_ids`` are private ones, one a zone; Lustre lives in the first, unless ``lustre_subnet_id`` says
    otherwise (beside the GPU nodes). ``deletion_protection`` makes an engine refuse to delete what holds
    state; without it, ``force_destroy`` lets a destroy empty buckets, repositories and the backup vault.
    """

    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    data_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    backup_key_arn: pulumi.Input[str]
    lustre_subnet_id: pulumi.Input[str] | None = None
    repositories: Sequence[str] = ("training", "serving")
    lustre: LustreArgs = field(default_factory=LustreArgs)
    backup: BackupArgs = field(default_factory=BackupArgs)
    log_retention_days: int = 365
    deletion_protection: bool = True
    force_destroy: bool = False
    tags: Tags = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.subnet_ids, str) or not self.subnet_ids:
            raise InvalidArgs("subnet_ids", self.subnet_ids, "must be a list of subnets", "give one a zone")
        if isinstance(self.repositories, str):
            raise InvalidArgs(
                "repositories", self.repositories, "must be a list", f"write [{self.repositories}]"
            )
        for repository in self.repositories:
            check_text(
                "repositories",
                repository,
                r"[a-z0-9]+([._-][a-z0-9]+)*",
                "must be lower-case letters and digits, separated by '.', '_' or '-'",
                "re-spell it",
            )
        if len(set(self.repositories)) != len(self.repositories):
            raise InvalidArgs(
                "repositories", ", ".join(self.repositories), "must differ", "remove the repeated one"
            )
        if self.force_destroy and self.deletion_protection:
            raise InvalidArgs(
                "force_destroy", True, "contradicts deletion_protection", "set one of them to false"
            )
        check_retention("log_retention_days", self.log_retention_days)
        check_tags("tags", self.tags)
