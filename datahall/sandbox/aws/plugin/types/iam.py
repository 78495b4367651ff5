"""Roles, policies, identity providers. API: AWS Identity and Access Management."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from datahall.sandbox.aws.plugin.properties import Plain
from datahall.sandbox.aws.plugin.reading import GoneError
from datahall.sandbox.aws.plugin.run import Run
from datahall.sandbox.aws.plugin.table import Call, Name, Text, Type, codes

_MAX_VERSIONS = 5  # of one managed policy (IAM quotas)


def _text(value: Plain) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _tags(kind: str, key: Mapping[str, str]) -> tuple[Call, Call]:
    return (
        Call(op=f"untag_{kind}", args={**key, "TagKeys": "$-tagsAll"}),
        Call(op=f"tag_{kind}", args={**key, "Tags": "$+tagsAll"}),
    )


def _inline(run: Run) -> None:
    """Policies given inside of a role."""
    old = {one["name"]: one["policy"] for one in run.old.get("inlinePolicies") or [] if one.get("name")}
    new = {one["name"]: one["policy"] for one in run.new.get("inlinePolicies") or [] if one.get("name")}
    for name in old.keys() - new.keys():
        run.client().delete_role_policy(RoleName=run.id, PolicyName=name)
    for name, policy in new.items():
        if old.get(name) != policy:
            run.client().put_role_policy(RoleName=run.id, PolicyName=name, PolicyDocument=policy)


def _read_role_policies(run: Run, found: dict[str, Any]) -> None:
    client = run.client()
    attached = client.list_attached_role_policies(RoleName=run.id)["AttachedPolicies"]
    found["managedPolicyArns"] = sorted(one["PolicyArn"] for one in attached)
    found["inlinePolicies"] = [
        {
            "name": name,
            "policy": _text(client.get_role_policy(RoleName=run.id, PolicyName=name)["PolicyDocument"]),
        }
        for name in client.list_role_policies(RoleName=run.id)["PolicyNames"]
    ]


def _strip_role(run: Run) -> None:
    """What the role itself holds goes with it; what others attached only if forceDetachPolicies says so."""
    client, force = run.client(), bool(run.new.get("forceDetachPolicies"))
    own = run.new.get("managedPolicyArns") or []
    for one in client.list_attached_role_policies(RoleName=run.id)["AttachedPolicies"]:
        if force or one["PolicyArn"] in own:
            client.detach_role_policy(RoleName=run.id, PolicyArn=one["PolicyArn"])
    inline = {one.get("name") for one in run.new.get("inlinePolicies") or []}
    for name in client.list_role_policies(RoleName=run.id)["PolicyNames"]:
        if force or name in inline:
            client.delete_role_policy(RoleName=run.id, PolicyName=name)


def _new_version(run: Run) -> None:
    if not run.old or run.old.get("policy") == run.new.get("policy"):
        return
    client = run.client()
    versions = client.list_policy_versions(PolicyArn=run.id)["Versions"]
    spare = [one for one in versions if not one["IsDefaultVersion"]]
    if len(versions) >= _MAX_VERSIONS:
        oldest = min(spare, key=lambda one: int(one["VersionId"].removeprefix("v")))
        client.delete_policy_version(PolicyArn=run.id, VersionId=oldest["VersionId"])
    client.create_policy_version(PolicyArn=run.id, PolicyDocument=run.new["policy"], SetAsDefault=True)


def _delete_versions(run: Run) -> None:
    client = run.client()
    for one in client.list_policy_versions(PolicyArn=run.id)["Versions"]:
        if not one["IsDefaultVersion"]:
            client.delete_policy_version(PolicyArn=run.id, VersionId=one["VersionId"])


def _read_document(run: Run, found: dict[str, Any]) -> None:
    client = run.client()
    version = client.get_policy(PolicyArn=run.id)["Policy"]["DefaultVersionId"]
    answer = client.get_policy_version(PolicyArn=run.id, VersionId=version)
    found["policy"] = _text(answer["PolicyVersion"]["Document"])


def _change_role(run: Run) -> None:
    """The one role of an instance profile."""
    old, new = run.old.get("role"), run.new.get("role")
    if old and old != new:
        run.client().remove_role_from_instance_profile(InstanceProfileName=run.id, RoleName=old)
    if new and old != new:
        run.client().add_role_to_instance_profile(InstanceProfileName=run.id, RoleName=new)


def _leave_role(run: Run) -> None:
    profile = run.client().get_instance_profile(InstanceProfileName=run.id)["InstanceProfile"]
    for role in profile["Roles"]:
        run.client().remove_role_from_instance_profile(InstanceProfileName=run.id, RoleName=role["RoleName"])


def _keep_scheme(run: Run, found: dict[str, Any]) -> None:
    """IAM answers a provider's URL without its scheme; what was given means the same."""
    bare = found["url"].removeprefix("https://")
    found["url"] = bare if run.new.get("url") == bare else f"https://{bare}"


def _read_attachment(run: Run, found: dict[str, Any]) -> None:
    role, wanted = run.new["role"], run.new["policyArn"]
    pages = run.client().get_paginator("list_attached_role_policies").paginate(RoleName=role)
    if not any(one["PolicyArn"] == wanted for one in pages.search("AttachedPolicies")):
        raise GoneError(run.id)
    found.update(role=role, policyArn=wanted)


_ROLE = {"RoleName": "$id"}
_GONE = codes("NoSuchEntity")

TYPES = (
    Type(
        type="aws:iam/role:Role",
        service="iam",
        create=Call(
            op="create_role",
            props="path description maxSessionDuration permissionsBoundary",
            args={
                "RoleName": "$name",
                "AssumeRolePolicyDocument": "$assumeRolePolicy",
                "Tags": "$tagsAll",
            },
            pick="Role",
        ),
        id="RoleName",
        read=(Call(op="get_role", args=_ROLE, pick="Role"), _read_role_policies),
        update=(
            Call(op="update_assume_role_policy", args={**_ROLE, "PolicyDocument": "$assumeRolePolicy"}),
            Call(op="update_role", props="description maxSessionDuration", args=_ROLE),
            Call(op="detach_role_policy", args={**_ROLE, "PolicyArn": "$item"}, each="$-managedPolicyArns"),
            Call(
                op="attach_role_policy",
                args={**_ROLE, "PolicyArn": "$item"},
                each="$+managedPolicyArns",
                at_create=True,
            ),
            _inline,
            Call(
                op="put_role_permissions_boundary",
                props="permissionsBoundary",
                args=_ROLE,
                needs="permissionsBoundary",
            ),
            Call(op="delete_role_permissions_boundary", args=_ROLE, when={"permissionsBoundary": ""}),
            *_tags("role", _ROLE),
        ),
        delete=(_strip_role, Call(op="delete_role", args=_ROLE)),
        outputs={
            "name": "RoleName",
            "assumeRolePolicy": "AssumeRolePolicyDocument",
            "createDate": "CreateDate",
            "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn",
            "uniqueId": "RoleId",
        },
        defaults={"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"},
        cleared={"description": ""},
        kept="forceDetachPolicies",
        used="inlinePolicies namePrefix",
        replace="name namePrefix path",
        json="assumeRolePolicy inlinePolicies.policy",
        name=Name(property="name", limit=64, prefix_property="namePrefix"),
        at_most_one=("name namePrefix",),
        gone=_GONE,
    ),
    Type(
        type="aws:iam/rolePolicy:RolePolicy",
        service="iam",
        create=Call(
            op="put_role_policy",
            args={"RoleName": "$role", "PolicyName": "$name", "PolicyDocument": "$policy"},
        ),
        id="{role}:{name}",
        read=(Call(op="get_role_policy", args={"RoleName": "$role", "PolicyName": "$name"}),),
        put=True,
        delete=(Call(op="delete_role_policy", args={"RoleName": "$role", "PolicyName": "$name"}),),
        outputs={"role": "RoleName", "name": "PolicyName", "policy": "PolicyDocument"},
        used="namePrefix",
        replace="role name namePrefix",
        json="policy",
        name=Name(property="name", limit=128, prefix_property="namePrefix"),
        at_most_one=("name namePrefix",),
        gone=_GONE,
    ),
    Type(
        type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        service="iam",
        create=Call(op="attach_role_policy", args={"RoleName": "$role", "PolicyArn": "$policyArn"}),
        id="{role}/{policyArn}",
        read=(_read_attachment,),
        delete=(Call(op="detach_role_policy", args={"RoleName": "$role", "PolicyArn": "$policyArn"}),),
        replace="role policyArn",
        gone=_GONE,
        delete_first=True,
    ),
    Type(
        type="aws:iam/policy:Policy",
        service="iam",
        create=Call(
            op="create_policy",
            props="path description",
            args={"PolicyName": "$name", "PolicyDocument": "$policy", "Tags": "$tagsAll"},
            pick="Policy",
        ),
        id="Arn",
        read=(Call(op="get_policy", args={"PolicyArn": "$id"}, pick="Policy"), _read_document),
        update=(_new_version, *_tags("policy", {"PolicyArn": "$id"})),
        delete=(_delete_versions, Call(op="delete_policy", args={"PolicyArn": "$id"})),
        outputs={"name": "PolicyName"},
        defaults={"path": "/"},
        used="namePrefix",
        replace="name namePrefix path description",
        refused="delayAfterPolicyCreationInMs",
        json="policy",
        name=Name(property="name", limit=128, prefix_property="namePrefix"),
        at_most_one=("name namePrefix",),
        gone=_GONE,
    ),
    Type(
        type="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        service="iam",
        create=Call(
            op="create_open_id_connect_provider",
            props="url",
            args={"ClientIDList": "$clientIdLists", "ThumbprintList": "$thumbprintLists", "Tags": "$tagsAll"},
        ),
        id="OpenIDConnectProviderArn",
        read=(
            Call(op="get_open_id_connect_provider", args={"OpenIDConnectProviderArn": "$id"}),
            _keep_scheme,
        ),
        update=(
            Call(
                op="update_open_id_connect_provider_thumbprint",
                args={"OpenIDConnectProviderArn": "$id", "ThumbprintList": "$thumbprintLists"},
                needs="thumbprintLists",
            ),
            Call(
                op="remove_client_id_from_open_id_connect_provider",
                args={"OpenIDConnectProviderArn": "$id", "ClientID": "$item"},
                each="$-clientIdLists",
            ),
            Call(
                op="add_client_id_to_open_id_connect_provider",
                args={"OpenIDConnectProviderArn": "$id", "ClientID": "$item"},
                each="$+clientIdLists",
            ),
            *_tags("open_id_connect_provider", {"OpenIDConnectProviderArn": "$id"}),
        ),
        delete=(Call(op="delete_open_id_connect_provider", args={"OpenIDConnectProviderArn": "$id"}),),
        outputs={"arn": Text("{id}"), "clientIdLists": "ClientIDList", "thumbprintLists": "ThumbprintList"},
        replace="url",
        gone=_GONE,
    ),
    Type(
        type="aws:iam/instanceProfile:InstanceProfile",
        service="iam",
        create=Call(
            op="create_instance_profile",
            props="path",
            args={"InstanceProfileName": "$name", "Tags": "$tagsAll"},
            pick="InstanceProfile",
        ),
        id="InstanceProfileName",
        read=(Call(op="get_instance_profile", args={"InstanceProfileName": "$id"}, pick="InstanceProfile"),),
        update=(_change_role, *_tags("instance_profile", {"InstanceProfileName": "$id"})),
        delete=(_leave_role, Call(op="delete_instance_profile", args={"InstanceProfileName": "$id"})),
        outputs={
            "name": "InstanceProfileName",
            "role": "Roles[0].RoleName",
            "uniqueId": "InstanceProfileId",
        },
        defaults={"path": "/"},
        used="role namePrefix",
        replace="name namePrefix path",
        name=Name(property="name", limit=128, prefix_property="namePrefix"),
        at_most_one=("name namePrefix",),
        gone=_GONE,
    ),
)
