"""Rules on a whole stack: resources that lack the separate resource that completes them."""

from collections.abc import Callable, Collection, Iterator, Sequence

from pulumi_policy import PolicyResource, ReportViolation, StackValidation, StackValidationArgs
from pulumi_policy.proxy import UnknownValueError


def each_has(
    partner: str,
    *,
    owners: Collection[str],
    partners: Collection[str],
    link: str,
    identities: Sequence[str] = ("id",),
    counts: Callable[[PolicyResource], bool] = lambda _: True,
) -> StackValidation:
    """Return a validation that each owner has a partner which points at it through its `link` property.

    `partner` is what a message calls it; `owners` and `partners` are type tokens; `identities` are the
    owner's properties that `link` may name; `counts` tells which partners will do.
    """

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        suitors = [one for one in args.resources if one.resource_type in partners and counts(one)]
        candidates = [one for one in args.resources if one.resource_type in owners]
        for owner in _lacking(candidates, suitors, link, identities):
            report(f"{owner.name} has no {partner}: declare one for it", owner.urn)

    return validate


def _lacking(
    owners: Sequence[PolicyResource], partners: Sequence[PolicyResource], link: str, identities: Sequence[str]
) -> Iterator[PolicyResource]:
    """Yield each owner that no partner points at.

    A partner points at the owners that its link depends on; one whose link depends on none of them (a name
    written out) is matched by value. Raises UnknownValueError where only an unknown value could tell.
    """
    waiting = {owner.urn: owner for owner in owners}
    by_value: list[PolicyResource] = []
    linked: set[str] = set()
    for partner in partners:
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
