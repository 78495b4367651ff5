"""What a version of a data set is: its files by hash, where they came from, under which licence."""

from pydantic import BaseModel, ConfigDict

from workloads.fingerprint import short_hash


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Part):
    """One file of a data set."""

    name: str
    sha256: str
    size: int


class Manifest(_Part):
    """A data set; its version follows from its content, so equal data have equal versions."""

    name: str
    source: str
    licence: str
    preparation: str
    records: dict[str, int]
    files: tuple[File, ...]

    @property
    def version(self) -> str:
        """12 hex digits over everything above."""
        return short_hash(self.model_dump(mode="json"))

    @property
    def prefix(self) -> str:
        """The key under which its objects lie."""
        return f"datasets/{self.name}/{self.version}/"
