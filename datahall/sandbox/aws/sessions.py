"""boto3 sessions on the emulated AWS, made in milliseconds."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from datahall.sandbox.aws import accounts

_PROFILE = Path(__file__).with_name("profile.ini")


def session(access_key: str, region: str, url: str = "") -> boto3.Session:
    """A session with the sandbox's own keys, and nothing of a user's own set-up: no profile, no proxy.

    With a `url`, clients and resources that it makes reach that address unless they are told another.
    """
    inner = botocore.session.Session(profile="default")
    inner.set_config_variable("config_file", str(_PROFILE))
    inner.set_config_variable("credentials_file", os.devnull)
    inner.set_default_client_config(Config(proxies={}))
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
    return create_loader()
