"""How a phraser does on the held-out questions that are answered."""

import time
from collections.abc import Mapping

import numpy as np

from workloads.asking.said import Said
from workloads.asking.version import Loaded
from workloads.data.support import TEST, read_asked
from workloads.models.chatbot.answer import REFUSED, open_answer
from workloads.phrasing.phraser import PHRASED


def measure(loaded: Loaded, files: Mapping[str, bytes]) -> dict[str, float]:
    """Of the answers given: `kept_facts`, the share whose phrasing says what the passage says (the others
    are the passage itself), and how long a question takes in milliseconds, refusals included.
    """
    answer, said, times = open_answer(loaded), list[Said](), list[float]()
    for question, _ in read_asked(files, TEST):
        began = time.perf_counter()
        found = answer([question])
        times.append((time.perf_counter() - began) * 1e3)
        said += [one for one in found if isinstance(one, Said)]
    given = [one for one in said if one.how != REFUSED]
    kept = sum(one.how == PHRASED for one in given)
    return {
        "answers": len(given),
        "kept_facts": round(kept / len(given), 6) if given else 0.0,
        "p50_ms": round(float(np.median(times)), 3),
        "p95_ms": round(float(np.quantile(times, 0.95)), 3),
    }
