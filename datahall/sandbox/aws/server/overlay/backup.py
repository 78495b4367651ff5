"""Backup: selections, plans that change, vaults with keys that exist."""

from moto.backup.models import Plan
from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import unix_time
from moto.moto_api._internal import mock_random

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import Doc, refuse, request_of, table

OURS = ("selections", "updates of plans", "vault access policies")
PATHS = (
    "{0}/backup/plans/(?P<name>[^/]+)/selections/?$",
    "{0}/backup/plans/(?P<name>[^/]+)/selections/(?P<selection>[^/]+)$",
    "{0}/backup-vaults/(?P<name>[^/]+)/access-policy$",
    "{0}/backup-vaults/(?P<name>[^/]+)/recovery-points/$",
)


class Responses(BackupResponse):
    """Backup in which plans, vaults, keys and roles are checked."""

    def create_backup_vault(self) -> str:
        """Refuse an unknown key; the usual one is AWS's."""
        sent = request_of(self)
        reference = sent.get("EncryptionKeyArn", "alias/aws/backup")
        key = known.usable_key(self.backup_backend, reference)
        if key is None:
            refuse(
                "InvalidParameterValueException", f"The KMS key {reference} does not exist or cannot be used"
            )
        answer = super().create_backup_vault()
        self.backup_backend.vaults[sent["BackupVaultName"]].encryption_key_arn = key.arn
        return answer

    def delete_backup_vault(self) -> EmptyResult:
        """Refuse an unknown vault."""
        name = request_of(self)["BackupVaultName"]
        self._check_vault(name, "ResourceNotFoundException")
        table(self.backup_backend, "vault_policies").pop(name, None)
        super().delete_backup_vault()
        return EmptyResult()

    def put_backup_vault_access_policy(self) -> EmptyResult:
        """Keep a vault's policy."""
        sent = request_of(self)
        self._check_vault(sent["BackupVaultName"], "ResourceNotFoundException")
        table(self.backup_backend, "vault_policies")[sent["BackupVaultName"]] = {"Policy": sent["Policy"]}
        return EmptyResult()

    def get_backup_vault_access_policy(self) -> ActionResult:
        """Return a vault's policy."""
        name = request_of(self)["BackupVaultName"]
        self._check_vault(name, "ResourceNotFoundException")
        found = table(self.backup_backend, "vault_policies").get(name)
        if found is None:
            refuse("ResourceNotFoundException", f"The vault {name} has no access policy")
        arn = self.backup_backend.vaults[name].backup_vault_arn
        return ActionResult({"BackupVaultName": name, "BackupVaultArn": arn, **found})

    def delete_backup_vault_access_policy(self) -> EmptyResult:
        """Take a vault's policy away."""
        table(self.backup_backend, "vault_policies").pop(request_of(self)["BackupVaultName"], None)
        return EmptyResult()

    def list_recovery_points_by_backup_vault(self) -> ActionResult:
        """Return none: nothing here makes a recovery point."""
        self._check_vault(request_of(self)["BackupVaultName"], "ResourceNotFoundException")
        return ActionResult({"RecoveryPoints": []})

    def create_backup_plan(self) -> str:
        """Refuse rules whose vault does not exist."""
        self._check_rules(request_of(self)["BackupPlan"])
        return super().create_backup_plan()

    def update_backup_plan(self) -> ActionResult:
        """Replace a plan's rules; it keeps its id and has a new version."""
        sent = request_of(self)
        plan = self._plan(sent["BackupPlanId"])
        self._check_rules(sent["BackupPlan"])
        fresh = Plan(sent["BackupPlan"], plan.creator_request_id, self.backup_backend)
        plan.backup_plan, plan.version_id = fresh.backup_plan, fresh.version_id
        plan.advanced_backup_settings = fresh.advanced_backup_settings
        return ActionResult({**plan.to_dict(), "CreationDate": unix_time()})

    def get_backup_plan(self) -> str:
        """Refuse a deleted plan."""
        self._plan(request_of(self)["BackupPlanId"])
        return super().get_backup_plan()

    def delete_backup_plan(self) -> str:
        """Refuse while it has selections; then it is gone."""
        name = request_of(self)["BackupPlanId"]
        self._plan(name)
        if self._selections(name):
            text = "Related backup plan selections must be deleted prior to backup plan deletion"
            refuse("InvalidRequestException", text)
        answer = super().delete_backup_plan()
        del self.backup_backend.plans[name]
        return answer

    def create_backup_selection(self) -> ActionResult:
        """Choose what a plan backs up, with a role that exists."""
        sent = request_of(self)
        plan, choice = self._plan(sent["BackupPlanId"]), sent["BackupSelection"]
        if not known.role(self.backup_backend, choice["IamRoleArn"]):
            refuse("InvalidParameterValueException", f"IAM role {choice['IamRoleArn']} does not exist")
        if any(
            one["BackupSelection"]["SelectionName"] == choice["SelectionName"] for one in self._selections()
        ):
            refuse("AlreadyExistsException", "Backup selection with the same name already exists")
        if not (choice.get("Resources") or choice.get("ListOfTags") or choice.get("Conditions")):
            refuse("InvalidParameterValueException", "A selection needs resources, tags or conditions")
        name = str(mock_random.uuid4())
        selection = {
            "SelectionId": name,
            "BackupPlanId": plan.backup_plan_id,
            "CreationDate": unix_time(),
            "BackupSelection": choice,
            "CreatorRequestId": sent.get("CreatorRequestId"),
        }
        table(self.backup_backend, "selections")[name] = selection
        return ActionResult(selection)

    def get_backup_selection(self) -> ActionResult:
        """Return a selection."""
        return ActionResult(self._selection(request_of(self)))

    def list_backup_selections(self) -> ActionResult:
        """List a plan's selections."""
        found = self._selections(self._plan(request_of(self)["BackupPlanId"]).backup_plan_id)
        return ActionResult({"BackupSelectionsList": [{**one, **one["BackupSelection"]} for one in found]})

    def delete_backup_selection(self) -> EmptyResult:
        """Take a selection away."""
        found = self._selection(request_of(self))
        del table(self.backup_backend, "selections")[found["SelectionId"]]
        return EmptyResult()

    def describe_backup_vault(self) -> ActionResult:
        """Add the kind and state of the vault."""
        name = request_of(self)["BackupVaultName"]
        self._check_vault(name, "ResourceNotFoundException")
        vault = self.backup_backend.vaults[name].to_list_dict()
        return ActionResult({**vault, "VaultType": "BACKUP_VAULT", "VaultState": "AVAILABLE"})

    def _check_vault(self, name: str, code: str) -> None:
        if name not in self.backup_backend.vaults:
            refuse(code, f"Backup vault {name} does not exist")

    def _check_rules(self, plan: Doc) -> None:
        for rule in plan["Rules"]:
            self._check_vault(rule["TargetBackupVaultName"], "InvalidParameterValueException")
            life = rule.get("Lifecycle", {})
            cold, gone = life.get("MoveToColdStorageAfterDays"), life.get("DeleteAfterDays")
            if cold and gone and gone < cold + 90:
                text = (
                    f"DeleteAfterDays {gone} must be at least 90 days after MoveToColdStorageAfterDays {cold}"
                )
                refuse("InvalidParameterValueException", text)

    def _plan(self, name: str) -> Plan:
        found = self.backup_backend.plans.get(name)
        if found is None:
            refuse("ResourceNotFoundException", "Failed reading Backup plan with provided version")
        return found

    def _selections(self, plan: str | None = None) -> list[Doc]:
        found = table(self.backup_backend, "selections").values()
        return [one for one in found if plan in (None, one["BackupPlanId"])]

    def _selection(self, sent: Doc) -> Doc:
        found = table(self.backup_backend, "selections").get(sent["SelectionId"])
        if found is None or found["BackupPlanId"] != sent["BackupPlanId"]:
            refuse("ResourceNotFoundException", f"Backup selection {sent['SelectionId']} does not exist")
        return found
