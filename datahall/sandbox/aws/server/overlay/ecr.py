"""ECR: repositories encrypted with keys that exist."""

from moto.core.responses import ActionResult
from moto.ecr.responses import ECRResponse

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import refuse, request_of

OURS = ()


class Responses(ECRResponse):
    """ECR with keys checked."""

    def create_repository(self) -> ActionResult:
        """Refuse an unknown key; show the key as an ARN."""
        sent = request_of(self)
        config = sent.get("encryptionConfiguration", {})
        kms = config.get("encryptionType", "AES256").startswith("KMS")
        reference = config.get("kmsKey", "alias/aws/ecr")
        key = known.usable_key(self.ecr_backend, reference) if kms else None
        if kms and key is None:
            refuse("KmsException", f"The KMS key {reference} does not exist or cannot be used")
        result = super().create_repository()
        if key:
            repository = self.ecr_backend.repositories[sent["repositoryName"]]
            repository.encryption_configuration = {**config, "kmsKey": key.arn}
        return result
