"""What a program tells while it runs: one JSON object a line (`--events json`) or plain text."""

import json
import sys
from collections.abc import Callable
from typing import TextIO

Emit = Callable[..., None]
"""`emit(event, **fields)`."""

TEXT = {
    "dataset": "dataset {name} {version}: {records} records in {bucket}",
    "stage": "{stage}: {given} records, {lost} rejected {rejected}",
    "waiting": "{id}  {votes}  {text}",
    "decided": "{id} is {label}; {decisions} decisions; run the pipeline again to use them",
    "sample": "{name} {version}, {split} record {index}: label {label}",
    "plan": "run {run}: {model} ({parameters} parameters) on {dataset} {dataset_version}, {steps} steps, "
    "{epochs} epochs",
    "started": "training {model} on {dataset} {dataset_version}: run {run}, {world_size} processes",
    "precision": "computing in {precision}",
    "compiled": "torch.compile: {reason} ({plain_s} s a pass, {compiled_s} s compiled)",
    "private": "private: epsilon {epsilon:.4g} at delta {delta:g}, noise {noise_multiplier:.4g} x "
    "clip {clip:g}, {steps} steps ({accountant})",
    "metrics": "metrics on {url}",
    "logs": "log in {folder} (tensorboard --logdir)",
    "unlogged": "no log any more in {folder}: {reason}",
    "resumed": "resumed run {run} after epoch {epoch} (step {step})",
    "damaged": "checkpoint {key} is damaged ({rule}); going back to the one before",
    "progress": "step {step}/{steps}  loss {loss:.4f}  {units_per_s:,.0f} {unit}/s  "
    "MFU {mfu:.0%}  {energy_j:,.0f} J  {seconds_left:.0f} s",
    "epoch": "epoch {epoch}/{of}  loss {loss:.4f}  {headline} {value:.4f}  {units_per_s:,.0f} {unit}/s",
    "stopped": "stopped after epoch {epoch}/{of} (step {step}); start it again to go on",
    "evaluated": "held out: {summary}",
    "registered": "registered {model} {version} as {stage}",
    "model": "{name}  {version}  {stage}  {headline}  {dataset}  {created}",
    "card": "{markdown}\nStage: {stage}\n\n{history}",
    "verified": "{model}: {entries} entries and {versions} versions are whole; head {head}",
    "promoted": "promoted {model} {version} to {stage}",
    "refused": "refused {model} {version}: {reasons}",
    "skipped": "nothing to do: {reason}",
    "serving": "serving {model} {version} on {url}",
    "ready": "ready after {seconds:.1f} s",
    "compressed": "{model} {parent} by {steps}: {won}; {file}",
    "manifests": "{model} as a {form}: {file} ({kinds}); kubectl apply -f {file}",
    "fold": "fold {fold}/{of}  accuracy {accuracy:.4f}  loss {loss:.4f}",
    "folds": "{model} by {folds} folds: accuracy {accuracy:.4f} +- {deviation:.4f}; held out: one of them "
    "{held_out_one:.4f}, together {held_out_ensemble:.4f}",
    "ensemble": "{model} {members} together: {headline} {together:.4f}, the best one alone {best:.4f}",
    "study": "study {study}: {model} by {by}, {done} of {of} trials done before",
    "trial": "trial {trial}/{of} {ended} after {epochs} epochs: {summary}",
    "paused": "study {study} stopped after {done} of {of} trials; start it again to go on",
    "best": "best of {of} trials: {by} {value:.4f} with {flags}\n{command}",
    "judged": "judged {model} {version}: {summary}",
    "answer": "{answer}  {note}",
    "phrased": "{model} {parent} phrased by {by}: {kept_facts:.0%} of {answers} answers keep the facts, "
    "{p95_ms:.0f} ms (p95)",
    "error": "error: {field}: {value}: {rule}; {fix}",
}
"""The text form of each event, by name."""


def json_events(stream: TextIO | None = None) -> Emit:
    """Events as JSON lines on `stream` (standard output when None), flushed one by one."""

    def emit(event: str, **fields: object) -> None:
        _line(stream, json.dumps({"event": event, **fields}, allow_nan=False))

    return emit


def text_events(stream: TextIO | None = None) -> Emit:
    """Events as lines for people; errors go to standard error."""

    def emit(event: str, **fields: object) -> None:
        target = sys.stderr if event == "error" and stream is None else stream
        told = {name: "; ".join(map(str, v)) if isinstance(v, list) else v for name, v in fields.items()}
        _line(target, TEXT[event].format(**told).rstrip(" "))

    return emit


def silent(event: str, **fields: object) -> None:
    """Tells nothing: for the ranks whose events rank 0 already tells."""


def _line(stream: TextIO | None, text: str) -> None:
    print(text, file=stream or sys.stdout, flush=True)
