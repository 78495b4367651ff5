"""What a policy pack costs: the same update with the rules of `policies/`, and without.

The pack has 45 rules: those of `policies/`, and as many of them again, under other names, as that takes.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.engine.measure import load
from benchmarks.engine.stage import HERE, NOOP, stage

COUNTS = (1000,)
_AWS = HERE / "aws"


def main(counts: Sequence[int]) -> None:
    """Print a row for each number of resources; each stack is made anew, in turn with and without."""
    print(f"{'resources':>9} {'without s':>10} {'with s':>7} {'the pack: wall s':>17} {'cpu s':>6}")
    with tempfile.TemporaryDirectory() as name:
        plugins = Path(name)
        shutil.copy(NOOP / "provider.py", plugins)
        shutil.copy(NOOP / "pulumi-resource-noop", plugins / "pulumi-resource-aws")
        for count in counts:
            with stage(count, _AWS / "program.py", plugins) as bare:
                without = bare.embedded("up")
            with stage(count, _AWS / "program.py", plugins) as judged:
                with_pack = judged.embedded("up", _AWS / "pack")
            wall, cpu = with_pack.wall - without.wall, with_pack.cpu - without.cpu
            told = f"{without.wall:10.2f} {with_pack.wall:7.2f} {wall:17.2f} {cpu:6.2f}"
            print(f"{count:9d} {told}  ({load()})", flush=True)
