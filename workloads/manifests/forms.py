"""The three forms of one training: an Indexed Job, a JobSet, a Kubeflow TrainJob."""

from collections.abc import Callable, Mapping

from workloads.manifests.pod import CONTAINER, PORT, pod_template
from workloads.manifests.training import MISTAKE, Object, Training
from workloads.training.stop import STOPPED

_KEEP_S = 7 * 86_400
_GROUP = "node"


def objects(training: Training, form: str) -> list[Object]:
    """All that is to be made for a training in one of `FORMS`, in that order."""
    return [_account(training), _site(training), _isolation(training), *FORMS[form](training)]


def _job(training: Training) -> list[Object]:
    """Pods are called NAME-0, NAME-1, ...; the first is where they meet.

    A lost pod is made again alone; the others fail once they miss it, and are made again too.
    """
    launch = _torchrun(training, master=f"{training.name}-0.{training.name}")
    spec = _indexed(training, launch, restarts=training.config.restarts * training.config.nodes)
    service: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": training.meta(),
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,  # they look for each other before any is ready
            "selector": {"app.kubernetes.io/name": training.name},
            "ports": [{"name": "rendezvous", "port": PORT}],
        },
    }
    spec["ttlSecondsAfterFinished"] = _KEEP_S
    job: Object = {"apiVersion": "batch/v1", "kind": "Job", "metadata": training.meta(), "spec": spec}
    return [service, job]


def _jobset(training: Training) -> list[Object]:
    """JobSet names the pods by a service of its own; one failed pod and all are made again."""
    launch = _torchrun(training, master=f"{training.name}-{_GROUP}-0-0.{training.name}")
    spec = _jobset_spec(training, launch, labels={})
    spec["ttlSecondsAfterFinished"] = _KEEP_S
    made: Object = {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet"}
    return [{**made, "metadata": training.meta(), "spec": spec}]


def _trainjob(training: Training) -> list[Object]:
    """A runtime of this training's own, and the TrainJob; Trainer tells torchrun where to meet (PET_*)."""
    kind: Object = {"apiVersion": "trainer.kubeflow.org/v1alpha1"}
    labels: dict[str, str] = {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}
    policy: Object = {"numNodes": training.config.nodes, "torch": {}}
    runtime: Object = {
        **kind,
        "kind": "TrainingRuntime",
        "metadata": {
            **training.meta(),
            "labels": {**training.labels, "trainer.kubeflow.org/framework": "torch"},
        },
        "spec": {"mlPolicy": policy, "template": {"spec": _jobset_spec(training, (), labels=labels)}},
    }
    reference: Object = {"kind": "TrainingRuntime", "name": training.name}
    asked: Object = {"numNodes": training.config.nodes, "numProcPerNode": training.pool.gpus_per_node}
    spec: Object = {"runtimeRef": reference, "trainer": asked}
    return [runtime, {**kind, "kind": "TrainJob", "metadata": training.meta(), "spec": spec}]


FORMS: Mapping[str, Callable[[Training], list[Object]]] = {
    "job": _job,
    "jobset": _jobset,
    "trainjob": _trainjob,
}
"""By the name that `--form` gives."""


def _torchrun(training: Training, *, master: str) -> tuple[str, ...]:
    return (
        f"--nnodes={training.config.nodes}",
        "--node-rank=$(JOB_COMPLETION_INDEX)",
        f"--nproc-per-node={training.pool.gpus_per_node}",
        f"--master-addr={master}",
        f"--master-port={PORT}",
    )


def _jobset_spec(training: Training, launch: tuple[str, ...], *, labels: dict[str, str]) -> Object:
    job: Object = {
        "metadata": {"labels": {**training.labels, **labels}},
        "spec": _indexed(training, launch, restarts=0, subdomain=None),
    }
    mistake: Object = {
        "name": "mistake",
        "action": "FailJobSet",
        "onJobFailureReasons": ["PodFailurePolicy"],
    }
    return {
        "network": {"enableDNSHostnames": True, "publishNotReadyAddresses": True},
        "failurePolicy": {"maxRestarts": training.config.restarts, "rules": [mistake]},
        "replicatedJobs": [{"name": _GROUP, "replicas": 1, "template": job}],
    }


def _indexed(
    training: Training, launch: tuple[str, ...], *, restarts: int, subdomain: str | None = ""
) -> Object:
    """A job of one pod a node, at once or not at all useful.

    A training that was stopped has saved and ends with a code of its own: ended with 0, its index would count
    as done. That, and a node that went away, is no failure; bad input is one for good.
    """
    return {
        "completionMode": "Indexed",
        "completions": training.config.nodes,
        "parallelism": training.config.nodes,
        "backoffLimit": restarts,
        "podReplacementPolicy": "Failed",  # never two pods of one rank
        "podFailurePolicy": {
            "rules": [
                _on_exit("FailJob", MISTAKE),
                _on_exit("Ignore", STOPPED),
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            ]
        },
        "template": pod_template(training, launch, subdomain=training.name if subdomain == "" else subdomain),
    }


def _on_exit(action: str, code: int) -> Object:
    return {
        "action": action,
        "onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": [code]},
    }


def _account(training: Training) -> Object:
    # not this training's alone, so it has no name of it
    labels = {"app.kubernetes.io/part-of": "datahall"}
    meta = {**training.meta(training.config.service_account), "labels": labels}
    if training.config.role_arn:
        meta["annotations"] = {"eks.amazonaws.com/role-arn": training.config.role_arn}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": meta,
        "automountServiceAccountToken": False,
    }


def _site(training: Training) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": training.meta(),
        "data": {"site.json": training.site},
    }


def _isolation(training: Training) -> Object:
    """Only pods of the same training reach its pods (where the cluster's network obeys policies)."""
    mine: Object = {"matchLabels": {"app.kubernetes.io/name": training.name}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": training.meta(),
        "spec": {
            "podSelector": mine,
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": mine}]}],
        },
    }
