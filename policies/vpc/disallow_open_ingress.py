"""No security group lets the whole internet in, but to a web port.

Security Hub's EC2.13 and EC2.19 name ports that must not be open; its EC2.18 names those that may, 80 and
443: the stricter way is taken, so SSH and "any port" are both refused.
"""

from collections.abc import Iterator, Sequence

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, blocks, for_types, problem
from policies.frameworks import security_hub

_WEB = (80, 443)
_CIDRS = ("cidrBlocks", "ipv6CidrBlocks")
_EVERYONE = ("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "::/1", "8000::/1")
_FIX = "name a private network or a security group; only 80 and 443 may be open"


def _open(rule: Props, protocol: str, sources: Sequence[str], *, at: str = "") -> Iterator[str]:
    """Yield a problem for each of the rule's source properties that names everyone."""
    for field in sources:
        value = rule.get(field)
        named = [value] if isinstance(value, str) else (value or ())
        for everyone in (one for one in named if one in _EVERYONE):
            if not _web(rule, protocol):
                yield problem(f"{at}{field}", everyone, _FIX)


def _web(rule: Props, protocol: str) -> bool:
    low, high = rule.get("fromPort"), rule.get("toPort")
    return rule.get(protocol) in ("tcp", "6") and low == high and low in _WEB


def _rule(props: Props) -> Iterator[str]:
    yield from _open(props, "ipProtocol", ("cidrIpv4", "cidrIpv6"))


def _classic_rule(props: Props) -> Iterator[str]:
    if props.get("type") == "ingress":
        yield from _open(props, "protocol", _CIDRS)


def _group(props: Props) -> Iterator[str]:
    for path, rule in blocks(props, "ingress"):
        yield from _open(rule, "protocol", _CIDRS, at=f"{path}.")


policy = ResourceValidationPolicy(
    name="disallow-open-ingress",
    description="Security groups let nobody in from the whole internet, but to ports 80 and 443.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=security_hub("EC2.13", "Security groups should not allow ingress from 0.0.0.0/0 to port 22"),
    tags=["CKV_AWS_24", "CKV_AWS_277", "EC2.13"],
    remediation_steps="Name a private network or a security group as the source.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-13",
    validate=for_types(
        {
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (_rule,),
            "aws:ec2/securityGroupRule:SecurityGroupRule": (_classic_rule,),
            "aws:ec2/securityGroup:SecurityGroup": (_group,),
        }
    ),
)
