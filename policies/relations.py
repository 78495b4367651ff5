"""Which resources of a stack lack the separate resource that completes them."""

from collections.abc import Collection, Iterator, Sequence

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError


def lacking(
    resources: Sequence[PolicyResource],
    *,
    owners: Collection[str],
    partners: Collection[str],
    link: str,
    identities: Sequence[str],
) -> Iterator[PolicyResource]:
    """Yield each owner that no partner points at through its `link` property.

    `owners` and `partners` are type tokens; `identities` are the owner's properties that `link` may name.
    A partner points at the owners that its link depends on; one whose link depends on none of them (a name
    written out) is matched by value. Raises UnknownValueError where only an unknown value could tell.
    """
    waiting = {resource.urn: resource for resource in resources if resource.resource_type in owners}
    by_value: list[PolicyResource] = []
    linked: set[str] = set()
    for partner in (resource for resource in resources if resource.resource_type in partners):
        targets = {owner.urn for owner in partner.property_dependencies.get(link, [])} & waiting.keys()
        linked |= targets
        if not targets:
            by_value.append(partner)
    unknown: UnknownValueError | None = None
    for urn in (urn for urn in waiting if urn not in linked):
        owner = waiting[urn]
        try:
            if not any(_names(partner, link, owner, identities) for partner in by_value):
                yield owner
        except UnknownValueError as error:
            unknown = error
    if unknown is not None:
        raise unknown


def _names(partner: PolicyResource, link: str, owner: PolicyResource, identities: Sequence[str]) -> bool:
    named = partner.props.get(link)
    return named is not None and any(named == owner.props.get(identity) for identity in identities)
