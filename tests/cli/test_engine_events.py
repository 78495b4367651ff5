"""`up --json` and `--event-log`: the official engine's events, one JSON object a line."""

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Ran, Run
from tests.cli.test_engine_json import HEAD, PREFIX, engine
from tests.cli.test_engine_verbs import PLUGINS, _official, folder

__all__ = ["engine", "folder"]
MASKED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
KINDS = ("resourcePreEvent", "resOutputsEvent", "resOpFailedEvent")


def parse(text: str) -> list[dict[str, Any]]:
    start = text.index('{"sequence"')
    return [json.loads(line) for line in text[start:].splitlines()]


def read(text: str) -> list[dict[str, Any]]:
    """Our events in order, after a preview's own object."""
    events = parse(text)
    assert [event["sequence"] for event in events] == list(range(len(events)))
    assert all(len(event) == 3 for event in events)
    assert ("preludeEvent" in events[0], "cancelEvent" in events[-1]) == (True, True)
    return events


def told(events: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """How often which step of a thing was told of."""
    found = [(kind, event[kind]["metadata"]) for event in events for kind in KINDS if kind in event]
    return Counter((kind, data["op"], data["urn"].rpartition("::")[2]) for kind, data in found)


def test_an_update_streams_what_it_does_and_no_secret(engine: Run, folder: Path) -> None:
    log = folder / "events.log"
    done = engine("up", "-y", "-f", "--json", "--event-log", str(log))
    assert done.code == 0, done.err
    assert "hunter" not in done.out + done.err
    assert log.read_text() == done.out
    events = read(done.out)
    assert events[0]["preludeEvent"] == {"config": {"cloud:region": "here", "proj:word": "[secret]"}}
    summary = events[-2]["summaryEvent"]
    assert summary["resourceChanges"] == {"same": 2, "update": 1, "replace": 2, "create": 1, "delete": 1}
    assert (summary["result"], summary["isPreview"]) == ("succeeded", False)

    pre, out = "resourcePreEvent", "resOutputsEvent"
    for name, ops in {
        "first": ["update"],
        "kept": ["same"],
        "kind": ["create-replacement", "replace", "delete-replaced"],
        "plot": ["delete-replaced", "replace", "create-replacement"],
        "new": ["create"],
        "gone": ["delete"],
        "proj-dev": ["same"],
    }.items():
        for kind in (pre, out):
            found = [e[kind]["metadata"] for e in events if kind in e]
            assert [m["op"] for m in found if m["urn"].endswith(f"::{name}")] == ops, (name, kind)
    [update] = [e[out]["metadata"] for e in events if out in e and e[out]["metadata"]["op"] == "update"]
    assert (update["urn"], update["diffs"]) == (PREFIX + "first", ["password", "size"])
    assert update["new"]["inputs"]["password"] == MASKED
    assert (update["old"]["outputs"]["area"], update["new"]["outputs"]["area"]) == (4, 9)
    said = [e["diagnosticEvent"] for e in events if "diagnosticEvent" in e]
    assert {"prefix": "warning: ", "message": "careful\n", "color": "never", "severity": "warning"} in said


def test_a_failure_is_told_and_summed_up(engine: Run, folder: Path) -> None:
    (folder / "__main__.py").write_text(f'{HEAD}\nThing("bad", refuse="create")\n')
    done = engine("up", "-y", "-f", "--json")
    assert done.code == 1
    *lines, last = done.out.splitlines()
    assert set(json.loads(last)) == {"error"}
    events = read("\n".join(lines))
    assert told(events)["resOpFailedEvent", "create", "bad"] == 1
    assert events[-2]["summaryEvent"]["result"] == "failed"
    errors = [e["diagnosticEvent"] for e in events if "diagnosticEvent" in e]
    assert [e.get("urn") for e in errors if e["severity"] == "error"] == [PREFIX + "bad"]


def test_previews_stream_only_where_that_is_asked_for(
    engine: Run, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    both = engine("refresh", "-y", "--json")
    assert both.code == 0, both.err
    digest, _ = json.JSONDecoder().raw_decode(both.out)
    assert digest["changes"] == {"same": 6}
    assert told(read(both.out))["resOutputsEvent", "same", "first"] == 1
    monkeypatch.setenv("PULUMI_ENABLE_STREAMING_JSON_PREVIEW", "true")
    events = read(engine("preview", "--json").out)
    assert events[-2]["summaryEvent"]["isPreview"] is True
    assert all(e[kind]["planning"] for e in events for kind in KINDS if kind in e)
    refused = engine("preview", "--event-log", str(folder / "no" / "where"))
    assert (refused.code, "--event-log" in refused.err) == (2, True)
    gone = read(engine("destroy", "-y", "--json").out)
    assert gone[-2]["summaryEvent"]["resourceChanges"] == {"delete": 6}


@pytest.mark.skipif(not shutil.which("pulumi-language-python"), reason="no official pulumi on PATH")
def test_the_official_engine_streams_the_same(
    engine: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = [str(PLUGINS), str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    monkeypatch.setenv("PULUMI_ENABLE_STREAMING_JSON_PREVIEW", "true")
    theirs = parse(_official(folder, "preview", "-s", "dev", "--json"))
    assert told(read(engine("preview", "--json").out)) == told(theirs)

    places = [folder.parent / name for name in ("backend", "cloud")]
    for thing in places[1].glob("kept-*.thing"):  # for the refreshes
        thing.write_text(json.dumps({**json.loads(thing.read_text()), "size": 7}))
    for place in places:
        shutil.copytree(place, place.with_suffix(".saved"))

    def once(run: Callable[[], str | Ran]) -> list[dict[str, Any]]:
        """What it streams last, on the world as it was."""
        for place in places:
            shutil.rmtree(place)
            shutil.copytree(place.with_suffix(".saved"), place)
        done = run()
        events = parse(done if isinstance(done, str) else done.out)
        return events[max(i for i, event in enumerate(events) if event["sequence"] == 0) :]

    for verb in (
        ["up", "-y", "-f"],
        ["refresh", "-y", "-f"],
        ["up", "-y", "-f", "-r"],
        ["destroy", "-y", "-r"],
    ):
        ours = once(partial(engine, *verb, "--json"))
        theirs = once(partial(_official, folder, *verb, "-s", "dev", "--json"))
        assert told(ours) == told(theirs), verb
        for name in ("summaryEvent", "preludeEvent"):
            [mine], [its] = ([e[name] for e in events if name in e] for events in (ours, theirs))
            assert {**mine, "durationSeconds": 0} == {**its, "durationSeconds": 0}, verb
        assert members(ours) == members(theirs), verb


def members(events: list[dict[str, Any]]) -> dict[tuple[str, str, str], list[Any]]:
    """What the events of a step have: all members, those of its states, and what differs."""
    found = {}
    for event in events:
        for kind in KINDS:
            if kind in event:
                data = event[kind]["metadata"]
                states = [f"{side}.{name}" for side in ("old", "new") for name in data[side] or ()]
                differs = [data.get(name) for name in ("keys", "diffs", "detailedDiff", "logical")]
                found[kind, data["op"], data["urn"]] = [{*data, *states}, *differs]
    return found
