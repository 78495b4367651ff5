"""The site file."""

import json
from pathlib import Path
from typing import Any

import pytest

from workloads.errors import InvalidInputError
from workloads.site import load_site

OUTPUTS: dict[str, Any] = {
    "data_bucket": "hall-data",
    "checkpoint_bucket": "hall-checkpoints",
    "registry_bucket": "hall-registry",
    "data_key_arn": "arn:aws:kms:us-west-2:123456789012:key/0d6a9f0e-0000-4000-8000-000000000000",
    "region": "us-west-2",
    "node_pools": {},
}


def refused(file: Path) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        load_site(file)
    return caught.value


def test_other_outputs_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS))
    assert load_site(file).registry_bucket == "hall-registry"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("data_bucket", "Not_A_Bucket"),
        ("checkpoint_bucket", None),
        ("registry_bucket", 7),
        ("data_key_arn", "alias/data"),
        ("region", "mars"),
    ],
)
def test_an_output_that_does_not_fit_is_named(tmp_path: Path, field: str, value: object) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({**OUTPUTS, field: value}))
    error = refused(file)
    assert error.field == field
    assert str(file) in error.fix


@pytest.mark.parametrize("field", ["data_bucket", "data_key_arn", "region"])
def test_an_output_that_is_missing_is_named(tmp_path: Path, field: str) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({k: v for k, v in OUTPUTS.items() if k != field}))
    assert (refused(file).field, refused(file).value) == (field, "missing")


@pytest.mark.parametrize(("text", "rule"), [("{", "must be JSON"), ("[]", "must be a JSON object")])
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, text: str, rule: str) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(text)
    assert rule in refused(file).rule


def test_no_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere.json").rule == "No such file or directory"
