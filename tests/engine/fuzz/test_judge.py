"""The judge objects: each promise is broken once on purpose, and it must say so."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from datahall.engine import BrokenState, interrupted, run

from ..validity import UNKNOWN, InvalidState, latest
from .cases import Ask, Case, Drift, cases
from .cloud import Cloud, Fault, serving
from .judge import Judge
from .life import live, lived
from .nodes import Node, as_program

PROGRAM = (
    Node(key=0, role="thing", name="n0"),
    Node(key=1, role="provider", name="n1"),
    Node(key=2, role="thing", name="n2", provider=1, source=0, depends_on=(0,)),
)
KILLED = Case(
    first=PROGRAM[:1],
    spoil=(*PROGRAM, Node(key=3, role="component", name="n3")),
    spoil_faults=(Fault("create", 0, "killed after"), Fault("read", 3)),
    then=PROGRAM[:1],
    ask=Ask(kind="refresh", target=(0, 2)),
    faults=(),
    raise_at=None,
    parallel=4,
    drift=(),
)
Resources = list[dict[str, Any]]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Cloud, int]]:
    with serving() as both:
        yield both


@pytest.fixture
def judge(served: tuple[Cloud, int], tmp_path: Path, salt: str) -> Judge:
    """Of a stack that is as it should be."""
    cloud, port = served
    cloud.reset()
    made = Judge(tmp_path, cloud, port, salt, 2)
    assert made.up(PROGRAM)
    made.check(pending=False)
    return made


def sealed(data: dict[str, Any]) -> bytes:
    """A state file with the checksum that fits it."""
    body = json.dumps({key: value for key, value in data.items() if key != "sha256"}).encode()[:-1]
    return body + f',"sha256":"{hashlib.sha256(body).hexdigest()}"}}'.encode()


def edit(judge: Judge, change: Callable[[Resources], object]) -> None:
    data = json.loads(judge.state.read_bytes())
    change(data["checkpoint"]["latest"]["resources"])
    judge.state.write_bytes(sealed(data))


def thing(resources: Resources) -> dict[str, Any]:
    return next(each for each in resources if each["urn"].endswith("::n2"))


BROKEN: dict[str, Callable[[Resources], object]] = {
    "its parent": lambda all_: all_.reverse(),
    "recorded twice": lambda all_: all_.append(dict(all_[-1])),
    "does not stand before it": lambda all_: thing(all_).update(dependencies=[f"{thing(all_)['urn']}x"]),
    "its provider": lambda all_: thing(all_).update(provider=f"{thing(all_)['urn']}::x"),
}
SUBTLE: dict[str, Callable[[Resources], object]] = {
    "an unknown value": lambda all_: thing(all_)["outputs"].update(serial=UNKNOWN),
    "id None": lambda all_: thing(all_).pop("id"),
    "it has no provider": lambda all_: thing(all_).pop("provider"),
    "type cloud:index:Other": lambda all_: thing(all_).update(type="cloud:index:Other"),
    "no URN": lambda all_: thing(all_).update(urn="urn:pulumi:dev::n2"),
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN.keys())
def test_a_state_that_does_not_fit_together(judge: Judge, damage: Callable[[Resources], object]) -> None:
    edit(judge, damage)
    with pytest.raises(BrokenState):
        judge.check(pending=False)
    with pytest.raises(InvalidState):
        latest(judge.state.read_bytes())


@pytest.mark.parametrize(("said", "damage"), SUBTLE.items(), ids=SUBTLE.keys())
def test_a_state_that_says_what_cannot_be(
    judge: Judge, said: str, damage: Callable[[Resources], object]
) -> None:
    edit(judge, damage)
    with pytest.raises(InvalidState, match=said):
        latest(judge.state.read_bytes())


def test_a_checksum_of_another_file(judge: Judge) -> None:
    judge.state.write_bytes(judge.state.read_bytes().replace(b'"oak"', b'"ash"'))
    with pytest.raises(InvalidState, match="checksum"):
        latest(judge.state.read_bytes())


def the_id(judge: Judge, name: str = "n2") -> str:
    return next(id_ for id_, urn in judge.cloud.urns.items() if urn.endswith(f"::{name}"))


def test_an_orphan(judge: Judge) -> None:
    judge.cloud.things["i99"] = {"label": "nobody's"}
    with pytest.raises(AssertionError, match="i99 is an orphan"):
        judge.check(pending=True)


def test_what_is_recorded_and_gone(judge: Judge) -> None:
    del judge.cloud.things[the_id(judge)]
    with pytest.raises(AssertionError, match="not there"):
        judge.check(pending=True)


def test_what_is_not_as_recorded(judge: Judge) -> None:
    judge.cloud.things[the_id(judge)]["size"] = 7
    with pytest.raises(AssertionError, match="n2 is not as recorded"):
        judge.check(pending=True)


def test_one_thing_under_two_names(judge: Judge) -> None:
    edit(judge, lambda all_: all_.append({**thing(all_), "urn": thing(all_)["urn"] + "again"}))
    with pytest.raises(AssertionError, match="recorded twice"):
        judge.check(pending=True)


def test_what_is_left_pending(judge: Judge) -> None:
    data = json.loads(judge.state.read_bytes())
    found = data["checkpoint"]["latest"]
    found["pending_operations"] = [{"type": "creating", "resource": thing(found["resources"])}]
    judge.state.write_bytes(sealed(data))
    judge.check(pending=True)
    with pytest.raises(AssertionError):
        judge.check(pending=False)


def test_a_call_for_what_is_not_there(judge: Judge) -> None:
    judge.cloud.wrong.append("delete of i99, which is not there")
    with pytest.raises(AssertionError):
        judge.check(pending=False)


def test_what_was_to_be_left_alone(judge: Judge) -> None:
    look = judge.limits(Ask(kind="up", target=(2,)))
    judge.cloud.things[the_id(judge)] = {"label": "other"}
    look()
    judge.cloud.things[the_id(judge, "n0")] = {"label": "other"}
    with pytest.raises(AssertionError, match="left alone"):
        look()


def test_an_error_that_nothing_explains(judge: Judge) -> None:
    with pytest.raises(AssertionError, match="half way"):
        judge.attempt(
            lambda: run.up(
                judge.project, "dev", replace(judge.options, program=as_program(PROGRAM, raise_at=1))
            )
        )


def test_an_engine_that_settles_nothing_is_found_out(
    served: tuple[Cloud, int], salt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(KILLED, *served, salt)
    monkeypatch.setattr(interrupted, "settle", lambda *_: [])
    with pytest.raises(AssertionError):
        live(KILLED, *served, salt)


@pytest.mark.skipif("DATAHALL_FUZZ" not in os.environ, reason="takes a minute: make test-fuzz")
def test_and_by_a_small_case(served: tuple[Cloud, int], salt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupted, "settle", lambda *_: [])
    with pytest.raises(AssertionError) as caught:
        lived(100, 0, served, salt)
    told = "\n".join(getattr(caught.value, "__notes__", ()))
    assert "case=" in told
    assert told.count("Node(") <= 2


@given(cases())
@settings(
    max_examples=20, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
def test_a_case_can_be_copied_from_what_is_printed(case: Case) -> None:
    again = eval(  # noqa: S307 - our own text
        repr(case), {each.__name__: each for each in (Case, Ask, Node, Fault, Drift)}
    )
    assert again == case
