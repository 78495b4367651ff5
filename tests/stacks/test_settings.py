"""Settings: what loads, and what is said of each kind of bad input."""

import contextvars
import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components import INSTANCE_TYPES, VERSIONS, InvalidArgs
from stacks.errors import InvalidSettings
from stacks.settings import BLOCKS, from_config, load, parse

STACKS = Path(__file__).parents[2] / "stacks"
ENVIRONMENTS = ("local", "dev", "prod", "metal")

GOOD: dict[str, Any] = {
    "aws:region": "us-west-2",
    "datahall:tags": {"owner": "me", "cost-centre": "research", "ttl": "8h"},
    "datahall:network": {"zones": 2},
    "datahall:pools": {"train": {"instance_type": "p5.48xlarge", "purpose": "training"}},
}


def with_setting(path: str, value: object) -> dict[str, Any]:
    """GOOD, with one setting changed: ``network.zones`` is ``zones`` in ``datahall:network``."""
    config = copy.deepcopy(GOOD)
    block, *keys = path.split(".")
    if not keys:
        return {**config, f"datahall:{block}": value}
    place = config.setdefault(f"datahall:{block}", {})
    for key in keys[:-1]:
        place = place.setdefault(key, {})
    place[keys[-1]] = value
    return config


def problems(config: dict[str, Any], environment: str = "dev") -> list[str]:
    with pytest.raises(InvalidSettings) as caught:
        parse(environment, config)
    return list(caught.value.problems)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_environment_loads(environment: str) -> None:
    loaded = load(environment, STACKS)
    assert loaded.environment == environment
    assert loaded.tags["environment"] == environment
    assert loaded.pools or loaded.bare_metal


def test_there_are_no_other_environments() -> None:
    assert {path.name.split(".")[1] for path in STACKS.glob("Pulumi.*.yaml")} == set(ENVIRONMENTS)


def test_local_may_be_thrown_away_and_prod_may_not() -> None:
    local, prod = load("local", STACKS), load("prod", STACKS)
    assert local.region == "us-west-2"
    assert local.storage.force_destroy
    assert not local.deletion_protection
    assert not prod.storage.force_destroy
    assert prod.deletion_protection
    assert prod.network.zone_count == 3
    assert "reservation" in {pool.capacity.type for pool in prod.pools.values()}


def test_bare_metal_needs_no_eks_unless_it_is_asked_for() -> None:
    assert load("metal", STACKS).cluster is None
    asked = with_setting("bare_metal", {"inventory": "site.yml"})
    assert parse("dev", asked).cluster is not None, "it has GPU pools"
    del asked["datahall:pools"]
    assert parse("dev", asked).cluster is None
    assert parse("dev", {**asked, "datahall:cluster": {}}).cluster is not None
    assert problems({**asked, "datahall:bare_metal": {"hosts": []}})[0].startswith("datahall:bare_metal.")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("network.zones", 7, "datahall:network.zones: 7: must be a whole number from 2 to 3; "),
        ("network.zones", "2", "datahall:network.zones: 2: must be a whole number; write it without quotes"),
        ("network.zones", True, "datahall:network.zones: True: must be a whole number; "),
        (
            "network.nat",
            "zones",
            "network.nat: zones: must be one of zone, single; did you mean zone?",
        ),
        ("network.cidr", "8.8.0.0/16", "datahall:network.cidr: 8.8.0.0/16: must be private address space"),
        ("network.cidr", "10.0.0.1/16", "datahall:network.cidr: 10.0.0.1/16: has bits set beyond"),
        ("network.cidr", "10.0.0.0/24", "datahall:network.cidr: 10.0.0.0/24: must be a /16 to a /20"),
        ("network.zone_names", ["a"], "datahall:network.zones: ['a']: must be 2 or 3 different zones"),
        (
            "network.gateway_endpoints",
            [],
            "gateway_endpoints: (empty): must have s3; add s3",
        ),
        (
            "network.interface_endpoints",
            ["ec2", "ecr.p"],
            "ecr.p: is no service with such an endpoint; did",
        ),
        ("network.flow_log_retention_days", 30, "flow_log_retention_days: 30: must be a year or more"),
        (
            "network.ciddr",
            "10.0.0.0/16",
            "network.ciddr: 10.0.0.0/16: is no setting; did you mean cidr",
        ),
        ("network", [1], "datahall:network: [1]: must be a mapping of settings"),
        ("netwrk", {}, "datahall:netwrk: {}: is no setting; did you mean datahall:network"),
        (
            "encryption.rotation_days",
            30,
            "rotation_days: 30: must be a whole number from 90 to 2560",
        ),
        (
            "encryption.deletion_window_days",
            1,
            "deletion_window_days: 1: must be a whole number from 7",
        ),
        ("encryption.enabled", False, "datahall:encryption.enabled: False: is no setting; "),
        (
            "storage.lustre.capacity_gib",
            1500,
            "storage.lustre.capacity_gib: 1500: must be 1200 or",
        ),
        ("storage.lustre.throughput_per_tib", 100, "lustre.throughput_per_tib: 100: must be a PERSISTENT_2"),
        ("storage.backup.keep_days", 1, "storage.backup.keep_days: 1: must be a whole number from 7"),
        ("storage.backup.schedule", "daily", "storage.backup.schedule: daily: must be an AWS cron"),
        ("storage.repositories", ["Train"], "storage.repositories: Train: must be lower-case letters"),
        (
            "storage.force_destroy",
            True,
            "storage.force_destroy: True: contradicts datahall:deletion",
        ),
        ("deletion_protection", "no", "datahall:deletion_protection: no: must be true or false"),
        ("storage.lustre_zone", 2, "storage.lustre_zone: 2: the network has zones 0 to 1"),
        ("cluster.version", 1.35, "datahall:cluster.version: 1.35: must be text; put it in quotes"),
        ("cluster.version", "1.20", "datahall:cluster.version: 1.20: must be one of "),
        ("cluster.service_cidr", "10.0.0.0/16", "service_cidr: 10.0.0.0/16: overlaps datahall:network.cidr"),
        ("cluster.api_cidrs", ["0.0.0.0/0"], "cluster.api_cidrs: 0.0.0.0/0: must be private address space"),
        (
            "cluster.addons",
            {"corends": None},
            "cluster.addons: corends: is no add-on known here; did",
        ),
        (
            "cluster.addons",
            {"coredns": "latest"},
            "cluster.addons.coredns: latest: must be an add-on",
        ),
        (
            "cluster.access",
            [{"principal_arn": "me", "policy": "view"}],
            "access[0].principal_arn: me: ",
        ),
        ("cluster.access", [{"policy": "view"}], "cluster.access[0].principal_arn: (missing): must be given"),
        ("cluster.system.nodes", 1, "cluster.system.nodes: 1: must be a whole number from 2 to 20"),
        (
            "cluster.system.instance_type",
            "p5.48xlarge",
            "system.instance_type: p5.48xlarge: must be",
        ),
        (
            "cluster.endpoint_public_access",
            True,
            "cluster.endpoint_public_access: True: is no setting",
        ),
        (
            "pools.train.instance_type",
            "p5.48xlrge",
            "p5.48xlrge: is no GPU instance type known here; did",
        ),
        ("pools.train.purpose", "train", "pools.train.purpose: train: must be one of training, serving"),
        ("pools.train.min_nodes", 3, "pools.train.min_nodes: 3: must be a whole number from 0 to 1"),
        ("pools.train.max_nodes", -1, "pools.train.max_nodes: -1: must be a whole number from 1"),
        ("pools.train.capacity", "spott", "pools.train.capacity.type: spott: must be one of on_demand, spot"),
        ("pools.train.capacity", "spot", "pools.train.capacity: spot: is only for training that checkpoints"),
        ("pools.train.capacity", "reservation", "pools.train.capacity: reservation: needs either id"),
        (
            "pools.train.capacity",
            {"type": "spot", "id": "cr-0"},
            "capacity.id: cr-0: spot has no",
        ),
        (
            "pools.train.capacity",
            {"type": "reservation", "id": "x"},
            "capacity.id: x: must be a capacity",
        ),
        (
            "pools.train.capacity",
            {"type": "reservation", "nodes": 2, "block": True},
            "pools.train.capacity.block: True: a new reservation has no such setting",
        ),
        (
            "pools.train.capacity",
            {"type": "reservation", "nodes": 2, "ends": "tomorrow"},
            "pools.train.capacity.ends: tomorrow: must be a moment",
        ),
        ("pools.train.zone", 2, "pools.train.zone: 2: the network has zones 0 to 1"),
        ("pools.train.zone", -1, "pools.train.zone: -1: the network has zones 0 to 1"),
        ("pools.train.ssh_key", "mine", "datahall:pools.train.ssh_key: mine: is no setting"),
        (
            "pools.Train",
            GOOD["datahall:pools"]["train"],
            "pools.Train: Train: as datahall-dev-Train",
        ),
        ("limits.usd_per_hour", 10, "limits.usd_per_hour: 10: all pools at max_nodes cost 55.04 an hour"),
        ("limits.usd_per_hour", "10", "limits.usd_per_hour: 10: must be a number; write it without quotes"),
        ("tags.owner", "", "datahall:tags.owner: (missing): every environment must tell it"),
        ("tags.ttl", "soon", "datahall:tags.ttl: soon: must be permanent, or hours or days; write 8h or 14d"),
        ("tags.Name", "me", "datahall:tags.Name: me: Name is set by the component; remove it"),
        ("tags.environment", "x", "datahall:tags.environment: x: is set by the program; remove it"),
        ("tags.aws:x", "y", "datahall:tags.aws:x: aws:x: tag keys are"),
        ("tags.room", 7, "datahall:tags.room: 7: must be text; put it in quotes"),
    ],
)
def test_one_bad_setting_is_one_line(path: str, value: object, said: str) -> None:
    (line,) = problems(with_setting(path, value))
    assert said in line
    rule, _, fix = line.partition("; ")
    assert rule
    assert fix


def test_all_problems_are_told_at_once() -> None:
    config = with_setting("network.zones", 9)
    config["datahall:storage"] = {"lustre": {"capacity_gib": 1, "throughput_per_tib": 1}}
    config["datahall:pools"]["more"] = {"instance_type": "p9", "purpose": "training", "min_nodes": 2}
    config["datahall:tags"] = {}
    del config["aws:region"]
    fields = [line.split(": ")[0] for line in problems(config)]
    assert fields == [
        "aws:region",
        "datahall:tags.owner",
        "datahall:tags.cost-centre",
        "datahall:tags.ttl",
        "datahall:network.zones",
        "datahall:storage.lustre.capacity_gib",
        "datahall:storage.lustre.throughput_per_tib",
        "datahall:pools.more.instance_type",
        "datahall:pools.more.min_nodes",
    ]


def test_a_type_without_a_price_needs_no_limit() -> None:
    config = with_setting("limits.usd_per_hour", 1000)
    config["datahall:pools"]["train"]["instance_type"] = "p5e.48xlarge"
    (line,) = problems(config)
    assert "has no list price" in line
    del config["datahall:limits"]
    assert parse("dev", config).pools["train"].instance_type == "p5e.48xlarge"


def test_prod_is_not_thrown_away() -> None:
    config = with_setting("deletion_protection", False)
    assert not parse("dev", config).deletion_protection
    (line,) = problems(config, "prod")
    assert line == "datahall:deletion_protection: False: prod is always protected; remove it"


def test_environments_are_protected_unless_they_say_otherwise() -> None:
    assert parse("dev", GOOD).deletion_protection


def test_a_serving_pool_may_not_be_spot_even_if_it_checkpoints() -> None:
    config = with_setting("pools.train.purpose", "serving")
    config["datahall:pools"]["train"] |= {"checkpoints": True, "capacity": "spot"}
    (line,) = problems(config)
    assert line.startswith("datahall:pools.train.capacity: spot: ")


def test_an_environment_without_a_file_is_named_with_the_nearest() -> None:
    with pytest.raises(InvalidSettings, match="environment: prd: is not known; did you mean prod"):
        load("prd", STACKS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("config: [", "file: Pulumi.x.yaml, line 1: must be YAML"),
        ("config:\n  a: b: c\n", "file: Pulumi.x.yaml, line 2: must be YAML"),
        ("", "config: Pulumi.x.yaml: must be a mapping"),
        ("config: 7", "config: Pulumi.x.yaml: must be a mapping"),
        ("- config", "config: Pulumi.x.yaml: must be a mapping"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "Pulumi.x.yaml").write_text(text)
    with pytest.raises(InvalidSettings) as caught:
        load("x", tmp_path)
    assert str(caught.value).startswith(said)


def test_a_binary_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidSettings, match=r"file: Pulumi\.x\.yaml: must be YAML"):
        load("x", tmp_path)


def test_a_date_is_read_as_pulumi_reads_it(tmp_path: Path) -> None:
    pool = GOOD["datahall:pools"]["train"]
    config = with_setting("pools.train", {**pool, "capacity": {"type": "reservation", "nodes": 1}})
    text = yaml.safe_dump({"config": config}).replace(
        "nodes: 1", "nodes: 1\n        ends: 2027-03-01T00:00:00Z"
    )
    (tmp_path / "Pulumi.x.yaml").write_text(text)
    assert load("x", tmp_path).pools["train"].capacity.ends == "2027-03-01T00:00:00Z"


def test_long_values_are_cut() -> None:
    (line,) = problems(with_setting("network.cidr", "x" * 5000))
    assert len(line) < 300


def test_a_running_program_reads_what_the_file_says() -> None:
    data = yaml.safe_load((STACKS / "Pulumi.local.yaml").read_text())["config"]
    passed = {key: value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}

    def read() -> object:
        pulumi.runtime.configure(
            pulumi.runtime.Settings(project="datahall", stack="local", monitor=object(), engine=object())
        )
        pulumi.runtime.set_all_config(passed)
        return from_config()

    assert contextvars.copy_context().run(read) == load("local", STACKS)


WORDS = [key for block in BLOCKS.values() if hasattr(block, "model_fields") for key in block.model_fields]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["spot", "reservation", "training", "zone", "10.0.0.0/16", *INSTANCE_TYPES, *VERSIONS]),
)
KEYS = st.one_of(st.sampled_from(WORDS), st.text(max_size=6))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
BLOCK_KEYS = st.one_of(st.sampled_from([f"datahall:{block}" for block in BLOCKS]), st.text(max_size=6))


def assert_told(lines: Sequence[str]) -> None:
    """Each line names its field, and has a value, a rule and a fix."""
    assert lines
    for line in lines:
        field, rest = line.split(": ", maxsplit=1)
        assert field.partition(":")[0] in ("aws", "datahall")
        assert "; " in rest
        assert "\n" not in line


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(BLOCK_KEYS | st.just("aws:region"), VALUES, max_size=5), st.sampled_from(["dev", "prod"])
)
def test_anything_loads_or_is_refused_by_name(config: dict[str, Any], environment: str) -> None:
    try:
        loaded = parse(environment, {**GOOD, **config})
    except InvalidSettings as error:
        assert_told(error.problems)
    else:
        assert loaded.environment == environment


def test_the_same_message_is_an_argument_error_for_whoever_uses_the_components_alone() -> None:
    error = InvalidArgs("zones", 7, "must be 2 or 3", "use 3")
    assert str(error) == "zones: 7: must be 2 or 3; use 3"
    assert isinstance(error, pulumi.RunError)
    assert isinstance(error, ValueError)
