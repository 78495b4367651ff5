"""EC2's tags where moto has none (placement groups, reservations) or only as made (launch templates)."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses import EC2Response

from datahall.sandbox.aws.server.overlay.common import refuse, request_of, table

_CODES = {
    "pg-": "InvalidPlacementGroupId.NotFound",
    "cr-": "InvalidCapacityReservationId.NotFound",
}


class Tags(EC2Response):
    """Tagging by id, and launch templates whose own tags stay apart from those of what they launch."""

    def create_tags(self) -> ActionResult:
        """Tag resources that exist."""
        names, tags = self._tagging()
        if not any(name[:3] in _CODES for name in names):
            answer = super().create_tags()
            self._follow(names)
            return answer
        self._check(names)
        self.ec2_backend.create_tags(names, {tag["Key"]: tag.get("Value", "") for tag in tags})
        return EmptyResult()

    def delete_tags(self) -> ActionResult:
        """Untag resources that exist."""
        names, tags = self._tagging()
        if not any(name[:3] in _CODES for name in names):
            answer = super().delete_tags()
            self._follow(names)
            return answer
        self._check(names)
        self.ec2_backend.delete_tags(names, {tag["Key"]: tag.get("Value") for tag in tags})
        return EmptyResult()

    def create_launch_template(self) -> ActionResult:
        """Keep the template's own tags out of its data, where moto repeats them."""
        answer = super().create_launch_template()
        ec2 = self.ec2_backend
        name = request_of(self)["LaunchTemplateName"]
        data = ec2.launch_templates[ec2.launch_template_name_to_ids[name]].versions[0].data
        kept = [one for one in data.get("TagSpecifications", []) if one["ResourceType"] != "launch-template"]
        if kept:
            data["TagSpecifications"] = kept
        else:
            data.pop("TagSpecifications", None)
        return answer

    def _tagging(self) -> tuple[list[str], list[dict[str, Any]]]:
        sent = request_of(self)
        return sent.get("Resources", []), sent.get("Tags", [])

    def _check(self, names: list[str]) -> None:
        ec2 = self.ec2_backend
        known = {group["GroupId"] for group in table(ec2, "placement_groups").values()}
        known |= set(table(ec2, "capacity_reservations"))
        for name in (name for name in names if name[:3] in _CODES and name not in known):
            refuse(_CODES[name[:3]], f"The ID '{name}' does not exist")
        ec2.do_resources_exist([name for name in names if name[:3] not in _CODES])

    def _follow(self, names: list[str]) -> None:
        for name in names:
            template = self.ec2_backend.launch_templates.get(name)
            if template is not None:
                template.tags = template.get_tags()
