"""KMS: the rotation period, states, deletion that refuses use; AWS's own keys from the start."""

import json
from typing import Any

from moto.core.utils import unix_time, utcnow
from moto.kms import models
from moto.kms.models import Key, KmsBackend
from moto.kms.responses import KmsResponse
from moto.kms.utils import RESERVED_ALIASES, AbstractPrivateKey, generate_private_key

from datahall.sandbox.aws.server.overlay.common import Doc, refuse, request_of, table

OURS = ("rotation period and next rotation date", "keys managed by AWS, present from the start")

_MORE_ALIASES = ("alias/aws/backup", "alias/aws/ecr", "alias/aws/fsx")
_DAYS = {"least": 90, "most": 2560, "usual": 365}
_UNUSABLE = {
    "PendingDeletion": ("KMSInvalidStateException", "{} is pending deletion."),
    "Disabled": ("DisabledException", "{} is disabled."),
}


_ASYMMETRIC = ("RSA_", "ECC_", "SM2")


def _private_key(spec: str) -> AbstractPrivateKey | None:
    """Make a private key where there is to be one; moto makes one for every key, 40 ms each."""
    return generate_private_key(spec) if spec.startswith(_ASYMMETRIC) else None


models.generate_private_key = _private_key  # type: ignore[assignment,attr-defined]  # the hook


def managed_keys(backend: KmsBackend) -> None:
    """Make the keys that AWS manages, so that their ids do not depend on who first asks for them."""
    for alias in (*RESERVED_ALIASES, *_MORE_ALIASES):
        service = alias.removeprefix("alias/aws/")
        text = f"Default key that protects my {service} data when no other key is defined"
        key = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", text, None)
        key.key_manager = "AWS"
        key.key_rotation_status = True
        backend.create_alias(key.id, alias)


class Responses(KmsResponse):
    """KMS, with rotation periods, and keys that are disabled or about to go refused."""

    def _get_param(self, param_name: str, if_none: Any = None) -> Any:  # noqa: ANN401 - moto's own
        """Take a key's ARN wherever moto takes its id only."""
        value = super()._get_param(param_name, if_none)
        if param_name in ("KeyId", "TargetKeyId") and isinstance(value, str) and ":key/" in value:
            return self.kms_backend.get_key_id(value)
        return value

    def enable_key_rotation(self) -> str:
        """Turn rotation on, every `RotationPeriodInDays`."""
        sent = request_of(self)
        key = self._usable(sent["KeyId"])
        days = sent.get("RotationPeriodInDays", self._rotation(key).get("days", _DAYS["usual"]))
        if not _DAYS["least"] <= days <= _DAYS["most"]:
            rule = f"between {_DAYS['least']} and {_DAYS['most']}"
            refuse("ValidationException", f"RotationPeriodInDays {days} must be {rule}")
        table(self.kms_backend, "rotation")[key.id] = {"days": days, "since": unix_time(utcnow())}
        return super().enable_key_rotation()

    def get_key_rotation_status(self) -> str:
        """Say whether and how often the key rotates."""
        status: Doc = json.loads(super().get_key_rotation_status())
        key = self._key(request_of(self)["KeyId"])
        rotation = self._rotation(key)
        if status.get("KeyRotationEnabled") and rotation:
            days = rotation["days"]
            status |= {"RotationPeriodInDays": days, "NextRotationDate": rotation["since"] + days * 86400}
        return json.dumps({**status, "KeyId": key.arn})

    def create_alias(self) -> str:
        """Refuse an alias of a key that is about to go, and AWS's own prefix."""
        if request_of(self)["AliasName"].startswith("alias/aws/"):
            refuse("NotAuthorizedException", "The alias prefix alias/aws/ is reserved for AWS")
        self._usable(request_of(self)["TargetKeyId"], but=("DisabledException",))
        return super().create_alias()

    def schedule_key_deletion(self) -> str:
        """Refuse to delete what AWS manages, or twice; the window is 7-30 days."""
        sent = request_of(self)
        key = self._usable(sent["KeyId"], but=("DisabledException",))
        if key.key_manager == "AWS":
            refuse("AccessDeniedException", f"{key.arn} is managed by AWS and cannot be deleted.")
        if not 7 <= sent.get("PendingWindowInDays", 30) <= 30:
            refuse("ValidationException", "PendingWindowInDays must be between 7 and 30")
        answer: Doc = json.loads(super().schedule_key_deletion())
        return json.dumps({**answer, "KeyId": key.arn})

    def put_key_policy(self) -> str:
        """Refuse what is no JSON."""
        sent = request_of(self)
        self._usable(sent["KeyId"], but=("DisabledException",))
        _document(sent["Policy"])
        return super().put_key_policy()

    def create_key(self) -> str:
        """Refuse a policy that is no JSON."""
        sent = request_of(self)
        if "Policy" in sent:
            _document(sent["Policy"])
        return super().create_key()

    def get_public_key(self) -> str:
        """Refuse a key that has none."""
        key = self._usable(request_of(self)["KeyId"])
        if not key.key_spec.startswith(_ASYMMETRIC):
            refuse("UnsupportedOperationException", f"{key.arn} is not an asymmetric key.")
        return super().get_public_key()

    def encrypt(self) -> str:
        """Refuse a key that cannot be used."""
        self._usable(request_of(self)["KeyId"])
        return super().encrypt()

    def generate_data_key(self) -> str:
        """Refuse a key that cannot be used."""
        self._usable(request_of(self)["KeyId"])
        return super().generate_data_key()

    def _key(self, reference: str) -> Key:
        self._validate_key_id(reference)
        return self.kms_backend.keys[self.kms_backend.any_id_to_key_id(reference)]

    def _usable(self, reference: str, *, but: tuple[str, ...] = ()) -> Key:
        key = self._key(reference)
        code, text = _UNUSABLE.get(key.key_state, ("", ""))
        if code and code not in but:
            refuse(code, text.format(key.arn))
        return key

    def _rotation(self, key: Key) -> dict[str, Any]:
        return table(self.kms_backend, "rotation").get(key.id, {})


def _document(policy: str) -> None:
    try:
        found = json.loads(policy)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found.get("Statement"):
        refuse("MalformedPolicyDocumentException", "Policy document is not valid JSON with statements")
