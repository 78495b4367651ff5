"""EKS: clusters and node groups that refer to what exists, and are read back as they were sent."""

import re

from moto.core.responses import ActionResult, EmptyResult
from moto.eks.models import Cluster
from moto.moto_api._internal import mock_random

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import Doc, echo, members, merged, refuse, request_of, table
from datahall.sandbox.aws.server.overlay.eks_data import DEFAULT_VERSION, LOG_TYPES, VERSIONS
from datahall.sandbox.aws.server.overlay.eks_nodes import Nodes, attribute, minor

OURS = (
    "access entries and policy associations",
    "add-ons",
    "cluster security group, OIDC issuer and endpoint of the cluster's own",
    "encryption configuration, version updates and updates",
    "node group version updates",
    "pod identity associations",
)
PATHS = (r"{0}/clusters/(?P<rest>.+)$", r"{0}/addons/(?P<rest>.+)$", r"{0}/access-policies$")

_UPDATES = {
    "resourcesVpcConfig": "EndpointAccessUpdate",
    "logging": "LoggingUpdate",
    "accessConfig": "AccessConfigUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "zonalShiftConfig": "ZonalShiftConfigUpdate",
    "deletionProtection": "DeletionProtectionUpdate",
    "computeConfig": "AutoModeUpdate",
    "storageConfig": "AutoModeUpdate",
    "kubernetesNetworkConfig": "AutoModeUpdate",
    "remoteNetworkConfig": "RemoteNetworkConfigUpdate",
    "controlPlaneScalingConfig": "ControlPlaneScalingConfigUpdate",
}
_NAME = re.compile("[0-9A-Za-z][A-Za-z0-9_-]{0,99}")


class Responses(Nodes):
    """EKS in which every reference is checked."""

    def create_cluster(self) -> ActionResult:
        """Refuse unknown references, then fill in what AWS does; it is ACTIVE at once."""
        sent = request_of(self)
        if not _NAME.fullmatch(sent["name"]):
            refuse("InvalidParameterException", "The cluster name must match ^[0-9A-Za-z][A-Za-z0-9\\-_]*")
        vpc = self.check_network(sent["resourcesVpcConfig"], zones=2)
        self.check_role(sent["roleArn"])
        self._check_encryption(sent.get("encryptionConfig", []))
        version = sent.get("version", DEFAULT_VERSION)
        if version not in VERSIONS:
            refuse("InvalidParameterException", f"unsupported Kubernetes version {version}")
        super().create_cluster()
        cluster = self.eks_backend.describe_cluster(sent["name"])
        echo(cluster, sent, members("eks", "Cluster"), skip=("version", "tags"))
        identifier = mock_random.get_random_hex(32).upper()
        filled: Doc = {
            "version": version,
            "platformVersion": VERSIONS[version],
            "identity": {"oidc": {"issuer": f"https://oidc.eks.{self.region}.amazonaws.com/id/{identifier}"}},
            "endpoint": f"https://{identifier}.gr7.{self.region}.eks.amazonaws.com",
            "logging": _logging({}, sent.get("logging", {})),
            "health": {"issues": []},
            "deletionProtection": sent.get("deletionProtection", False),
            "accessConfig": {"authenticationMode": "CONFIG_MAP", **sent.get("accessConfig", {})},
            "upgradePolicy": {"supportType": "EXTENDED", **sent.get("upgradePolicy", {})},
            "kubernetesNetworkConfig": {
                "serviceIpv4Cidr": "172.20.0.0/16",
                "ipFamily": "ipv4",
                "elasticLoadBalancing": {"enabled": False},
                **sent.get("kubernetesNetworkConfig", {}),
            },
            "resourcesVpcConfig": {
                "endpointPublicAccess": True,
                "endpointPrivateAccess": False,
                "securityGroupIds": [],
                **sent["resourcesVpcConfig"],
                "vpcId": vpc,
                "clusterSecurityGroupId": self._security_group(sent["name"], vpc),
            },
        }
        echo(cluster, filled, list(filled))
        self._public_cidrs(cluster)
        self._admit_creator(cluster)
        return ActionResult({"cluster": cluster})

    def update_cluster_config(self) -> ActionResult:
        """Change one kind of thing at a time, the rest kept; refuse what changes nothing."""
        sent = request_of(self)
        cluster = self._cluster(sent)
        kinds = {_UPDATES[name] for name in sent if name in _UPDATES}
        if not kinds:
            refuse("InvalidParameterException", "The type for cluster update was not provided.")
        if len(kinds) > 1:
            refuse("InvalidParameterException", "Only one type of update can be allowed.")
        wanted = {name: sent[name] for name in sent if name in _UPDATES}
        if "logging" in wanted:
            wanted["logging"] = _logging(attribute(cluster, "logging"), wanted["logging"])
        after = {name: merged(attribute(cluster, name), value) for name, value in wanted.items()}
        if all(attribute(cluster, name) == value for name, value in after.items()):
            refuse("InvalidParameterException", "Cluster is already at the desired configuration")
        if "resourcesVpcConfig" in after:
            self.check_network(after["resourcesVpcConfig"], zones=2)
        echo(cluster, after, list(after))
        self._public_cidrs(cluster)
        self._admit_creator(cluster)
        return self.updated(cluster.name, kinds.pop(), sent)

    def update_cluster_version(self) -> ActionResult:
        """Go up by one minor version."""
        sent = request_of(self)
        cluster = self._cluster(sent)
        before, after = str(attribute(cluster, "version")), sent["version"]
        if after not in VERSIONS or minor(after) != minor(before) + 1:
            text = f"Unsupported Kubernetes minor version update from {before} to {after}"
            refuse("InvalidParameterException", text)
        echo(cluster, {"version": after, "platformVersion": VERSIONS[after]}, ["version", "platformVersion"])
        return self.updated(cluster.name, "VersionUpdate", sent)

    def associate_encryption_config(self) -> ActionResult:
        """Encrypt secrets with a key, once and for all."""
        sent = request_of(self)
        sent.setdefault("name", sent.get("clusterName"))
        cluster = self._cluster(sent)
        if cluster.encryption_config:
            refuse("InvalidRequestException", "Cluster already has an encryption config associated")
        self._check_encryption(sent["encryptionConfig"])
        cluster.encryption_config = sent["encryptionConfig"]
        echo(cluster, sent, ["encryptionConfig"])
        return self.updated(cluster.name, "AssociateEncryptionConfig", sent)

    def delete_cluster(self) -> ActionResult:
        """Refuse while it is protected or has node groups; its own parts go with it."""
        cluster = self._cluster(request_of(self))
        if attribute(cluster, "deletionProtection"):
            refuse("InvalidRequestException", "Cluster has deletion protection enabled")
        answer = super().delete_cluster()
        network = known.ec2(self.eks_backend)
        network.delete_security_group(
            group_id=attribute(cluster, "resourcesVpcConfig")["clusterSecurityGroupId"]
        )
        self.forget(cluster.name)
        return answer

    def tag_resource(self) -> ActionResult:
        """Tag anything of EKS by its ARN."""
        self._tags().update(request_of(self)["tags"])
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """Untag anything of EKS by its ARN."""
        for key in request_of(self)["tagKeys"]:
            self._tags().pop(key, None)
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """List the tags of anything of EKS by its ARN."""
        return ActionResult({"tags": self._tags()})

    def _tags(self) -> dict[str, str]:
        arn = request_of(self)["resourceArn"]
        for cluster in self.eks_backend.clusters.values():
            if cluster.arn == arn:
                return cluster.tags
            for group in cluster.nodegroups.values():
                if group.arn == arn:
                    return group.tags
        for name in ("addons", "access_entries", "pod_identities"):
            for part in table(self.eks_backend, name).values():
                if arn in part.values():
                    tags: dict[str, str] = part["tags"]
                    return tags
        refuse("NotFoundException", "Resource was not found")

    def _check_encryption(self, config: list[Doc]) -> None:
        for one in config:
            if one.get("resources") != ["secrets"]:
                refuse("InvalidParameterException", "The resources in encryptionConfig must be [secrets]")
            arn = one.get("provider", {}).get("keyArn", "")
            if not arn.startswith("arn:") or not known.usable_key(self.eks_backend, arn):
                refuse("InvalidParameterException", f"KeyArn in encryptionConfig provider, is invalid: {arn}")

    def _security_group(self, name: str, vpc: str) -> str:
        tags = {f"kubernetes.io/cluster/{name}": "owned", "aws:eks:cluster-name": name}
        group = known.ec2(self.eks_backend).create_security_group(
            f"eks-cluster-sg-{name}-{mock_random.randint(10**8, 10**9)}",
            "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes,"
            " as well as any managed workloads.",
            vpc_id=vpc,
            tags=tags,
        )
        return str(group.id)

    def _public_cidrs(self, cluster: Cluster) -> None:
        network = attribute(cluster, "resourcesVpcConfig")
        network.setdefault("publicAccessCidrs", ["0.0.0.0/0"] if network["endpointPublicAccess"] else [])

    def _admit_creator(self, cluster: Cluster) -> None:
        """Let the caller in, as AWS does for whoever makes a cluster whose access is by the API."""
        config = attribute(cluster, "accessConfig")
        wanted = config.get("bootstrapClusterCreatorAdminPermissions", True)
        config["bootstrapClusterCreatorAdminPermissions"] = wanted
        arn = f"arn:{self.partition}:iam::{self.current_account}:root"
        entries = table(self.eks_backend, "access_entries")
        if "API" in config["authenticationMode"] and wanted and f"{cluster.name}/{arn}" not in entries:
            self.admit(cluster, {"principalArn": arn}, taken="")


def _logging(before: Doc | None, wanted: Doc) -> Doc:
    """AWS keeps one list of log types that are on and one of those that are off."""
    on = {
        kind
        for setup in (before or {}).get("clusterLogging", [])
        if setup["enabled"]
        for kind in setup["types"]
    }
    for setup in wanted.get("clusterLogging", []):
        unknown = sorted(set(setup.get("types", [])) - set(LOG_TYPES))
        if unknown:
            refuse("InvalidParameterException", f"Invalid log type {unknown[0]}")
        on = on | set(setup["types"]) if setup.get("enabled") else on - set(setup["types"])
    states = (
        (True, [kind for kind in LOG_TYPES if kind in on]),
        (False, [k for k in LOG_TYPES if k not in on]),
    )
    return {"clusterLogging": [{"types": kinds, "enabled": state} for state, kinds in states if kinds]}
