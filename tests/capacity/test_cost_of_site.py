"""The cost of an environment of ours, as it was applied."""

from decimal import Decimal

from datahall.capacity import Priced, estimate
from datahall.testing import Stack


def _resources(site: Stack) -> list[Priced]:
    return [
        Priced(type=one.type, name=one.name, id=one.id, inputs=one.inputs, outputs=one.outputs)
        for one in site.resources
    ]


def test_everything_in_an_environment_has_a_price(site: Stack) -> None:
    found = estimate(_resources(site))
    assert found.unpriced == ()
    whats = " ".join(line.what for line in found.lines)
    for part in ("NAT gateway", "interface endpoint", "EKS cluster", "FSx for Lustre", "KMS key", "nodes of"):
        assert part in whats


def test_a_reserved_pool_is_paid_by_its_reservation(site: Stack) -> None:
    found = estimate(_resources(site), at="max")
    reserved = [line for line in found.lines if "reserved" in line.what]
    assert [line.what.split(":")[0] for line in reserved] == ["capacity reservation datahall-local-reserved"]
    assert reserved[0].monthly_usd == Decimal("80358.40")


def test_pools_at_their_maximum_cost_more(site: Stack) -> None:
    resources = _resources(site)
    assert estimate(resources, at="max").monthly_usd > estimate(resources).monthly_usd > 0
