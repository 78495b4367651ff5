"""What a pool's life comes to: which hosts are converged, what the others learn, what is taken down.

What is known of a pool is its `State`: the fingerprint that each host was last converged to, and the tasks
that would change it, as the last refresh saw them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from datahall.baremetal.checks import CONVERGING, DECOMMISSION, SITE
from datahall.baremetal.pool import Pool
from datahall.baremetal.progress import Progress
from datahall.baremetal.run import Ask, Report, play

_T = TypeVar("_T")


class ConvergeFailed(RuntimeError):  # noqa: N818 - what happened
    """A playbook failed, with all that it said; `state` is what is true all the same, if that has changed."""

    def __init__(self, text: str, state: State | None = None) -> None:
        super().__init__(text)
        self.state = state


@dataclass(frozen=True)
class State:
    """Host -> the fingerprint it was converged to, and host -> the tasks that would change it."""

    converged: Mapping[str, str] = field(default_factory=dict)
    drift: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """What an update has to do."""

    due: tuple[str, ...]
    come: tuple[str, ...]
    gone: tuple[str, ...]
    news: tuple[str, ...] = ()
    """The hosts that others may know something of that is no longer so, or not yet."""

    def __bool__(self) -> bool:
        return bool(self.due or self.gone)


@dataclass(frozen=True)
class Work:
    """Runs playbooks for one resource."""

    pool: Pool
    progress: Progress
    cancelled: threading.Event

    def run(self, ask: Ask) -> Report:
        """Run one, saying what it is. Raises Cancelled."""
        names = ", ".join(ask.hosts)
        self.progress.passing(f"{ask.playbook}: {names}")
        return play(self.pool, ask, self.progress.passing, self.cancelled)


def difference(pool: Pool, state: State) -> Difference:
    """The hosts that are not as the pool wants them, those that are new, and those that are no longer its."""
    wanted = pool.fingerprints()
    due = [
        host for host, mark in wanted.items() if state.converged.get(host) != mark or state.drift.get(host)
    ]
    gone = tuple(sorted(set(state.converged) - set(wanted)))
    return Difference(
        due=tuple(due),
        come=tuple(host for host in wanted if host not in state.converged),
        gone=gone,
        news=(*(host for host in due if state.converged.get(host) != wanted[host]), *gone),
    )


def converge(work: Work, state: State, before: Pool | None = None) -> State:
    """Bring every host that is due to what the pool wants; `before` is the pool that those which go are in.

    Nothing is changed anywhere before all hosts answered and the project's validate.yml, if it has one, has
    found no problem. Then: who goes is decommissioned; the others learn who came, went, or is told otherwise
    than before (its address, GPUs, switch: what of it they read is not known here); who is due is converged.
    Raises ConvergeFailed, Cancelled.
    """
    found = difference(work.pool, state)
    if not found:
        return state
    others = [host for host in work.pool.hosts if host not in found.due]
    tell = bool(found.news and others and work.pool.neighbour_tags)
    if found.gone or tell:
        looked = work.run(Ask("", work.pool.hosts, first=True))
        if looked.code:
            raise _failed(looked, None)
    if before is not None and found.gone:
        state = _decommission(replace(work, pool=before), found.gone, state)
    if tell:
        told = work.run(_site(others, tags=work.pool.neighbour_tags))
        if told.code:  # what they were not told, they are to be told all of next time
            raise _failed(told, State({**state.converged, **dict.fromkeys(others, "")}, state.drift))
    if found.due:
        state = _site_on(work, found.due, state, first=not (found.gone or tell))
    return state


def _site(hosts: Sequence[str], *, tags: Sequence[str] = (), check: bool = False, first: bool = False) -> Ask:
    return Ask(SITE, hosts, variables={"site_only": CONVERGING}, tags=tags, check=check, first=first)


def _site_on(work: Work, hosts: Sequence[str], state: State, *, first: bool) -> State:
    report = work.run(_site(hosts, first=first))
    if report.looking:
        raise _failed(report, None)
    wanted, done = work.pool.fingerprints(), [host for host in hosts if host in report.done]
    state = State(
        {**state.converged, **{host: wanted[host] for host in done}},
        {host: tasks for host, tasks in state.drift.items() if host not in done},
    )
    if report.code:
        raise _failed(report, state)
    if missed := [host for host in hosts if host not in report.seen]:
        names = ", ".join(missed)
        raise ConvergeFailed(f"{SITE}: {names}: no play of it is for them; put them into its groups", state)
    if further := sorted(report.seen - set(hosts) - {"localhost"}):
        work.progress.warn(f"{SITE}: does not obey site_only: it ran on {', '.join(further)} as well")
    for host in hosts:
        changed = len(report.changed.get(host, ()))
        work.progress.say(f"{host}: converged, {changed} tasks changed it{_emulated(report, host)}")
    return state


def look(work: Work, state: State) -> State:
    """What check mode says of every host: which tasks would change it. Raises ConvergeFailed, Cancelled."""
    hosts = [host for host in work.pool.hosts if host in state.converged]
    report = work.run(_site(hosts, check=True))
    if report.code:
        raise ConvergeFailed(_told(report, "check mode failed; nothing was changed"))
    drift = {host: tuple(tasks) for host, tasks in report.changed.items() if host in hosts}
    for host, tasks in sorted(drift.items()):
        work.progress.warn(f"{host}: drifted: {'; '.join(tasks)}{_emulated(report, host)}")
    return State(state.converged, drift)


def take_down(work: Work, state: State) -> None:
    """Run decommission.yml for each host that it can take down. Raises ConvergeFailed, Cancelled."""
    _decommission(work, [host for host in work.pool.hosts if host in state.converged], state)


def _decommission(work: Work, hosts: Sequence[str], state: State) -> State:
    """Take hosts down one by one, in the order of their groups in `leavers`; gives the state without them."""
    groups = [work.pool.groups.get(group) or {} for group in work.pool.leavers]
    leavers = [host for group in groups for host in sorted(group.get("hosts") or ())]
    hosts = sorted(hosts, key=lambda host: leavers.index(host) if host in leavers else len(leavers))
    stays = ", ".join(host for host in hosts if host not in leavers)
    if stays and work.pool.leavers:
        kind = ", ".join(work.pool.leavers)
        work.progress.warn(f"{stays}: left as they are: {DECOMMISSION} is for hosts of {kind}")
    elif stays:
        work.progress.say(f"{stays}: left as they are: no group of hosts is to be decommissioned (leavers)")
    for host in hosts:
        if host in leavers:
            report = work.run(Ask(DECOMMISSION, [host], variables={"decommission_host": host}))
            if report.code:
                fix = "mend it, or put it on, and try again; a host that is lost: pulumi state delete"
                raise ConvergeFailed(_told(report, fix), state)
            work.progress.say(f"{host}: decommissioned{_emulated(report, host)}")
        state = State(_without(state.converged, host), _without(state.drift, host))
    return state


def _without(known: Mapping[str, _T], host: str) -> dict[str, _T]:
    return {name: value for name, value in known.items() if name != host}


def _emulated(report: Report, host: str) -> str:
    return f"; EMULATED: {parts}" if (parts := report.emulated.get(host)) else ""


def _failed(report: Report, state: State | None) -> ConvergeFailed:
    if report.looking or state is None:
        return ConvergeFailed(_told(report, "nothing was changed; mend all of it and run up again"))
    return ConvergeFailed(_told(report, "the rest is as it is; mend it and run up again"), state)


def _told(report: Report, then: str) -> str:
    return "\n".join([f"{report.playbook}: {then}", *report.problems()])
