"""What every program does with its command line, its errors and its events."""

import io
import json
from pathlib import Path

import pytest

from workloads import command
from workloads.errors import InvalidInputError, shorten
from workloads.events import TEXT, json_events, text_events
from workloads.models.table import MODELS
from workloads.registry.__main__ import main as registry
from workloads.serving.__main__ import main as serving
from workloads.training.__main__ import main as training


@pytest.mark.parametrize(
    ("flags", "field", "rule"),
    [
        (["--epochs", "0"], "--epochs", "greater than or equal to 1"),
        (["--epochs", "many"], "--epochs", "valid integer"),
        (["--lr", "nan"], "--lr", "finite"),
        (["--lr", "-1"], "--lr", "greater than 0"),
        (["--batch-size", "1e9"], "--batch-size", "valid integer"),
        (["--epoch", "3"], "command line", "unrecognized arguments: --epoch"),
        (["sentiment", "--model-classes", "3"], "command line", "unrecognized arguments: --model-classes 3"),
        (["recommender", "--model-users=9"], "command line", "unrecognized arguments: --model-users=9"),
    ],
)
def test_a_flag_that_is_none_or_out_of_its_range_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], field: str, rule: str
) -> None:
    site = tmp_path / "outputs.json"
    key = "arn:aws:kms:us-west-2:123456789012:key/1"
    buckets = dict.fromkeys(("data_bucket", "checkpoint_bucket", "registry_bucket"), "hall")
    site.write_text(json.dumps({**buckets, "data_key_arn": key, "region": "us-west-2"}))
    model = [] if flags[0] in MODELS else ["mnist"]
    code = command.run(training, [*model, *flags, "--site", str(site), "--events", "json"])
    (event,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert code == event["exit_code"] == 2
    assert (event["event"], event["field"]) == ("error", field)
    assert rule in event["rule"]


@pytest.mark.parametrize("program", [training, serving, registry])
def test_an_unknown_model_is_named(program: command.Main, capsys: pytest.CaptureFixture[str]) -> None:
    action = ["show"] if program is registry else []
    assert command.run(program, [*action, "mnits", "--site", "nowhere"]) == 2
    known = ", ".join(sorted(MODELS))
    assert capsys.readouterr().err.startswith(f"error: model: mnits: must be one of: {known};")


def test_a_quiet_rank_tells_errors_apart_from_events(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["mnist", "--site", "nowhere", "--events", "json"]
    assert command.run(training, arguments, quiet=True) == 2
    out, err = capsys.readouterr()
    assert (out, err[:15]) == ("", "error: --site: ")


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for program in (training, serving, registry):
        with pytest.raises(SystemExit) as caught:
            command.run(program, ["--help"])
        assert caught.value.code == 0
        assert "example:\n" in capsys.readouterr().out


def test_values_are_told_short() -> None:
    assert len(shorten("x" * 10_000)) < 160
    assert "(10000 characters)" in shorten("x" * 10_000)
    assert len(shorten([0.5] * 10_000)) < 160
    assert shorten("two\nlines") == "two lines"


def test_json_events_are_one_line_each() -> None:
    stream = io.StringIO()
    json_events(stream)("error", **InvalidInputError("f", "a\nb", "r", "x").as_dict())
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line) == {"event": "error", "field": "f", "value": "a b", "rule": "r", "fix": "x"}


def test_lists_are_told_as_text() -> None:
    stream = io.StringIO()
    text_events(stream)("refused", model="m", version="v", reasons=["one", "two"])
    assert stream.getvalue() == "refused m v: one; two\n"
    assert set(TEXT) >= {"dataset", "epoch", "evaluated", "registered", "promoted", "error"}


def test_an_answers_note_is_told_beside_it() -> None:
    stream = io.StringIO()
    for note in ("", "why"):
        text_events(stream)("answer", answer="so", note=note)
    assert stream.getvalue() == "so\nso  why\n"
