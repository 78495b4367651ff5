"""Where stacks are kept: what PULUMI_BACKEND_URL and Pulumi.yaml may say, as the official engine reads it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from datahall.engine import InvalidProject, Project, Unsupported, load_project, open_backend
from datahall.engine.storage.bucket import BucketStore
from datahall.engine.storage.folder import FolderStore

VARIABLE = "PULUMI_BACKEND_URL"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
    return load_project(folder)


def folder_of(project: Project, url: str, **environment: str) -> Path:
    store = open_backend({VARIABLE: url, **environment}, project).store
    assert isinstance(store, FolderStore)
    return store.root


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file://{0}/state", "state"),
        ("file://{0}/state/", "state"),
        ("file://{0}/state/../other", "other"),
        ("file://{0}/with space", "with space"),
        ("file://{0}/with%20space", "with space"),
        ("file://{0}/per%25cent", "per%cent"),
        ("file://{0}/plus+plus", "plus+plus"),
        ("file://{0}/state?no_tmp_dir=true", "state"),
        ("file://{0}/state?no_tmp_dir=false", "state"),
        ("file://{0}/state?metadata=skip", "state"),
        ("file://{0}/state?create_dir=false", "state"),
        ("file://{0}/new/deep?create_dir=true&no_tmp_dir=true", "new/deep"),
        ("file://./rel", "project/rel"),
        ("file://rel", "project/rel"),
        ("file://../state", "state"),
        ("file://", "project"),
        ("file://.", "project"),
    ],
)
def test_a_folder(project: Project, tmp_path: Path, url: str, folder: str) -> None:
    for name in ("state", "other", "with space", "per%cent", "plus+plus", "project/rel"):
        (tmp_path / name).mkdir()
    assert folder_of(project, url.format(tmp_path)) == tmp_path / folder
    assert (tmp_path / folder).is_dir()


def test_home_is_the_users_whatever_the_environment_says(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert folder_of(project, "file://~") == home.resolve()
    assert folder_of(project, "file://~/.") == home.resolve()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///no/such", r"/no/such: no such folder; create it: mkdir -p '/no/such'"),
        ("file:///a%zzb", "%zz: no escape of a URL"),
        ("file:///a#b", "write %23"),
        ("file:///tmp?create_dir=perhaps", "must be true or false"),
        ("s3://", "names no bucket"),
        ("s3:///prefix", "names no bucket"),
        ("s3://b?s3ForcePathStyle=si", r"\?s3ForcePathStyle=si: must be true or false"),
        ("s3://b?use_path_style=1&s3ForcePathStyle=si", r"\?s3ForcePathStyle=si"),
        ("s3://b?endpoint=http://u:secret@127.0.0.1", r"\?endpoint=: must be"),
        ("s3://b?endpoint=ftp://127.0.0.1", r"\?endpoint=: must be"),
        ("s3://b?request_checksum_calculation=no", "when_required, when_supported"),
    ],
)
def test_a_mistake_is_named(project: Project, url: str, words: str) -> None:
    with pytest.raises(InvalidProject, match=rf"^{VARIABLE}: .*{words}") as caught:
        open_backend({VARIABLE: url}, project)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("gs://bucket", "gs://bucket: only file:// and s3://"),
        ("https://u:secret@host/x?token=secret", "https://host/x: only file:// and s3://"),
        ("/plain/folder", "not a URL: only file:// and s3://"),
        ("file://~ann/state", "~ann: only ~ itself"),
        ("file:///tmp?base_url=x", r"\?base_url=: only create_dir, metadata, no_tmp_dir"),
        ("file:///tmp?metadata=keep", r"\?metadata=keep: only skip"),
        ("s3://key:secret@bucket/prefix", "s3://bucket/prefix: a user in it"),
        ("s3://bucket?role=arn:secret", r"\?role=: only accelerate"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(project: Project, url: str, words: str) -> None:
    with pytest.raises(Unsupported, match=rf"^{VARIABLE}: {words}") as caught:
        open_backend({VARIABLE: url}, project)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("s3://b", "s3://b/key"),
        ("s3://b/", "s3://b/key"),
        ("s3://b/a/b/?region=eu-west-1", "s3://b/a/b/key"),
        ("s3://b/a%20b?region=eu-west-1&awssdk=v2", "s3://b/a b/key"),
        ("s3://b?accelerate=true&dualstack=true&anonymous=true&ssetype=aws:kms&kmskeyid=k", "s3://b/key"),
    ],
)
def test_a_bucket(project: Project, url: str, key: str) -> None:
    store = open_backend({VARIABLE: url}, project).store
    assert isinstance(store, BucketStore)
    assert store.where("key") == key


@pytest.mark.parametrize(
    ("query", "endpoint"),
    [
        ("endpoint=127.0.0.1:9&disableSSL=true", "http://127.0.0.1:9"),
        ("endpoint=127.0.0.1:9", "https://127.0.0.1:9"),
        ("endpoint=http://127.0.0.1:9", "http://127.0.0.1:9"),
    ],
)
def test_the_endpoint_may_leave_its_scheme_out(project: Project, query: str, endpoint: str) -> None:
    store = open_backend({VARIABLE: f"s3://b?region=eu-west-1&{query}"}, project).store
    assert store.removing("key") == f"aws s3 rm 's3://b/key' --endpoint-url '{endpoint}'"


def test_without_any_it_is_missing(project: Project) -> None:
    with pytest.raises(InvalidProject, match=rf"{VARIABLE}: missing.*file://FOLDER or s3://BUCKET"):
        open_backend({}, project)


def test_the_project_may_name_it_and_the_environment_goes_before(project: Project, tmp_path: Path) -> None:
    file = project.root / "Pulumi.yaml"
    for name in ("project/mine", "theirs"):
        (tmp_path / name).mkdir()
    file.write_text("name: proj\nruntime: python\nbackend:\n  url: file://./mine\n")
    project = load_project(project.root)
    store = open_backend({}, project).store
    assert store.where("x") == str(tmp_path / "project" / "mine" / "x")
    assert folder_of(project, f"file://{tmp_path}/theirs") == tmp_path / "theirs"
    file.write_text("name: proj\nruntime: python\nbackend:\n  url: gs://b\n")
    with pytest.raises(Unsupported, match=r"backend\.url of Pulumi\.yaml: gs://b"):
        open_backend({}, load_project(project.root))
    for malformed in ("backend: file://x", "backend: {}", "backend: {url: 7}", "backend: {url: a, b: c}"):
        file.write_text(f"name: proj\nruntime: python\n{malformed}\n")
        with pytest.raises(InvalidProject, match="a mapping with a `url` only"):
            load_project(project.root)


@pytest.mark.parametrize(
    "name",
    [
        "PULUMI_DIY_BACKEND_ZSTD",
        "PULUMI_SELF_MANAGED_STATE_ZSTD",
        "PULUMI_DIY_BACKEND_LEGACY_LAYOUT",
        "PULUMI_DIY_BACKEND_RETAIN_CHECKPOINTS",
    ],
)
def test_settings_that_ours_does_not_have_are_refused(project: Project, tmp_path: Path, name: str) -> None:
    with pytest.raises(Unsupported, match=f"^{name}: not supported"):
        folder_of(project, f"file://{tmp_path}", **{name: "TRUE"})
    assert folder_of(project, f"file://{tmp_path}", **{name: "0"}) == tmp_path
