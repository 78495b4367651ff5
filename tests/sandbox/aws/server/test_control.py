"""Starting, finding and stopping, when things are not as they should be."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from datahall.sandbox.aws import control
from tests.sandbox.aws.server.world import World


def test_new_account_is_empty(tmp_path: Path) -> None:
    server = control.start(tmp_path / "new")
    try:
        world = World(server.url)
        for service, operation in (("ec2", "describe_vpcs"), ("kms", "list_keys"), ("iam", "list_roles")):
            getattr(world.client(service), operation)()
        assert control.inventory(server.url) == []
        assert control.running(tmp_path / "new") == server
        assert control.start(tmp_path / "new") == server
        with pytest.raises(control.SandboxError, match="already runs on port"):
            control.start(tmp_path / "new", port=server.port + 1)
    finally:
        control.stop(tmp_path / "new")
    assert control.running(tmp_path / "new") is None
    assert not (tmp_path / "new" / "server.json").exists()
    control.stop(tmp_path / "new")  # no error where none runs


def test_two_starts_at_once_give_one_server(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        servers = list(pool.map(control.start, [tmp_path] * 3))
    try:
        assert len(set(servers)) == 1
    finally:
        control.stop(tmp_path)


def test_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((control.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(control.SandboxError, match=f"port: {port}: in use") as caught:
            control.start(tmp_path, port=port)
    assert caught.value.fix


@pytest.mark.parametrize("port", [-1, 65536])
def test_impossible_port_is_refused(tmp_path: Path, port: int) -> None:
    with pytest.raises(control.SandboxError, match="1-65535"):
        control.start(tmp_path, port=port)


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(control.SandboxError, match="folder"):
        control.start(tmp_path / "file")


def test_stale_record_and_recycled_pid_do_not_deceive(tmp_path: Path) -> None:
    record = {"pid": os.getpid(), "port": 1, "url": "http://127.0.0.1:1", "started": 0}
    (tmp_path / "server.json").write_text(json.dumps(record))
    (tmp_path / "server.lock").write_text(str(os.getpid()))
    assert control.running(tmp_path) is None
    control.stop(tmp_path)  # ends nobody: we are still here
    assert control.running(tmp_path) is None


def test_failure_to_start_shows_the_log(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text("nonsense\n")
    with pytest.raises(control.SandboxError, match=r"line 1: not a line of a journal") as caught:
        control.start(tmp_path)
    assert str(tmp_path / "server.log") in caught.value.fix


def test_it_serves_loopback_only_and_ends_with_its_folder(server: control.Server, tmp_path: Path) -> None:
    lonely = control.start(tmp_path / "gone")
    addresses = set(_listening(lonely.port))
    assert addresses == {"0100007F"}  # 127.0.0.1, as the kernel writes it
    shutil.rmtree(tmp_path / "gone")
    deadline = time.monotonic() + 20
    while _listening(lonely.port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _listening(lonely.port)
    os.waitpid(lonely.pid, 0)
    assert control.running(server.folder) == server  # others are not touched


def test_bound_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from datahall.sandbox.aws import control;"
        "print(control.start(Path(sys.argv[1]), bound=True).pid, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    argv = [sys.executable, "-c", code, str(tmp_path)]
    started = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert started.returncode == -signal.SIGKILL, started.stderr
    deadline = time.monotonic() + 60
    while control.running(tmp_path) is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert control.running(tmp_path) is None
    assert control.start(tmp_path).pid != int(started.stdout)
    control.stop(tmp_path)


def test_environment_beats_the_users_own(server: control.Server) -> None:
    theirs = {
        "AWS_PROFILE": "corporate",
        "AWS_ENDPOINT_URL_S3": "http://elsewhere.invalid",
        "HTTP_PROXY": "http://proxy.invalid:1",
    }
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'], boto3.client('s3')"
    code += ".list_buckets()['ResponseMetadata']['HTTPStatusCode'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **theirs, **control.environment(server.url)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [control.ACCOUNT, "200"], done.stderr


def test_requests_in_parallel_lose_nothing(server: control.Server) -> None:
    world = World(server.url)
    ec2 = world.client("ec2")
    names: list[str] = []
    lock = threading.Lock()

    def make(number: int) -> None:
        name = ec2.allocate_address(Domain="vpc")["AllocationId"]
        with lock:
            names.append(name)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(40)))
    assert len(set(names)) == 40
    for name in names:
        ec2.release_address(AllocationId=name)


def test_health_says_whose_it_is(server: control.Server) -> None:
    with urllib.request.urlopen(f"{server.url}/_datahall/health") as answer:  # noqa: S310 - our own address
        about = json.load(answer)
    assert about == {"status": "ok", "pid": server.pid, "folder": str(server.folder)}


def _listening(port: int) -> list[str]:
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    locals_ = [row.split()[1].split(":") for row in rows if row.split()[3] == "0A"]
    return [host for host, number in locals_ if int(number, 16) == port]
