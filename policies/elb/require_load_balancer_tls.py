"""Load balancers speak TLS 1.2 or newer; plain HTTP only to be sent on to HTTPS."""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Props, blocks, for_types, problem
from policies.frameworks import security_hub

# AWS's security policies that offer nothing older than TLS 1.2 begin so (Elastic Load Balancing user
# guide, "Security policies for your Application Load Balancer"); TLS13-1-0 and TLS13-1-1 do offer it.
_MODERN = (
    "ELBSecurityPolicy-TLS13-1-2-",
    "ELBSecurityPolicy-TLS13-1-3-",
    "ELBSecurityPolicy-TLS-1-2-",
    "ELBSecurityPolicy-FS-1-2-",
)


def _policy(props: Props) -> Iterator[str]:
    if props.get("protocol") not in ("HTTPS", "TLS"):
        return
    chosen = props.get("sslPolicy")
    if not isinstance(chosen, str) or not chosen.startswith(_MODERN):
        yield problem("sslPolicy", chosen, 'set it to "ELBSecurityPolicy-TLS13-1-2-2021-06"')


def _plain(props: Props) -> Iterator[str]:
    # An application load balancer's listener must name its protocol; a network one's TCP carries the
    # client's own TLS through, which is for the workload to end.
    if props.get("protocol") != "HTTP":
        return
    actions = list(blocks(props, "defaultActions"))
    for path, action in actions:
        target = next((block for _, block in blocks(action, "redirect")), None)
        if action.get("type") != "redirect" or target is None or target.get("protocol") != "HTTPS":
            yield problem("protocol", "HTTP", f"let {path} redirect to HTTPS")
    if not actions:
        yield problem("protocol", "HTTP", "let defaultActions redirect to HTTPS")


policy = ResourceValidationPolicy(
    name="require-load-balancer-tls",
    description="Load balancers accept TLS 1.2 or newer only.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.MEDIUM,
    framework=security_hub(
        "ELB.17",
        "Load balancer listeners should use recommended security policies",
    ),
    tags=["CKV_AWS_103", "CKV2_AWS_20", "ELB.1", "ELB.17"],
    remediation_steps="Use HTTPS or TLS with an sslPolicy of TLS 1.2 or newer; redirect HTTP to HTTPS.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-17",
    validate=for_types(
        {
            "aws:lb/listener:Listener": (_policy, _plain),
            "aws:alb/listener:Listener": (_policy, _plain),
        }
    ),
)
