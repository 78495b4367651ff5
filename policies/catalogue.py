"""What the pack's rules are, read from the rules themselves, without starting the pack."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from pulumi_policy import Policy, StackValidationPolicy

from policies.rules import RULES


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule, for listing."""

    name: str
    ids: tuple[str, ...]
    """Its ids in public rule sets: CKV_AWS_3, EC2.3, CIS-EKS-5.3.1, AISF-ML-03, ..."""
    judges: Literal["resource", "stack"]
    """A resource rule runs before each resource is created or changed; a stack rule once, on all of them."""
    severity: str
    enforcement: str
    framework: str
    description: str
    remediation: str
    url: str


def rules() -> tuple[Rule, ...]:
    """Return every rule, in the pack's order."""
    return tuple(_row(policy) for policy in RULES)


def to_dicts() -> list[dict[str, Any]]:
    """Return every rule as plain data, ready for JSON."""
    return [asdict(rule) for rule in rules()]


def _row(policy: Policy) -> Rule:
    framework, severity, enforcement = policy.framework, policy.severity, policy.enforcement_level
    if framework is None or severity is None or enforcement is None:
        raise ValueError(f"{policy.name}: framework, severity and enforcement level must be given")
    return Rule(
        name=policy.name,
        ids=tuple(policy.tags or ()),
        judges="stack" if isinstance(policy, StackValidationPolicy) else "resource",
        severity=severity.value,
        enforcement=enforcement.value,
        framework=f"{framework.name} {framework.version}, {framework.reference}",
        description=policy.description,
        remediation=policy.remediation_steps or "",
        url=policy.url or "",
    )
