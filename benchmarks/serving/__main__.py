"""`python -m benchmarks.serving [--requests 100] [--tokens 32]`: `lm` over HTTP, and here.

The same prompts in turn, over HTTP (one client, which waits for each answer), by what the server calls, and
by the plain loop that one would write, which runs all there is anew for each token; their texts must be the
same. Then over HTTP at a fixed rate, half of what it just reached, each request's time counted from when it
was due: clients that wait hide what a queue costs. One thread each.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from pydoc_data.topics import topics

import httpx
import torch

from benchmarks.serving.version import in_production
from benchmarks.training.emulated import emulated
from workloads.models.lm.generate import generate
from workloads.models.lm.network import Transformer
from workloads.models.lm.tokenizer import END, open_tokenizer

_THREADS = 1
_RATE = 0.5
_CONTEXT = 128


def plain(network: Transformer, trained: str, tokens: int) -> Callable[[str], str]:
    """What goes on from a text, the likeliest token each time."""
    tokenizer = open_tokenizer(trained)
    end = int(tokenizer.token_to_id(END) or 0)

    @torch.inference_mode()
    def after(text: str) -> str:
        ids = [end, *tokenizer.encode(text).ids]
        begun = len(ids)
        for _ in range(tokens):
            ids.append(int(network(torch.tensor([ids[-_CONTEXT:]]))[0, -1].argmax()))
        said: str = tokenizer.decode(ids[begun:])
        return said

    return after


def kept(network: Transformer, trained: str, tokens: int) -> Callable[[str], str]:
    """The same, by what the server calls."""
    tokenizer = open_tokenizer(trained)

    def after(text: str) -> str:
        return generate(network, tokenizer, text, tokens=tokens, context=_CONTEXT, temperature=0, seed=0)

    return after


@contextmanager
def served(site: Path) -> Iterator[httpx.Client]:
    """A client of a server in a process of its own."""
    line = [sys.executable, "-m", "workloads.serving", "lm", "--site", str(site), "--port", "0"]
    line += ["--events", "json"]
    known = {**os.environ, "OMP_NUM_THREADS": str(_THREADS)}
    with subprocess.Popen(
        [*line, "--events", "json"], env=known, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            url = json.loads(server.stdout.readline())["url"] if server.stdout else ""
            with httpx.Client(base_url=url, timeout=60) as http:
                while http.get("/health/ready").status_code != 200:
                    time.sleep(0.1)
                yield http
        finally:
            server.terminate()


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--characters", type=int, default=60, help="of a prompt")
    given = parser.parse_args()
    torch.set_num_threads(_THREADS)
    begun = [text[: given.characters] for _, text in sorted(topics.items()) if text.strip()]
    prompts = [begun[n % len(begun)] for n in range(given.requests)]
    with tempfile.TemporaryDirectory() as folder, emulated(Path(folder)) as buckets:
        made = in_production(buckets)
        with served(Path(folder, "site.json")) as http:

            def asked(text: str) -> str:
                sampling = {"max_tokens": given.tokens}
                answer = http.post("/predict", json={"instances": [text], "parameters": sampling})
                said: str = answer.raise_for_status().json()["predictions"][0]["answer"]
                return said

            ways = [asked, kept(*made, given.tokens), plain(*made, given.tokens)]
            took = [[timed(way, text) for way in ways] for text in prompts]
            for told in took:
                if len({said for said, _ in told}) != 1:
                    raise SystemExit(f"not the same: {told}")
            over_http, alone, loop = ([each[way][1] for each in took] for way in range(len(ways)))
            rate = _RATE * len(over_http) / sum(over_http)
            due = at_a_rate(asked, prompts, rate)
    print(f"{'what':34} {'tokens/s':>9} {'p50 ms':>8} {'p99 ms':>8}")
    print(row("over HTTP, one client", over_http, given.tokens))
    print(row("the same in this process", alone, given.tokens))
    print(row("a loop in this process", loop, given.tokens))
    print(row(f"over HTTP, {rate:.2f} requests a second", due, given.tokens, len(due) / rate))
    print(f"over HTTP / the same here: {sum(over_http) / sum(alone):.3f} of the time")
    print(f"the same here / loop: {sum(alone) / sum(loop):.3f} of the time")
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, torch {torch.__version__}")


def timed(ask: Callable[[str], str], text: str) -> tuple[str, float]:
    """What is said, and the seconds it took."""
    began = time.perf_counter()
    return ask(text), time.perf_counter() - began


def at_a_rate(ask: Callable[[str], str], prompts: Sequence[str], rate: float) -> list[float]:
    """Seconds from when each was due to its answer; `rate` of them a second are due, whatever is queued."""
    first = time.perf_counter() + 0.5

    def one(number: int) -> float:
        due = first + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        ask(prompts[number])
        return time.perf_counter() - due

    with ThreadPoolExecutor(len(prompts)) as pool:
        return list(pool.map(one, range(len(prompts))))


def row(what: str, seconds: Sequence[float], tokens: int, span: float | None = None) -> str:
    """One line of the table; tokens a second over `span`, or over all that was waited."""
    ordered = sorted(seconds)
    p50, p99 = (1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99))
    pace = tokens * len(ordered) / (span or sum(ordered))
    return f"{what:34} {pace:9.1f} {p50:8.1f} {p99:8.1f}"


if __name__ == "__main__":
    main()
