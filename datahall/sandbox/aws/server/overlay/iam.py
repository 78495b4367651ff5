"""IAM: deletions that must wait."""

from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse

from datahall.sandbox.aws.server.overlay.common import refuse, request_of

OURS = ()


class Responses(IamResponse):
    """IAM in which what is in use stays."""

    def delete_policy(self) -> ActionResult:
        """Refuse while it is attached."""
        arn = request_of(self)["PolicyArn"]
        policy = self.backend.managed_policies.get(arn)
        if policy and policy.attachment_count:
            refuse("DeleteConflict", "Cannot delete a policy attached to entities.")
        return super().delete_policy()

    def delete_instance_profile(self) -> ActionResult:
        """Refuse while it has a role."""
        profile = self.backend.get_instance_profile(request_of(self)["InstanceProfileName"])
        if profile.roles:
            refuse("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
        return super().delete_instance_profile()
