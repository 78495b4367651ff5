"""boto3 sessions on the emulated AWS, made in milliseconds."""

from __future__ import annotations

import functools

import boto3
import botocore.session
from botocore.loaders import Loader

from datahall.sandbox.aws import accounts


def session(access_key: str, region: str, url: str = "") -> boto3.Session:
    """A session with the sandbox's own keys: never a user's, a profile's or a metadata service's.

    With a `url`, clients and resources that it makes reach that address unless they are told another.
    """
    inner = botocore.session.Session()
    inner.register_component("data_loader", _models())
    made = boto3.Session(
        aws_access_key_id=access_key,
        aws_secret_access_key=accounts.SECRET_KEY,
        region_name=region,
        botocore_session=inner,
    )
    if url:
        made.client = functools.partial(made.client, endpoint_url=url)
        made.resource = functools.partial(made.resource, endpoint_url=url)
    return made


@functools.cache
def _models() -> Loader:
    """AWS's models, megabytes of JSON: read once, however many sessions there are."""
    loader: Loader = botocore.session.Session().get_component("data_loader")
    return loader
