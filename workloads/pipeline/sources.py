"""Where records come from: each source lists its items, and each item's content is fetched once."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import httpx

from workloads.errors import InvalidInputError, StorageError
from workloads.fingerprint import canonical, sha256
from workloads.objects import Bucket
from workloads.pipeline.config import FilesSource, HttpSource, S3Source, Source, SqlSource

_ATTEMPTS = 3
_ROWS = 1000


@dataclass(frozen=True)
class Item:
    """One file, object, document or query."""

    origin: str
    """Where it is, as a person is told: without what a query string may hold."""
    version: str
    """Changes with the content where the source can tell; what was fetched is kept under it."""
    fetch: Callable[[], Iterator[bytes]]


def items(source: Source, data: Bucket) -> list[Item]:
    """What a source has; raises InvalidInputError where it is not there or has nothing."""
    found = _list(source, data)
    if not found:
        rule, fix = "must have something in it", "correct the path, pattern or prefix"
        raise InvalidInputError(f"collect {source.kind}", source.model_dump(mode="json"), rule, fix)
    return found


def _list(source: Source, data: Bucket) -> list[Item]:
    match source:
        case FilesSource():
            return _files(source)
        case S3Source():
            return _objects(source, data)
        case HttpSource():
            return [_document(source, url) for url in source.urls]
        case SqlSource():
            return [_query(source)]


def _files(source: FilesSource) -> list[Item]:
    paths = sorted(path for path in source.path.glob(source.pattern) if path.is_file())

    def item(number: int) -> Item:
        path = paths[number]
        stat = path.stat()

        def fetch() -> Iterator[bytes]:
            try:
                yield path.read_bytes()
            except OSError as error:
                rule, fix = f"must be readable ({error.strerror})", "correct it, or the pattern"
                raise InvalidInputError("collect files", path, rule, fix) from None

        name = path.relative_to(source.path).as_posix()
        return Item(name, f"{path.resolve()} {stat.st_mtime_ns} {stat.st_size}", fetch)

    return [item(number) for number in range(len(paths))]


def _objects(source: S3Source, data: Bucket) -> list[Item]:
    bucket = replace(data, field="collect s3", name=source.bucket) if source.bucket else data

    def item(key: str, etag: str, fetch: Callable[[], bytes | None]) -> Item:
        origin = f"s3://{bucket.name}/{key}"

        def once() -> Iterator[bytes]:
            content = fetch()
            if content is None:
                rule, fix = "must stay as it was listed while it is read", "run the pipeline again"
                raise StorageError(origin, "changed or gone", rule, fix)
            yield content

        return Item(origin, etag, once)

    return [
        item(one.key, one.etag, lambda one=one: bucket.get_listed(one))  # type: ignore[misc]
        for one in bucket.listing(source.prefix)
        if not one.key.endswith("/")
    ]


def _document(source: HttpSource, url: str) -> Item:
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}{parts.path}"
    token = _variable("collect http", source.token_env)
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def once() -> bytes:
        with httpx.Client(timeout=source.timeout_s, headers=headers, follow_redirects=False) as client:
            answer = client.get(url)
        if answer.status_code != httpx.codes.OK:
            rule, fix = "must answer with 200", "correct the address, or its token"
            kind = StorageError if answer.is_server_error else InvalidInputError
            raise kind(origin, f"HTTP {answer.status_code}", rule, fix)
        return answer.content

    def fetch() -> Iterator[bytes]:
        yield _patiently(once, origin)

    return Item(origin, sha256(url.encode()), fetch)


def _patiently(once: Callable[[], bytes], origin: str) -> bytes:
    """What `once` gives; tried again where the server fails or the connection breaks off."""
    for _ in range(1, _ATTEMPTS):
        try:
            return once()
        except (httpx.TransportError, StorageError):
            continue
    try:
        return once()
    except httpx.TransportError as error:
        fix = "try again later; what was collected before is kept"
        raise StorageError(origin, type(error).__name__, "must send its whole content", fix) from None


def _query(source: SqlSource) -> Item:
    dsn = source.dsn or _variable("collect sql", source.dsn_env) or ""
    try:
        driver: Any = import_module(source.driver)
        connect, failure = driver.connect, driver.Error
    except (ImportError, AttributeError):
        rule, fix = "must be an installed database module (DB-API 2)", "install it, or take sqlite3"
        raise InvalidInputError("collect sql driver", source.driver, rule, fix) from None
    origin = f"sql:{source.driver}:{sha256(source.query.encode())[:8]}"

    def fetch() -> Iterator[bytes]:
        try:
            connection = _read_only(dsn, connect) if source.driver == "sqlite3" else connect(dsn)
            try:
                cursor = connection.cursor()
                cursor.execute(source.query)
                names = [column[0] for column in cursor.description or ()]
                while rows := cursor.fetchmany(_ROWS):
                    yield b"".join(
                        canonical(dict(zip(names, map(_plain, row), strict=True))) + b"\n" for row in rows
                    )
            finally:
                connection.close()
        except failure as error:
            rule, fix = "must run", "correct the query, or what it connects to"
            raise InvalidInputError("collect sql", f"{source.query}: {error}", rule, fix) from None

    return Item(origin, _changed(source, dsn), fetch)


def _read_only(path: str, connect: Callable[..., Any]) -> Any:  # noqa: ANN401 - DB-API has no types
    """SQLite would make a database that is not there."""
    return connect(f"file:{path}?mode=ro", uri=True)


def _changed(source: SqlSource, dsn: str) -> str:
    asked = sha256(canonical([dsn, source.query]))
    if source.driver == "sqlite3" and os.path.isfile(dsn):
        return f"{asked} {os.stat(dsn).st_mtime_ns}"
    return asked


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _variable(field: str, name: str | None) -> str | None:
    if name is None:
        return None
    value = os.environ.get(name)
    if not value:
        raise InvalidInputError(f"{field} variable", name, "must be set", f"export {name}")
    return value
