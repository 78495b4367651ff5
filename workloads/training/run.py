"""One run, from its plan to a registered model. Rank 0 reads and writes S3; the others follow it."""

import torch
from safetensors.torch import save

from workloads.data import store
from workloads.events import Emit, silent
from workloads.fingerprint import sha256
from workloads.objects import Buckets
from workloads.registry.card import Card, Configs, DatasetFacts, Lineage, WeightFacts, now
from workloads.registry.store import Registry
from workloads.training.checkpoints import Checkpoints
from workloads.training.evaluation import Metrics
from workloads.training.loop import judge, to_device, train
from workloads.training.plan import Plan
from workloads.training.ranks import Ranks
from workloads.training.state import State, new_state
from workloads.training.stop import Stop, on_sigterm


def run(plan: Plan, buckets: Buckets, ranks: Ranks, emit: Emit) -> None:
    """Train as planned, going on from the last checkpoint, and register what comes out."""
    tell = emit if ranks.main else silent
    registry = Registry(buckets.registry, plan.model.name)
    done = ranks.share(registry.version_of_run(plan.run) if ranks.main else None)
    if done:
        tell("skipped", reason=f"run {plan.run} is registered as {plan.model.name} {done}", version=done)
        return
    tell("started", **plan.as_dict())
    torch.manual_seed(plan.training.seed)
    state = new_state(plan.model.build().to(ranks.device), plan.training)
    checkpoints = Checkpoints(bucket=buckets.checkpoints, model=plan.model.name, run=plan.run)
    blob = ranks.share(checkpoints.newest(tell) if ranks.main else None)
    if blob:
        state.restore(blob, ranks.device)
        tell("resumed", run=plan.run, epoch=state.epoch)
    data = to_device(store.load(buckets.data, plan.dataset), ranks.device)
    with on_sigterm() as stop:
        finished = train(
            state,
            data,
            plan.training,
            ranks,
            emit=tell,
            after_epoch=lambda: _save_and_ask(state, checkpoints, ranks, stop),
        )
    if not finished:
        tell("stopped", epoch=state.epoch, of=plan.training.epochs, run=plan.run)
        return
    found = judge(state, data, ranks)
    tell("evaluated", **found.as_dict())
    if ranks.main:
        _register(plan, state, found, registry, tell)


def _save_and_ask(state: State, checkpoints: Checkpoints, ranks: Ranks, stop: Stop) -> bool:
    """Save; whether to go on: no rank was asked to stop."""
    if ranks.main:
        checkpoints.save(state.epoch, state.to_bytes())
    return not ranks.sum(torch.tensor(int(stop.asked), device=ranks.device))


def _register(plan: Plan, state: State, found: Metrics, registry: Registry, tell: Emit) -> None:
    tensors = {name: tensor.contiguous().cpu() for name, tensor in state.model.state_dict().items()}
    weights = save(tensors, metadata={"format": "pt"})
    parameters = sum(tensor.numel() for tensor in tensors.values())
    dataset = plan.dataset
    card = Card(
        model=plan.model.name,
        title=plan.model.title,
        created=now(),
        metrics=found.as_dict(),
        dataset=DatasetFacts(
            name=dataset.name,
            version=dataset.version,
            source=dataset.source,
            licence=dataset.licence,
            records=dataset.records,
        ),
        config=Configs(
            model=plan.model.config.model_dump(mode="json"), training=plan.training.model_dump(mode="json")
        ),
        lineage=Lineage(run=plan.run, code=plan.code, world_size=plan.world_size, torch=torch.__version__),
        weights=WeightFacts(sha256=sha256(weights), size=len(weights), parameters=parameters),
    )
    stage = registry.register(card, weights)
    tell("registered", model=card.model, version=card.version, stage=stage, run=plan.run)
