"""A policy pack for the engine's tests."""

from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

THING = "cloud:index:Thing"


def small(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Mandatory: at most 100."""
    if args.resource_type == THING and "size" in args.props and args.props["size"] > 100:
        report(f"size {args.props['size']} is more than 100", None)


def noted(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Mandatory: a note, once it is known, must not be bad."""
    if args.resource_type == THING and "note" in args.props and "bad" in args.props["note"]:
        report("the note is bad", None)


def named(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Advisory."""
    if args.resource_type == THING and args.name.startswith("x"):
        report("names should not begin with x", None)


def painted(args: ResourceValidationArgs) -> Any:  # noqa: ANN401 - the SDK declares an awaitable only
    """Paint what asks to be painted."""
    if args.resource_type == THING and args.props.get("paint") == "any":
        return {**args.props, "paint": "green"}
    return None


def few(args: StackValidationArgs, report: ReportViolation) -> None:
    """Mandatory: at most five things."""
    things = [r for r in args.resources if r.resource_type == THING]
    if len(things) > 5:
        report(f"{len(things)} things are too many", things[-1].urn)


PolicyPack(
    name="test-pack",
    policies=[
        ResourceValidationPolicy(
            "small",
            "Things are small.",
            small,
            enforcement_level=EnforcementLevel.MANDATORY,
            severity=Severity.HIGH,
        ),
        ResourceValidationPolicy(
            "noted", "Notes are good.", noted, enforcement_level=EnforcementLevel.MANDATORY
        ),
        ResourceValidationPolicy("named", "Names are good.", named),
        ResourceValidationPolicy(
            "painted", "Things are painted.", remediate=painted, enforcement_level=EnforcementLevel.REMEDIATE
        ),
        StackValidationPolicy("few", "Things are few.", few, enforcement_level=EnforcementLevel.MANDATORY),
    ],
)
