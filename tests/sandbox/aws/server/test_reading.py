"""What is sent is read back, and what AWS fills in is there."""

import json
from ipaddress import ip_address, ip_network

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.server.world import REGION, TRUST, World


def test_cluster_has_all_that_was_sent_and_what_aws_adds(world: World) -> None:
    sent = {
        "version": "1.33",
        "logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
        "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": world.key}}],
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.100.0.0/16"},
        "upgradePolicy": {"supportType": "STANDARD"},
        "accessConfig": {"authenticationMode": "API"},
        "resourcesVpcConfig": {"endpointPrivateAccess": True, "endpointPublicAccess": False},
        "tags": {"a": "b"},
    }
    world.cluster("full", **sent)
    cluster = world.client("eks").describe_cluster(name="full")["cluster"]
    assert cluster["status"] == "ACTIVE"
    assert (cluster["version"], cluster["tags"]) == ("1.33", {"a": "b"})
    assert cluster["encryptionConfig"] == sent["encryptionConfig"]
    assert cluster["logging"]["clusterLogging"][0] == {"types": ["api", "audit"], "enabled": True}
    assert cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "10.100.0.0/16"
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["endpoint"].startswith("https://")
    assert cluster["identity"]["oidc"]["issuer"].startswith(f"https://oidc.eks.{REGION}.amazonaws.com/id/")
    assert cluster["certificateAuthority"]["data"]
    assert cluster["platformVersion"].startswith("eks.")
    network = cluster["resourcesVpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    assert (network["vpcId"], network["subnetIds"]) == (world.vpc, world.subnets)
    group = network["clusterSecurityGroupId"]
    found = world.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert found["VpcId"] == world.vpc
    world.client("eks").delete_cluster(name="full")
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        world.client("ec2").describe_security_groups(GroupIds=[group])


def test_cluster_updates_merge_and_are_recorded(world: World) -> None:
    eks = world.client("eks")
    world.cluster("changing", version="1.32")
    update = eks.update_cluster_config(name="changing", resourcesVpcConfig={"endpointPrivateAccess": True})[
        "update"
    ]
    assert eks.describe_update(name="changing", updateId=update["id"])["update"]["status"] == "Successful"
    eks.update_cluster_version(name="changing", version="1.33")
    eks.update_cluster_config(
        name="changing", logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]}
    )
    eks.associate_encryption_config(
        clusterName="changing",
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": world.key}}],
    )
    cluster = eks.describe_cluster(name="changing")["cluster"]
    assert cluster["version"] == "1.33"
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"]
    assert cluster["resourcesVpcConfig"]["subnetIds"] == world.subnets
    assert cluster["logging"]["clusterLogging"][0]["types"] == ["audit"]
    assert cluster["encryptionConfig"][0]["provider"]["keyArn"] == world.key
    assert len(eks.list_updates(name="changing")["updateIds"]) == 4
    with pytest.raises(ClientError, match="already at the desired configuration"):
        eks.update_cluster_config(name="changing", resourcesVpcConfig={"endpointPrivateAccess": True})


def test_node_group_reads_back(world: World) -> None:
    eks, ec2 = world.client("eks"), world.client("ec2")
    data = {
        "InstanceType": "p5.48xlarge",
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
    }
    template = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)[
        "LaunchTemplate"
    ]
    eks.create_nodegroup(
        clusterName=world.eks,
        nodegroupName="gpu",
        subnets=world.subnets,
        nodeRole=world.role,
        launchTemplate={"id": template["LaunchTemplateId"], "version": "1"},
        scalingConfig={"minSize": 0, "maxSize": 4, "desiredSize": 2},
        taints=[{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
        labels={"pool": "gpu"},
        capacityType="CAPACITY_BLOCK",
        amiType="AL2023_x86_64_NVIDIA",
        updateConfig={"maxUnavailablePercentage": 33},
        nodeRepairConfig={"enabled": True},
        tags={"a": "b"},
    )
    group = eks.describe_nodegroup(clusterName=world.eks, nodegroupName="gpu")["nodegroup"]
    assert group["status"] == "ACTIVE"
    assert group["launchTemplate"] == {"id": template["LaunchTemplateId"], "name": "nodes", "version": "1"}
    assert group["scalingConfig"] == {"minSize": 0, "maxSize": 4, "desiredSize": 2}
    assert group["taints"][0]["effect"] == "NO_SCHEDULE"
    assert (group["capacityType"], group["amiType"]) == ("CAPACITY_BLOCK", "AL2023_x86_64_NVIDIA")
    assert group["updateConfig"] == {"maxUnavailablePercentage": 33}
    assert group["nodeRepairConfig"] == {"enabled": True}
    assert "diskSize" not in group
    assert "remoteAccess" not in group
    assert "instanceTypes" not in group
    eks.update_nodegroup_config(
        clusterName=world.eks,
        nodegroupName="gpu",
        scalingConfig={"desiredSize": 4},
        labels={"addOrUpdateLabels": {"x": "y"}, "removeLabels": ["pool"]},
    )
    eks.tag_resource(resourceArn=group["nodegroupArn"], tags={"c": "d"})
    group = eks.describe_nodegroup(clusterName=world.eks, nodegroupName="gpu")["nodegroup"]
    assert group["scalingConfig"]["desiredSize"] == 4
    assert (group["labels"], group["tags"]) == ({"x": "y"}, {"a": "b", "c": "d"})
    entries = eks.list_access_entries(clusterName=world.eks)["accessEntries"]
    assert world.role in entries  # as AWS lets the nodes of a managed group in
    with pytest.raises(ClientError, match="ResourceInUseException"):
        eks.delete_cluster(name=world.eks)
    eks.delete_nodegroup(clusterName=world.eks, nodegroupName="gpu")
    ec2.delete_launch_template(LaunchTemplateName="nodes")


def test_addon_reads_back(world: World) -> None:
    eks = world.client("eks")
    eks.create_addon(
        clusterName=world.eks,
        addonName="aws-efs-csi-driver",
        configurationValues='{"a": 1}',
        resolveConflicts="OVERWRITE",
        podIdentityAssociations=[{"serviceAccount": "efs", "roleArn": world.role}],
        tags={"a": "b"},
    )
    addon = eks.describe_addon(clusterName=world.eks, addonName="aws-efs-csi-driver")["addon"]
    assert addon["status"] == "ACTIVE"
    assert addon["configurationValues"] == '{"a": 1}'
    assert addon["addonVersion"].startswith("v")
    assert len(addon["podIdentityAssociations"]) == 1
    assert eks.list_addons(clusterName=world.eks)["addons"] == ["aws-efs-csi-driver"]
    eks.update_addon(clusterName=world.eks, addonName="aws-efs-csi-driver", configurationValues="{}")
    assert (
        eks.describe_addon(clusterName=world.eks, addonName="aws-efs-csi-driver")["addon"][
            "configurationValues"
        ]
        == "{}"
    )
    eks.delete_addon(clusterName=world.eks, addonName="aws-efs-csi-driver")
    assert not eks.list_addons(clusterName=world.eks)["addons"]
    assert not eks.list_pod_identity_associations(clusterName=world.eks)["associations"]


def test_access_entry_and_its_policy_read_back(world: World) -> None:
    eks = world.client("eks")
    role = world.client("iam").create_role(RoleName="people", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    eks.create_access_entry(
        clusterName=world.eks, principalArn=role, kubernetesGroups=["ops"], tags={"a": "b"}
    )
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    scope = {"type": "namespace", "namespaces": ["one"]}
    eks.associate_access_policy(clusterName=world.eks, principalArn=role, policyArn=policy, accessScope=scope)
    entry = eks.describe_access_entry(clusterName=world.eks, principalArn=role)["accessEntry"]
    assert (entry["type"], entry["kubernetesGroups"], entry["tags"]) == ("STANDARD", ["ops"], {"a": "b"})
    found = eks.list_associated_access_policies(clusterName=world.eks, principalArn=role)[
        "associatedAccessPolicies"
    ]
    assert [(one["policyArn"], one["accessScope"]) for one in found] == [(policy, scope)]
    with pytest.raises(ClientError, match="ResourceInUseException"):
        eks.create_access_entry(clusterName=world.eks, principalArn=role)
    eks.disassociate_access_policy(clusterName=world.eks, principalArn=role, policyArn=policy)
    assert not eks.list_associated_access_policies(clusterName=world.eks, principalArn=role)[
        "associatedAccessPolicies"
    ]
    eks.delete_access_entry(clusterName=world.eks, principalArn=role)


def test_access_entries_need_the_api_mode(world: World) -> None:
    world.cluster("by-map")
    with pytest.raises(ClientError, match="authentication mode must be set"):
        world.client("eks").create_access_entry(clusterName="by-map", principalArn=world.role)


def test_pod_identity_reads_back(world: World) -> None:
    eks = world.client("eks")
    made = eks.create_pod_identity_association(
        clusterName=world.eks, namespace="train", serviceAccount="job", roleArn=world.role, tags={"a": "b"}
    )["association"]
    found = eks.describe_pod_identity_association(clusterName=world.eks, associationId=made["associationId"])
    assert found["association"]["roleArn"] == world.role
    assert found["association"]["associationId"].startswith("a-")
    with pytest.raises(ClientError, match="ResourceInUseException"):
        eks.create_pod_identity_association(
            clusterName=world.eks, namespace="train", serviceAccount="job", roleArn=world.role
        )
    eks.delete_pod_identity_association(clusterName=world.eks, associationId=made["associationId"])
    assert not eks.list_pod_identity_associations(clusterName=world.eks, namespace="train")["associations"]


def test_lustre_reads_back_and_changes(world: World) -> None:
    fsx, ec2 = world.client("fsx"), world.client("ec2")
    config = {
        "DeploymentType": "PERSISTENT_2",
        "PerUnitStorageThroughput": 250,
        "DataCompressionType": "LZ4",
        "MetadataConfiguration": {"Mode": "AUTOMATIC"},
    }
    request = world.lustre_request(
        KmsKeyId=world.key,
        SecurityGroupIds=[world.group],
        LustreConfiguration=config,
        Tags=[{"Key": "a", "Value": "b"}],
    )
    name = fsx.create_file_system(**request)["FileSystem"]["FileSystemId"]
    system = fsx.describe_file_systems(FileSystemIds=[name])["FileSystems"][0]
    assert (system["Lifecycle"], system["KmsKeyId"], system["VpcId"]) == ("AVAILABLE", world.key, world.vpc)
    assert system["DNSName"] == f"{name}.fsx.{REGION}.amazonaws.com"
    lustre = system["LustreConfiguration"]
    assert (lustre["DataCompressionType"], lustre["PerUnitStorageThroughput"]) == ("LZ4", 250)
    assert lustre["MetadataConfiguration"] == {"Mode": "AUTOMATIC", "Iops": 1500}
    assert len(lustre["MountName"]) == 8
    eni = ec2.describe_network_interfaces(NetworkInterfaceIds=system["NetworkInterfaceIds"])[
        "NetworkInterfaces"
    ][0]
    assert eni["SubnetId"] == world.subnets[0]
    fsx.update_file_system(
        FileSystemId=name, StorageCapacity=2400, LustreConfiguration={"DataCompressionType": "NONE"}
    )
    system = fsx.describe_file_systems(FileSystemIds=[name])["FileSystems"][0]
    assert (system["StorageCapacity"], system["LustreConfiguration"]["DataCompressionType"]) == (2400, "NONE")
    assert system["LustreConfiguration"]["PerUnitStorageThroughput"] == 250
    with pytest.raises(ClientError, match="can only be increased"):
        fsx.update_file_system(FileSystemId=name, StorageCapacity=1200)
    fsx.delete_file_system(FileSystemId=name)
    with pytest.raises(ClientError, match="FileSystemNotFound"):
        fsx.describe_file_systems(FileSystemIds=[name])


def test_data_repository_association_reads_back(world: World) -> None:
    fsx = world.client("fsx")
    sync = {"AutoImportPolicy": {"Events": ["NEW"]}, "AutoExportPolicy": {"Events": ["NEW", "CHANGED"]}}
    path = f"s3://{world.bucket}/data"
    made = fsx.create_data_repository_association(
        FileSystemId=world.lustre, FileSystemPath="/data", DataRepositoryPath=path, S3=sync
    )["Association"]
    with pytest.raises(ClientError, match="overlaps"):
        fsx.create_data_repository_association(
            FileSystemId=world.lustre, FileSystemPath="/data/more", DataRepositoryPath=path
        )
    fsx.update_data_repository_association(
        AssociationId=made["AssociationId"], S3={"AutoImportPolicy": {"Events": ["NEW", "DELETED"]}}
    )
    rule = {"Name": "file-system-id", "Values": [world.lustre]}
    found = fsx.describe_data_repository_associations(Filters=[rule])["Associations"]
    assert [one["Lifecycle"] for one in found] == ["AVAILABLE"]
    assert found[0]["S3"]["AutoImportPolicy"] == {"Events": ["NEW", "DELETED"]}
    assert found[0]["S3"]["AutoExportPolicy"] == sync["AutoExportPolicy"]
    assert (found[0]["DataRepositoryPath"], found[0]["FileSystemPath"]) == (path, "/data")
    fsx.delete_data_repository_association(AssociationId=made["AssociationId"])
    assert not fsx.describe_data_repository_associations(Filters=[rule])["Associations"]


def test_efs_reads_back_and_changes(world: World) -> None:
    efs = world.client("efs")
    name = efs.create_file_system(CreationToken="home", Encrypted=True, KmsKeyId=world.key.split("/")[1])[
        "FileSystemId"
    ]
    system = efs.describe_file_systems(FileSystemId=name)["FileSystems"][0]
    assert (system["KmsKeyId"], system["Encrypted"]) == (world.key, True)
    assert system["FileSystemProtection"] == {"ReplicationOverwriteProtection": "ENABLED"}
    with pytest.raises(ClientError, match="PolicyNotFound"):
        efs.describe_backup_policy(FileSystemId=name)
    efs.put_backup_policy(FileSystemId=name, BackupPolicy={"Status": "ENABLED"})
    assert efs.describe_backup_policy(FileSystemId=name)["BackupPolicy"] == {"Status": "ENABLED"}
    efs.update_file_system(FileSystemId=name, ThroughputMode="elastic")
    assert efs.describe_file_systems(FileSystemId=name)["FileSystems"][0]["ThroughputMode"] == "elastic"
    policy = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*"}]}
    )
    efs.put_file_system_policy(FileSystemId=name, Policy=policy)
    assert json.loads(efs.describe_file_system_policy(FileSystemId=name)["Policy"])["Statement"]
    efs.delete_file_system_policy(FileSystemId=name)
    with pytest.raises(ClientError, match="PolicyNotFound"):
        efs.describe_file_system_policy(FileSystemId=name)
    target = efs.create_mount_target(
        FileSystemId=name, SubnetId=world.subnets[0], SecurityGroups=[world.group]
    )
    with pytest.raises(ClientError, match="FileSystemInUse"):
        efs.delete_file_system(FileSystemId=name)
    efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    efs.delete_file_system(FileSystemId=name)


def test_backup_reads_back_and_changes(world: World) -> None:
    backup = world.client("backup")
    vault = backup.describe_backup_vault(BackupVaultName=world.vault)
    assert (vault["EncryptionKeyArn"], vault["VaultState"]) == (world.key, "AVAILABLE")
    choice = {"SelectionName": "tagged", "IamRoleArn": world.role, "Resources": ["*"]}
    made = backup.create_backup_selection(BackupPlanId=world.plan, BackupSelection=choice)
    found = backup.get_backup_selection(BackupPlanId=world.plan, SelectionId=made["SelectionId"])
    assert found["BackupSelection"] == choice
    assert [
        one["SelectionName"]
        for one in backup.list_backup_selections(BackupPlanId=world.plan)["BackupSelectionsList"]
    ] == ["tagged"]
    with pytest.raises(ClientError, match="InvalidRequestException"):
        backup.delete_backup_plan(BackupPlanId=world.plan)
    rules = [
        {"RuleName": "weekly", "TargetBackupVaultName": world.vault, "Lifecycle": {"DeleteAfterDays": 9}}
    ]
    before = backup.get_backup_plan(BackupPlanId=world.plan)["VersionId"]
    backup.update_backup_plan(BackupPlanId=world.plan, BackupPlan={"BackupPlanName": "world", "Rules": rules})
    plan = backup.get_backup_plan(BackupPlanId=world.plan)
    assert plan["VersionId"] != before
    assert plan["BackupPlan"]["Rules"][0]["Lifecycle"] == {"DeleteAfterDays": 9}
    backup.delete_backup_selection(BackupPlanId=world.plan, SelectionId=made["SelectionId"])


def test_key_rotation_reads_back(world: World) -> None:
    kms = world.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180)
    assert status["NextRotationDate"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "a", "TagValue": "b"}]


def test_log_group_reads_back(world: World) -> None:
    logs = world.client("logs")
    logs.create_log_group(
        logGroupName="/own", kmsKeyId=world.key, logGroupClass="INFREQUENT_ACCESS", tags={"a": "b"}
    )
    logs.put_retention_policy(logGroupName="/own", retentionInDays=365)
    group = logs.describe_log_groups(logGroupNamePrefix="/own")["logGroups"][0]
    assert (group["kmsKeyId"], group["retentionInDays"]) == (world.key, 365)
    assert group["logGroupClass"] == "INFREQUENT_ACCESS"
    logs.disassociate_kms_key(logGroupName="/own")
    assert "kmsKeyId" not in logs.describe_log_groups(logGroupNamePrefix="/own")["logGroups"][0]
    logs.delete_log_group(logGroupName="/own")


def test_new_bucket_is_closed_and_encrypted(world: World) -> None:
    s3 = world.client("s3")
    rules = s3.get_bucket_encryption(Bucket=world.bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    block = s3.get_public_access_block(Bucket=world.bucket)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    owner = s3.get_bucket_ownership_controls(Bucket=world.bucket)["OwnershipControls"]["Rules"]
    assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_default_key_of_a_bucket_encrypts_its_objects(world: World) -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket="own-key", CreateBucketConfiguration={"LocationConstraint": REGION})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": world.key.split("/")[1]}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket="own-key", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket="own-key", Key="plain", Body=b"1")
    s3.copy_object(Bucket="own-key", Key="copied", CopySource="own-key/plain")
    upload = s3.create_multipart_upload(Bucket="own-key", Key="parts")["UploadId"]
    part = s3.upload_part(Bucket="own-key", Key="parts", UploadId=upload, PartNumber=1, Body=b"2")["ETag"]
    s3.complete_multipart_upload(
        Bucket="own-key",
        Key="parts",
        UploadId=upload,
        MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]},
    )
    for name in ("plain", "copied", "parts"):
        head = s3.head_object(Bucket="own-key", Key=name)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", world.key), name
    s3.delete_bucket_encryption(Bucket="own-key")
    s3.put_object(Bucket="own-key", Key="later", Body=b"3")
    assert s3.head_object(Bucket="own-key", Key="later")["ServerSideEncryption"] == "AES256"


def test_policy_against_plain_http_does_not_shut_the_loopback_out(world: World) -> None:
    s3 = world.client("s3")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{world.bucket}", f"arn:aws:s3:::{world.bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(
        Bucket=world.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    s3.put_object(Bucket=world.bucket, Key="over-http", Body=b"1")
    assert s3.get_object(Bucket=world.bucket, Key="over-http")["Body"].read() == b"1"
    assert json.loads(s3.get_bucket_policy(Bucket=world.bucket)["Policy"])["Statement"] == [deny]


def test_placement_group_reads_back(world: World) -> None:
    ec2 = world.client("ec2")
    tags = [{"ResourceType": "placement-group", "Tags": [{"Key": "a", "Value": "b"}]}]
    made = ec2.create_placement_group(GroupName="tight", Strategy="cluster", TagSpecifications=tags)[
        "PlacementGroup"
    ]
    found = ec2.describe_placement_groups(GroupNames=["tight"])["PlacementGroups"]
    assert found == [made]
    assert (made["State"], made["Strategy"], made["Tags"]) == ("available", "cluster", tags[0]["Tags"])
    with pytest.raises(ClientError, match="Duplicate"):
        ec2.create_placement_group(GroupName="tight", Strategy="cluster")
    ec2.delete_placement_group(GroupName="tight")
    assert not ec2.describe_placement_groups(Filters=[{"Name": "group-name", "Values": ["tight"]}])[
        "PlacementGroups"
    ]


def test_capacity_reservation_reads_back(world: World) -> None:
    ec2 = world.client("ec2")
    made = ec2.create_capacity_reservation(
        InstanceType="p5.48xlarge",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone=f"{REGION}a",
        InstanceCount=2,
        InstanceMatchCriteria="targeted",
        TagSpecifications=[{"ResourceType": "capacity-reservation", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["CapacityReservation"]
    name = made["CapacityReservationId"]
    ec2.modify_capacity_reservation(CapacityReservationId=name, InstanceCount=3)
    found = ec2.describe_capacity_reservations(CapacityReservationIds=[name])["CapacityReservations"][0]
    assert (found["State"], found["TotalInstanceCount"], found["AvailableInstanceCount"]) == ("active", 3, 3)
    assert (found["InstanceMatchCriteria"], found["Tags"]) == ("targeted", [{"Key": "a", "Value": "b"}])
    ec2.cancel_capacity_reservation(CapacityReservationId=name)
    found = ec2.describe_capacity_reservations(CapacityReservationIds=[name])["CapacityReservations"][0]
    assert found["State"] == "cancelled"


def test_default_key_of_volumes(world: World) -> None:
    ec2 = world.client("ec2")
    usual = ec2.get_ebs_default_kms_key_id()["KmsKeyId"]
    ec2.enable_ebs_encryption_by_default()
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=world.key)
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == world.key
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    found = ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]
    assert (found["Encrypted"], found["KmsKeyId"]) == (True, world.key)
    ec2.delete_volume(VolumeId=volume)
    ec2.reset_ebs_default_kms_key_id()
    ec2.disable_ebs_encryption_by_default()
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == usual


def test_interface_endpoint_has_addresses_in_its_subnets(world: World) -> None:
    ec2 = world.client("ec2")
    made = ec2.create_vpc_endpoint(
        VpcId=world.vpc,
        ServiceName=f"com.amazonaws.{REGION}.sts",
        VpcEndpointType="Interface",
        SubnetIds=world.subnets,
        SecurityGroupIds=[world.group],
        PrivateDnsEnabled=True,
    )["VpcEndpoint"]
    name = made["VpcEndpointId"]
    found = ec2.describe_vpc_endpoints(VpcEndpointIds=[name])["VpcEndpoints"][0]
    assert found["Groups"][0]["GroupId"] == world.group
    assert (found["PrivateDnsEnabled"], found["SubnetIds"]) == (True, world.subnets)
    enis = ec2.describe_network_interfaces(NetworkInterfaceIds=found["NetworkInterfaceIds"])[
        "NetworkInterfaces"
    ]
    for eni in enis:
        block = ec2.describe_subnets(SubnetIds=[eni["SubnetId"]])["Subnets"][0]["CidrBlock"]
        assert ip_address(eni["PrivateIpAddress"]) in ip_network(block)
        assert [group["GroupId"] for group in eni["Groups"]] == [world.group]
    with pytest.raises(ClientError, match="conflicting DNS domain"):
        ec2.create_vpc_endpoint(
            VpcId=world.vpc,
            ServiceName=f"com.amazonaws.{REGION}.sts",
            VpcEndpointType="Interface",
            SubnetIds=world.subnets[:1],
        )
    ec2.modify_vpc_endpoint(VpcEndpointId=name, RemoveSubnetIds=world.subnets[1:])
    assert (
        len(ec2.describe_vpc_endpoints(VpcEndpointIds=[name])["VpcEndpoints"][0]["NetworkInterfaceIds"]) == 1
    )
    ec2.delete_vpc_endpoints(VpcEndpointIds=[name])
    with pytest.raises(ClientError, match=r"InvalidVpcEndpointId\.NotFound"):
        ec2.describe_vpc_endpoints(VpcEndpointIds=[name])


def test_gateway_endpoint_puts_a_route_and_takes_it_away(world: World) -> None:
    ec2 = world.client("ec2")
    table = ec2.create_route_table(VpcId=world.vpc)["RouteTable"]["RouteTableId"]
    name = ec2.create_vpc_endpoint(
        VpcId=world.vpc, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[table]
    )["VpcEndpoint"]["VpcEndpointId"]

    def gateways() -> list[str]:
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return [route.get("GatewayId") for route in routes]

    assert name in gateways()
    ec2.delete_vpc_endpoints(VpcEndpointIds=[name])
    assert name not in gateways()
    ec2.delete_route_table(RouteTableId=table)


def test_flow_log_names_the_group_of_its_destination(world: World) -> None:
    ec2, logs = world.client("ec2"), world.client("logs")
    logs.create_log_group(logGroupName="/flow")
    arn = logs.describe_log_groups(logGroupNamePrefix="/flow")["logGroups"][0]["logGroupArn"]
    name = ec2.create_flow_logs(
        ResourceIds=[world.vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogDestination=arn,
        DeliverLogsPermissionArn=world.role,
        MaxAggregationInterval=60,
    )["FlowLogIds"][0]
    found = ec2.describe_flow_logs(FlowLogIds=[name])["FlowLogs"][0]
    assert (found["LogGroupName"], found["DeliverLogsStatus"]) == ("/flow", "SUCCESS")
    assert (found["LogDestination"], found["MaxAggregationInterval"]) == (arn, 60)
    ec2.delete_flow_logs(FlowLogIds=[name])
    logs.delete_log_group(logGroupName="/flow")
