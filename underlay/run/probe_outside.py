"""Has every host that will download try the names that it needs, before anything is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import gevent
from gevent.pool import Pool
from pyinfra.api import Host, State
from pyinfra.context import ctx_host, ctx_state

from underlay.artifacts.reachability import LIMIT_S, NO_CURL, reach_script
from underlay.findings.finding import Finding
from underlay.preflight.reach_findings import (
    Reply,
    moved_findings,
    one_of_each_name,
    reach_findings,
    read_replies,
    untried_findings,
)
from underlay.resources.answer import Unknown, line_of
from underlay.resources.images import Images

from .access_error import AccessError
from .command import run_script, tail
from .privilege import root_arguments
from .run import Run, current_run

_AT_ONCE = 64
# An image takes five requests, one after the other.
_TIMEOUT_S = 6 * LIMIT_S


def probe_outside(state: State, *, say: Callable[[str], None] = lambda _: None) -> list[Finding]:
    """What keeps hosts from downloading, and images whose tags have moved; nobody is asked where nothing is downloaded.

    :param say: called with a line before hosts try.
    """
    run = current_run()
    urls = {name: found for name in run.observed.resources if (found := one_of_each_name(_urls(run, name)))}
    hosts = [h for h in state.inventory.get_active_hosts() if h.name in urls]
    if not hosts:
        return []
    say(f"hosts try the names that they download from, {len({u for found in urls.values() for u in found})} in all")
    pool = Pool(_AT_ONCE)
    jobs = {host.name: pool.spawn(_tried, state, host, urls[host.name]) for host in hosts}
    gevent.joinall(list(jobs.values()), raise_error=True)
    replies = {name: job.value for name, job in jobs.items() if not isinstance(job.value, str)}
    untried = {name: job.value for name, job in jobs.items() if isinstance(job.value, str)}
    moved = run.artifacts.moved(sorted({ref for name in urls for ref in _images(run, name)}))
    return [*moved_findings(moved, sorted(urls)), *reach_findings(replies, limit=LIMIT_S), *untried_findings(untried)]


def _urls(run: Run, name: str) -> list[str]:
    """What a host will request."""
    found: list[str] = []
    for resource, answer in run.observed.resources[name].items():
        if not isinstance(answer, Unknown) and resource.difference(line := line_of(answer)):
            found += resource.downloads(line)
    return found


def _images(run: Run, name: str) -> Iterator[str]:
    """The images that a host will pull."""
    for resource, answer in run.observed.resources[name].items():
        if isinstance(resource, Images) and not isinstance(answer, Unknown):
            yield from resource.pulls(line_of(answer))


def _tried(state: State, host: Host, urls: tuple[str, ...]) -> dict[str, Reply] | str:
    """What came of each URL, or why nothing was tried."""
    try:
        with ctx_state.use(state), ctx_host.use(host):
            ran = run_script(host, reach_script(urls), {**root_arguments(host), "_timeout": _TIMEOUT_S})
    except AccessError as error:
        return error.reason
    if NO_CURL in ran.out:
        return "curl is not installed yet"
    replies = read_replies(urls, ran.out)
    return replies if len(replies) == len(urls) else f"its reply is incomplete ({tail(ran.err[-1:]) or 'no error'})"
