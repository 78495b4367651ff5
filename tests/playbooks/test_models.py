"""What Prometheus is told of model servers, without hosts: whom it asks, and with which token."""

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from playbooks.filter_plugins.models import model_access, model_servers

_SERVED = {"serving_model": "mnist", "serving_token_file": "/etc/token"}


def _host(name: str, **variables: Any) -> dict[str, Any]:  # noqa: ANN401 - variables of the inventory
    return {"inventory_hostname": name, **variables}


def test_those_that_serve_are_asked_at_their_address_and_port_and_no_other() -> None:
    hosts = [
        _host("w-1", ansible_host="10.0.0.1", **_SERVED),
        _host("w-2", serving_port=8100, **_SERVED),
        _host("w-3", **{**_SERVED, "serving_model": ""}),
        _host("w-4"),
    ]
    assert model_servers(hosts) == [
        {"host": "w-1", "target": "10.0.0.1:8000"},
        {"host": "w-2", "target": "w-2:8100"},
    ]
    assert model_access(hosts) == {"token": "", "file": "/etc/token"}


def test_where_none_serves_nothing_is_asked_with_no_token() -> None:
    assert model_servers([]) == model_servers([_host("w-1")]) == []
    assert model_access([_host("w-1")]) == {"token": "", "file": ""}


def test_no_token_or_two_are_refused_and_no_token_is_told() -> None:
    with pytest.raises(AnsibleFilterError, match="serving_token_file: none: w-1 serves a model"):
        model_servers([_host("w-1", serving_model="mnist")])
    two = [_host("w-1", serving_model="mnist", serving_token="s3cret"), _host("w-2", **_SERVED)]
    with pytest.raises(AnsibleFilterError, match="of w-1, w-2: are not the same") as caught:
        model_servers(two)
    assert "s3cret" not in str(caught.value)
