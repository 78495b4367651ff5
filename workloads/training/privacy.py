"""Differentially private training (DP-SGD, Abadi et al., 2016) by opacus.

Each record is in a batch with the same chance (Poisson sampling); its gradient is clipped, and noise is added
to the sum. What is drawn, and the noise, come from a generator that the system seeds: whoever could draw them
again, from the seed on the card, could take the noise away.
"""

import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version

import torch
from torch import nn

from workloads.errors import InvalidInputError
from workloads.registry.card import PrivacyFacts
from workloads.training.batches import steps_per_epoch
from workloads.training.config import TrainingConfig
from workloads.training.memory import keep_freed_memory
from workloads.training.state import State

_TOLERANCE = 0.01
"""Of epsilon, in the search for the least noise: what is found is at or below what was asked for."""


@cache
def privacy_of(config: TrainingConfig, records: int) -> PrivacyFacts:
    """The noise that keeps a whole training on so many records within its budget, and what that spends.

    Raises InvalidInputError where the accountant finds none.
    """
    from opacus.accountants.utils import get_noise_multiplier  # noqa: PLC0415 - 2 s that others need not wait

    rate, steps = config.batch_size / records, steps_per_epoch(records, config) * config.epochs
    try:
        with _bounds_that_are_loose():
            noise = get_noise_multiplier(
                target_epsilon=config.private_epsilon,
                target_delta=config.private_delta,
                sample_rate=rate,
                steps=steps,
                accountant="rdp",
                epsilon_tolerance=_TOLERANCE,
            )
    except ValueError:  # its orders end at 63: at a delta of 1e-5 they show nothing below 0.1, with any noise
        rule = f"must be what some noise is shown to keep, at a delta of {config.private_delta:g}"
        fix = "give more, or a greater --private-delta"
        raise InvalidInputError("--private-epsilon", config.private_epsilon, rule, fix) from None
    return PrivacyFacts(
        epsilon=epsilon_of(noise, rate, steps, config.private_delta),
        delta=config.private_delta,
        clip=config.private_clip,
        noise_multiplier=noise,
        sample_rate=rate,
        steps=steps,
        accountant=f"RDP, opacus {version('opacus')}",
    )


def epsilon_of(noise: float, rate: float, steps: int, delta: float) -> float:
    """What so many steps spend: (epsilon, delta) of a record that is added or taken away (Mironov, 2017)."""
    from opacus.accountants import RDPAccountant  # noqa: PLC0415

    accountant = RDPAccountant()
    accountant.history = [(noise, rate, steps)]
    with _bounds_that_are_loose():
        return float(accountant.get_epsilon(delta))


@contextmanager
def _bounds_that_are_loose() -> Iterator[None]:
    """A bound by the last of opacus's orders is one, though there may be a tighter; it warns of that."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Optimal order is the")
        yield


def secret_generator(device: torch.device | str = "cpu") -> torch.Generator:
    """A generator that nobody can seed again; it is torch's own, not a cryptographic one."""
    return torch.Generator(device).manual_seed(secrets.randbits(63))


def guarded(state: State, config: TrainingConfig, records: int) -> nn.Module:
    """The network with a gradient for each record; the state's optimizer clips, adds noise, then steps."""
    from opacus import GradSampleModule  # noqa: PLC0415
    from opacus.optimizers import DPOptimizer  # noqa: PLC0415

    # The first layer's inputs need no gradient, and its outputs' are all that opacus looks at.
    warnings.filterwarnings("ignore", message="Full backward hook is firing")
    keep_freed_memory()
    facts, device = privacy_of(config, records), next(state.network.parameters()).device
    wrapped: nn.Module = GradSampleModule(state.network, loss_reduction="mean")
    state.optimizer = DPOptimizer(
        state.optimizer,
        noise_multiplier=facts.noise_multiplier,
        max_grad_norm=facts.clip,
        expected_batch_size=config.batch_size,
        loss_reduction="mean",
        generator=secret_generator(device),
    )
    return wrapped


def without_records(network: nn.Module) -> None:
    """The gradients of no record, which a step adds its noise to."""
    for parameter in network.parameters():
        parameter.grad_sample = torch.zeros(0, *parameter.shape, device=parameter.device)  # type: ignore[attr-defined]
