"""EKS's node groups, and the network and launch templates that they and clusters refer to."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.eks.models import Cluster, Nodegroup

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import Doc, echo, members, refuse, request_of, table
from datahall.sandbox.aws.server.overlay.eks_data import RELEASE_DATE, VERSIONS
from datahall.sandbox.aws.server.overlay.eks_parts import Parts


class Nodes(Parts):
    """Operations on node groups."""

    def create_nodegroup(self) -> ActionResult:
        """Refuse unknown references and sizes out of order; it is ACTIVE at once."""
        sent = request_of(self)
        cluster = self._cluster(sent)
        self.check_role(sent["nodeRole"])
        vpc = self.check_network({"subnetIds": sent["subnets"]}, zones=1)
        if vpc != attribute(cluster, "resourcesVpcConfig")["vpcId"]:
            refuse("InvalidParameterException", "Subnets are not in the cluster's VPC")
        _check_types(sent.get("instanceTypes", []))
        _check_sizes(sent.get("scalingConfig", {}))
        template = self._template(sent)
        version = sent.get("version", str(attribute(cluster, "version")))
        if version not in VERSIONS or minor(version) > minor(str(attribute(cluster, "version"))):
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
        if "API" in attribute(cluster, "accessConfig")["authenticationMode"]:
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
        version = sent.get("version", attribute(group, "version"))
        if version not in VERSIONS or minor(version) > minor(str(attribute(cluster, "version"))):
            refuse("InvalidParameterException", f"Requested Nodegroup version {version} is not supported")
        changed: Doc = {"version": version, "modified_at": utcnow()}
        if "launchTemplate" in sent:
            if not attribute(group, "launchTemplate"):
                refuse("InvalidParameterException", "The node group was not made with a launch template")
            template = self._template(sent)
            changed["launchTemplate"] = template and template["reference"]
        if attribute(group, "releaseVersion"):
            changed["releaseVersion"] = sent.get("releaseVersion", f"{version}.1-{RELEASE_DATE}")
        echo(group, changed, list(changed))
        return self.updated(sent["clusterName"], "VersionUpdate", sent)

    def _group(self, sent: Doc) -> Nodegroup:
        return self.eks_backend.describe_nodegroup(sent["clusterName"], sent["nodegroupName"])

    def check_network(self, config: Doc, *, zones: int) -> str:
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

    def _admit_nodes(self, cluster: Cluster, role: str) -> None:
        if f"{cluster.name}/{role}" not in table(self.eks_backend, "access_entries"):
            self.admit(cluster, {"principalArn": role, "type": "EC2_LINUX"}, taken="")


def attribute(target: object, name: str) -> Any:  # noqa: ANN401 - whatever AWS's model has there
    """What was echoed on moto's object under AWS's name."""
    return getattr(target, name, None)


def minor(version: str) -> int:
    """Return the minor number of a Kubernetes version."""
    return int(version.partition(".")[2])


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
