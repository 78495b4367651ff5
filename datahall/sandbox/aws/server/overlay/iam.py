"""IAM: deletions that must wait; AWS's own policies, read once for all accounts."""

import copy
import functools
from types import SimpleNamespace

from moto.core.responses import ActionResult
from moto.iam.models import IAMBackend, ManagedPolicy
from moto.iam.responses import IamResponse
from moto.moto_api._internal import mock_random

from datahall.sandbox.aws.server.overlay.common import refuse, request_of

OURS = ()

_read = IAMBackend._init_aws_policies


@functools.cache
def _aws_policies(region: str) -> list[ManagedPolicy]:
    """Read AWS's policies; their ids are the same in all accounts, as they are in AWS."""
    before = mock_random.getstate()
    mock_random.seed(region)
    try:
        return _read(SimpleNamespace(account_id="aws", region_name=region))  # type: ignore[arg-type]  # all it needs
    finally:
        mock_random.setstate(before)


def _copied(backend: IAMBackend) -> list[ManagedPolicy]:
    """Give an account policies of its own to attach; moto reads all 1,500 anew, in 90 ms."""
    copies = [copy.copy(policy) for policy in _aws_policies(backend.region_name)]
    for policy in copies:
        policy.account_id = backend.account_id
        policy.versions = list(policy.versions)
        policy.tags = dict(policy.tags)
    return copies


IAMBackend._init_aws_policies = _copied  # type: ignore[assignment,method-assign]  # the hook


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
