"""An update of a program in the emulated AWS, in a process that is killed once a resource is made."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pulumi_aws as aws

from datahall import engine
from datahall.engine.answers import Outcome
from datahall.engine.provider import Provider
from datahall.engine.state import ResourceState


def program() -> None:
    """What AWS names itself, and what has a name."""
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", tags={"a": "b"})
    subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
    group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, description="of a test")
    aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
    key = aws.kms.Key("key", description="of a test")
    aws.s3.Bucket("bucket")
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    trust = {"Version": "2012-10-17", "Statement": [allowed]}
    aws.iam.Role("role", assume_role_policy=json.dumps(trust))
    aws.cloudwatch.LogGroup("logs")
    files = aws.efs.FileSystem("files", encrypted=True, kms_key_id=key.arn)
    aws.efs.MountTarget("mount", file_system_id=files.id, subnet_id=subnet.id, security_groups=[group.id])
    aws.ec2.VpcEndpoint("endpoint", vpc_id=vpc.id, service_name="com.amazonaws.us-west-2.s3")


MADE = 11


def options(folder: Path, url: str, port: int) -> engine.Options:
    """How the stack is operated, here and by the test."""
    from datahall.sandbox.aws import control

    return engine.Options(
        backend=folder / "state",
        attach={"aws": port},
        environment=control.environment(url),
        passphrase="long enough",
        config={"aws:region": control.DEFAULT_REGION},
        parallel=1,
        program=program,
    )


def main(folder: Path, url: str, port: int, last: int) -> None:
    """Update, and end as by a power cut when the `last`-th creation has been answered."""
    create, made = Provider.create, [0]

    def creating(self: Provider, state: ResourceState, *, preview: bool) -> Outcome:
        outcome = create(self, state, preview=preview)
        made[0] += 1
        if made[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    Provider.create = creating  # type: ignore[method-assign]  # where the power is cut
    engine.up(engine.load_project(folder), "dev", options(folder, url, port))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
