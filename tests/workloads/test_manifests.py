"""Manifests, held against Kubernetes' own schemas and the typed models of JobSet and Kubeflow Trainer.

No cluster runs them here: what is tested is their structure, and that what the pods start understands its
arguments (`make test-train` starts two of them as processes).
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from kubeflow_trainer_api import models  # type: ignore[import-untyped]

from components.pod_identity import ADD, LOOK, READ, WRITE
from tests.workloads.conftest import Place
from workloads.data.__main__ import main as put_data
from workloads.errors import InvalidInputError
from workloads.events import silent
from workloads.manifests.__main__ import main
from workloads.manifests.forms import FORMS
from workloads.models.table import MODELS
from workloads.training.__main__ import main as train
from workloads.training.plan import make_plan
from workloads.training.ranks import ALONE
from workloads.training.run import run as train_here
from workloads.training.stop import Stop

IMAGE = "registry.example/training@sha256:" + "0" * 64
KUBERNETES = "1.34"
TYPED = {
    "JobSet": models.JobsetV1alpha2JobSet,
    "TrainingRuntime": models.TrainerV1alpha1TrainingRuntime,
    "TrainJob": models.TrainerV1alpha1TrainJob,
}
POOL = {
    "name": "training",
    "instance_type": "g6e.48xlarge",
    "capacity": "spot",
    "max_nodes": 2,
    "gpus_per_node": 8,
    "efa_interfaces": 4,
    "labels": {"datahall/pool": "datahall-local-training", "datahall/purpose": "training"},
    "taints": [
        {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"},
        {"key": "datahall/spot", "value": "true", "effect": "NoSchedule"},
    ],
}
SITE = {
    **{f"{kind}_bucket": f"{kind}-bucket" for kind in ("data", "checkpoint", "registry")},
    "data_key_arn": "arn:aws:kms:us-west-2:123456789012:key/1",
    "region": "us-west-2",
    "cluster_endpoint": "https://cluster.example",
    "node_pools": {"training": POOL},
    "pod_identities": [{"namespace": "training", "service_account": "training"}],
}

Written = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """What the program writes for some flags."""

    def write(*flags: str, site: dict[str, Any] = SITE) -> list[dict[str, Any]]:
        file = tmp_path / "outputs.json"
        file.write_text(json.dumps(site))
        asked = ["--pool", "training", "--image", IMAGE, "--out", str(tmp_path / "out"), "--site", str(file)]
        assert main(["mnist", *asked, *flags], silent) == 0
        (found,) = (tmp_path / "out").iterdir()
        return list(yaml.safe_load_all(found.read_text()))

    return write


def check(made: dict[str, Any]) -> None:
    """Raise unless the object's schema, or its typed model, knows every field of it and likes its value."""
    if made["kind"] not in TYPED:
        kubernetes_validate.validate(made, KUBERNETES, strict=True)
        return
    typed: Any = TYPED[made["kind"]].from_dict(made)
    assert typed.to_dict() == made  # it drops what it does not know
    for group in jobs(made):
        job = {"apiVersion": "batch/v1", "kind": "Job", **group["template"]}
        kubernetes_validate.validate(job, KUBERNETES, strict=True)


def jobs(made: dict[str, Any]) -> list[dict[str, Any]]:
    spec = made.get("spec", {})
    spec = spec["template"]["spec"] if made["kind"] == "TrainingRuntime" else spec
    groups: list[dict[str, Any]] = spec.get("replicatedJobs", [])
    return groups


def pod(made: list[dict[str, Any]]) -> dict[str, Any]:
    """The one pod template among the objects."""
    (spec,) = [
        job["spec"]["template"]["spec"]
        for each in made
        for job in ([each] if each["kind"] == "Job" else [group["template"] for group in jobs(each)])
        if each["kind"] in ("Job", "JobSet", "TrainingRuntime")
    ]
    found: dict[str, Any] = spec
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_object_is_what_its_schema_asks_for(written: Written, form: str) -> None:
    made = written("--form", form, "--nodes", "2", "--role-arn", "arn:aws:iam::123456789012:role/training")
    for each in made:
        check(each)
        assert each["metadata"]["namespace"] == "training"
    assert made[0]["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].endswith("role/training")
    for broken in made:
        broken["spec" if "spec" in broken else "metadata"]["replicaz"] = 1
        with pytest.raises((AssertionError, kubernetes_validate.ValidationError)):
            check(broken)


@pytest.mark.parametrize("form", FORMS)
def test_a_pod_stands_on_the_pool_with_no_more_rights_than_it_needs(written: Written, form: str) -> None:
    spec = pod(written("--form", form, "--nodes", "2"))
    assert spec["nodeSelector"] == {"datahall/pool": POOL["labels"]["datahall/pool"]}  # type: ignore[index]
    assert {(t["key"], t["value"], t["effect"]) for t in spec["tolerations"]} == {
        ("nvidia.com/gpu", "true", "NoSchedule"),
        ("datahall/spot", "true", "NoSchedule"),
    }
    (container,) = spec["containers"]
    assert container["image"] == IMAGE
    limits = container["resources"]["limits"]
    assert (limits["nvidia.com/gpu"], limits["vpc.amazonaws.com/efa"]) == ("8", "4")
    assert spec["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["terminationGracePeriodSeconds"] == 100  # spot: gone after 120


def test_a_stopped_training_is_not_taken_for_a_finished_one(written: Written) -> None:
    made = written("--nodes", "2", "--restarts", "3")
    (job,) = [each["spec"] for each in made if each["kind"] == "Job"]
    codes = {
        rule["onExitCodes"]["values"][0]: rule["action"]
        for rule in job["podFailurePolicy"]["rules"]
        if "onExitCodes" in rule
    }
    assert codes == {2: "FailJob", 75: "Ignore"}
    assert job["backoffLimit"] == 6
    args = pod(made)["containers"][0]["args"]
    assert args[-2:] == ["--stopped-code", "75"]
    assert "--master-addr=train-mnist-0.train-mnist" in args
    assert pod(made)["subdomain"] == "train-mnist"


def test_what_a_pod_starts_understands_its_arguments(place: Place, written: Written, tmp_path: Path) -> None:
    assert put_data(["digits", "--site", str(place.file)], silent) == 0
    site = {
        **json.loads(place.file.read_text()),
        "node_pools": {"training": {**POOL, "capacity": "on_demand"}},
        "pod_identities": SITE["pod_identities"],
    }
    made = written("--lr", "0.002", "--data-shift", "2", site=site)
    args = pod(made)["containers"][0]["args"]
    (mounted,) = [each["data"]["site.json"] for each in made if each["kind"] == "ConfigMap"]
    (tmp_path / "site.json").write_text(mounted)
    own = args[args.index("workloads.training") + 1 :]
    own[own.index("--site") + 1] = str(tmp_path / "site.json")
    told: list[dict[str, Any]] = []
    assert train([*own, "--dry-run"], lambda event, **fields: told.append(fields)) == 0
    assert told[0]["configs"]["training"]["lr"] == 0.002
    assert told[0]["configs"]["data"]["shift"] == 2


MEANS = {
    "HeadBucket": LOOK,
    "ListObjectsV2": LOOK,
    "HeadObject": READ,
    "GetObject": READ,
    "PutObject": ADD,
    "CreateMultipartUpload": ADD,
    "UploadPart": ADD,
    "CompleteMultipartUpload": ADD,
    "AbortMultipartUpload": ADD,
    "DeleteObject": WRITE,
}
"""A call of S3 -> the least of the pods' rights that it needs; any other call is a new one to think about."""


@pytest.mark.train
def test_what_a_training_asks_of_s3_its_pods_may(place: Place) -> None:
    assert put_data(["digits", "--site", str(place.file)], silent) == 0
    seen: dict[str, set[tuple[str, ...]]] = {}

    def note(model: Any, context: Any, **_: object) -> None:  # noqa: ANN401 - botocore's own
        seen.setdefault(context["input_params"]["Bucket"], set()).add(MEANS[model.name])

    buckets = place.buckets
    for client in {id(each.client): each.client for each in (buckets.data, buckets.checkpoints)}.values():
        client.meta.events.register("before-call.s3", note)
    small = MODELS["mnist"].smaller()
    often = replace(small, training=small.training.model_copy(update={"save_every": 5}))
    plan = make_plan(often, None, buckets, 1)  # more checkpoints than are kept
    assert train_here(plan, buckets, ALONE, silent, Stop())
    assert seen[buckets.data.name] <= {LOOK, READ}
    assert seen[buckets.registry.name] <= {LOOK, READ, ADD}
    assert {LOOK, ADD, WRITE} <= seen[buckets.checkpoints.name]


@pytest.mark.parametrize(
    ("flags", "field"),
    [
        (["--image", "registry.example/training:latest"], "--image"),
        (["--pool", "trainin"], "--pool"),
        (["--nodes", "3"], "--nodes"),
        (["--namespace", "Team A"], "--namespace"),
        (["--lr", "-1"], "--lr"),
        (["--batch-size", "60"], "--batch-size"),
        (["--role-arn", "training"], "--role-arn"),
        (["--service-account", "serving"], "--service-account"),
        (["--namespace", "team"], "--service-account"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(
    written: Written, tmp_path: Path, flags: list[str], field: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        written(*flags)
    assert caught.value.field == field
    assert not (tmp_path / "out").exists()


def test_outputs_of_another_shape_are_refused(written: Written, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"service_account.*apply the stack again"):
        written(site={**SITE, "pod_identities": [{"namespace": "training"}]})
    assert not (tmp_path / "out").exists()
