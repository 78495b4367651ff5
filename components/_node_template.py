"""The launch template that every node group shares: what no node may differ in."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components._tags import Tags, tagged

ROOT_DEVICE = "/dev/xvda"
"""Root device of Amazon Linux 2023's EKS images."""


def interface(
    security_group_ids: Sequence[pulumi.Input[str]],
    *,
    card: int = 0,
    device: int = 0,
    kind: str | None = None,
) -> aws.ec2.LaunchTemplateNetworkInterfaceArgs:
    """An interface without a public address; ``kind`` is ``efa``, ``efa-only`` or None for plain ENA."""
    return aws.ec2.LaunchTemplateNetworkInterfaceArgs(
        network_card_index=card,
        device_index=device,
        interface_type=kind,
        associate_public_ip_address="false",
        delete_on_termination="true",
        security_groups=list(security_group_ids),
    )


def build_node_template(
    name: str,
    *,
    instance_type: str,
    interfaces: Sequence[aws.ec2.LaunchTemplateNetworkInterfaceArgs],
    root_volume_gib: int,
    key_arn: pulumi.Input[str],
    tags: Tags,
    opts: pulumi.ResourceOptions,
    placement_group: pulumi.Input[str] | None = None,
    reservation_id: pulumi.Input[str] | None = None,
    market: str | None = None,
) -> aws.ec2.LaunchTemplate:
    """IMDSv2 with one hop (pods cannot reach it), an encrypted root volume, no public address, no key pair.

    ``market`` is ``capacity-block`` for capacity blocks; spot is asked for by the node group.
    """
    instance_tags = tagged(name, tags)
    return aws.ec2.LaunchTemplate(
        name,
        instance_type=instance_type,
        metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
            http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
        ),
        block_device_mappings=[
            aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
                device_name=ROOT_DEVICE,
                ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                    volume_type="gp3",
                    volume_size=root_volume_gib,
                    iops=3000,
                    throughput=250,
                    encrypted="true",
                    kms_key_id=key_arn,
                    delete_on_termination="true",
                ),
            )
        ],
        network_interfaces=list(interfaces),
        monitoring=aws.ec2.LaunchTemplateMonitoringArgs(enabled=True),
        placement=(
            aws.ec2.LaunchTemplatePlacementArgs(group_name=placement_group)
            if placement_group is not None
            else None
        ),
        capacity_reservation_specification=(
            aws.ec2.LaunchTemplateCapacityReservationSpecificationArgs(
                capacity_reservation_target=(
                    aws.ec2.LaunchTemplateCapacityReservationSpecificationCapacityReservationTargetArgs(
                        capacity_reservation_id=reservation_id
                    )
                )
            )
            if reservation_id is not None
            else None
        ),
        instance_market_options=(
            aws.ec2.LaunchTemplateInstanceMarketOptionsArgs(market_type=market) if market else None
        ),
        tag_specifications=[
            aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=instance_tags)
            for kind in ("instance", "volume", "network-interface")
        ],
        update_default_version=True,
        tags=instance_tags,
        opts=opts,
    )
