"""A language model in production on an emulated AWS; untrained: weights do not decide how long it takes."""

import torch
from safetensors.torch import save

from workloads.data import store, texts
from workloads.data.content import Origin
from workloads.fingerprint import sha256
from workloads.models.lm.config import LMConfig
from workloads.models.lm.network import Transformer
from workloads.models.lm.tokenizer import train_tokenizer
from workloads.models.table import MODELS
from workloads.objects import Buckets
from workloads.registry.card import Card, Configs, DatasetFacts, Lineage, WeightFacts, now
from workloads.registry.promotion import promote
from workloads.registry.store import Registry


def in_production(buckets: Buckets) -> tuple[Transformer, str]:
    """Register and promote `lm` at its full size; returns its network and tokenizer."""
    spec, content = MODELS["lm"], texts.reference()
    shape = LMConfig.model_validate(spec.config.model_dump())
    origin = Origin(
        name=spec.dataset, source=texts.REFERENCE, licence=texts.LICENCE, preparation=texts.PREPARATION
    )
    manifest = store.describe(origin, content)
    store.publish(buckets.data, manifest, content, "benchmark")
    tokenizer = train_tokenizer(texts.read_texts(content.files, texts.TRAIN), shape.vocabulary)
    torch.manual_seed(0)
    network = Transformer(shape).eval()
    weights = save(dict(network.state_dict()), metadata={"format": "pt", "tokenizer.json": tokenizer})
    card = Card(
        model=spec.name,
        title="untrained, for a benchmark",
        created=now(),
        metrics={"bits_per_byte": 2.0, "perplexity": 9.0},  # the gate's; nobody is told them
        dataset=DatasetFacts(
            name=manifest.name,
            version=manifest.version,
            source=origin.source,
            licence=origin.licence,
            records=dict(manifest.records),
        ),
        config=Configs(
            model=shape.model_dump(), training=spec.training.model_dump(), data=spec.data.model_dump()
        ),
        lineage=Lineage(run="benchmark", code="benchmark", world_size=1, torch=torch.__version__),
        weights=WeightFacts(sha256=sha256(weights), size=len(weights), parameters=shape.parameters),
    )
    registry = Registry(buckets.registry, spec.name)
    registry.register(card, weights)
    failed = promote(registry, buckets, None).failed
    if failed:
        raise SystemExit(f"not promoted: {failed}")
    return network, tokenizer
