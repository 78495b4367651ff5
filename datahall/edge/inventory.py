"""The hosts' inventory once a model is served: who serves it, what they are told, who stands before them."""

import json
from pathlib import Path
from typing import Any, Final

from datahall.edge import files
from datahall.edge.way import AWS_PORT
from datahall.sandbox.hosts import Role, environment
from datahall.sandbox.hosts.model import GATEWAY, Group
from datahall.site import Site
from workloads.site import Site as Outputs

PORT: Final = 443


def groups(hosts: Path, found: Site, *, model: str, version: str) -> list[Group]:
    """Every worker serves the model; the service host is the edge.

    Raises:
        HostsUsageError: this machine's Python is none that the hosts can use.
    """
    python = environment.variables()
    outputs: dict[str, Any] = json.loads(found.file.read_text())
    region = outputs["region"]
    served: dict[str, Any] = {
        "serving_model": model,
        "serving_version": version,
        "serving_python": python.pop("DATAHALL_PYTHON"),
        "serving_site": {name: outputs[name] for name in Outputs.model_fields},
        "serving_environment": {
            **python,
            "AWS_ENDPOINT_URL": f"http://{GATEWAY}:{AWS_PORT}",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "*",
        },
        "serving_secrets_file": str(files.keys(hosts, found.variables)),
        "serving_token_file": str(files.token(hosts)),
    }
    # the machine's loopback leads to it, so that is a name by which clients come
    return [Group("model", Role.WORKER, served), Group("edge", Role.SERVICE, {"edge_names": ["localhost"]})]
