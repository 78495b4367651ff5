"""SageMaker jobs encrypt the traffic between their containers.

What the AI security framework's AISF-ML-03 (traffic between the parts of a training job is encrypted)
means for SageMaker, whose jobs leave it off unless asked ("Protect communications between ML compute
instances in a distributed training job", SageMaker developer guide).
"""

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, Severity

from policies.checks import Check, Props, blocks, for_types, is_on, problem
from policies.frameworks import ai_security

_FLAG = "enableInterContainerTrafficEncryption"


def _flag_in(*path: str) -> Check:
    """Return a check of the flag in the blocks at a path; a path that is missing counts as off."""

    def check(props: Props) -> Iterator[str]:
        found: list[tuple[str, Props]] = [("", props)]
        for name in path:
            found = [
                (f"{prefix}{inner}.", block)
                for prefix, outer in found
                for inner, block in blocks(outer, name)
            ]
        if not found:
            yield problem(".".join((*path, _FLAG)), None, "set it to True")
        for prefix, block in found:
            if not is_on(block.get(_FLAG)):
                yield problem(f"{prefix}{_FLAG}", block.get(_FLAG), "set it to True")

    return check


def _tuned(props: Props) -> Iterator[str]:
    # A tuning job has one training definition, or several: whichever it has is judged.
    for name in ("trainingJobDefinition", "trainingJobDefinitions"):
        if name in props:
            yield from _flag_in(name)(props)


policy = ResourceValidationPolicy(
    name="require-inter-container-encryption",
    description="SageMaker jobs encrypt the traffic between their containers.",
    enforcement_level=EnforcementLevel.MANDATORY,
    severity=Severity.HIGH,
    framework=ai_security("AISF-ML-03", "Training traffic is encrypted"),
    tags=["AISF-ML-03"],
    remediation_steps="Set enableInterContainerTrafficEncryption=True.",
    url="https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html",
    validate=for_types(
        {
            "aws:sagemaker/trainingJob:TrainingJob": (_flag_in(),),
            "aws:sagemaker/hyperParameterTuningJob:HyperParameterTuningJob": (_tuned,),
            "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": (_flag_in("networkConfig"),),
            "aws:sagemaker/monitoringSchedule:MonitoringSchedule": (
                _flag_in("monitoringScheduleConfig", "monitoringJobDefinition", "networkConfig"),
            ),
        }
    ),
)
