"""Where a component is deployed: account, region and partition, as AWS itself tells."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class Location:
    """Account id (12 digits), region (``us-west-2``) and partition (``aws``, ``aws-us-gov``, ...)."""

    account: pulumi.Output[str]
    region: pulumi.Output[str]
    partition: pulumi.Output[str]

    def arn(self, service: str, resource: pulumi.Input[str]) -> pulumi.Output[str]:
        """``arn:partition:service:region:account:resource``."""
        return pulumi.Output.concat(
            "arn:", self.partition, f":{service}:", self.region, ":", self.account, ":", resource
        )

    def iam_arn(self, resource: pulumi.Input[str]) -> pulumi.Output[str]:
        """``arn:partition:iam::account:resource`` (IAM has no regions)."""
        return pulumi.Output.concat("arn:", self.partition, ":iam::", self.account, ":", resource)

    def managed_policy(self, name: str) -> pulumi.Output[str]:
        """The ARN of a policy that AWS manages, such as ``AmazonEKSClusterPolicy``."""
        return pulumi.Output.concat("arn:", self.partition, ":iam::aws:policy/", name)


def location(parent: pulumi.Resource) -> Location:
    """Asks the parent's provider."""
    opts = pulumi.InvokeOutputOptions(parent=parent)
    return Location(
        account=aws.get_caller_identity_output(opts=opts).account_id,
        region=aws.get_region_output(opts=opts).region,
        partition=aws.get_partition_output(opts=opts).partition,
    )
