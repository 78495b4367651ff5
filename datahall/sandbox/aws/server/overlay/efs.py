"""EFS: keys that exist, updates, backup policies, protection."""

import json
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.efs.models import FileSystem
from moto.efs.responses import TYPE_RESPONSE, EFSResponse

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import Doc, refuse, request_of, table

OURS = (
    "backup policies that can be changed",
    "deletion of file system policies",
    "protection from replication",
    "updates of file systems",
)
PATHS = ("/2015-02-01/file-systems/<file_system_id>/protection",)


class Responses(EFSResponse):
    """EFS with what moto leaves out, and keys checked."""

    def create_file_system(self) -> TYPE_RESPONSE:
        """Refuse an unknown key; show the key as an ARN."""
        sent = request_of(self)
        self._check_throughput(sent)
        arn = self._key(sent) if sent.get("Encrypted") else None
        body, headers = super().create_file_system()
        system = self._system(json.loads(body)["FileSystemId"])
        system.kms_key_id = arn or system.kms_key_id
        return json.dumps(self._shown(system)), headers

    def describe_file_systems(self) -> TYPE_RESPONSE:
        """Add what is protected."""
        body, headers = super().describe_file_systems()
        answer: Doc = json.loads(body)
        shown = [self._shown(self._system(one["FileSystemId"])) for one in answer["FileSystems"]]
        return json.dumps({**answer, "FileSystems": shown}), headers

    def update_file_system(self) -> ActionResult:
        """Change the throughput."""
        sent = request_of(self)
        system = self._system(sent["FileSystemId"])
        self._check_throughput({"ThroughputMode": system.throughput_mode, **sent})
        system.throughput_mode = sent.get("ThroughputMode", system.throughput_mode)
        system.provisioned_throughput_in_mibps = sent.get("ProvisionedThroughputInMibps", 0)
        return ActionResult(self._shown(system))

    def update_file_system_protection(self) -> ActionResult:
        """Change the protection."""
        sent = request_of(self)
        name = self._system(sent.pop("FileSystemId")).file_system_id
        table(self.efs_backend, "protection")[name] = sent
        return ActionResult(sent)

    def put_backup_policy(self) -> ActionResult:
        """Turn automatic backups on or off."""
        sent = request_of(self)
        system = self._system(sent["FileSystemId"])
        status = sent["BackupPolicy"]["Status"]
        if status not in ("ENABLED", "DISABLED"):
            refuse("ValidationException", f"Status {status} must be ENABLED or DISABLED")
        system._backup = status == "ENABLED"
        table(self.efs_backend, "backup_policies")[system.file_system_id] = {"Status": status}
        return ActionResult({"BackupPolicy": {"Status": status}})

    def describe_backup_policy(self) -> TYPE_RESPONSE:
        """Return what was put, or what it was made with."""
        system = self._system(request_of(self)["FileSystemId"])
        found = table(self.efs_backend, "backup_policies").get(system.file_system_id, system.backup_policy)
        if not found:
            refuse("PolicyNotFound", "The backup policy does not exist")
        return json.dumps({"BackupPolicy": found}), {"Content-Type": "application/json"}

    def put_file_system_policy(self) -> TYPE_RESPONSE:
        """Refuse what is no policy."""
        sent = request_of(self)
        self._system(sent["FileSystemId"])
        try:
            statements = json.loads(sent["Policy"])["Statement"]
        except (ValueError, KeyError, TypeError):
            statements = None
        if not statements:
            refuse("InvalidPolicyException", "The policy must be JSON with statements")
        return super().put_file_system_policy()

    def describe_file_system_policy(self) -> TYPE_RESPONSE:
        """Refuse an unknown file system."""
        self._system(request_of(self)["FileSystemId"])
        return super().describe_file_system_policy()

    def delete_file_system_policy(self) -> ActionResult:
        """Take the policy away."""
        self._system(request_of(self)["FileSystemId"]).file_system_policy = None
        return EmptyResult()

    def create_access_point(self) -> TYPE_RESPONSE:
        """Refuse an unknown file system."""
        self._system(request_of(self)["FileSystemId"])
        return super().create_access_point()

    def delete_file_system(self) -> TYPE_RESPONSE:
        """Refuse while it has access points; moto sees to the mount targets."""
        name = request_of(self)["FileSystemId"]
        self._system(name)
        if any(point.file_system_id == name for point in self.efs_backend.access_points.values()):
            refuse("FileSystemInUse", "Must delete all access points before deleting file system.")
        for store in ("protection", "backup_policies"):
            table(self.efs_backend, store).pop(name, None)
        return super().delete_file_system()

    def _system(self, name: str) -> FileSystem:
        found = self.efs_backend.file_systems_by_id.get(name)
        if found is None:
            refuse("FileSystemNotFound", f"File system '{name}' does not exist.")
        return found

    def _shown(self, system: FileSystem) -> dict[str, Any]:
        usual = {"ReplicationOverwriteProtection": "ENABLED"}
        protection = table(self.efs_backend, "protection").get(system.file_system_id, usual)
        return {**system.info_json(), "FileSystemProtection": protection}

    def _key(self, sent: Doc) -> str:
        reference = sent.get("KmsKeyId", "alias/aws/elasticfilesystem")
        key = known.usable_key(self.efs_backend, reference)
        if key is None:
            refuse("BadRequest", f"The KMS key {reference} does not exist or cannot be used")
        return key.arn

    def _check_throughput(self, sent: Doc) -> None:
        provisioned = sent.get("ThroughputMode") == "provisioned"
        if provisioned != bool(sent.get("ProvisionedThroughputInMibps")):
            refuse(
                "BadRequest",
                "ProvisionedThroughputInMibps is needed for, and only for, provisioned throughput",
            )
