"""What Prometheus is told of the hosts of group model, by the variables of role serving."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError


def model_servers(hosts: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Those of the hosts that serve a model: ``host``, and ``target`` as Prometheus names it.

    Raises:
        AnsibleFilterError: one has no token, or they have not the same one; no message has the token.
    """
    serving = _serving(hosts)
    for each in serving:
        if not any(_access(each)):
            name = each["inventory_hostname"]
            raise AnsibleFilterError(
                f"serving_token_file: none: {name} serves a model, and whoever reaches it could ask it; "
                "name a file for a token"
            )
    if len({_access(each) for each in serving}) > 1:
        names = ", ".join(sorted(each["inventory_hostname"] for each in serving))
        raise AnsibleFilterError(
            f"serving_token, serving_token_file: of {names}: are not the same, and clients and Prometheus "
            "send one token to all; set them for group model"
        )
    return [{"host": each["inventory_hostname"], "target": _target(each)} for each in serving]


def model_access(hosts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """How those that serve a model are asked: ``token``, or the ``file`` with it; empty where none serves."""
    token, file = next(map(_access, _serving(hosts)), ("", ""))
    return {"token": token, "file": file}


def _serving(hosts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for each in hosts if each.get("serving_model")]


def _target(host: Mapping[str, Any]) -> str:
    return f"{host.get('ansible_host', host['inventory_hostname'])}:{host.get('serving_port', 8000)}"


def _access(host: Mapping[str, Any]) -> tuple[str, str]:
    return str(host.get("serving_token") or ""), str(host.get("serving_token_file") or "")


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"model_servers": model_servers, "model_access": model_access}
