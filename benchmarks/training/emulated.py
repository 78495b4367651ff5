"""A site on an emulated AWS, for what goes to S3 or comes from it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from datahall.sandbox.aws import control
from workloads.objects import Buckets, connect
from workloads.site import load_site


@contextmanager
def emulated(folder: Path) -> Iterator[Buckets]:
    """The buckets of a site on an emulated AWS of its own, in `folder`."""
    server = control.start(folder / "aws")
    os.environ.update(control.environment(server.url))
    try:
        session = boto3.Session(region_name="us-west-2")
        key = session.client("kms").create_key()["KeyMetadata"]["Arn"]
        names = {f"{kind}_bucket": f"{kind}-bench" for kind in ("data", "checkpoint", "registry")}
        for name in names.values():
            session.client("s3").create_bucket(
                Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
            )
        site = folder / "site.json"
        site.write_text(json.dumps({**names, "data_key_arn": key, "region": "us-west-2"}))
        yield connect(load_site(site))
    finally:
        control.stop(folder / "aws")
