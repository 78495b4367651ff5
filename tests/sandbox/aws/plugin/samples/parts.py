"""What the samples are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.aws.plugin.client import Live

Inputs = dict[str, Any]


World = Mapping[str, Live]


@dataclass(frozen=True)
class Sample:
    """A resource: its type, its name, its inputs; `change` is another value for some of them, in place."""

    kind: str
    name: str
    inputs: Callable[[World], Inputs]
    change: Inputs = field(default_factory=dict)


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str) -> str:
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


READ = document({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"})
READ_MORE = document({"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"})
ACCOUNT = "123456789012"
TAGS = {"Name": "sample", "Team": "platform"}
OTHER_TAGS = {"Name": "renamed", "Purpose": "test"}


def deny_plain(resource: str) -> str:
    return document(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [resource, f"{resource}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def key_policy(sid: str) -> str:
    root = f"arn:aws:iam::{ACCOUNT}:root"
    return document(
        {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    )


def log_key_policy() -> str:
    root = f"arn:aws:iam::{ACCOUNT}:root"
    return document(
        {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"Service": "logs.us-west-2.amazonaws.com"},
            "Action": [
                "kms:Encrypt*",
                "kms:Decrypt*",
                "kms:ReEncrypt*",
                "kms:GenerateDataKey*",
                "kms:Describe*",
            ],
            "Resource": "*",
        },
    )
