"""The Redfish client against the emulated controller, a process of its own, over TLS."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from components import BmcArgs
from datahall.redfish import Bmc, Power, RedfishFailedError, RedfishUsageError, connect, read_credentials

ROOT = Path(__file__).parents[2]
Told = Mapping[str, str]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A controller of two systems whose power is imagined: its url, ca and credentials."""
    folder = tmp_path_factory.mktemp("bmc") / "own"
    command = [sys.executable, "-m", "datahall.sandbox.redfish", "--folder", str(folder)]
    with subprocess.Popen(
        [*command, "--system", "node-1", "--system", "node-2"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()
        assert process.wait(10) == 0


@pytest.fixture
def bmc(told: Told) -> Iterator[Bmc]:
    """A session for node-1, which is off."""
    account = read_credentials(Path(told["credentials"]), {})
    with connect(told["url"], account, ca=Path(told["ca"]), system="node-1", patience_s=10) as bmc:
        bmc.off(force=True)
        yield bmc


def client(told: Told, **headers: str) -> httpx.Client:
    import ssl

    trust = ssl.create_default_context(cafile=told["ca"])
    return httpx.Client(base_url=told["url"], verify=trust, trust_env=False, headers=headers)


def command(told: Told, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, as a site's repair_power_command has it."""
    given = ["--bmc", told["url"], "--ca", told["ca"], "--credentials", told["credentials"]]
    return subprocess.run(
        [sys.executable, "-m", "datahall.redfish", *arguments, *given],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip


def test_power(bmc: Bmc) -> None:
    assert bmc.power() is Power.OFF
    bmc.on()
    bmc.on()
    assert bmc.power() is Power.ON
    bmc.cycle()
    assert bmc.power() is Power.ON
    bmc.off()
    assert bmc.power() is Power.OFF
    bmc.cycle()
    assert bmc.power() is Power.ON, "a cycle of what is off puts it on"


def test_the_next_boot_alone_comes_from_the_network(bmc: Bmc) -> None:
    def override() -> tuple[str, str]:
        boot = bmc.get(bmc.path)["Boot"]
        return boot["BootSourceOverrideEnabled"], boot["BootSourceOverrideTarget"]

    bmc.boot_once_from_pxe()
    assert override() == ("Once", "Pxe")
    assert bmc.power() is Power.OFF, "nothing is booted by that"
    bmc.on()
    assert override() == ("Disabled", "None")


def test_the_command_line(told: Told) -> None:
    done = command(told, "cycle", "--system", "node-2")
    assert (done.returncode, done.stdout) == (0, "On\n"), done.stderr
    done = command(told, "state")
    assert done.returncode == 2
    rule = "is none of the controller's systems (node-1, node-2); give one of them"
    assert done.stderr == f"redfish: --system: (missing): {rule}\n"


def test_repair_presses_the_buttons_of_the_controller_that_it_is_told_of(told: Told, tmp_path: Path) -> None:
    role = ROOT / "playbooks" / "roles" / "repair"
    press = [
        {"name": name, "ansible.builtin.command": {"argv": f"{{{{ repair_{name}_command }}}}"}}
        for name in ("power", "replace")
    ]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars_files": [f"{role}/defaults/main.yml", f"{role}/vars/main.yml"],
        "tasks": press,
    }
    (tmp_path / "press.yml").write_text(json.dumps([play]))
    given = BmcArgs(
        address=told["url"], credentials_file=told["credentials"], ca_file=told["ca"], system="node-1"
    ).variables()
    playbook = [str(Path(sys.executable).with_name("ansible-playbook")), str(tmp_path / "press.yml"), "-v"]
    done = subprocess.run(
        [*playbook, "-e", json.dumps(given)],
        check=False, capture_output=True, text=True, env=os.environ | {"ANSIBLE_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count('"stdout": "On"') == 2
    assert json.loads(Path(told["credentials"]).read_text())["password"] not in done.stdout


def test_a_session_ends_with_its_use(told: Told) -> None:
    account = read_credentials(Path(told["credentials"]), {})
    with connect(told["url"], account, ca=Path(told["ca"]), system="node-1") as bmc:
        token = bmc.http.headers["X-Auth-Token"]
        with client(told, **{"X-Auth-Token": token}) as http:
            assert http.get("/redfish/v1/Systems").status_code == 200
    with client(told, **{"X-Auth-Token": token}) as http:
        assert http.get("/redfish/v1/Systems").status_code == 401


def test_a_certificate_that_nobody_vouches_for_is_refused(told: Told) -> None:
    account = read_credentials(Path(told["credentials"]), {})
    with (
        pytest.raises(RedfishFailedError, match="CERTIFICATE_VERIFY_FAILED"),
        connect(told["url"], account, system="node-1"),
    ):
        pass
    with (
        pytest.raises(RedfishUsageError, match="must be https://HOST"),
        connect(told["url"].replace("https", "http"), account),
    ):
        pass


def test_a_wrong_password_is_the_controllers_to_refuse_and_is_not_repeated(told: Told) -> None:
    account = read_credentials(None, {"REDFISH_USERNAME": "operator", "REDFISH_PASSWORD": "hunter2"})
    with (
        pytest.raises(RedfishFailedError, match="401 The user name or the password is wrong") as caught,
        connect(told["url"], account, ca=Path(told["ca"])),
    ):
        pass
    assert "hunter2" not in f"{caught.value}{account}"


@pytest.mark.parametrize(
    ("mode", "text", "message"),
    [
        (0o644, "{}", "others than its owner may read it; chmod 600"),
        (0o600, '{"username": "x"}', "is of another form"),
        (0o600, "operator:secret", "is of another form"),
    ],
)
def test_credentials_are_read_from_a_file_of_ones_own(
    tmp_path: Path, mode: int, text: str, message: str
) -> None:
    file = tmp_path / "account"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(RedfishUsageError, match=message):
        read_credentials(file, {})
    with pytest.raises(RedfishUsageError, match="REDFISH_USERNAME"):
        read_credentials(None, {})


_NODE = "/redfish/v1/Systems/node-1"


@pytest.mark.parametrize(
    ("asked", "body", "status", "message_id"),
    [
        ("GET /redfish/v1/Systems/node-9", None, 404, "ResourceNotFound"),
        ("GET /redfish/v1/Chassis", None, 404, "ResourceMissingAtURI"),
        (f"DELETE {_NODE}", None, 405, "OperationNotAllowed"),
        (f"PATCH {_NODE}", {"AssetTag": "x"}, 400, "PropertyNotWritable"),
        (f"PATCH {_NODE}", {"Boot": {"BootSourceOverrideTarget": "Floppy"}}, 400, "PropertyValueNotInList"),
        (
            f"POST {_NODE}/Actions/ComputerSystem.Reset",
            {"ResetType": "Nmi"},
            400,
            "ActionParameterValueNotInList",
        ),
    ],
)
def test_the_emulator_refuses_what_it_has_not(
    told: Told, asked: str, body: dict[str, object] | None, status: int, message_id: str
) -> None:
    account = json.loads(Path(told["credentials"]).read_text())
    basic = base64.b64encode(f"{account['username']}:{account['password']}".encode()).decode()
    with client(told, Authorization=f"Basic {basic}") as http:
        answer = http.request(*asked.split(), json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["code"].endswith(f".{message_id}")


def test_what_needs_no_session_and_what_does(told: Told) -> None:
    with client(told) as http:
        root = http.get("/redfish/v1/")
        assert root.json()["Oem"]["Datahall"]["Emulated"] is True
        assert http.get("/redfish/v1/Systems").status_code == 401
        assert http.post("/redfish/v1/SessionService/Sessions", content=b"[").status_code == 400
    files = [path for path in Path(told["credentials"]).parent.iterdir() if path.stat().st_mode & 0o077]
    assert files == []
    assert os.stat(Path(told["credentials"]).parent).st_mode & 0o077 == 0
