"""The models that are emulated, as data: what their makers say of power, clocks and instances."""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Profile:
    """A kind of GPU instance: its number, the memory slices that it takes, of 8, and where it may begin."""

    number: int
    slices: int
    starts: tuple[int, ...]
    ids: range
    """The numbers that instances of it may have."""


@dataclass(frozen=True)
class Instance:
    """A GPU instance: its profile's name, its number, where it begins, and whether it has its compute one."""

    profile: str
    number: int
    start: int
    compute: bool = False


@dataclass(frozen=True)
class Model:
    """Power in W, clocks in MHz, memory in MiB."""

    name: str
    power_min: float
    power_default: float
    power_max: float
    clock_idle: int
    clock_max: int
    memory: int
    links: int
    profiles: MappingProxyType[str, Profile]
    """Name of a kind of instance -> what it is; empty: no MIG."""


# NVIDIA's MIG user guide, supported profiles of H100 80GB
_H100 = MappingProxyType({
    "1g.10gb": Profile(19, 1, (0, 1, 2, 3, 4, 5, 6), range(7, 14)),
    "1g.20gb": Profile(15, 2, (0, 2, 4, 6), range(3, 7)),
    "2g.20gb": Profile(14, 2, (0, 2, 4), range(3, 6)),
    "3g.40gb": Profile(9, 4, (0, 4), range(1, 3)),
    "4g.40gb": Profile(5, 4, (0,), range(1, 2)),
    "7g.80gb": Profile(0, 8, (0,), range(1)),
})  # fmt: skip

MODELS = {
    "h100": Model("NVIDIA H100 80GB HBM3 (EMULATED)", 200, 700, 700, 345, 1980, 81559, 18, _H100),
    "l40s": Model("NVIDIA L40S (EMULATED)", 100, 350, 350, 210, 2520, 46068, 0, MappingProxyType({})),
}
