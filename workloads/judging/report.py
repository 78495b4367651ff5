"""The report: one HTML file with its pictures in it, and the pictures as PNG beside it."""

import base64
import html
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from workloads.files import write_whole
from workloads.fingerprint import canonical
from workloads.judging.classified import Shown

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}
td,th{padding:.2rem .8rem;border-bottom:1px solid #ccc;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}img{max-width:100%}"""


_NOTES = {
    "attribution": "What each part of a record counted for the class that was said: above 0 for it, below 0 "
    "against it. Their sum is the score's distance from an empty record's, but for a share of it, the gap: "
    "{gap}.",
    "ablation": "By how much the score of the class that was said falls when a part is taken out: a patch of "
    "pixels made black, a word made a blank. Of parts that stand for each other each can be missed.",
    "attention": "Where a token (row) takes its next state from (column), by layer, the mean over the heads; "
    "each row sums to 1, and the brightest place is the number over a picture. It says where the network "
    "looked, not why it decided: other maps can give the same answer, much of it goes to [CLS] and [SEP], "
    "which say nothing, and states are mixed before and beside it. What counted for the answer is under "
    "attribution.",
}
"""What a picture is, and is not."""


def write_report(folder: Path, title: str, found: Mapping[str, Any], shown: list[Shown]) -> list[Path]:
    """Write judgement.json, report.html and a PNG a picture; what was written. Raises StorageError."""
    pictures = {name: _png(figure) for name, figure in _figures(found, shown).items()}
    files = {f"{name}.png": content for name, content in pictures.items()}
    files["report.html"] = _page(title, found, pictures).encode()
    files["judgement.json"] = canonical(found)
    for name, content in files.items():
        write_whole(folder / name, [content])
    return [folder / name for name in sorted(files)]


def _page(title: str, found: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    parts = [f"<h1>{html.escape(title)}</h1>"]
    for name in ("metrics", "privacy", "phrasing", "size", "latency_ms"):
        parts.append(_table(name, [[key, value] for key, value in found.get(name, {}).items()]))
    detail = found.get("classes")
    if detail:
        plain = [[key, value] for key, value in detail.items() if not isinstance(value, dict | list)]
        parts.append(_table("classifier", plain))
        rows = [[name, *values.values()] for name, values in detail["by_class"].items()]
        parts.append(_table("by class", rows, ["class", "precision", "recall", "F1", "records"]))
        for name, slices in detail["by_slice"].items():
            rows = [[part, *values.values()] for part, values in slices.items()]
            parts.append(_table(f"by {name}", rows, [name, "records", "accuracy"]))
    for name, content in pictures.items():
        source = f"data:image/png;base64,{base64.b64encode(content).decode()}"
        gap = f"{found.get('attribution_gap') or 0.0:.1%}"
        note = f"<p>{html.escape(_NOTES[name].format(gap=gap))}</p>" if name in _NOTES else ""
        parts.append(f'<h2>{html.escape(name)}</h2>{note}<img alt="{html.escape(name)}" src="{source}">')
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'


def _table(title: str, rows: list[list[Any]], header: list[str] | None = None) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header or ())
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<h2>{html.escape(title)}</h2><table><tr>{head}</tr>{body}</table>"


def _cell(value: object) -> str:
    if isinstance(value, int | float):
        return f'<td class="n">{value:{",.5g" if isinstance(value, float) else ","}}</td>'
    return f"<td>{html.escape('not measured' if value is None else str(value))}</td>"


def _figures(found: Mapping[str, Any], shown: list[Shown]) -> dict[str, Figure]:
    figures = {}
    if "classes" in found:
        names = list(found["classes"]["by_class"])
        figures["confusion"] = _confusion(np.array(found["classes"]["confusion"]), names)
        figures["calibration"] = _calibration(found["classes"]["reliability"])
    if shown:
        figures["attribution"] = _attribution(shown)
    ablated = [replace(one, weights=one.ablation) for one in shown if one.ablation is not None]
    if ablated:
        figures["ablation"] = _attribution(ablated)
    if any(one.attention is not None for one in shown):
        figures["attention"] = _attention(shown)
    return figures


def _confusion(counts: Any, names: list[str]) -> Figure:  # noqa: ANN401 - an array of counts
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.add_subplot(xlabel="predicted", ylabel="true", title="records by true and predicted class")
    figure.colorbar(axes.imshow(counts, cmap="Blues"))
    axes.set_xticks(range(len(names)), names, rotation=45)
    axes.set_yticks(range(len(names)), names)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            shade = "white" if count > counts.max() / 2 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=shade, fontsize=7)
    return figure


def _calibration(bins: list[dict[str, float]]) -> Figure:
    figure = Figure(figsize=(5, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="how sure it was", ylabel="how often it was right", title="calibration")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    sizes = [20 + 200 * part["records"] / max(one["records"] for one in bins) for part in bins]
    axes.scatter([part["sure"] for part in bins], [part["right"] for part in bins], s=sizes)
    axes.set(xlim=(0, 1.05), ylim=(0, 1.05))
    return figure


def _attribution(shown: list[Shown]) -> Figure:
    figure = Figure(figsize=(8, 2.2 * len(shown)), layout="constrained")
    for number, one in enumerate(shown):
        if isinstance(one.record, list):
            axes = figure.add_subplot(len(shown), 1, number + 1, title=one.title)
            colours = ["tab:green" if weight > 0 else "tab:red" for weight in one.weights]
            axes.bar(range(len(one.record)), one.weights, color=colours)
            axes.set_xticks(range(len(one.record)), one.record, rotation=60, fontsize=7)
            continue
        for column, (picture, colours_of) in enumerate(((one.record, "gray"), (one.weights, "RdBu"))):
            axes = figure.add_subplot(len(shown), 2, 2 * number + column + 1, title=one.title)
            most = float(np.abs(picture).max()) or 1.0
            axes.imshow(picture, cmap=colours_of, vmin=-most if column else 0, vmax=most)
            axes.set_axis_off()
    return figure


def _attention(shown: list[Shown]) -> Figure:
    maps = [(one.title, one.record, one.attention) for one in shown if one.attention is not None]
    most = max(len(layers) for _, _, layers in maps)
    figure = Figure(figsize=(3 * most, 3.4 * len(maps)), layout="constrained")
    for row, (title, words, layers) in enumerate(maps):
        for layer, weights in enumerate(layers):
            place = row * most + layer + 1
            axes = figure.add_subplot(
                len(maps), most, place, title=f"layer {layer + 1}, to {weights.max():.2f}"
            )
            axes.imshow(weights, cmap="viridis", vmin=0)
            ticks = range(len(words)) if layer == 0 else ()
            axes.set_yticks(ticks, words if layer == 0 else (), fontsize=6)
            axes.set_xticks(range(len(words)), list(map(str, words)), rotation=90, fontsize=6)
            if layer == 0:
                axes.set_ylabel(title, fontsize=7)
    return figure


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
