"""The plugin as a program: it starts in a sandbox only, and reaches this machine only."""

from __future__ import annotations

import os
import subprocess
import time

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from datahall.engine.plugins import start_plugin
from datahall.sandbox.aws import control
from datahall.sandbox.aws.plugin.properties import encode
from datahall.sandbox.aws.plugin.server import VERSION
from tests.sandbox.aws.plugin.client import Plugin

EXECUTABLE = control.PLUGIN_PATH / "pulumi-resource-aws"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DATAHALL_SANDBOX": ""}, "DATAHALL_SANDBOX"),
        ({"DATAHALL_SANDBOX": "1", "AWS_ENDPOINT_URL": "https://ec2.us-west-2.amazonaws.com"}, "loopback"),
        ({"DATAHALL_SANDBOX": "1", "AWS_ENDPOINT_URL_S3": "http://10.0.0.1:80"}, "AWS_ENDPOINT_URL_S3"),
    ],
)
def test_it_refuses_to_start_outside_a_sandbox(environment: dict[str, str], words: str) -> None:
    ended = subprocess.run(
        [EXECUTABLE, "127.0.0.1:1"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert words in ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_it_prints_its_port_and_ends_when_told() -> None:
    environment = {"PATH": os.environ["PATH"], **control.environment("http://127.0.0.1:1")}
    with subprocess.Popen([EXECUTABLE, ""], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        connection = Plugin(int(process.stdout.readline()))
        assert connection.stub.GetPluginInfo(provider_pb2.GetSchemaRequest()).version == VERSION
        connection.close()
        process.terminate()
        started = time.monotonic()
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"profile": "work"}, "profile"),
        ({"accessKey": "AKIAREAL"}, "accessKey"),
        ({"endpoints": '[{"s3": "https://s3.amazonaws.com"}]'}, "endpoints"),
        ({"assumeRoles": '[{"roleArn": "arn"}]'}, "assumeRoles"),
    ],
)
def test_configuration_that_leads_out_is_refused(plugin: Plugin, config: dict[str, str], field: str) -> None:
    answer = plugin.stub.CheckConfig(
        provider_pb2.CheckRequest(news=encode({"region": "us-west-2", **config}))
    )
    assert [failure.property for failure in answer.failures] == [field]
    with pytest.raises(grpc.RpcError, match=field):
        plugin.configure(region="us-west-2", **config)


def test_an_access_key_of_the_sandbox_chooses_the_account(aws_server: control.Server) -> None:
    environment = {**control.environment(aws_server.url, account="100000000001")}
    process = start_plugin("aws", [str(EXECUTABLE), ""], environment)
    connection = Plugin(process.port)
    try:
        for config, account in (
            ({}, "100000000001"),
            ({"accessKey": "AKIADATA100000000002"}, "100000000002"),
        ):
            connection.configure(region="us-west-2", **config)
            told = connection.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})
            assert told["accountId"] == account
    finally:
        connection.close()
        process.stop()


def test_another_region_replaces_the_provider(plugin: Plugin) -> None:
    answer = plugin.stub.DiffConfig(
        provider_pb2.DiffRequest(
            old_inputs=encode({"region": "us-west-2"}), news=encode({"region": "us-east-1"})
        )
    )
    assert list(answer.replaces) == ["region"]


def test_an_account_that_is_not_allowed_is_refused(plugin: Plugin) -> None:
    with pytest.raises(grpc.RpcError, match="account: 123456789012: not allowed"):
        plugin.configure(region="us-west-2", allowedAccountIds='["999999999999"]')
    plugin.configure(region="us-west-2")
