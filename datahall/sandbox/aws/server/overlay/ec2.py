"""EC2: placement groups, reservations and encryption of volumes, with the network of `ec2_network`."""

from datetime import datetime

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.ec2.models.instance_types import INSTANCE_TYPES

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import Doc, refuse, request_of, table, unique
from datahall.sandbox.aws.server.overlay.ec2_network import Network
from datahall.sandbox.aws.server.overlay.ec2_tags import Tags

OURS = (
    "capacity reservations",
    "default KMS key of EBS",
    "network interfaces of NAT gateways and endpoints with addresses of their subnets",
    "placement groups",
    "tags of launch templates, changed after they were made",
)

_STRATEGIES = ("cluster", "partition", "spread")
_MOST_PARTITIONS = 7
_GROUP_FILTERS = {"group-name": "GroupName", "state": "State", "strategy": "Strategy", "group-id": "GroupId"}
_RESERVATION_FILTERS = {
    "instance-type": "InstanceType",
    "state": "State",
    "availability-zone": "AvailabilityZone",
    "instance-match-criteria": "InstanceMatchCriteria",
}


class Responses(Tags, Network):
    """EC2 with what moto leaves out."""

    # Placement groups

    def create_placement_group(self) -> ActionResult:
        """Make one; names are unique in a region."""
        sent = request_of(self)
        name, strategy = sent.get("GroupName", ""), sent.get("Strategy", "cluster")
        if not name:
            refuse("MissingParameter", "The request must contain the parameter groupName")
        if strategy not in _STRATEGIES:
            refuse("InvalidParameterValue", f"Invalid value '{strategy}' for strategy")
        partitions = sent.get("PartitionCount", 2 if strategy == "partition" else None)
        if partitions is not None and (strategy != "partition" or not 1 <= partitions <= _MOST_PARTITIONS):
            text = f"Partition count is 1-{_MOST_PARTITIONS} and for strategy partition only"
            refuse("InvalidParameterCombination", text)
        groups = table(self.ec2_backend, "placement_groups")
        if name in groups:
            refuse("InvalidPlacementGroup.Duplicate", f"The Placement Group '{name}' already exists.")
        identifier = unique("pg-")
        groups[name] = {
            "GroupName": name,
            "State": "available",
            "Strategy": strategy,
            "PartitionCount": partitions,
            "GroupId": identifier,
            "GroupArn": self._arn(f"placement-group/{name}"),
            "SpreadLevel": sent.get("SpreadLevel", "rack") if strategy == "spread" else None,
        }
        self._tag(identifier, "placement-group")
        return ActionResult({"PlacementGroup": self._tagged(groups[name], "GroupId")})

    def describe_placement_groups(self) -> ActionResult:
        """Return them by name, id or filter."""
        sent = request_of(self)
        groups = table(self.ec2_backend, "placement_groups")
        for name in sent.get("GroupNames", []):
            if name not in groups:
                refuse("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
        for name in sent.get("GroupIds", []):
            if name not in {group["GroupId"] for group in groups.values()}:
                refuse("InvalidPlacementGroupId.NotFound", f"The Placement Group '{name}' is unknown.")
        found = [self._tagged(group, "GroupId") for group in groups.values()]
        found = [one for one in found if one["GroupName"] in sent.get("GroupNames", [one["GroupName"]])]
        found = [one for one in found if one["GroupId"] in sent.get("GroupIds", [one["GroupId"]])]
        return ActionResult({"PlacementGroups": _filtered(found, sent, _GROUP_FILTERS)})

    def delete_placement_group(self) -> ActionResult:
        """Delete one that no instance uses."""
        name = request_of(self)["GroupName"]
        groups = table(self.ec2_backend, "placement_groups")
        if name not in groups:
            refuse("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
        self.ec2_backend.tags.pop(groups.pop(name)["GroupId"], None)
        return EmptyResult()

    # Capacity reservations

    def create_capacity_reservation(self) -> ActionResult:
        """Reserve instances of a known type in a zone of the region; active at once."""
        sent = request_of(self)
        kind, zone = sent["InstanceType"], sent.get("AvailabilityZone")
        if kind not in INSTANCE_TYPES:
            refuse("InvalidParameterValue", f"The following supplied instance types do not exist: [{kind}]")
        zones = {one.name: one.zone_id for one in self.ec2_backend.describe_availability_zones()}
        if zone not in zones:
            refuse("InvalidParameterValue", f"The availability zone '{zone}' is invalid")
        if sent["InstanceCount"] < 1:
            refuse("InvalidParameterValue", "InstanceCount must be at least 1")
        _check_end(sent)
        group = sent.get("PlacementGroupArn")
        if group and group not in {
            one["GroupArn"] for one in table(self.ec2_backend, "placement_groups").values()
        }:
            refuse("InvalidPlacementGroup.Unknown", f"The Placement Group '{group}' is unknown.")
        identifier = unique("cr-")
        reservation = {
            "EbsOptimized": False,
            "EphemeralStorage": False,
            "InstanceMatchCriteria": "open",
            "Tenancy": "default",
            "EndDateType": "unlimited",
            **{name: value for name, value in sent.items() if name != "TagSpecifications"},
            "CapacityReservationId": identifier,
            "OwnerId": self.current_account,
            "CapacityReservationArn": self._arn(f"capacity-reservation/{identifier}"),
            "AvailabilityZoneId": zones[zone],
            "TotalInstanceCount": sent["InstanceCount"],
            "AvailableInstanceCount": sent["InstanceCount"],
            "State": "active",
            "ReservationType": "default",
            "CreateDate": utcnow(),
            "StartDate": utcnow(),
        }
        table(self.ec2_backend, "capacity_reservations")[identifier] = reservation
        self._tag(identifier, "capacity-reservation")
        return ActionResult({"CapacityReservation": self._tagged(reservation, "CapacityReservationId")})

    def describe_capacity_reservations(self) -> ActionResult:
        """Return them by id or filter; cancelled ones are still shown, as in AWS."""
        sent = request_of(self)
        names = sent.get("CapacityReservationIds") or list(table(self.ec2_backend, "capacity_reservations"))
        found = [self._tagged(self._reservation(name), "CapacityReservationId") for name in names]
        return ActionResult({"CapacityReservations": _filtered(found, sent, _RESERVATION_FILTERS)})

    def modify_capacity_reservation(self) -> ActionResult:
        """Change the count and the end."""
        sent = request_of(self)
        reservation = self._active(sent["CapacityReservationId"])
        _check_end({**reservation, **sent})
        used = reservation["TotalInstanceCount"] - reservation["AvailableInstanceCount"]
        count = sent.get("InstanceCount", reservation["TotalInstanceCount"])
        names = ("EndDate", "EndDateType", "InstanceMatchCriteria")
        reservation.update({name: sent[name] for name in names if name in sent})
        reservation.update(TotalInstanceCount=count, AvailableInstanceCount=count - used)
        return ActionResult({"Return": True})

    def cancel_capacity_reservation(self) -> ActionResult:
        """Give it up."""
        self._active(request_of(self)["CapacityReservationId"]).update(
            State="cancelled", AvailableInstanceCount=0
        )
        return ActionResult({"Return": True})

    # Encryption of volumes

    def get_ebs_default_kms_key_id(self) -> ActionResult:
        """Return the key of volumes that name none."""
        return ActionResult({"KmsKeyId": self._default_key()})

    def modify_ebs_default_kms_key_id(self) -> ActionResult:
        """Set it to a key that exists."""
        reference = request_of(self)["KmsKeyId"]
        key = known.usable_key(self.ec2_backend, reference)
        if key is None:
            refuse(
                "KMSKeyNotAccessibleFault",
                f"The specified keyId {reference} does not exist or cannot be used",
            )
        table(self.ec2_backend, "ebs")["default_key"] = {"arn": key.arn}
        return ActionResult({"KmsKeyId": key.arn})

    def reset_ebs_default_kms_key_id(self) -> ActionResult:
        """Set it back to AWS's own."""
        table(self.ec2_backend, "ebs").pop("default_key", None)
        return self.get_ebs_default_kms_key_id()

    def create_volume(self) -> ActionResult:
        """Refuse an unknown key; encrypt by default where that is on."""
        sent = request_of(self)
        encrypted = sent.get("Encrypted") or self.ec2_backend.get_ebs_encryption_by_default()
        if "KmsKeyId" in sent and not encrypted:
            refuse(
                "InvalidParameterDependency",
                "The parameter KmsKeyId requires the parameter Encrypted to be set.",
            )
        reference = sent.get("KmsKeyId", self._default_key())
        key = known.usable_key(self.ec2_backend, reference) if encrypted else None
        if encrypted and key is None:
            refuse("InvalidParameterValue", f"The KMS key {reference} does not exist or cannot be used")
        before = set(self.ec2_backend.volumes)
        result = super().create_volume()
        for name in set(self.ec2_backend.volumes) - before:
            volume = self.ec2_backend.volumes[name]
            volume.encrypted, volume.kms_key_id = bool(encrypted), key.arn if key else None
        return result

    def _default_key(self) -> str:
        chosen = table(self.ec2_backend, "ebs").get("default_key")
        usual = known.key(self.ec2_backend, "alias/aws/ebs")
        return str(chosen["arn"] if chosen else usual.arn if usual else "")

    def _arn(self, tail: str) -> str:
        return f"arn:{self.partition}:ec2:{self.region}:{self.current_account}:{tail}"

    def _tag(self, identifier: str, kind: str) -> None:
        for specification in request_of(self).get("TagSpecifications", []):
            if specification.get("ResourceType") != kind:
                refuse(
                    "InvalidParameterValue",
                    f"'{specification.get('ResourceType')}' is not a valid tag type here",
                )
            tags = {tag["Key"]: tag["Value"] for tag in specification.get("Tags", [])}
            self.ec2_backend.create_tags([identifier], tags)

    def _tagged(self, resource: Doc, member: str) -> Doc:
        tags = self.ec2_backend.tags.get(resource[member], {})
        return {**resource, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _reservation(self, name: str) -> Doc:
        found = table(self.ec2_backend, "capacity_reservations").get(name)
        if found is None:
            code = "InvalidCapacityReservationId.NotFound"
            refuse(code, f"The capacity reservation ID '{name}' does not exist")
        return found

    def _active(self, name: str) -> Doc:
        found = self._reservation(name)
        if found["State"] != "active":
            refuse(
                "InvalidCapacityReservationState", f"The capacity reservation '{name}' is {found['State']}"
            )
        return found


def _check_end(sent: Doc) -> None:
    limited = sent.get("EndDateType", "unlimited") == "limited"
    end = sent.get("EndDate")
    if limited != (end is not None):
        refuse("InvalidParameterCombination", "EndDate is needed for, and only for, EndDateType limited")
    if isinstance(end, datetime) and end.replace(tzinfo=None) <= utcnow():
        refuse("InvalidParameterValue", "EndDate must be in the future")


def _filtered(found: list[Doc], sent: Doc, filters: dict[str, str]) -> list[Doc]:
    for rule in sent.get("Filters", []):
        name, wanted = rule["Name"], rule["Values"]
        if name.startswith("tag:"):
            key = name.removeprefix("tag:")
            found = [
                one for one in found if any(t["Key"] == key and t["Value"] in wanted for t in one["Tags"])
            ]
        elif name in filters:
            found = [one for one in found if str(one.get(filters[name])) in wanted]
        else:
            refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
    return found
