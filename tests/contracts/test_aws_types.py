"""Every supported aws type against its class in pulumi_aws, and against the emulated AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from datahall.engine.plugins import start_plugin
from datahall.sandbox.aws import control
from datahall.sandbox.aws.plugin.check import supported
from datahall.sandbox.aws.plugin.schema import Schema, schema
from datahall.sandbox.aws.plugin.types import TYPES
from tests.sandbox.aws.plugin.client import REGION, Live, Plugin
from tests.sandbox.aws.plugin.samples import SAMPLES

# AWS always has these; deleting the resource sets them back to AWS's own state
_SINGLETONS = {
    "aws:ebs/defaultKmsKey:DefaultKmsKey",
    "aws:ebs/encryptionByDefault:EncryptionByDefault",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:efs/backupPolicy:BackupPolicy",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
}


@pytest.fixture
def aws_server(tmp_path: Path) -> Iterator[control.Server]:
    """An AWS of its own: settings of the whole account are switched here, and others have stacks up."""
    server = control.start(tmp_path)
    yield server
    control.stop(tmp_path)


@pytest.fixture
def plugin(aws_server: control.Server) -> Iterator[Plugin]:
    executable = control.PLUGIN_PATH / "pulumi-resource-aws"
    process = start_plugin("aws", [str(executable), ""], control.environment(aws_server.url))
    connection = Plugin(process.port)
    connection.configure(region=REGION)
    yield connection
    connection.close()
    process.stop()


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_declared_input_is_obeyed_or_refused(kind: str) -> None:
    row, declared = TYPES[kind], schema(kind)
    obeyed, refused = supported(row), set(row.refused.split())
    assert set(declared.inputs) <= obeyed | refused
    assert refused <= set(declared.inputs)
    assert not obeyed & refused


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_a_row_speaks_only_of_declared_properties(kind: str) -> None:
    row, declared = TYPES[kind], schema(kind)
    lists = (row.replace, row.kept, row.used, row.json, row.ordered, row.moving, row.fixed_once_set, row.told)
    named = {path.split(".")[0] for words in lists for path in words.split()}
    named |= {*row.outputs, *row.defaults, *row.cleared, *(path.split(".")[0] for path in row.names)}
    assert named <= {*declared.inputs, *declared.outputs}


def test_every_type_has_a_sample() -> None:
    assert {sample.kind for sample in SAMPLES} == set(TYPES)


def test_what_is_made_is_read_back_changed_and_gone(aws_server: control.Server, plugin: Plugin) -> None:
    """Outputs all set; a refresh tells the given inputs; an import needs no replacement; nothing is left."""
    before = _left(aws_server)
    living: dict[str, Live] = {}
    faults: list[str] = []
    for sample in SAMPLES:
        live = living[sample.name] = plugin.create(sample.kind, sample.name, sample.inputs(living))
        faults += _unset(live) + _drifted(plugin, live) + _import_differs(plugin, live)
    for sample in SAMPLES:
        if sample.change:
            faults += _changed(plugin, living, sample.name, {**sample.inputs(living), **sample.change})
    for live in reversed(living.values()):
        plugin.delete(live)
        if live.kind not in _SINGLETONS and plugin.read(live)[0]:
            faults.append(f"{live.kind}: still there after its deletion")
        plugin.delete(live)  # of what is gone already: fine
    assert not faults, "\n".join(faults)
    assert _left(aws_server) == before


def _changed(plugin: Plugin, living: dict[str, Live], name: str, news: dict[str, Any]) -> list[str]:
    live = living[name]
    checked = plugin.check(live.kind, name, news, live.inputs)
    change = plugin.diff(live.kind, live.inputs, checked)
    if change.replaces or not change.kinds:
        return [f"{live.kind}: {name}: the change is no update: {change}"]
    living[name] = plugin.update(live, news)
    return _drifted(plugin, living[name])


def _unset(live: Live) -> list[str]:
    """Declared outputs that are not told, though the SDK says that they cannot be absent."""
    declared: Schema = schema(live.kind)
    return [
        f"{live.kind}: output {name} is not set"
        for name, property in declared.outputs.items()
        if name not in live.outputs and not property.optional
    ]


def _drifted(plugin: Plugin, live: Live) -> list[str]:
    identifier, inputs, outputs = plugin.read(live)
    faults = [] if identifier == live.id else [f"{live.kind}: read back as {identifier}, not {live.id}"]
    for what, given, told in (("input", live.inputs, inputs), ("output", live.outputs, outputs)):
        faults += [
            f"{live.kind}: {live.name}: {what} {name}: {given.get(name)} is read back as {told.get(name)}"
            for name in sorted({*given, *told})
            if given.get(name) != told.get(name)
        ]
    return faults


def _import_differs(plugin: Plugin, live: Live) -> list[str]:
    """An import whose program is the one that made the resource must not replace it."""
    row = TYPES[live.kind]
    identifier = live.id
    if row.import_id:
        identifier = row.import_id.format_map({"id": live.id, **live.inputs})
    try:
        _, inputs, _ = plugin.import_(live.kind, identifier)
        checked = plugin.check(live.kind, live.name, inputs)
    except grpc.RpcError as error:
        return [f"{live.kind}: import: {error}"]
    change = plugin.diff(live.kind, inputs, {**live.inputs, "__defaults": []})
    ours = {*row.kept.split()}
    replaced = [name for name in change.replaces if name not in ours]
    return [f"{live.kind}: imported as {checked}, which replaces {replaced}"] if replaced else []


def _left(server: control.Server) -> set[tuple[str, str, str]]:
    return {(one.service, one.type, one.id) for one in control.inventory(server.url) if one.left}
