"""The pod: a node's GPUs, the pool's labels and taints, no more rights than a process needs.

It meets the "restricted" Pod Security Standard. Memory-backed /dev/shm is for NCCL; /tmp is all that can be
written besides.
"""

from workloads.manifests.training import Object, Training
from workloads.training.stop import STOPPED

USER = 10001
SITE_FOLDER = "/etc/datahall"
PORT = 29500
CONTAINER = "node"


def pod_template(training: Training, launch: tuple[str, ...], *, subdomain: str | None) -> Object:
    """A pod that trains; `launch` are the launcher's arguments, `subdomain` the service that names it."""
    spec: Object = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": training.grace_s,
        "serviceAccountName": training.config.service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "nodeSelector": {"datahall/pool": training.pool.labels["datahall/pool"]},
        "tolerations": [
            {"key": t.key, "operator": "Equal", "value": t.value, "effect": t.effect}
            for t in training.pool.taints
        ],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(training, launch)],
        "volumes": [
            {"name": "site", "configMap": {"name": training.name}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "20Gi"}},
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": f"{_memory(training) // 2}Gi"}},
        ],
    }
    if subdomain is not None:
        spec["subdomain"] = subdomain
    return {"metadata": {"labels": training.labels}, "spec": spec}


def program(training: Training) -> list[str]:
    """What the launcher is to run in each process."""
    told = ["--site", f"{SITE_FOLDER}/site.json", "--events", "json", "--stopped-code", str(STOPPED)]
    return ["-m", "workloads.training", training.model, *training.flags, *told]


def _container(training: Training, launch: tuple[str, ...]) -> Object:
    return {
        "name": CONTAINER,
        "image": training.image,
        "command": ["python", "-m", "workloads.training.launch"],
        "args": [*launch, *program(training)],
        "env": _environment(training),
        "ports": [{"name": "rendezvous", "containerPort": PORT, "protocol": "TCP"}],
        "resources": _resources(training),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "site", "mountPath": SITE_FOLDER, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the pod's own
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108
        ],
    }


def _environment(training: Training) -> list[Object]:
    # its user is in no passwd file
    variables = {"HOME": "/tmp", "USER": "datahall", "PYTHONUNBUFFERED": "1"}  # noqa: S108 - the pod's own
    if training.pool.efa_interfaces:
        variables["FI_PROVIDER"] = "efa"
    return [{"name": name, "value": value} for name, value in variables.items()]


def _resources(training: Training) -> Object:
    """Requests and limits alike of what cannot be shared; CPUs may be more where they are idle."""
    gpus = training.pool.gpus_per_node
    fixed = {"memory": f"{_memory(training)}Gi", "nvidia.com/gpu": str(gpus)}
    if training.pool.efa_interfaces:  # libfabric's buffers are in huge pages (EKS user guide, "EFA")
        fixed |= {"vpc.amazonaws.com/efa": str(training.pool.efa_interfaces), "hugepages-2Mi": "5120Mi"}
    return {"requests": {"cpu": str(gpus * training.config.cpu_per_gpu), **fixed}, "limits": fixed}


def _memory(training: Training) -> int:
    return training.pool.gpus_per_node * training.config.memory_gib_per_gpu
