"""One run, from its plan to a registered model. Rank 0 reads and writes S3; the others follow it."""

import torch

from workloads.data import store
from workloads.data.content import AGAIN
from workloads.data.stream import Source
from workloads.errors import CorruptDataError
from workloads.events import Emit, silent
from workloads.objects import Bucket, Buckets
from workloads.registry.store import Registry
from workloads.training.batches import steps_per_epoch
from workloads.training.card import card_of
from workloads.training.checkpoints import Checkpoints
from workloads.training.learnt import check_learnt
from workloads.training.loop import judge, train
from workloads.training.parallel import divide, together
from workloads.training.plan import Plan
from workloads.training.precision import choose, name_of
from workloads.training.privacy import privacy_of
from workloads.training.ranks import Ranks
from workloads.training.repeatable import repeatable
from workloads.training.state import State, new_state
from workloads.training.stop import Stop
from workloads.training.task import Task
from workloads.weights import as_file


def run(plan: Plan, buckets: Buckets, ranks: Ranks, emit: Emit, stop: Stop) -> bool:
    """Train as planned, going on from the last checkpoint, and register what comes out; False if stopped."""
    tell, config = emit if ranks.main else silent, plan.model.training
    registry = Registry(buckets.registry, plan.model.name)
    done = ranks.share(registry.version_of_run(plan.run) if ranks.main else None)
    if done:
        tell("skipped", reason=f"run {plan.run} is registered as {plan.model.name} {done}", version=done)
        return True
    tell("started", **plan.as_dict())
    repeatable(config)
    dtype = choose(config, ranks)
    if config.precision == "auto":
        tell("precision", precision=name_of(dtype))
    torch.manual_seed(config.seed)
    task = _opened(plan, buckets.data, ranks)
    if config.shard:
        divide(task.network, ranks)
    state = new_state(task.network, config, attachments=dict(task.attachments()), half=dtype is torch.float16)
    if config.private_epsilon:
        tell("private", **privacy_of(config, task.records).model_dump())
    per_epoch = steps_per_epoch(task.records, config)
    checkpoints = Checkpoints(bucket=buckets.checkpoints, model=plan.model.name, run=plan.run, ranks=ranks)
    if checkpoints.restore(state, tell):
        tell("resumed", run=plan.run, epoch=state.step // per_epoch, step=state.step)
    try:
        finished = train(
            state,
            task,
            plan.model,
            ranks,
            dtype=dtype,
            emit=tell,
            checkpoints=checkpoints,
            stopping=lambda: stop.asked,
        )
        checkpoints.settle(to_the_end=True)
    finally:
        checkpoints.leave()
    if not finished:
        epoch = state.step // per_epoch
        tell("stopped", epoch=epoch, of=config.epochs, step=state.step, run=plan.run)
        return False
    _finish(plan, state, task, ranks, registry=registry, tell=tell)
    return True


def _opened(plan: Plan, bucket: Bucket, ranks: Ranks) -> Task:
    """The data and the network; raises CorruptDataError where they are not what the data set says."""
    if plan.model.training.stream:
        task = plan.model.open_stream(Source(bucket, plan.dataset), ranks)
    else:
        task = plan.model.open(store.load(bucket, plan.dataset), ranks)
    _count(plan, "train", task.records)
    return task


def _count(plan: Plan, split: str, found: float) -> None:
    """Raise CorruptDataError where a split has another number of records than the data set says."""
    expected = plan.dataset.records[split]
    if plan.model.counted and found != expected:
        rule = f"must be {expected}, as {plan.dataset.name} {plan.dataset.version} says"
        raise CorruptDataError(f"{split} records", found, rule, AGAIN)


def _finish(plan: Plan, state: State, task: Task, ranks: Ranks, *, registry: Registry, tell: Emit) -> None:
    """Judge what is registered, and register what was judged, unless its loss says that all was lost."""
    weights = state.weights()
    state.judged.load_state_dict(weights)
    check_learnt(state, task, plan.model, ranks)
    found = judge(state, task, plan.model, ranks)
    _count(plan, "test", found["records"])
    summary = ", ".join(f"{name} {value:.4g}" for name, value in found.items())
    tell("evaluated", **found, headline=plan.model.headline, summary=summary)
    tensors = {name: together(tensor).contiguous().cpu() for name, tensor in weights.items()}
    if ranks.main:
        content = as_file(tensors, state.attachments)
        parameters = sum(parameter.numel() for parameter in state.judged.parameters())
        config = plan.model.training
        privacy = privacy_of(config, task.records) if config.private_epsilon else None
        card = card_of(plan, found, content, parameters, privacy)
        stage = registry.register(card, content)
        tell("registered", model=card.model, version=card.version, stage=stage, run=plan.run)
