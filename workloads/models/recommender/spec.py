"""The model's row of the table."""

from workloads.models.recommender.config import JUDGED, SamplingConfig, TowersConfig, fit
from workloads.models.spec import Measure, ModelSpec
from workloads.training.config import TrainingConfig

RECOMMENDER = ModelSpec(
    name="recommender",
    title="items for users by two towers",
    dataset="ratings-made",
    config=TowersConfig(),
    data=SamplingConfig(),
    training=TrainingConfig(epochs=12, batch_size=256, lr=5e-3, weight_decay=1e-3),
    headline=f"recall_at_{JUDGED}",
    network="workloads.models.recommender.network:TwoTower",
    task="workloads.models.recommender.task:open_ratings",
    answer="workloads.models.recommender.answer:open_answer",
    served="texts",
    kept=(Measure(f"recall_at_{JUDGED}"), Measure(f"ndcg_at_{JUDGED}")),
    prune="workloads.models.recommender.pruning:prune",
    to_onnx="workloads.models.recommender.onnx:Towers",
    from_onnx="workloads.models.recommender.onnx:towers_of",
    fit=fit,
    smoke={"training": {"epochs": 2}},
)
