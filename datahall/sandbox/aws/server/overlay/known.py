"""What exists in the account, for whoever refers to it from another service; None where it does not."""

from typing import Any

from moto.core.base_backend import BaseBackend
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.security_groups import SecurityGroup
from moto.ec2.models.subnets import Subnet
from moto.iam.models import IAMBackend, Role, iam_backends
from moto.kms.models import Key, kms_backends
from moto.logs.models import LogGroup, logs_backends
from moto.s3.models import FakeBucket, s3_backends


def ec2(backend: BaseBackend) -> EC2Backend:
    """Return EC2 in the account and region of another service's backend."""
    return ec2_backends[backend.account_id][backend.region_name]


def iam(backend: BaseBackend) -> IAMBackend:
    """Return IAM in the account of another service's backend."""
    return iam_backends[backend.account_id][backend.partition]


def subnet(backend: BaseBackend, identifier: str) -> Subnet | None:
    """Find a subnet."""
    for zone in ec2(backend).subnets.values():
        if identifier in zone:
            return zone[identifier]
    return None


def security_group(backend: BaseBackend, identifier: str) -> SecurityGroup | None:
    """Find a security group by its id."""
    return ec2(backend).get_security_group_from_id(identifier)


def role(backend: BaseBackend, arn: str) -> Role | None:
    """Find a role by its ARN."""
    return next((found for found in iam(backend).roles.values() if found.arn == arn), None)


def principal(backend: BaseBackend, arn: str) -> bool:
    """Whether a role, a user or the account's root has this ARN."""
    users = (user.arn for user in iam(backend).users.values())
    root = f"arn:{backend.partition}:iam::{backend.account_id}:root"
    return role(backend, arn) is not None or arn in users or arn == root


def key(backend: BaseBackend, reference: str, *, region: str | None = None) -> Key | None:
    """Find a KMS key by id, ARN, alias or alias ARN, in whatever state; an ARN names its own region."""
    if reference.startswith("arn:"):
        parts = reference.split(":", 5)
        if len(parts) < 6 or parts[2] != "kms" or parts[4] != backend.account_id:
            return None
        region = parts[3]
    regional = kms_backends[backend.account_id]
    region = region or backend.region_name
    if region not in regional:
        return None
    keys = regional[region]
    name = keys.get_key_id(keys.get_alias_name(reference))
    identifier = keys.get_key_id_from_alias(name) if name.startswith("alias/") else name
    return keys.keys.get(identifier or "")


def usable_key(backend: BaseBackend, reference: str, *, region: str | None = None) -> Key | None:
    """Find a KMS key that is enabled and encrypts."""
    found = key(backend, reference, region=region)
    return found if found and found.enabled and found.key_usage in (None, "ENCRYPT_DECRYPT") else None


def bucket(backend: BaseBackend, name: str) -> FakeBucket | None:
    """Find a bucket of the account by its name."""
    return s3_backends[backend.account_id][backend.partition].buckets.get(name)


def log_group(backend: BaseBackend, name: str) -> LogGroup | None:
    """Find a log group of the region by its name."""
    return logs_backends[backend.account_id][backend.region_name].groups.get(name)


def launch_template(backend: BaseBackend, reference: dict[str, Any]) -> Any | None:  # noqa: ANN401 - moto's own
    """Find a launch template by `id` or `name`."""
    templates = ec2(backend)
    identifier = reference.get("id") or templates.launch_template_name_to_ids.get(reference.get("name", ""))
    return templates.launch_templates.get(identifier or "")
