"""What is in the accounts that new ones have not: a table of kinds, over moto's backends and our stores."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.backends import get_backend

from datahall.sandbox.aws.server.overlay.common import table, tag_dict

Backend = Any  # moto's, of any service
Item = Any  # moto's model of a resource, or one of our documents


@dataclass(frozen=True)
class Kind:
    """A kind of resource: how to list it and what to show.

    `id` and `arn` are an attribute (or member), or a template with braces; `tags` finds the tags, if any.
    """

    service: str
    type: str
    find: Callable[[Backend], Iterable[Item]]
    id: str
    arn: str | None = None
    tags: Callable[[Backend, Item], object] = lambda backend, item: _value(item, "tags")
    state: str | None = None


def _ec2(type: str, find: Callable[[Backend], Iterable[Item]], slug: str, id: str = "id") -> Kind:
    arn = "arn:aws:ec2:{region}:{account}:" + slug + "/{id}"
    return Kind("ec2", type, find, id, arn, lambda backend, item: backend.tags.get(_value(item, id), {}))


def _live(items: Iterable[Item]) -> list[Item]:
    return [item for item in items if _value(item, "state") not in ("deleted", "cancelled")]


def _nested(items: Mapping[str, Mapping[str, Item]]) -> list[Item]:
    return [item for inner in items.values() for item in inner.values()]


def _by_arn(member: str) -> Callable[[Backend, Item], object]:
    return lambda backend, item: backend.tagger.get_tag_dict_for_resource(_value(item, member))


def _own_vpc(backend: Backend, item: Item) -> bool:
    return bool(_value(item, "vpc_id") != backend.default_vpc.id)


def _owned(backend: Backend) -> list[Item]:
    return [one for one in backend.managed_prefix_lists.values() if one.owner_id == backend.account_id]


def _aliases(backend: Backend) -> list[Item]:
    return [
        a
        for k in backend.keys.values()
        for a in k.aliases.values()
        if not a.alias_name.startswith("alias/aws/")
    ]


def _parameters(backend: Backend) -> list[Item]:
    stored = backend._parameters
    return [
        versions[-1] for name, versions in dict.items(stored) if versions and not name.startswith("/aws/")
    ]


KINDS = (
    _ec2("Vpc", lambda b: [v for v in b.vpcs.values() if not v.is_default], "vpc"),
    _ec2("Subnet", lambda b: [s for s in _nested(b.subnets) if _own_vpc(b, s)], "subnet"),
    _ec2("InternetGateway", lambda b: b.internet_gateways.values(), "internet-gateway"),
    _ec2("Address", lambda b: b.addresses, "elastic-ip"),
    _ec2("NatGateway", lambda b: _live(b.nat_gateways.values()), "natgateway"),
    _ec2(
        "RouteTable",
        lambda b: [t for t in b.route_tables.values() if t.main_association_id is None],
        "route-table",
    ),
    _ec2("NetworkAcl", lambda b: [a for a in b.network_acls.values() if not a.default], "network-acl"),
    _ec2("SecurityGroup", lambda b: [g for g in _nested(b.groups) if g.name != "default"], "security-group"),
    _ec2("NetworkInterface", lambda b: b.enis.values(), "network-interface"),
    _ec2("VpcEndpoint", lambda b: _live(b.vpc_end_points.values()), "vpc-endpoint"),
    _ec2("FlowLog", lambda b: b.flow_logs.values(), "vpc-flow-log"),
    _ec2("DhcpOptions", lambda b: b.dhcp_options_sets.values(), "dhcp-options"),
    _ec2("ManagedPrefixList", _owned, "prefix-list"),
    _ec2("LaunchTemplate", lambda b: b.launch_templates.values(), "launch-template"),
    _ec2("KeyPair", lambda b: b.key_pairs.values(), "key-pair"),
    _ec2(
        "Instance",
        lambda b: [i for r in b.reservations.values() for i in r.instances if i._state.name != "terminated"],
        "instance",
    ),
    _ec2("Volume", lambda b: b.volumes.values(), "volume"),
    _ec2("Snapshot", lambda b: [s for s in b.snapshots.values() if not s.from_ami], "snapshot"),
    _ec2("PlacementGroup", lambda b: table(b, "placement_groups").values(), "placement-group", "GroupId"),
    _ec2(
        "CapacityReservation",
        lambda b: [r for r in table(b, "capacity_reservations").values() if r["State"] == "active"],
        "capacity-reservation",
        "CapacityReservationId",
    ),
    Kind("ec2", "EbsDefaultKmsKey", lambda b: [table(b, "ebs")[k] for k in table(b, "ebs")], "arn"),
    Kind(
        "ec2",
        "EbsEncryptionByDefault",
        lambda b: [{"id": "on"}] if b.get_ebs_encryption_by_default() else [],
        "id",
    ),
    Kind("iam", "Role", lambda b: b.roles.values(), "name", "arn"),
    Kind("iam", "InstanceProfile", lambda b: b.instance_profiles.values(), "name", "arn"),
    Kind(
        "iam",
        "Policy",
        lambda b: [p for p in b.managed_policies.values() if ":iam::aws:" not in p.arn],
        "name",
        "arn",
    ),
    Kind("iam", "OpenIDConnectProvider", lambda b: b.open_id_providers.values(), "arn", "arn"),
    Kind("iam", "User", lambda b: b.users.values(), "name", "arn"),
    Kind("iam", "Group", lambda b: b.groups.values(), "name", "arn"),
    Kind(
        "kms",
        "Key",
        lambda b: [k for k in b.keys.values() if k.key_manager == "CUSTOMER"],
        "id",
        "arn",
        lambda b, k: b.tagger.get_tag_dict_for_resource(k.id),
        state="key_state",
    ),
    Kind("kms", "Alias", _aliases, "alias_name", "alias_arn"),
    Kind(
        "s3",
        "Bucket",
        lambda b: b.buckets.values(),
        "name",
        "arn:aws:s3:::{id}",
        lambda b, k: b.tagger.get_tag_dict_for_resource(k.arn),
    ),
    Kind(
        "efs",
        "FileSystem",
        lambda b: b.file_systems_by_id.values(),
        "file_system_id",
        "file_system_arn",
        lambda b, f: b.list_tags_for_resource(f.file_system_id),
    ),
    Kind("efs", "MountTarget", lambda b: b.mount_targets_by_id.values(), "mount_target_id"),
    Kind("efs", "AccessPoint", lambda b: b.access_points.values(), "access_point_id", "access_point_arn"),
    Kind(
        "fsx",
        "FileSystem",
        lambda b: b.file_systems.values(),
        "file_system_id",
        "resource_arn",
        _by_arn("resource_arn"),
    ),
    Kind("fsx", "Backup", lambda b: b.backups.values(), "backup_id", "resource_arn"),
    Kind(
        "fsx",
        "DataRepositoryAssociation",
        lambda b: table(b, "associations").values(),
        "AssociationId",
        "ResourceARN",
        _by_arn("ResourceARN"),
    ),
    Kind("eks", "Cluster", lambda b: b.clusters.values(), "name", "arn"),
    Kind(
        "eks",
        "Nodegroup",
        lambda b: [n for c in b.clusters.values() for n in c.nodegroups.values()],
        "nodegroup_name",
        "arn",
    ),
    Kind("eks", "Addon", lambda b: table(b, "addons").values(), "addonName", "addonArn"),
    Kind(
        "eks", "AccessEntry", lambda b: table(b, "access_entries").values(), "principalArn", "accessEntryArn"
    ),
    Kind(
        "eks",
        "PodIdentityAssociation",
        lambda b: table(b, "pod_identities").values(),
        "associationId",
        "associationArn",
    ),
    Kind("logs", "LogGroup", lambda b: b.groups.values(), "name", "arn", _by_arn("arn")),
    Kind("logs", "ResourcePolicy", lambda b: b.resource_policies.values(), "policy_name"),
    Kind("ecr", "Repository", lambda b: b.repositories.values(), "name", "arn", _by_arn("arn")),
    Kind(
        "backup",
        "Vault",
        lambda b: b.vaults.values(),
        "backup_vault_name",
        "backup_vault_arn",
        _by_arn("backup_vault_arn"),
    ),
    Kind(
        "backup",
        "Plan",
        lambda b: b.plans.values(),
        "backup_plan_id",
        "backup_plan_arn",
        _by_arn("backup_plan_arn"),
    ),
    Kind("backup", "Selection", lambda b: table(b, "selections").values(), "SelectionId"),
    Kind("elbv2", "LoadBalancer", lambda b: b.load_balancers.values(), "name", "arn"),
    Kind("elbv2", "TargetGroup", lambda b: b.target_groups.values(), "name", "arn"),
    Kind(
        "elbv2",
        "Listener",
        lambda b: [item for one in b.load_balancers.values() for item in one.listeners.values()],
        "arn",
        "arn",
    ),
    Kind("ssm", "Parameter", _parameters, "name", "arn"),
)


def inventory() -> list[dict[str, Any]]:
    """List all resources of all kinds in all accounts and regions, in the fields of `control.Resource`."""
    return [shown for kind in KINDS for shown in _shown(kind)]


def _shown(kind: Kind) -> Iterator[dict[str, Any]]:
    if f"moto.{kind.service}.models" not in sys.modules:  # never called, so nothing of it is there
        return
    backends = get_backend(kind.service)  # type: ignore[call-overload]  # the names are data
    for account, region, backend in list(backends.iter_backends()):
        for item in kind.find(backend):
            identifier = _value(item, kind.id)
            arn = kind.arn and (_template(kind.arn, backend, identifier) or _value(item, kind.arn))
            yield {
                "service": kind.service,
                "type": kind.type,
                "id": identifier,
                "arn": arn,
                "tags": tag_dict(kind.tags(backend, item)),
                "region": region,
                "account": account,
                "state": kind.state and _value(item, kind.state),
            }


def _template(arn: str, backend: Backend, identifier: str) -> str | None:
    if "{" not in arn:
        return None
    return arn.format(region=backend.region_name, account=backend.account_id, id=identifier)


def _value(item: Item, name: str) -> Any:  # noqa: ANN401 - whatever moto has there
    return item.get(name) if isinstance(item, dict) else getattr(item, name, None)
