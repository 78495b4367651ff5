"""The code that `import` tells: it compiles, says what is recorded, and shows no secret."""

from __future__ import annotations

import ast
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datahall.engine import ResourceState
from datahall.engine.declarations import _literal, declarations
from datahall.engine.values import Archive, Asset, ResourceReference, Secret

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def state(type_: str, name: str, **inputs: Any) -> ResourceState:  # noqa: ANN401 - properties
    urn = f"urn:pulumi:dev::proj::{type_}::{name}"
    return ResourceState(urn=urn, type=type_, custom=True, id="i", inputs=inputs, protect=True)


@given(JSON)
def test_a_value_is_written_as_what_it_is(value: Any) -> None:  # noqa: ANN401 - JSON
    assert ast.literal_eval(_literal(value, 0, "k")) == value


def test_an_installed_class_is_used_with_its_own_argument_names() -> None:
    code = declarations([state("aws:ec2/vpc:Vpc", "my-vpc", cidrBlock="10.0.0.0/16", tags={"Name": "x"})], {})
    assert "my_vpc = pulumi_aws.ec2.Vpc(\n    'my-vpc',\n    cidr_block='10.0.0.0/16'," in code
    assert code.startswith("import pulumi\nimport pulumi_aws\n")
    compile(code, "code", "exec")


def test_every_other_type_is_declared_without_a_class() -> None:
    code = declarations([state("nowhere:mod/x:Thing", "2nd", aB=1)], {})
    assert "# no SDK with its class is installed" in code
    assert "_2nd = pulumi.CustomResource(\n    'nowhere:mod/x:Thing',\n    '2nd'," in code
    compile(code, "code", "exec")


def test_secrets_are_asked_of_the_configuration_and_assets_are_written() -> None:
    found = state(
        "nowhere:index:Thing",
        "one",
        password=Secret("[secret]"),
        deep={"list": [Secret("[secret]")]},
        text=Asset("h", text="it's"),
        file=Asset("h", path="a/b"),
        folder=Archive("h", path="d"),
        parts=Archive("h", assets={"x": Asset("h", text="y")}),
        other=ResourceReference("urn:pulumi:dev::proj::a:b:C::n", "i"),
    )
    code = declarations([found], {found.urn: "the-one"})
    compile(code, "code", "exec")
    assert "config.require_secret('one-password')" in code
    assert "config.require_secret('one-deep-list-0')" in code
    assert "config = pulumi.Config()" in code
    assert """pulumi.StringAsset("it's")""" in code
    assert "pulumi.FileAsset('a/b')" in code
    assert "pulumi.FileArchive('d')" in code
    assert "pulumi.AssetArchive({" in code
    assert "# other: not generated; write it by hand" in code
    assert "the_one = " in code
    assert "[secret]" not in code
