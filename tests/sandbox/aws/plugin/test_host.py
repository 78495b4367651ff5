"""Many providers in one process: apart from each other, and gone with whoever asked for them."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import grpc
import pytest

from datahall.sandbox.aws import accounts, control
from datahall.testing.providers import Providers
from tests.sandbox.aws.plugin.client import REGION, Plugin

ONE, OTHER = "100000000001", "100000000002"
IDENTITY = "aws:index/getCallerIdentity:getCallerIdentity"


def ends(connection: Plugin) -> bool:
    """Whether it answers no more, before long: who closes a provider does not wait for its end."""
    for _ in range(200):
        try:
            connection.invoke(IDENTITY, {})
        except grpc.RpcError:
            return True
        time.sleep(0.05)
    return False


def test_each_provider_has_its_account_and_its_settings(aws_server: control.Server) -> None:
    providers = Providers()
    try:
        providers.serve(aws_server.url)
        ports = [providers.open(accounts.access_key(account)) for account in (ONE, OTHER, OTHER)]
        connections = [Plugin(port) for port in ports]
        for connection, region in zip(connections, (REGION, REGION, "eu-west-1"), strict=True):
            connection.configure(region=region)
        told = [connection.invoke(IDENTITY, {})["accountId"] for connection in connections]
        assert told == [ONE, OTHER, OTHER]
        regions = [
            connection.invoke("aws:index/getRegion:getRegion", {})["region"] for connection in connections
        ]
        assert regions == [REGION, REGION, "eu-west-1"]
        providers.close(ports[:1])
        assert ends(connections[0])
        assert connections[1].invoke(IDENTITY, {})["accountId"] == OTHER
        for connection in connections:
            connection.close()
    finally:
        providers.stop()


def test_one_that_has_ended_is_told() -> None:
    providers = Providers()
    providers._process.kill()
    providers._process.wait()
    with pytest.raises(control.SandboxError, match=r"providers has ended"):
        providers.open(accounts.access_key())
    providers.stop()


@pytest.mark.parametrize(("environment", "code"), [({}, 2), (control.environment(""), 0)])
def test_it_serves_a_sandbox_and_ends_with_its_stdin(environment: dict[str, str], code: int) -> None:
    kept = {key: value for key, value in os.environ.items() if key != "DATAHALL_SANDBOX"}
    ended = subprocess.run(
        [sys.executable, "-m", "datahall.sandbox.aws.plugin.host"],
        env={**kept, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ("DATAHALL_SANDBOX" in ended.stderr) == bool(code)
