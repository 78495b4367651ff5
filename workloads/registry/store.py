"""Models in the registry bucket: models/NAME/VERSION/{model.safetensors or model.onnx, card.json, card.md}.

A version is named by what it is (weights, data, metrics, configurations), so registering the same twice
gives one version. Its files are written once; it exists when the audit log says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workloads.command import validate
from workloads.errors import CorruptDataError, InvalidInputError
from workloads.fingerprint import canonical, sha256
from workloads.objects import Bucket
from workloads.registry.audit import AuditLog, Entry, Pinned
from workloads.registry.card import Card

Stage = Literal["candidate", "production", "archived"]

_FIX = "run python -m workloads.registry verify, and restore the object's earlier version"


@dataclass(frozen=True, kw_only=True)
class Version:
    """A registered version: its card and its stage."""

    card: Card
    stage: Stage


@dataclass(frozen=True)
class Registry:
    """The versions of one model."""

    bucket: Bucket
    model: str

    @property
    def log(self) -> AuditLog:
        """The model's audit log."""
        return AuditLog(bucket=self.bucket, model=self.model)

    def register(self, card: Card, weights: bytes) -> Stage:
        """Keep a model as a candidate, unless it is there already; its stage."""
        entries = self.log.entries()
        while not any(e.action == "registered" and e.subject.version == card.version for e in entries):
            pinned = self._write(card, weights)
            head = entries[-1] if entries else None
            self.log.append(head, "registered", pinned, production=head.production if head else None)
            entries = self.log.entries()
        self.bucket.put_json(self._run_key(card.lineage.run), {"version": card.version})
        return stage_of(card.version, entries)

    def version_of_run(self, run: str) -> str | None:
        """The version that a training run registered, or None."""
        version = (self.bucket.get_json(self._run_key(run)) or {}).get("version")
        return version if isinstance(version, str) else None

    def versions(self) -> list[Version]:
        """Every version, in the order of registration."""
        entries = self.log.entries()
        registered = [e.subject for e in entries if e.action == "registered"]
        return [Version(card=self.card(p), stage=stage_of(p.version, entries)) for p in registered]

    def pinned(self, version: str) -> Pinned:
        """A version with its card's hash; raises InvalidInputError for one that is not registered."""
        registered = [e.subject for e in self.log.entries() if e.action == "registered"]
        for subject in registered:
            if subject.version == version:
                return subject
        known = ", ".join(s.version for s in registered) or "none yet"
        rule = f"must be a registered version of {self.model} ({known})"
        raise InvalidInputError("version", version, rule, "give one of them, or train the model first")

    def production(self) -> Pinned:
        """What is in production; raises InvalidInputError where nothing is."""
        head = self.log.head()
        if head is None or head.production is None:
            fix = f"promote one: python -m workloads.registry promote {self.model} --site FILE"
            raise InvalidInputError("model", self.model, "must have a version in production", fix)
        return head.production

    def chosen(self, version: str | None) -> Pinned:
        """The version that is named, else what is in production; raises InvalidInputError where it is not."""
        return self.pinned(version) if version else self.production()

    def card(self, pinned: Pinned) -> Card:
        """A version's card, checked against the hash in the audit log."""
        key = self._key(pinned.version, "card.json")
        raw = self.bucket.get_json(key, sha256=pinned.card_sha256)
        if raw is None:
            raise CorruptDataError(key, "missing", "must be there: the audit log names it", _FIX)
        card = validate(Card, raw, prefix=f"{key} ", fix=_FIX)
        if (card.model, card.version) != (self.model, pinned.version):
            rule = f"must be the card of {self.model} {pinned.version}"
            raise CorruptDataError(key, f"{card.model} {card.version}", rule, _FIX)
        return card

    def weights(self, card: Card) -> bytes:
        """A version's weights file, checked against the hash in its card."""
        key = self._key(card.version, card.weights.name)
        content = self.bucket.get(key, sha256=card.weights.sha256)
        if content is None:
            raise CorruptDataError(key, "missing", "must be there: its card names it", _FIX)
        return content

    def _write(self, card: Card, weights: bytes) -> Pinned:
        """Write what is not there yet: the first to write a version's card has written it."""
        body = canonical(card.model_dump(mode="json"))
        files = (
            (card.weights.name, weights, "application/octet-stream"),
            ("card.md", card.markdown().encode(), "text/markdown"),
            ("card.json", body, "application/json"),
        )
        for name, content, content_type in files:
            self.bucket.put(self._key(card.version, name), content, content_type=content_type, new=True)
        written = self.bucket.sha256(self._key(card.version, "card.json"))
        return Pinned(version=card.version, card_sha256=written or sha256(body))

    def _key(self, version: str, file: str) -> str:
        return f"models/{self.model}/{version}/{file}"

    def _run_key(self, run: str) -> str:
        return f"models/{self.model}/runs/{run}.json"


def stage_of(version: str, entries: Sequence[Entry]) -> Stage:
    """A version's stage after all of `entries`."""
    head = entries[-1] if entries else None
    if head and head.production and head.production.version == version:
        return "production"
    promoted = any(e.action == "promoted" and e.subject.version == version for e in entries)
    return "archived" if promoted else "candidate"


def model_names(bucket: Bucket) -> list[str]:
    """The models that have anything in the registry."""
    return sorted({key.split("/")[1] for key in bucket.keys("models/")})
