"""EKS: clusters and node groups that refer to what exists, and are read back as they were sent."""

import re
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.eks.models import Cluster, Nodegroup
from moto.moto_api._internal import mock_random

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import Doc, echo, members, merged, refuse, request_of, table
from datahall.sandbox.aws.server.overlay.eks_data import DEFAULT_VERSION, LOG_TYPES, RELEASE_DATE, VERSIONS
from datahall.sandbox.aws.server.overlay.eks_parts import Parts

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


class Responses(Parts):
    """EKS in which every reference is checked."""

    def create_cluster(self) -> ActionResult:
        """Refuse unknown references, then fill in what AWS does; it is ACTIVE at once."""
        sent = request_of(self)
        if not _NAME.fullmatch(sent["name"]):
            refuse("InvalidParameterException", "The cluster name must match ^[0-9A-Za-z][A-Za-z0-9\\-_]*")
        vpc = self._check_network(sent["resourcesVpcConfig"], zones=2)
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
            wanted["logging"] = _logging(_attribute(cluster, "logging"), wanted["logging"])
        after = {name: merged(_attribute(cluster, name), value) for name, value in wanted.items()}
        if all(_attribute(cluster, name) == value for name, value in after.items()):
            refuse("InvalidParameterException", "Cluster is already at the desired configuration")
        if "resourcesVpcConfig" in after:
            self._check_network(after["resourcesVpcConfig"], zones=2)
        echo(cluster, after, list(after))
        self._public_cidrs(cluster)
        self._admit_creator(cluster)
        return self.updated(cluster.name, kinds.pop(), sent)

    def update_cluster_version(self) -> ActionResult:
        """Go up by one minor version."""
        sent = request_of(self)
        cluster = self._cluster(sent)
        before, after = str(_attribute(cluster, "version")), sent["version"]
        if after not in VERSIONS or _minor(after) != _minor(before) + 1:
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
        if _attribute(cluster, "deletionProtection"):
            refuse("InvalidRequestException", "Cluster has deletion protection enabled")
        answer = super().delete_cluster()
        network = known.ec2(self.eks_backend)
        network.delete_security_group(
            group_id=_attribute(cluster, "resourcesVpcConfig")["clusterSecurityGroupId"]
        )
        self.forget(cluster.name)
        return answer

    def create_nodegroup(self) -> ActionResult:
        """Refuse unknown references and sizes out of order; it is ACTIVE at once."""
        sent = request_of(self)
        cluster = self._cluster(sent)
        self.check_role(sent["nodeRole"])
        vpc = self._check_network({"subnetIds": sent["subnets"]}, zones=1)
        if vpc != _attribute(cluster, "resourcesVpcConfig")["vpcId"]:
            refuse("InvalidParameterException", "Subnets are not in the cluster's VPC")
        _check_types(sent.get("instanceTypes", []))
        _check_sizes(sent.get("scalingConfig", {}))
        template = self._template(sent)
        version = sent.get("version", str(_attribute(cluster, "version")))
        if version not in VERSIONS or _minor(version) > _minor(str(_attribute(cluster, "version"))):
            refuse("InvalidParameterException", f"Requested Nodegroup version {version} is not supported")
        super().create_nodegroup()
        group = self.eks_backend.describe_nodegroup(cluster.name, sent["nodegroupName"])
        echo(
            group,
            sent,
            members("eks", "Nodegroup"),
            skip=("tags", "labels", "taints", "scalingConfig", "version"),
        )
        own_image = bool(template and template["data"].get("ImageId"))
        own_types = bool(template and template["data"].get("InstanceType"))
        filled: Doc = {
            "version": version,
            "releaseVersion": None if own_image else f"{version}.1-{RELEASE_DATE}",
            "amiType": "CUSTOM" if own_image else sent.get("amiType", "AL2023_x86_64_STANDARD"),
            "instanceTypes": None if own_types else sent.get("instanceTypes", ["t3.medium"]),
            "diskSize": None if template else sent.get("diskSize", 20),
            "remoteAccess": sent.get("remoteAccess"),
            "updateConfig": sent.get("updateConfig", {"maxUnavailable": 1}),
            "launchTemplate": template and template["reference"],
            "health": {"issues": []},
        }
        echo(group, filled, list(filled))
        group.resources = {"autoScalingGroups": [{"name": f"eks-{group.nodegroup_name}-{group.uuid}"}]}
        if "API" in _attribute(cluster, "accessConfig")["authenticationMode"]:
            self._admit_nodes(cluster, sent["nodeRole"])
        return ActionResult({"nodegroup": group})

    def update_nodegroup_config(self) -> ActionResult:
        """Change labels, taints, sizes and how it is updated."""
        sent = request_of(self)
        group = self._group(sent)
        _check_sizes({**group.scaling_config, **sent.get("scalingConfig", {})})
        super().update_nodegroup_config()
        if "updateConfig" in sent:
            echo(group, {"updateConfig": sent["updateConfig"]}, ["updateConfig"])
        echo(group, sent, ["nodeRepairConfig"])
        return self.updated(sent["clusterName"], "ConfigUpdate", sent)

    def update_nodegroup_version(self) -> ActionResult:
        """Move to another version of Kubernetes, of the image or of the launch template."""
        sent = request_of(self)
        group, cluster = self._group(sent), self._cluster(sent)
        version = sent.get("version", _attribute(group, "version"))
        if version not in VERSIONS or _minor(version) > _minor(str(_attribute(cluster, "version"))):
            refuse("InvalidParameterException", f"Requested Nodegroup version {version} is not supported")
        changed: Doc = {"version": version, "modified_at": utcnow()}
        if "launchTemplate" in sent:
            if not _attribute(group, "launchTemplate"):
                refuse("InvalidParameterException", "The node group was not made with a launch template")
            template = self._template(sent)
            changed["launchTemplate"] = template and template["reference"]
        if _attribute(group, "releaseVersion"):
            changed["releaseVersion"] = sent.get("releaseVersion", f"{version}.1-{RELEASE_DATE}")
        echo(group, changed, list(changed))
        return self.updated(sent["clusterName"], "VersionUpdate", sent)

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

    def _group(self, sent: Doc) -> Nodegroup:
        return self.eks_backend.describe_nodegroup(sent["clusterName"], sent["nodegroupName"])

    def _check_network(self, config: Doc, *, zones: int) -> str:
        """Return the VPC of subnets that exist, are in one VPC and in enough zones."""
        found = {name: known.subnet(self.eks_backend, name) for name in config.get("subnetIds", [])}
        missing = [name for name, subnet in found.items() if subnet is None]
        if missing:
            text = f"The subnet ID '{missing[0]}' does not exist (Service: Ec2, Status Code: 400, Error Code:"
            refuse("InvalidParameterException", f"{text} InvalidSubnetID.NotFound)")
        subnets = [subnet for subnet in found.values() if subnet]
        if len({subnet.availability_zone for subnet in subnets}) < zones:
            text = f"Subnets specified must be in at least {'two different AZs' if zones > 1 else 'one AZ'}"
            refuse("InvalidParameterException", text)
        vpcs = {str(subnet.vpc_id) for subnet in subnets}
        if len(vpcs) != 1:
            refuse("InvalidParameterException", "Subnets specified must belong to the same VPC")
        for name in config.get("securityGroupIds", []):
            group = known.security_group(self.eks_backend, name)
            if group is None or group.vpc_id not in vpcs:
                text = (
                    f"The security group '{name}' does not exist or is not in the cluster's VPC (Error Code:"
                )
                refuse("InvalidParameterException", f"{text} InvalidGroup.NotFound)")
        return vpcs.pop()

    def _check_template(self, data: Doc) -> None:
        """Refuse a launch template whose parts do not exist; AWS finds out as the instances are launched."""
        network = known.ec2(self.eks_backend)
        exists: dict[str, Callable[[str], object]] = {
            "security group": lambda name: known.security_group(self.eks_backend, name),
            "KMS key": lambda name: known.usable_key(self.eks_backend, name),
            "placement group": lambda name: name in table(network, "placement_groups"),
            "capacity reservation": lambda name: name in table(network, "capacity_reservations"),
        }
        for kind, reference in _named(data):
            if not exists[kind](reference):
                text = f"The launch template names a {kind} that does not exist: {reference}"
                refuse("InvalidRequestException", text)

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
        network = _attribute(cluster, "resourcesVpcConfig")
        network.setdefault("publicAccessCidrs", ["0.0.0.0/0"] if network["endpointPublicAccess"] else [])

    def _admit_creator(self, cluster: Cluster) -> None:
        """Let the caller in, as AWS does for whoever makes a cluster whose access is by the API."""
        config = _attribute(cluster, "accessConfig")
        wanted = config.get("bootstrapClusterCreatorAdminPermissions", True)
        config["bootstrapClusterCreatorAdminPermissions"] = wanted
        arn = f"arn:{self.partition}:iam::{self.current_account}:root"
        entries = table(self.eks_backend, "access_entries")
        if "API" in config["authenticationMode"] and wanted and f"{cluster.name}/{arn}" not in entries:
            self.admit(cluster, {"principalArn": arn}, taken="")

    def _admit_nodes(self, cluster: Cluster, role: str) -> None:
        if f"{cluster.name}/{role}" not in table(self.eks_backend, "access_entries"):
            self.admit(cluster, {"principalArn": role, "type": "EC2_LINUX"}, taken="")

    def _template(self, sent: Doc) -> Doc | None:
        """Return the launch template's reference as AWS shows it, and the data of the version meant."""
        if "launchTemplate" not in sent:
            return None
        found = known.launch_template(self.eks_backend, sent["launchTemplate"])
        if found is None:
            refuse("InvalidParameterException", "You specified a launch template that does not exist.")
        number = sent["launchTemplate"].get("version", str(found.default_version_number))
        aliases = {"$Latest": len(found.versions), "$Default": found.default_version_number}
        version = int(aliases.get(number, number))
        if not 1 <= version <= len(found.versions):
            refuse("InvalidParameterException", f"Launch template version {number} does not exist.")
        data: dict[str, Any] = found.versions[version - 1].data
        self._check_template(data)
        if data.get("InstanceType") and sent.get("instanceTypes"):
            refuse(
                "InvalidParameterException", "Instance types are in both the launch template and the request."
            )
        reference = {"id": found.id, "name": found.name, "version": str(number)}
        return {"reference": reference, "data": data}


def _named(data: Doc) -> list[tuple[str, str]]:
    """What a launch template's data refer to, as (kind, reference)."""
    found = [("security group", name) for name in data.get("SecurityGroupIds", [])]
    for interface in data.get("NetworkInterfaces", []):
        found += [("security group", name) for name in interface.get("Groups", [])]
    for device in data.get("BlockDeviceMappings", []):
        found.append(("KMS key", device.get("Ebs", {}).get("KmsKeyId", "")))
    found.append(("placement group", data.get("Placement", {}).get("GroupName", "")))
    target = data.get("CapacityReservationSpecification", {}).get("CapacityReservationTarget", {})
    found.append(("capacity reservation", target.get("CapacityReservationId", "")))
    return [(kind, reference) for kind, reference in found if reference]


def _attribute(target: object, name: str) -> Any:  # noqa: ANN401 - whatever AWS's model has there
    """What was echoed on moto's object under AWS's name."""
    return getattr(target, name, None)


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


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


def _check_types(types: list[str]) -> None:
    for name in types:
        if name not in INSTANCE_TYPES:
            text = f"The following supplied instance types do not exist: [{name}]"
            refuse("InvalidParameterException", text)


def _check_sizes(sizes: dict[str, int]) -> None:
    least, wanted, most = (sizes.get(name, 0) for name in ("minSize", "desiredSize", "maxSize"))
    if sizes and not least <= wanted <= most:
        text = f"Sizes are out of order: minSize {least}, desiredSize {wanted}, maxSize {most}"
        refuse("InvalidParameterException", text)
