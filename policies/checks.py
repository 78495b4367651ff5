"""How a rule judges a resource: small checks by resource type, each yielding the problems it finds."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import ReportViolation, ResourceValidation, ResourceValidationArgs
from pulumi_policy.proxy import UnknownValueError

Props = Mapping[str, Any]
"""A resource's inputs by their schema (camelCase) names; reading an unknown one raises UnknownValueError."""

Check = Callable[[Props], Iterable[str]]
"""Yields a problem as `field is value: fix` for each breach; yields nothing where the resource complies."""


def for_types(checks: Mapping[str, Sequence[Check]]) -> ResourceValidation:
    """Return a validation that runs the checks listed for a resource's type token.

    An unknown value stops only the check that met it. It is raised after all the others were heard: the
    SDK then reports that the rule could not be judged, beside the breaches already found, and a breach is
    never hidden until apply by an unknown neighbour.
    """

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        unknown: UnknownValueError | None = None
        for check in checks.get(args.resource_type, ()):
            try:
                for found in check(args.props):
                    report(found, None)
            except UnknownValueError as error:
                unknown = unknown or error
        if unknown is not None:
            raise unknown

    return validate


def problem(field: str, value: object, fix: str) -> str:
    """Word a breach: the field, the value found there, and how to put it right."""
    return f"{field} is {'not set' if value is None else repr(value)}: {fix}"


def blocks(props: Props, field: str) -> Iterator[tuple[str, Props]]:
    """Yield (path, block) for a property that holds a block, a list of blocks, or nothing."""
    value = props.get(field)
    if value is None:
        return
    if isinstance(value, Mapping):
        yield field, value
        return
    for index, block in enumerate(value):
        yield f"{field}[{index}]", block


def is_on(value: object) -> bool:
    """Tell whether a flag is on: True, or "true" where the provider's schema types the flag as a string."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def on(field: str) -> Check:
    """Return a check that a flag of the resource is on; one that is not set counts as off."""

    def check(props: Props) -> Iterator[str]:
        if not is_on(props.get(field)):
            yield problem(field, props.get(field), "set it to True")

    return check


def off(field: str, *, at: str = "") -> Check:
    """Return a check that a flag of the resource (or of the block `at` a path) is off or not set."""

    def check(props: Props) -> Iterator[str]:
        if is_on(props.get(field)):
            yield problem(f"{at}{field}", props.get(field), "set it to False")

    return check


def customer_key(field: str) -> Check:
    """Return a check that a property names a customer-managed KMS key."""

    def check(props: Props) -> Iterator[str]:
        yield from key_problems(field, props.get(field))

    return check


def key_problems(field: str, value: object) -> Iterator[str]:
    """Yield a problem unless the value can be a customer-managed key.

    No key means that AWS uses its own; `alias/aws/<service>` is reserved for AWS's own keys.
    """
    if not isinstance(value, str) or not value:
        yield problem(field, value or None, "set it to the ARN of a customer-managed KMS key")
    elif "alias/aws/" in value:
        yield problem(field, value, "this is AWS's own key; set it to the ARN of a customer-managed KMS key")
