"""Diff: what differs in meaning, and whether that takes a new resource."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.aws.plugin.client import Plugin

VPC = "aws:ec2/vpc:Vpc"
BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"
CLUSTER = "aws:eks/cluster:Cluster"
NODES = "aws:eks/nodeGroup:NodeGroup"


def _policy(*actions: str, spaces: bool = False) -> str:
    action: Any = list(actions) if len(actions) > 1 else actions[0]
    statement = {"Effect": "Allow", "Action": action, "Principal": {"AWS": "*"}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2 if spaces else None)


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        (ROLE, {"assumeRolePolicy": _policy("a", "b")}, {"assumeRolePolicy": _policy("b", "a", spaces=True)}),
        (ROLE, {"managedPolicyArns": ["a", "b"]}, {"managedPolicyArns": ["b", "a"]}),
        (ROLE, {"description": ""}, {}),
        (VPC, {"enableDnsSupport": "true"}, {"enableDnsSupport": True}),
        (VPC, {"tags": {}}, {}),
        (BUCKET, {"region": "us-west-2"}, {}),
        (
            NODES,
            {"launchTemplate": {"id": "a", "version": "1"}},
            {"launchTemplate": {"id": "a", "version": 1}},
        ),
    ],
)
def test_the_same_in_other_words_is_no_change(
    plugin: Plugin, kind: str, old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert plugin.diff(kind, old, new).kinds == {}


@pytest.mark.parametrize(
    ("kind", "old", "new", "kinds"),
    [
        (VPC, {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.1.0.0/16"}, {"cidrBlock": "UPDATE_REPLACE"}),
        (VPC, {"tags": {"a": "1", "b": "1"}}, {"tags": {"a": "2"}}, {"tags.a": "UPDATE", "tags.b": "DELETE"}),
        (VPC, {}, {"tags": {"a": "1"}}, {"tags": "ADD"}),
        (
            ROLE,
            {"assumeRolePolicy": _policy("a")},
            {"assumeRolePolicy": _policy("b")},
            {"assumeRolePolicy": "UPDATE"},
        ),
        (ROLE, {"description": "a"}, {}, {"description": "DELETE"}),
        (
            NODES,
            {"instanceTypes": ["a", "b"]},
            {"instanceTypes": ["b", "a"]},
            {"instanceTypes": "UPDATE_REPLACE"},
        ),
        (
            NODES,
            {"launchTemplate": {"id": "a", "version": "1"}},
            {"launchTemplate": {"id": "a", "version": "2"}},
            {"launchTemplate.version": "UPDATE"},
        ),
        (
            NODES,
            {"launchTemplate": {"id": "a", "version": "1"}},
            {"launchTemplate": {"id": "b", "version": "1"}},
            {"launchTemplate.id": "UPDATE_REPLACE"},
        ),
        (CLUSTER, {}, {"encryptionConfig": {"resources": ["secrets"]}}, {"encryptionConfig": "ADD"}),
        (
            CLUSTER,
            {"encryptionConfig": {"resources": ["secrets"]}},
            {},
            {"encryptionConfig": "DELETE_REPLACE"},
        ),
    ],
)
def test_changes_are_told_by_path_and_kind(
    plugin: Plugin, kind: str, old: dict[str, Any], new: dict[str, Any], kinds: dict[str, str]
) -> None:
    change = plugin.diff(kind, old, new)
    assert change.kinds == kinds
    replaced = {path.split(".")[0] for path, one in kinds.items() if one.endswith("REPLACE")}
    assert set(change.replaces) == replaced


def test_ignored_changes_are_not_told(plugin: Plugin) -> None:
    change = plugin.diff(
        VPC, {"tags": {"a": "1"}}, {"tags": {"a": "2"}, "enableDnsSupport": False}, ("tags",)
    )
    assert set(change.kinds) == {"enableDnsSupport"}


def test_a_given_name_can_only_be_taken_again_once_it_is_free(plugin: Plugin) -> None:
    old = {"name": "mine", "path": "/a/", "__defaults": []}
    assert plugin.diff(ROLE, old, {**old, "path": "/b/"}).delete_first
    made_up = {"name": "role-1234567", "path": "/a/", "__defaults": ["name"]}
    assert not plugin.diff(ROLE, made_up, {**made_up, "name": "role-7654321", "path": "/b/"}).delete_first
