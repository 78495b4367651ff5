"""FSx: Lustre file systems in full, and their links to buckets."""

import json
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import unix_time
from moto.fsx.models import FileSystem
from moto.fsx.responses import FSxResponse
from moto.moto_api._internal import mock_random

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import Doc, merged, refuse, request_of, table, unique

OURS = (
    "data repository associations",
    "life cycle, mount name, network interfaces and defaults of Lustre file systems",
    "updates of file systems",
)

_THROUGHPUT = {"PERSISTENT_1": (12, 40, 50, 100, 200), "PERSISTENT_2": (125, 250, 500, 1000)}  # MB/s per TiB
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


class Responses(FSxResponse):
    """FSx with Lustre as AWS describes it; other kinds of file systems are refused."""

    def create_file_system(self) -> str:
        """Make a Lustre file system, AVAILABLE at once."""
        sent = request_of(self)
        if sent["FileSystemType"] != "LUSTRE":
            refuse(
                "UnsupportedOperation", f"The sandbox has LUSTRE file systems, not {sent['FileSystemType']}"
            )
        config = sent.get("LustreConfiguration", {})
        deployment = config.get("DeploymentType", "SCRATCH_1")
        self._check_size(sent, config, deployment)
        subnets = self._check_network(sent)
        self._check_log(config.get("LogConfiguration", {}))
        key = self._key(sent, deployment)
        answer = json.loads(super().create_file_system())["FileSystem"]
        system = self.fsx_backend.file_systems[answer["FileSystemId"]]
        network = known.ec2(self.fsx_backend)
        made = [
            network.create_network_interface(
                subnets[0],
                "",
                group_ids=sent.get("SecurityGroupIds"),
                description=f"FSx {system.file_system_id}",
            )
        ]
        table(self.fsx_backend, "file_systems")[system.file_system_id] = {
            "OwnerId": self.current_account,
            "CreationTime": unix_time(),
            "Lifecycle": "AVAILABLE",
            "StorageType": sent.get("StorageType", "SSD"),
            "StorageCapacity": sent["StorageCapacity"],
            "VpcId": subnets[0].vpc_id,
            "SubnetIds": sent["SubnetIds"],
            "NetworkInterfaceIds": [eni.id for eni in made],
            "DNSName": f"{system.file_system_id}.fsx.{self.region}.amazonaws.com",
            "KmsKeyId": key,
            "FileSystemTypeVersion": sent.get("FileSystemTypeVersion", _usual_version(deployment)),
            "NetworkType": sent.get("NetworkType", "IPV4"),
            "LustreConfiguration": _configuration(config, deployment, sent["StorageCapacity"]),
        }
        return json.dumps({"FileSystem": self._shown(system)})

    def describe_file_systems(self) -> str:
        """Return file systems; an unknown id is an error, as in AWS."""
        wanted = request_of(self).get("FileSystemIds") or list(self.fsx_backend.file_systems)
        return json.dumps({"FileSystems": [self._shown(self._system(name)) for name in wanted]})

    def update_file_system(self) -> ActionResult:
        """Change what can be changed; storage grows only."""
        sent = request_of(self)
        system = self._system(sent["FileSystemId"])
        kept = table(self.fsx_backend, "file_systems")[system.file_system_id]
        config = sent.get("LustreConfiguration", {})
        deployment = kept["LustreConfiguration"]["DeploymentType"]
        capacity = sent.get("StorageCapacity", kept["StorageCapacity"])
        if capacity < kept["StorageCapacity"]:
            refuse("BadRequest", "Storage capacity can only be increased")
        both = merged(kept["LustreConfiguration"], config)
        self._check_size({"StorageCapacity": capacity}, both, deployment)
        self._check_log(config.get("LogConfiguration", {}))
        kept.update({"StorageCapacity": capacity, "LustreConfiguration": both})
        if "FileSystemTypeVersion" in sent:
            kept["FileSystemTypeVersion"] = sent["FileSystemTypeVersion"]
        return ActionResult({"FileSystem": self._shown(system)})

    def delete_file_system(self) -> str:
        """Delete it with its network interfaces and its associations."""
        name = request_of(self)["FileSystemId"]
        system = self._system(name)
        kept = table(self.fsx_backend, "file_systems").pop(system.file_system_id)
        for eni in kept["NetworkInterfaceIds"]:
            known.ec2(self.fsx_backend).delete_network_interface(eni)
        links = table(self.fsx_backend, "associations")
        for link in [link for link, one in links.items() if one["FileSystemId"] == name]:
            del links[link]
        return super().delete_file_system()

    def create_data_repository_association(self) -> ActionResult:
        """Link a folder of a file system to a bucket that exists."""
        sent = request_of(self)
        kept = table(self.fsx_backend, "file_systems")[self._system(sent["FileSystemId"]).file_system_id]
        if kept["LustreConfiguration"]["DeploymentType"] == "SCRATCH_1":
            refuse("UnsupportedOperation", "SCRATCH_1 file systems have no data repository associations")
        bucket = sent["DataRepositoryPath"].removeprefix("s3://").partition("/")[0]
        if not sent["DataRepositoryPath"].startswith("s3://") or not known.bucket(self.fsx_backend, bucket):
            refuse("BadRequest", f"The S3 bucket of {sent['DataRepositoryPath']} does not exist")
        links = table(self.fsx_backend, "associations")
        path = sent["FileSystemPath"].rstrip("/") + "/"
        for one in links.values():
            other = one["FileSystemPath"].rstrip("/") + "/"
            if one["FileSystemId"] == sent["FileSystemId"] and (
                path.startswith(other) or other.startswith(path)
            ):
                refuse(
                    "BadRequest", f"{sent['FileSystemPath']} overlaps {one['FileSystemPath']}, already linked"
                )
        name = unique("dra-")
        link = {
            "BatchImportMetaDataOnCreate": False,
            "ImportedFileChunkSize": 1024,
            **sent,
            "AssociationId": name,
            "ResourceARN": f"arn:{self.partition}:fsx:{self.region}:{self.current_account}:association/"
            f"{sent['FileSystemId']}/{name}",
            "Lifecycle": "AVAILABLE",
            "CreationTime": unix_time(),
        }
        links[name] = link
        self.fsx_backend.tagger.tag_resource(link["ResourceARN"], sent.get("Tags", []))
        return ActionResult({"Association": self._link(name)})

    def describe_data_repository_associations(self) -> ActionResult:
        """Return associations by id or by the file system."""
        sent = request_of(self)
        links = table(self.fsx_backend, "associations")
        found = [self._link(name) for name in sent.get("AssociationIds") or links]
        for rule in sent.get("Filters", []):
            member = {"file-system-id": "FileSystemId"}.get(rule["Name"])
            if member is None:
                refuse("BadRequest", f"The sandbox does not filter by {rule['Name']}")
            found = [one for one in found if one[member] in rule["Values"]]
        return ActionResult({"Associations": found})

    def update_data_repository_association(self) -> ActionResult:
        """Change what is imported and exported."""
        sent = request_of(self)
        name = sent["AssociationId"]
        names = ("ImportedFileChunkSize", "S3")
        table(self.fsx_backend, "associations")[name] = merged(
            self._link(name), {member: sent[member] for member in names if member in sent}
        )
        return ActionResult({"Association": self._link(name)})

    def delete_data_repository_association(self) -> ActionResult:
        """Take the link away; the data stay."""
        sent = request_of(self)
        self._link(sent["AssociationId"])
        del table(self.fsx_backend, "associations")[sent["AssociationId"]]
        return ActionResult({"DeleteDataInFileSystem": False, **sent, "Lifecycle": "DELETING"})

    def tag_resource(self) -> Any:  # noqa: ANN401 - moto's own return type
        """Tag what exists."""
        self._check_arn()
        return super().tag_resource()

    def untag_resource(self) -> Any:  # noqa: ANN401 - moto's own return type
        """Untag what exists."""
        self._check_arn()
        super().untag_resource()
        return EmptyResult()

    def _check_arn(self) -> None:
        arn = request_of(self)["ResourceARN"]
        arns = {system.resource_arn for system in self.fsx_backend.file_systems.values()}
        arns |= {backup.resource_arn for backup in self.fsx_backend.backups.values()}
        if arn not in arns | {one["ResourceARN"] for one in table(self.fsx_backend, "associations").values()}:
            refuse("ResourceNotFound", f"{arn} does not exist")

    def _system(self, name: str) -> FileSystem:
        found = self.fsx_backend.file_systems.get(name)
        if found is None:
            refuse("FileSystemNotFound", f"File system '{name}' does not exist.")
        return found

    def _shown(self, system: FileSystem) -> Doc:
        return {**system.to_dict(), **table(self.fsx_backend, "file_systems")[system.file_system_id]}

    def _link(self, name: str) -> Doc:
        link = table(self.fsx_backend, "associations").get(name)
        if link is None:
            refuse("DataRepositoryAssociationNotFound", f"Data repository association {name} does not exist.")
        return {**link, "Tags": self.fsx_backend.list_tags_for_resource(link["ResourceARN"])}

    def _check_network(self, sent: Doc) -> list[Any]:
        subnets = [known.subnet(self.fsx_backend, name) for name in sent["SubnetIds"]]
        if None in subnets or not subnets:
            refuse("InvalidNetworkSettings", f"Invalid subnet: {', '.join(sent['SubnetIds'])} does not exist")
        if len(subnets) > 1:
            refuse("BadRequest", "A Lustre file system is in one subnet")
        for name in sent.get("SecurityGroupIds", []):
            group = known.security_group(self.fsx_backend, name)
            if group is None or subnets[0] is None or group.vpc_id != subnets[0].vpc_id:
                refuse("InvalidNetworkSettings", f"Invalid security group: {name} is not in the subnet's VPC")
        return subnets

    def _key(self, sent: Doc, deployment: str) -> str | None:
        if "KmsKeyId" in sent and not deployment.startswith("PERSISTENT"):
            refuse("BadRequest", f"KmsKeyId is for PERSISTENT file systems, not {deployment}")
        if not deployment.startswith("PERSISTENT"):
            return None
        reference = sent.get("KmsKeyId", "alias/aws/fsx")
        key = known.usable_key(self.fsx_backend, reference)
        if key is None:
            refuse("BadRequest", f"The KMS key {reference} does not exist or cannot be used")
        return key.arn

    def _check_log(self, log: Doc) -> None:
        if "Destination" in log:
            name = log["Destination"].split(":log-group:")[-1].removesuffix(":*")
            if not name.startswith("/aws/fsx/") or not known.log_group(self.fsx_backend, name):
                refuse("BadRequest", f"The log group {name} does not exist or is not below /aws/fsx/")

    def _check_size(self, sent: Doc, config: Doc, deployment: str) -> None:
        allowed = _THROUGHPUT.get(deployment)
        tiered = sent.get("StorageType") == "INTELLIGENT_TIERING"
        if allowed and not tiered and config.get("PerUnitStorageThroughput") not in allowed:
            rule = f"{deployment} takes {', '.join(map(str, allowed))}"
            refuse("InvalidPerUnitStorageThroughput", f"PerUnitStorageThroughput is not valid: {rule}")
        if not allowed and "PerUnitStorageThroughput" in config:
            refuse("BadRequest", f"PerUnitStorageThroughput is for PERSISTENT file systems, not {deployment}")
        capacity = sent.get("StorageCapacity", 0)
        step = 3600 if deployment == "SCRATCH_1" else 2400
        if not tiered and capacity != 1200 and (capacity < 2400 or capacity % step):
            refuse("BadRequest", f"StorageCapacity {capacity} GiB must be 1200, 2400 or a multiple of {step}")


def _configuration(sent: Doc, deployment: str, capacity: int) -> Doc:
    config: Doc = {
        "WeeklyMaintenanceStartTime": "7:06:00",
        "CopyTagsToBackups": False,
        "DataCompressionType": "NONE",
        "EfaEnabled": False,
        **({"AutomaticBackupRetentionDays": 0} if deployment.startswith("PERSISTENT") else {}),
        **{name: value for name, value in sent.items() if name not in ("ImportPath", "ExportPath")},
        "DeploymentType": deployment,
        "MountName": "fsx" if deployment == "SCRATCH_1" else "".join(mock_random.choices(_LETTERS, k=8)),
        "LogConfiguration": {"Level": "DISABLED", **sent.get("LogConfiguration", {})},
    }
    if "MetadataConfiguration" in sent:
        config["MetadataConfiguration"] = {"Iops": _metadata_iops(capacity), **sent["MetadataConfiguration"]}
    return config


def _metadata_iops(capacity: int) -> int:
    """Metadata IOPS of AUTOMATIC mode by GiB (FSx for Lustre user guide, "Metadata configuration")."""
    steps = ((1200, 1500), (2400, 3000), (9600, 6000))
    return next((iops for most, iops in steps if capacity <= most), 12000 * -(-capacity // 24000))


def _usual_version(deployment: str) -> str:
    return "2.15" if deployment == "PERSISTENT_2" else "2.10"
