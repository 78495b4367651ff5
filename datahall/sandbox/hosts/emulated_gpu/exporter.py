"""``dcgm-exporter``: DCGM's own metric names over HTTP, of the emulated GPUs; its first line says so."""

import argparse
import socket
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer

from .gpus import Gpu, faults, gpus
from .release import DRIVER, WORKS

# name -> kind, what it is, value; a part of what dcgm-exporter's default counters name
METRICS: dict[str, tuple[str, str, Callable[[Gpu], float]]] = {
    "DCGM_FI_DEV_SM_CLOCK": ("gauge", "SM clock frequency (in MHz).", lambda gpu: gpu.clock),
    "DCGM_FI_DEV_GPU_TEMP": ("gauge", "GPU temperature (in C).", lambda gpu: gpu.temperature),
    "DCGM_FI_DEV_POWER_USAGE": ("gauge", "Power draw (in W).", lambda gpu: gpu.power),
    "DCGM_FI_DEV_POWER_MGMT_LIMIT": ("gauge", "Power limit (in W).", lambda gpu: gpu.power_limit),
    "DCGM_FI_DEV_GPU_UTIL": ("gauge", "GPU utilization (in %).", lambda gpu: 100.0 * bool(gpu.settings.busy)),
    "DCGM_FI_DEV_XID_ERRORS": (
        "gauge", "Value of the last XID error encountered.",
        lambda gpu: 79.0 if gpu.index in faults().get("xid", []) else 0.0,
    ),
    "DCGM_FI_DEV_FB_FREE": (
        "gauge", "Framebuffer memory free (in MiB).", lambda gpu: gpu.model.memory - gpu.memory_used
    ),
    "DCGM_FI_DEV_FB_USED": ("gauge", "Framebuffer memory used (in MiB).", lambda gpu: gpu.memory_used),
    "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL": (
        "counter", "Total number of double-bit volatile ECC errors.", lambda gpu: gpu.ecc_uncorrected
    ),
}  # fmt: skip


def metrics() -> str:
    """Prometheus' text format."""
    there = gpus()
    lines = ["# EMULATED: there is no GPU in this host"]
    for name, (kind, said, value) in METRICS.items():
        lines += [f"# HELP {name} {said}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{{{_labels(gpu)}}} {value(gpu):g}" for gpu in there]
    return "\n".join([*lines, ""])


def _labels(gpu: Gpu) -> str:
    labels = {
        "gpu": gpu.index,
        "UUID": gpu.uuid,
        "pci_bus_id": gpu.bus_id,
        "device": f"nvidia{gpu.index}",
        "modelName": gpu.model.name,
        "Hostname": socket.gethostname(),
        "DCGM_FI_DRIVER_VERSION": DRIVER,
    }
    return ",".join(f'{name}="{value}"' for name, value in labels.items())


class Answers(BaseHTTPRequestHandler):
    """``/metrics`` and ``/health``, as the real one has them."""

    def do_GET(self) -> None:
        """Answer; a driver that is not there, or hangs, is an error as it is for the real one."""
        if self.path not in ("/metrics", "/health"):
            self.send_error(404)
            return
        if not WORKS or "hang" in faults():
            self.send_error(503, "the driver does not answer (EMULATED)")
            return
        body = (metrics() if self.path == "/metrics" else "OK\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: a scrape is no news."""


def main() -> int:
    """``dcgm-exporter --address [HOST]:PORT``; no other option is here."""
    parser = argparse.ArgumentParser(prog="dcgm-exporter", description=__doc__, allow_abbrev=False)
    parser.add_argument("-a", "--address", default=":9400")
    host, _, port = parser.parse_args().address.rpartition(":")
    with HTTPServer((host or "0.0.0.0", int(port)), Answers) as server:  # noqa: S104 - as the real one
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
