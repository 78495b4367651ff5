"""A resource's options as hooks get them: those that its state has."""

from __future__ import annotations

from typing import Any

from pulumi.runtime.proto import alias_pb2, resource_pb2

from datahall.engine import durations
from datahall.engine.hook_kinds import KINDS
from datahall.engine.state import ResourceState


def options_of(state: ResourceState) -> resource_pb2.ResourceOptions:
    """The options, without those that no state has (version, delete_before_replace, a trigger)."""
    request = resource_pb2.RegisterResourceRequest
    optional: dict[str, Any] = {"import": state.import_id}
    if state.custom_timeouts:
        optional["custom_timeouts"] = request.CustomTimeouts(
            **{verb: durations.text(time) for verb, time in state.custom_timeouts.items() if time}
        )
    if state.hooks:
        optional["hooks"] = request.ResourceHooksBinding(
            **{field: state.hooks.get(kind, ()) for field, kind in KINDS}
        )
    return resource_pb2.ResourceOptions(
        depends_on=state.dependencies,
        ignore_changes=state.ignore_changes,
        replace_on_changes=state.replace_on_changes,
        provider=state.provider,
        deleted_with=state.deleted_with,
        hide_diff=state.hide_diff,
        replace_with=state.replace_with,
        parent=state.parent,
        aliases=[alias_pb2.Alias(urn=urn) for urn in state.aliases],
        additional_secret_outputs=state.additional_secret_outputs,
        protect=state.protect,
        retain_on_delete=state.retain_on_delete,
        **optional,
    )
