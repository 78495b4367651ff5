"""A controller as a client sees it: the links of its service root are followed, none is guessed.

DSP0266 (the protocol), DSP2046 (ComputerSystem: PowerState, Boot, the action Reset).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import httpx

from datahall.redfish.credentials import Credentials
from datahall.redfish.errors import RedfishFailedError, RedfishUsageError

ROOT: Final = "/redfish/v1/"
_REQUEST_S: Final = 30.0
_POLL_S: Final = 0.5
Json = Mapping[str, Any]


class Power(StrEnum):
    """A system's PowerState."""

    ON = "On"
    OFF = "Off"
    TURNING_ON = "PoweringOn"
    TURNING_OFF = "PoweringOff"
    PAUSED = "Paused"


@contextmanager
def connect(
    url: str, credentials: Credentials, *, ca: Path | None = None, system: str = "", patience_s: float = 300
) -> Iterator[Bmc]:
    """A session at a controller, ended afterwards; its certificate is `ca`'s, else one that is trusted here.

    `system`: its Id, needed where the controller has several. `patience_s`: for a change of power.
    Raises RedfishUsageError, RedfishFailedError.
    """
    base = httpx.URL(url)
    if base.scheme != "https" or not base.host:
        raise RedfishUsageError("--bmc", url, "must be https://HOST", "give the controller's https address")
    try:
        trust = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError):
        raise RedfishUsageError("--ca", str(ca), "is no certificate", "give a PEM file") from None
    # no proxy of the environment comes between, and no redirect leads elsewhere
    with httpx.Client(
        base_url=base, verify=trust, timeout=_REQUEST_S, trust_env=False, headers={"OData-Version": "4.0"}
    ) as http:
        bmc = Bmc(http, patience_s=patience_s)
        root = bmc.get(ROOT)
        session = bmc.log_in(_link(root.get("Links", {}).get("Sessions"), "Links.Sessions"), credentials)
        try:
            bmc.choose(_link(root.get("Systems"), "Systems"), system)
            yield bmc
        finally:
            with suppress(RedfishFailedError):  # a session that is lost ends by itself
                bmc.send("DELETE", session)


@dataclass
class Bmc:
    """One system of a controller. Every method raises RedfishFailedError."""

    http: httpx.Client
    patience_s: float
    path: str = ""

    def power(self) -> Power:
        """Its power as the controller sees it."""
        return Power(str(self.get(self.path).get("PowerState")))

    def on(self) -> None:
        """Put it on; returns once it is."""
        if self.power() is not Power.ON:
            self._reset("On")
        self._until(Power.ON)

    def off(self, *, force: bool = False) -> None:
        """Put it off; returns once it is. In order, unless `force` cuts the power."""
        if self.power() is not Power.OFF:
            self._reset("ForceOff" if force else "GracefulShutdown")
        self._until(Power.OFF)

    def cycle(self) -> None:
        """Off and on again, whatever it is doing; returns once it is on."""
        if self.power() is Power.OFF:
            self._reset("On")
        else:
            self._reset("PowerCycle", "ForceRestart")
        self._until(Power.ON)

    def boot_once_from_pxe(self) -> None:
        """Have its next boot, and only that, come from the network; nothing is booted now."""
        seen = self._answer("GET", self.path)
        allowed = (seen.json().get("Boot") or {}).get("BootSourceOverrideTarget@Redfish.AllowableValues")
        if allowed is not None and "Pxe" not in allowed:
            raise RedfishFailedError(f"{self.path}: cannot boot from the network (only {', '.join(allowed)})")
        change = {"Boot": {"BootSourceOverrideEnabled": "Once", "BootSourceOverrideTarget": "Pxe"}}
        etag = seen.headers.get("ETag")
        self.send("PATCH", self.path, change, headers={"If-Match": etag} if etag else {})

    def log_in(self, sessions: str, credentials: Credentials) -> str:
        """Make a session; gives its path."""
        account = {"UserName": credentials.username, "Password": credentials.password}
        answer = self.send("POST", sessions, account)
        token, place = answer.headers.get("X-Auth-Token"), answer.headers.get("Location", "")
        if not token:
            raise RedfishFailedError(f"{sessions}: gave no token")
        self.http.headers["X-Auth-Token"] = token
        return _link({"@odata.id": httpx.URL(place).path}, "Location")

    def choose(self, systems: str, wanted: str) -> None:
        """Find the system. Raises RedfishUsageError if there is none of that Id, or more than one without."""
        paths = [_link(member, "Members") for member in self.get(systems).get("Members", [])]
        known = {path.rstrip("/").rpartition("/")[2]: path for path in paths}
        if wanted not in known and (wanted or len(known) != 1):
            rule = f"is none of the controller's systems ({', '.join(known) or 'none'})"
            raise RedfishUsageError("--system", wanted or "(missing)", rule, "give one of them")
        self.path = known[wanted] if wanted else paths[0]

    def get(self, path: str) -> Json:
        """A resource."""
        found: Json = self._answer("GET", path).json()
        return found

    def send(
        self, method: str, path: str, body: Json | None = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Ask for a change."""
        return self._answer(method, path, body, headers)

    def _reset(self, *kinds: str) -> None:
        action = (self.get(self.path).get("Actions") or {}).get("#ComputerSystem.Reset") or {}
        allowed: Sequence[str] = action.get("ResetType@Redfish.AllowableValues") or kinds
        kind = next((kind for kind in kinds if kind in allowed), None)
        if kind is None:
            raise RedfishFailedError(f"{self.path}: has no reset {kinds[0]} (only {', '.join(allowed)})")
        self.send("POST", _link({"@odata.id": action.get("target")}, "target"), {"ResetType": kind})

    def _until(self, wanted: Power) -> None:
        deadline = time.monotonic() + self.patience_s
        while (seen := self.power()) is not wanted:
            if time.monotonic() > deadline:
                raise RedfishFailedError(
                    f"{self.path}: is {seen}, not {wanted}, after {self.patience_s:.0f} s"
                )
            time.sleep(_POLL_S)

    def _answer(
        self, method: str, path: str, body: Json | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        try:
            answer = self.http.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as error:
            # the message names host and reason, never what was sent
            raise RedfishFailedError(f"{self.http.base_url.host}: {method} {path}: {error}") from None
        if not answer.is_success:
            raise RedfishFailedError(f"{method} {path}: {answer.status_code} {_said(answer)}")
        return answer


def _link(value: object, name: str) -> str:
    """The path that a link leads to: on this controller, below /redfish/."""
    path = value.get("@odata.id") if isinstance(value, Mapping) else None
    if not isinstance(path, str) or not path.startswith("/redfish/"):
        raise RedfishFailedError(f"{name}: {path or 'missing'}: is no link of Redfish")
    return path


def _said(answer: httpx.Response) -> str:
    """The controller's own words (the error object of DSP0266), or HTTP's."""
    try:
        error = answer.json()["error"]
        more = [info.get("Message") for info in error.get("@Message.ExtendedInfo", [])]
        return "; ".join(str(message) for message in more if message) or str(error["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
