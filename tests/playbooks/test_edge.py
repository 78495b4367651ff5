"""The edge's configuration, rendered without hosts: who is behind it, and what it does not offer."""

from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_ROLE = Path(__file__).resolve().parents[2] / "playbooks/roles/edge"


def _rendered(**given: Any) -> str:  # noqa: ANN401 - an inventory has any types
    defaults = yaml.safe_load((_ROLE / "defaults/main.yml").read_text())
    environment = Environment(  # noqa: S701 - a proxy's configuration, no HTML
        loader=FileSystemLoader(_ROLE / "templates"), trim_blocks=True, undefined=StrictUndefined
    )
    hosts = {"worker-2": {"ansible_host": "10.0.0.2"}, "worker-1": {}}
    variables = {
        **defaults,
        "groups": {"model": list(hosts)},
        "hostvars": hosts,
        "ansible_managed": "managed",
    }
    return environment.get_template("etc/haproxy/haproxy.cfg.j2").render({**variables, **given})


def test_every_model_server_is_behind_it_by_address_or_name() -> None:
    lines = [line.strip() for line in _rendered(edge_model_port=8100).splitlines()]
    assert [line for line in lines if line.startswith("server ")] == [
        "server worker-1 worker-1:8100",
        "server worker-2 10.0.0.2:8100",
    ]
    assert "server " not in _rendered(edge_model_group="nobody").split("default-server")[1]


def test_it_speaks_tls_alone_and_offers_no_stats_and_no_socket() -> None:
    text = _rendered()
    assert [line.split()[:3] for line in text.splitlines() if line.strip().startswith("bind ")] == [
        ["bind", ":443", "ssl"]
    ]
    assert "ssl-min-ver TLSv1.2" in text
    settings = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert not any("stats" in line for line in settings)
