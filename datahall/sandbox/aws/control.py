"""Start, find and stop the emulated AWS of one folder.

The server holds an exclusive lock on `FOLDER/server.lock` for as long as it lives, so "is it running" is
a question to the kernel: a recycled pid or a stale `server.json` cannot deceive it.
"""

import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from datahall.sandbox.aws import accounts

ACCOUNT = accounts.DEFAULT
HOST = "127.0.0.1"
PLUGIN_PATH = Path(__file__).parent / "plugin" / "bin"
MODULE = "datahall.sandbox.aws.server"
DEFAULT_REGION = "us-west-2"
_ROOT = Path(__file__).resolve().parents[3]
_LOG_LINES = 15
_ENDPOINTS = ("BACKUP", "CLOUDWATCH_LOGS", "EC2", "ECR", "EFS", "EKS", "ELASTIC_LOAD_BALANCING_V2")
_MORE_ENDPOINTS = ("FSX", "IAM", "KMS", "S3", "SSM", "STS")


class SandboxError(Exception):
    """A fault the user can mend; its text names the field, the value, the rule and the fix."""

    def __init__(self, field: str, value: object, rule: str, fix: str) -> None:
        super().__init__(f"{field}: {value}: {rule}; {fix}")
        self.field, self.value, self.rule, self.fix = field, value, rule, fix


@dataclass(frozen=True)
class Server:
    """A running emulated AWS."""

    url: str
    port: int
    pid: int
    folder: Path


@dataclass(frozen=True)
class Resource:
    """Something in an emulated account beyond what a new AWS account has; `region` is "aws" where global.

    `state` says what the service says of it: a KMS key in "PendingDeletion" is AWS's way of a deleted one.
    """

    service: str
    type: str
    id: str
    arn: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    region: str = ""
    account: str = ACCOUNT
    state: str | None = None

    @property
    def left(self) -> bool:
        """Whether it counts as left behind."""
        return self.state != "PendingDeletion"


def start(folder: Path, *, port: int = 0, timeout_s: float = 60, bound: bool = False) -> Server:
    """Start the server of `folder`, or return the one that runs.

    Port 0 takes the port of the last run where that is free, else any free one. A server that is started
    `bound` ends with this process, however that ends. Raises SandboxError.
    """
    if not 0 <= port <= 65535:
        raise SandboxError("port", port, "a TCP port is 1-65535, or 0 for a free one", "give another port")
    folder = folder.resolve()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SandboxError("folder", folder, f"cannot be made ({error.strerror})", "name another") from None
    deadline = time.monotonic() + timeout_s
    with _locked(folder / "start.lock"):
        found = running(folder)
        while not found and _alive(folder) and time.monotonic() < deadline:  # one that starts, or that ends
            time.sleep(0.02)
            found = running(folder)
        if found:
            if port not in (0, found.port):
                rule = f"the server of {folder} already runs on port {found.port}"
                raise SandboxError("port", port, rule, "stop it first, or leave the port out")
            return found
        return _launch(folder, _pick(port, folder), deadline, bound=bound)


def running(folder: Path) -> Server | None:
    """Return the server of `folder`, or None where none runs (or none that serves yet)."""
    folder = folder.resolve()
    if not _alive(folder):
        return None
    try:
        record = json.loads((folder / "server.json").read_text())
        about = _call(record["url"], "GET", "/_datahall/health")
    except (FileNotFoundError, ValueError, SandboxError):
        return None
    if about != {"status": "ok", "pid": record["pid"], "folder": str(folder)}:
        return None
    return Server(url=record["url"], port=record["port"], pid=record["pid"], folder=folder)


def stop(folder: Path, *, timeout_s: float = 10) -> None:
    """End the server of `folder`, by TERM and then by KILL; no error where none runs."""
    folder = folder.resolve()
    for number in (signal.SIGTERM, signal.SIGKILL):
        pid = _owner(folder)
        if pid is None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + timeout_s
        while _alive(folder) and time.monotonic() < deadline:
            time.sleep(0.02)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0 if not _alive(folder) else os.WNOHANG)
    if not _alive(folder):
        (folder / "server.json").unlink(missing_ok=True)


def inventory(url: str, *, account: str | None = None) -> list[Resource]:
    """List what is there beyond what a new AWS account has, in all regions; of all accounts, or one."""
    listed = cast("list[dict[str, Any]]", _call(url, "GET", "/_datahall/inventory"))
    return [Resource(**item) for item in listed if account in (None, item["account"])]


def close_account(url: str, account: str) -> None:
    """Forget an account with all that is in it; its number may be used again, for a new one.

    Raises ValueError for what is no account's number.
    """
    accounts.access_key(account)
    _call(url, "DELETE", f"/_datahall/accounts/{account}")


def environment(url: str, *, region: str = DEFAULT_REGION, account: str = ACCOUNT) -> dict[str, str]:
    """Environment for whatever talks to the server: its address, and keys that open nothing else.

    It also overrides what the user's own set-up may hold: profiles, endpoints of single services, proxies.
    """
    proxied = [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), HOST]
    return {
        "DATAHALL_SANDBOX": "1",
        "AWS_ENDPOINT_URL": url,
        **{f"AWS_ENDPOINT_URL_{service}": url for service in _ENDPOINTS + _MORE_ENDPOINTS},
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_ACCESS_KEY_ID": accounts.access_key(account),
        "AWS_SECRET_ACCESS_KEY": accounts.SECRET_KEY,
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PROFILE": "default",
        "AWS_DEFAULT_PROFILE": "default",
        "AWS_CONFIG_FILE": str(Path(__file__).with_name("profile.ini")),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ROLE_ARN": "",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "",
        **dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(filter(None, proxied))),
    }


def _launch(folder: Path, port: int, deadline: float, *, bound: bool) -> Server:
    log = folder / "server.log"
    seen = log.stat().st_size if log.exists() else 0
    argv = [sys.executable, "-P", "-m", MODULE, "--folder", str(folder), "--port", str(port)]
    if bound:
        argv += ["--owner", str(os.getpid())]
    pid = os.posix_spawn(
        sys.executable,
        argv,
        _child_environment(),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )
    while time.monotonic() < deadline:
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            raise _failed(port, log, seen, f"ended with exit code {os.waitstatus_to_exitcode(status)}")
        server = running(folder)
        if server and server.pid == pid:
            return server
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise _failed(port, log, seen, "was not ready in time")


def _failed(port: int, log: Path, seen: int, what: str) -> SandboxError:
    said = log.read_bytes()[seen:].decode(errors="replace").strip().splitlines()[-_LOG_LINES:]
    rule = f"the emulated AWS {what}" + "".join(f"\n  {line}" for line in said)
    return SandboxError("port", port, rule, f"the log is {log}")


def _child_environment() -> dict[str, str]:
    """Our environment without what could lead moto's own boto3 anywhere; hash order fixed for replays."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOTO_", "BOTO_"))}
    path = os.pathsep.join(filter(None, [str(_ROOT), kept.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "AWS_CONFIG_FILE": os.devnull}


def _pick(port: int, folder: Path) -> int:
    if port:
        if not _free(port):
            raise SandboxError("port", port, "in use, or not ours to take", "free it, or leave the port out")
        return port
    with contextlib.suppress(FileNotFoundError, ValueError):
        last = int((folder / "port").read_text())
        if _free(last):
            return last
    return 0


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _alive(folder: Path) -> bool:
    """Whether a server holds the folder's lock."""
    try:
        lock = os.open(folder / "server.lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _owner(folder: Path) -> int | None:
    """The pid of the process that holds the folder's lock."""
    if not _alive(folder):
        return None
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int((folder / "server.lock").read_text())
    return None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _call(url: str, method: str, path: str) -> object:
    address = url.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read()
    except OSError as error:
        raise SandboxError("url", url, f"nothing answers ({error})", "start the emulated AWS") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise SandboxError("url", url, f"{path} gave {answer.status}", "see server.log in its folder")
    return json.loads(body)
