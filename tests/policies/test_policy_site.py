"""An environment of ours, as it was applied, under the pack: nothing to object to, nothing left to judge."""

from datahall.testing import Stack
from tests.policies.analyzer import Pack, Resource


def test_no_resource_of_an_environment_breaks_a_rule(pack: Pack, site: Stack) -> None:
    judged = {one.urn: pack.judge(one.type, one.inputs).findings for one in site.resources if one.custom}
    assert len(judged) > 100
    assert {urn: found for urn, found in judged.items() if found} == {}


def test_an_environment_as_a_whole_breaks_no_rule(pack: Pack, site: Stack) -> None:
    stack = [
        Resource(
            type=one.type,
            name=one.name,
            urn=one.urn,
            outputs=one.outputs,
            links=one.property_dependencies,
        )
        for one in site.resources
        if one.custom
    ]
    assert pack.judge_stack(stack).findings == ()
