"""The supported resource types: tables, a file a service."""

from __future__ import annotations

from collections.abc import Mapping

from datahall.sandbox.aws.plugin.table import Type
from datahall.sandbox.aws.plugin.types import (
    backup,
    compute,
    ecr,
    efs,
    eks,
    fsx,
    iam,
    kms,
    logs,
    routes,
    s3,
    vpc,
    vpc_access,
)

_SERVICES = (backup, compute, ecr, efs, eks, fsx, iam, kms, logs, routes, s3, vpc, vpc_access)

TYPES: Mapping[str, Type] = {row.type: row for module in _SERVICES for row in module.TYPES}
"""Every supported type by its token."""
