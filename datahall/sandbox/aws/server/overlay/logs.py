"""CloudWatch Logs: keys that exist and may be used by it, classes, retention that AWS has."""

import json

from moto.core.responses import ActionResult, EmptyResult
from moto.kms.models import Key
from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import Doc, refuse, request_of, table

OURS = ("classes of log groups", "keys of log groups that can be changed")

# docs: PutRetentionPolicy, retentionInDays
_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
_CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")


class Responses(LogsResponse):
    """Logs with keys checked as AWS checks them."""

    def create_log_group(self) -> str:
        """Refuse a key that does not exist or whose policy does not let the service use it."""
        sent = request_of(self)
        name, kind = sent["logGroupName"], sent.get("logGroupClass", "STANDARD")
        if kind not in _CLASSES:
            refuse("InvalidParameterException", f"logGroupClass {kind} must be one of {', '.join(_CLASSES)}")
        if "kmsKeyId" in sent:
            self._check_key(sent["kmsKeyId"], name)
        super().create_log_group()
        table(self.logs_backend, "classes")[name] = {"logGroupClass": kind}
        return ""

    def describe_log_groups(self) -> str:
        """Add the classes."""
        answer: Doc = json.loads(super().describe_log_groups())
        classes = table(self.logs_backend, "classes")
        usual = {"logGroupClass": "STANDARD"}
        groups = [{**group, **classes.get(group["logGroupName"], usual)} for group in answer["logGroups"]]
        return json.dumps({**answer, "logGroups": groups})

    def delete_log_group(self) -> str:
        """Forget its class too."""
        super().delete_log_group()
        table(self.logs_backend, "classes").pop(request_of(self)["logGroupName"], None)
        return ""

    def associate_kms_key(self) -> ActionResult:
        """Change a log group's key."""
        sent = request_of(self)
        group = self._group(sent)
        self._check_key(sent["kmsKeyId"], group.name)
        group.kms_key_id = sent["kmsKeyId"]
        return EmptyResult()

    def disassociate_kms_key(self) -> ActionResult:
        """Take a log group's key away."""
        self._group(request_of(self)).kms_key_id = None
        return EmptyResult()

    def put_retention_policy(self) -> str:
        """Refuse a number of days that AWS does not have."""
        sent = request_of(self)
        self._group(sent)
        if sent["retentionInDays"] not in _DAYS:
            days = ", ".join(map(str, _DAYS))
            refuse(
                "InvalidParameterException",
                f"retentionInDays {sent['retentionInDays']} must be one of {days}",
            )
        return super().put_retention_policy()

    def _group(self, sent: Doc) -> LogGroup:
        name = sent.get("logGroupName") or sent.get("resourceIdentifier", "").partition(":log-group:")[2]
        found = self.logs_backend.groups.get(name.split(":")[0])
        if found is None:
            refuse("ResourceNotFoundException", "The specified log group does not exist.")
        return found

    def _check_key(self, reference: str, name: str) -> None:
        key = known.usable_key(self.logs_backend, reference) if reference.startswith("arn:") else None
        if key is None or not _lets_logs_in(key, self.region):
            arn = f"arn:{self.partition}:logs:{self.region}:{self.current_account}:log-group:{name}"
            text = f"The specified KMS key does not exist or is not allowed to be used with LogGroup '{arn}'"
            refuse("InvalidParameterException", text)


def _lets_logs_in(key: Key, region: str) -> bool:
    """Whether the key's policy has an allowing statement for the service; its conditions are not weighed."""
    for statement in json.loads(key.policy).get("Statement", []):
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        names = [services] if isinstance(services, str) else services
        if statement.get("Effect") == "Allow" and f"logs.{region}.amazonaws.com" in names:
            return True
    return False
