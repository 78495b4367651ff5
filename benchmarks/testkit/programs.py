"""What is brought up: something trivial, and the first components of the `local` environment."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pulumi_aws as aws

from components import Encryption, EncryptionArgs, Network, NetworkArgs
from stacks.settings import load

_LOCAL = load("local", Path(__file__).parents[2] / "stacks")


def _bucket() -> None:
    aws.s3.Bucket("bucket")


def _network_and_keys() -> None:
    keys = Encryption(
        _LOCAL.prefix,
        EncryptionArgs(**_LOCAL.encryption.given(), deletion_protection=False, tags=_LOCAL.tags),
    )
    Network(
        _LOCAL.prefix,
        NetworkArgs(log_key_arn=keys.logs_key_arn, **_LOCAL.network.given(), tags=_LOCAL.tags),
    )


PROGRAMS: Mapping[str, Callable[[], None]] = {
    "a bucket": _bucket,
    "network and keys": _network_and_keys,
}
