"""Launch templates, placement groups, capacity reservations, volumes. API: Amazon EC2."""

from __future__ import annotations

from datahall.sandbox.aws.plugin.run import Run
from datahall.sandbox.aws.plugin.table import Call, Name, Type, Wait, codes
from datahall.sandbox.aws.plugin.types.vpc import EC2_TAGS, arn, tagged

_TEMPLATE = {  # input -> member of LaunchTemplateData
    "blockDeviceMappings": "BlockDeviceMappings",
    "capacityReservationSpecification": "CapacityReservationSpecification",
    "cpuOptions": "CpuOptions",
    "creditSpecification": "CreditSpecification",
    "disableApiStop": "DisableApiStop",
    "disableApiTermination": "DisableApiTermination",
    "ebsOptimized": "EbsOptimized",
    "enclaveOptions": "EnclaveOptions",
    "hibernationOptions": "HibernationOptions",
    "iamInstanceProfile": "IamInstanceProfile",
    "imageId": "ImageId",
    "instanceInitiatedShutdownBehavior": "InstanceInitiatedShutdownBehavior",
    "instanceMarketOptions": "InstanceMarketOptions",
    "instanceRequirements": "InstanceRequirements",
    "instanceType": "InstanceType",
    "kernelId": "KernelId",
    "keyName": "KeyName",
    "licenseSpecifications": "LicenseSpecifications",
    "maintenanceOptions": "MaintenanceOptions",
    "metadataOptions": "MetadataOptions",
    "monitoring": "Monitoring",
    "networkInterfaces": "NetworkInterfaces",
    "networkPerformanceOptions": "NetworkPerformanceOptions",
    "placement": "Placement",
    "privateDnsNameOptions": "PrivateDnsNameOptions",
    "ramDiskId": "RamDiskId",
    "secondaryInterfaces": "SecondaryInterfaces",
    "securityGroupNames": "SecurityGroups",
    "tagSpecifications": "TagSpecifications",
    "userData": "UserData",
    "vpcSecurityGroupIds": "SecurityGroupIds",
}
_DATA = {
    "VersionDescription": "$description",
    "LaunchTemplateData": {member: f"${name}" for name, member in _TEMPLATE.items()},
}
_SETTINGS = codes("name namePrefix tags tagsAll region updateDefaultVersion defaultVersion __defaults")


def _choose_default(run: Run) -> None:
    """Which version the template's users get: the newest, or the one that was asked for."""
    if run.created:
        return
    client = run.client()
    content = {name for name in {*run.new, *run.old} - _SETTINGS if run.new.get(name) != run.old.get(name)}
    if run.new.get("updateDefaultVersion") and content:
        newest = client.describe_launch_templates(LaunchTemplateIds=[run.id])["LaunchTemplates"][0]
        client.modify_launch_template(
            LaunchTemplateId=run.id, DefaultVersion=str(newest["LatestVersionNumber"])
        )
    elif run.new.get("defaultVersion") and run.new.get("defaultVersion") != run.old.get("defaultVersion"):
        client.modify_launch_template(LaunchTemplateId=run.id, DefaultVersion=str(run.new["defaultVersion"]))


TYPES = (
    Type(
        type="aws:ec2/launchTemplate:LaunchTemplate",
        service="ec2",
        create=Call(
            op="create_launch_template",
            args={
                "LaunchTemplateName": "$name",
                "ClientToken": "$token",
                **_DATA,
                **tagged("launch-template"),
            },
            pick="LaunchTemplate",
        ),
        id="LaunchTemplateId",
        read=(
            Call(
                op="describe_launch_templates",
                args={"LaunchTemplateIds": ["$id"]},
                pick="LaunchTemplates[0]",
            ),
            Call(
                op="describe_launch_template_versions",
                args={"LaunchTemplateId": "$id", "Versions": ["$Latest"]},
                pick="LaunchTemplateVersions[0]",
                into={
                    "description": "VersionDescription",
                    **{name: f"LaunchTemplateData.{member}" for name, member in _TEMPLATE.items()},
                },
            ),
        ),
        update=(
            Call(
                op="create_launch_template_version",
                args={"LaunchTemplateId": "$id", "ClientToken": "$token", **_DATA},
            ),
            _choose_default,
            *EC2_TAGS,
        ),
        delete=(Call(op="delete_launch_template", args={"LaunchTemplateId": "$id"}),),
        outputs={
            "arn": arn("launch-template"),
            "name": "LaunchTemplateName",
            "defaultVersion": "DefaultVersionNumber",
            "latestVersion": "LatestVersionNumber",
        },
        names={
            "networkInterfaces.securityGroups": "Groups",
            "networkInterfaces.ipv4AddressCount": "SecondaryPrivateIpAddressCount",
            "networkInterfaces.ipv4Addresses": "!",
            "networkInterfaces.ipv4Prefixes": "!",
            "networkInterfaces.ipv6Addresses": "!",
            "networkInterfaces.ipv6Prefixes": "!",
            "secondaryInterfaces.privateIpAddresses": "!",
        },
        kept="updateDefaultVersion",
        used="defaultVersion namePrefix",
        moving="latestVersion defaultVersion",
        replace="name namePrefix",
        ordered="networkInterfaces",
        name=Name(property="name", limit=128, prefix_property="namePrefix"),
        at_most_one=(
            "name namePrefix",
            "updateDefaultVersion defaultVersion",
            "instanceType instanceRequirements",
            "vpcSecurityGroupIds securityGroupNames",
        ),
        gone=codes(
            "InvalidLaunchTemplateId.NotFound InvalidLaunchTemplateId.NotFoundException "
            "InvalidLaunchTemplateName.NotFoundException"
        ),
    ),
    Type(
        type="aws:ec2/placementGroup:PlacementGroup",
        service="ec2",
        create=Call(
            op="create_placement_group",
            props="strategy partitionCount spreadLevel",
            args={"GroupName": "$name", **tagged("placement-group")},
        ),
        id="{name}",
        read=(Call(op="describe_placement_groups", args={"GroupNames": ["$id"]}, pick="PlacementGroups[0]"),),
        update=(
            Call(op="delete_tags", args={"Resources": ["$state.placementGroupId"], "Tags": "$-tagsAll"}),
            Call(op="create_tags", args={"Resources": ["$state.placementGroupId"], "Tags": "$+tagsAll"}),
        ),
        delete=(Call(op="delete_placement_group", args={"GroupName": "$id"}),),
        outputs={"arn": arn("placement-group"), "name": "GroupName", "placementGroupId": "GroupId"},
        replace="name strategy partitionCount spreadLevel",
        name=Name(property="name", limit=255),
        gone=codes("InvalidPlacementGroup.Unknown"),
        wait=Wait(state="State", ready=codes("available"), gone=codes("deleted")),
    ),
    Type(
        type="aws:ec2/capacityReservation:CapacityReservation",
        service="ec2",
        create=Call(
            op="create_capacity_reservation",
            props="availabilityZone instanceCount instancePlatform instanceType ebsOptimized endDate "
            "endDateType "
            "ephemeralStorage instanceMatchCriteria outpostArn placementGroupArn tenancy",
            args={"ClientToken": "$token", **tagged("capacity-reservation")},
            pick="CapacityReservation",
        ),
        id="CapacityReservationId",
        read=(
            Call(
                op="describe_capacity_reservations",
                args={"CapacityReservationIds": ["$id"]},
                pick="CapacityReservations[0]",
            ),
        ),
        update=(
            Call(
                op="modify_capacity_reservation",
                props="instanceCount endDate endDateType",
                args={"CapacityReservationId": "$id"},
            ),
            *EC2_TAGS,
        ),
        delete=(Call(op="cancel_capacity_reservation", args={"CapacityReservationId": "$id"}),),
        outputs={"arn": "CapacityReservationArn", "instanceCount": "TotalInstanceCount"},
        defaults={"endDateType": "unlimited", "instanceMatchCriteria": "open", "tenancy": "default"},
        replace="availabilityZone instancePlatform instanceType ebsOptimized ephemeralStorage "
        "instanceMatchCriteria outpostArn placementGroupArn tenancy",
        gone=codes("InvalidCapacityReservationId.NotFound"),
        wait=Wait(
            state="State",
            ready=codes("active pending scheduled"),
            failed=codes("failed payment-failed"),
            gone=codes("cancelled expired"),
        ),
    ),
    Type(
        type="aws:ebs/encryptionByDefault:EncryptionByDefault",
        service="ec2",
        create=(
            Call(op="disable_ebs_encryption_by_default", when={"enabled": False}),
            Call(op="enable_ebs_encryption_by_default"),
        ),
        id="{region}",
        read=(Call(op="get_ebs_encryption_by_default", into={"enabled": "EbsEncryptionByDefault"}),),
        update=(
            Call(op="enable_ebs_encryption_by_default", when={"enabled": True}),
            Call(op="disable_ebs_encryption_by_default", when={"enabled": False}),
        ),
        delete=(Call(op="disable_ebs_encryption_by_default"),),
        defaults={"enabled": True},
        delete_first=True,
    ),
    Type(
        type="aws:ebs/defaultKmsKey:DefaultKmsKey",
        service="ec2",
        create=Call(op="modify_ebs_default_kms_key_id", args={"KmsKeyId": "$keyArn"}),
        id="KmsKeyId",
        read=(Call(op="get_ebs_default_kms_key_id"),),
        delete=(Call(op="reset_ebs_default_kms_key_id"),),
        outputs={"keyArn": "KmsKeyId"},
        replace="keyArn",
        delete_first=True,
    ),
    Type(
        type="aws:ebs/volume:Volume",
        service="ec2",
        create=Call(
            op="create_volume",
            props="availabilityZone encrypted iops kmsKeyId multiAttachEnabled outpostArn size "
            "snapshotId throughput "
            "volumeInitializationRate",
            args={"VolumeType": "$type", "ClientToken": "$token", **tagged("volume")},
        ),
        id="VolumeId",
        read=(Call(op="describe_volumes", args={"VolumeIds": ["$id"]}, pick="Volumes[0]"),),
        update=(
            Call(
                op="modify_volume",
                props="size iops throughput",
                args={"VolumeId": "$id", "VolumeType": "$type"},
            ),
            *EC2_TAGS,
        ),
        delete=(Call(op="delete_volume", args={"VolumeId": "$id"}),),
        outputs={"arn": arn("volume"), "type": "VolumeType"},
        replace="availabilityZone encrypted kmsKeyId multiAttachEnabled outpostArn snapshotId "
        "volumeInitializationRate",
        refused="finalSnapshot",
        gone=codes("InvalidVolume.NotFound"),
        wait=Wait(
            state="State", ready=codes("available in-use"), failed=codes("error"), gone=codes("deleted")
        ),
    ),
)
