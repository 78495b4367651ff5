"""The supported resource types: tables, a file a service."""

from __future__ import annotations

from collections.abc import Mapping

from datahall.sandbox.aws.plugin.table import Type
from datahall.sandbox.aws.plugin.types import iam, kms, s3, vpc

TYPES: Mapping[str, Type] = {row.type: row for module in (iam, kms, s3, vpc) for row in module.TYPES}
"""Every supported type by its token."""
