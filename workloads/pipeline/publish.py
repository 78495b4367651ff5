"""What the last stage left, sharded and put into the data bucket as a data set."""

from collections.abc import Mapping
from typing import Any

from workloads.data import store
from workloads.data.content import Content, Origin
from workloads.objects import Bucket
from workloads.pipeline.config import PipelineConfig
from workloads.pipeline.ledger import Done
from workloads.pipeline.shard import shard
from workloads.pipeline.stages import STAGES, Work


def publish(config: PipelineConfig, work: Work, data: Bucket, done: Mapping[str, Done]) -> dict[str, Any]:
    """Publish the records of the last of the stages that are `done`; the data set's name, version, size."""
    report = {stage: ended.report() for stage, ended in done.items()}
    folder, counts = shard(work.output(STAGES[-1]), config, work.folder / "shards", report)
    preparation = f"workloads.pipeline; one in {config.shard.held_out_of}, by its hash, held out"
    origin = Origin(name=config.name, source=config.source, licence=config.licence, preparation=preparation)
    content = Content(folder, counts)
    manifest = store.describe(origin, content)
    uploaded = store.publish(data, manifest, content, done[STAGES[-1]].recipe)
    return {
        "name": config.name,
        "version": manifest.version,
        "records": counts["train"] + counts["test"],
        "bucket": data.name,
        "uploaded": uploaded,
    }
