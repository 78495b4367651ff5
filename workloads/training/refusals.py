"""Settings that do not go with each other, with the data, or with so many processes: rules as data."""

from dataclasses import dataclass

from workloads.errors import InvalidInputError
from workloads.models.spec import ModelSpec
from workloads.training.config import TrainingConfig


@dataclass(frozen=True)
class Rule:
    """What must hold of a setting: field, value, rule and fix are told where it does not."""

    holds: bool
    field: str
    value: object
    rule: str
    fix: str


def refuse(model: ModelSpec, records: int, world_size: int, *, sharded: bool = False) -> None:
    """Raise InvalidInputError for the first rule that is broken; `records` are those to learn from."""
    training = model.training
    rules = batch_rules(training, records if model.counted else None, world_size)
    rules += shard_rules(training, world_size) if training.shard else []
    rules += private_rules(model, records, world_size)
    rules += repeat_rules(model)
    rules += stream_rules(model, sharded=sharded)
    for rule in rules:
        if not rule.holds:
            raise InvalidInputError(rule.field, rule.value, rule.rule, rule.fix)


def batch_rules(training: TrainingConfig, records: int | None, ranks: int) -> list[Rule]:
    """A batch is there, and divides among processes and parts."""
    batch, parts = training.batch_size, training.accumulate
    return [
        Rule(holds, "--batch-size", batch, rule, "give a batch size that fits")
        for holds, rule in (
            (records is None or batch <= records, f"must be no more than the {records} training records"),
            (batch % ranks == 0, f"must divide evenly among {ranks} processes"),
            (batch // ranks % parts == 0, f"must divide evenly into {parts} parts (--accumulate)"),
        )
    ]


def repeat_rules(model: ModelSpec) -> list[Rule]:
    """What is measured anew may be found otherwise when a run goes on; what is compiled draws as it likes."""
    how = model.training.compile if model.training.deterministic else "off"
    return [
        Rule(how != "auto", "--compile", how, "does not go with --deterministic", "take on or off"),
        Rule(
            how == "off" or not model.dropout,
            "--compile",
            how,
            f"does not go with --deterministic for {model.name}, which has dropout",
            "take off",
        ),
    ]


def stream_rules(model: ModelSpec, *, sharded: bool) -> list[Rule]:
    """What a stream of training data goes with."""
    training, out = model.training, "leave --stream out"
    if not training.stream:
        return _unless_usual(training, "stream_", "needs --stream", "give --stream true")
    return [
        Rule(
            model.stream is not None,
            "--stream",
            model.name,
            "is not for this model: it reads its data whole",
            out,
        ),
        Rule(
            sharded,
            "--data",
            "no shards",
            "must be a data set in shards to be streamed",
            "make shards of it (python -m workloads.pipeline), or " + out,
        ),
        Rule(
            not training.private_epsilon,
            "--stream",
            "true",
            "does not go with --private-epsilon, whose batches are drawn from all records",
            out,
        ),
    ]


def _unless_usual(training: TrainingConfig, prefix: str, rule: str, fix: str) -> list[Rule]:
    """Settings that need another one have their default values without it."""
    usual = type(training).model_fields
    return [
        Rule(value == usual[name].default, f"--{name.replace('_', '-')}", value, rule, fix)
        for name, value in training
        if name.startswith(prefix)
    ]


def shard_rules(training: TrainingConfig, ranks: int) -> list[Rule]:
    """What FSDP2 goes with here."""
    return [
        Rule(holds, "--shard", value, rule, "leave one of them out")
        for holds, value, rule in (
            (ranks > 1, f"{ranks} process", "needs two processes and more"),
            (not training.ema, f"--ema {training.ema}", "does not go with averaged weights"),
            (training.compile == "off", f"--compile {training.compile}", "was not tried with torch.compile"),
            (training.precision != "fp16", "--precision fp16", "does not go with fp16"),
        )
    ]


def refuse_of_several(model: ModelSpec) -> None:
    """Raise InvalidInputError for what several trainings on the same records cannot have."""
    training = model.training
    for field, value, rule in (
        (
            "--private-epsilon",
            training.private_epsilon,
            "is of one training: several on the same records lose more",
        ),
        ("--save-every", training.save_every, "is of one training: these keep what is done, not states"),
        ("--stream", training.stream, "is of one training: these choose among all records"),
    ):
        if value:
            raise InvalidInputError(field, value, rule, "leave it out here")


def private_rules(model: ModelSpec, records: int, ranks: int) -> list[Rule]:
    """What differential privacy goes with here."""
    training, field = model.training, "--private-epsilon"
    if not training.private_epsilon:
        return _unless_usual(training, "private_", "needs a budget", f"give {field}")
    delta, most = training.private_delta, 1 / records
    rules = [
        (model.private, model.name, "its weights carry the data itself, or have layers that opacus has not"),
        (ranks == 1, f"{ranks} processes", "needs one process"),
        (
            training.accumulate == 1,
            f"--accumulate {training.accumulate}",
            "does not go with parts of a batch",
        ),
        (not training.clip, f"--clip {training.clip}", "has its own clip (--private-clip)"),
        (training.precision == "fp32", f"--precision {training.precision}", "needs fp32"),
        (training.compile == "off", f"--compile {training.compile}", "does not go with torch.compile"),
        (not training.shard, "--shard", "does not go with shards"),
        (not training.deterministic, "--deterministic", "draws what nobody can draw again"),
    ]
    return [
        *(Rule(holds, field, value, rule, "leave one of them out") for holds, value, rule in rules),
        Rule(
            delta < most,
            "--private-delta",
            delta,
            f"must be below 1/{records}, one in the records",
            "lower it",
        ),
    ]
