"""What a pipeline does, as its file says; each stage owns its part."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from workloads.settings import Settings

Format = Literal["auto", "jsonl", "csv", "text"]
Column = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Personal = Literal["email", "card", "iban", "ip", "phone"]


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"must be a regular expression ({error})") from None
    return pattern


class _Source(Settings):
    rename: dict[Column, Column] = Field(default_factory=dict)
    """A record's field -> the source's column."""


class FilesSource(_Source):
    """Files of a folder."""

    kind: Literal["files"]
    path: Path
    pattern: str = "**/*"
    format: Format = "auto"


class S3Source(_Source):
    """Objects of a bucket; the site's data bucket unless another is named."""

    kind: Literal["s3"]
    bucket: str | None = None
    prefix: str
    format: Format = "auto"


class HttpSource(_Source):
    """Documents by address; `token_env` names the variable with a bearer token."""

    kind: Literal["http"]
    urls: Annotated[tuple[str, ...], Field(min_length=1)]
    token_env: str | None = None
    format: Format = "auto"
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 60.0

    @field_validator("urls")
    @classmethod
    def _safe(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            if not re.match(r"https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/]", url):
                raise ValueError("must be https (http on this machine only)")
            if "@" in url.split("/")[2]:
                raise ValueError("must carry no password; name a variable by token_env")
        return urls


class SqlSource(_Source):
    """The rows of a query; `driver` is a Python database module (DB-API 2), `dsn_env` names a variable."""

    kind: Literal["sql"]
    driver: str = "sqlite3"
    dsn: str | None = None
    dsn_env: str | None = None
    query: Annotated[str, StringConstraints(min_length=1)]

    @model_validator(mode="after")
    def _one_dsn(self) -> Self:
        if (self.dsn is None) == (self.dsn_env is None):
            raise ValueError("must have either dsn or dsn_env")
        return self


Source = Annotated[FilesSource | S3Source | HttpSource | SqlSource, Field(discriminator="kind")]


class CleanConfig(Settings):
    """What a text may look like, after its characters were put in order."""

    html: bool = False
    """Take tags out and turn entities into characters."""
    min_chars: Annotated[int, Field(ge=1)] = 1
    max_chars: Annotated[int, Field(ge=1)] = 100_000


class DuplicatesConfig(Settings):
    """Which records are the same; the first stays."""

    near: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of common word triples from which two texts are the same; 0: only equal ones."""


class MaskConfig(Settings):
    """What personal data are masked in every text of a record."""

    kinds: tuple[Personal, ...] = ("email", "card", "iban", "ip", "phone")
    patterns: dict[Name, str] = Field(default_factory=dict)
    """Further ones by name: regular expressions."""

    @field_validator("patterns")
    @classmethod
    def _each_compiles(cls, patterns: dict[str, str]) -> dict[str, str]:
        return {name: _compiles(pattern) for name, pattern in patterns.items()}


class Rule(Settings):
    """A weak rule: a text that has `pattern` in it is likely a `label`."""

    label: Label
    pattern: Annotated[str, StringConstraints(min_length=1)]
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0

    @field_validator("pattern")
    @classmethod
    def _it_compiles(cls, pattern: str) -> str:
        return _compiles(pattern)


class LabelConfig(Settings):
    """Labels: those that records bring, else what the rules agree on, else a person's."""

    labels: Annotated[tuple[Label, ...], Field(min_length=2)]
    rules: tuple[Rule, ...] = ()
    margin: Annotated[float, Field(gt=0)] = 1.0
    """By how much weight a label must lead; else the record waits for a person."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        for rule in self.rules:
            if rule.label not in self.labels:
                raise ValueError(f"rules name {rule.label!r}, which is not among labels")
        return self


class ShardConfig(Settings):
    """How records are divided and stored."""

    records: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """In a shard, at most."""
    held_out_of: Annotated[int, Field(ge=2, le=1000)] = 5
    """One in so many is held out, by its text's hash."""
    keep: tuple[Column, ...] = ()
    """Fields that stay beside text and label."""


class PipelineConfig(Settings):
    """A data set and how it is made."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    source: Annotated[str, StringConstraints(min_length=1)]
    licence: Annotated[str, StringConstraints(min_length=1)]
    collect: Annotated[tuple[Source, ...], Field(min_length=1)]
    clean: CleanConfig = CleanConfig()
    deduplicate: DuplicatesConfig = DuplicatesConfig()
    mask: MaskConfig = MaskConfig()
    label: LabelConfig | None = None
    """None for texts without labels."""
    shard: ShardConfig = ShardConfig()
