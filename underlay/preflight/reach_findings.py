"""Findings about names outside the cluster that a host cannot download from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from underlay.findings.finding import Finding
from underlay.findings.host_sets import name_hosts

_LINE = re.compile(r"@([0-9]+) ([0-9]+) ([0-9]+) ([0-9]+) (\S*) ?(.*)")
# curl's exit statuses about TLS, without that of a certificate that is not trusted.
_TLS = (35, 51, 53, 54, 58, 59, 77, 80, 83, 91)
# How long it took differs between hosts.
_TOOK = re.compile(r" after [0-9]+ (ms|milliseconds)")
_NOT_CONNECTED = re.compile(r"Failed to connect to (\S+) port ([0-9]+).*: ([^:]+)")
_LET = "let the firewall pass it, name a `proxy` in the inventory, or take a mirror or a bundle as artifacts.source"
_CA = (
    "where a proxy looks into TLS, or the server is the site's own, put its CA into the host's "
    "/usr/local/share/ca-certificates and run update-ca-certificates"
)


@dataclass(frozen=True)
class Reply:
    """What a request came to: curl's exit status, the status of the answer, of a proxy's answer to CONNECT (0 without
    one), the last URL, curl's error."""

    status: int
    answer: int
    proxy: int
    last: str
    error: str


def read_replies(urls: Sequence[str], lines: Sequence[str]) -> dict[str, Reply]:
    """URL -> what came of it, in their order, out of what `artifacts.reachability.reach_script` prints."""
    found = sorted((m for line in lines if (m := _LINE.fullmatch(line.strip()))), key=lambda match: int(match[1]))
    return {
        urls[int(m[1])]: Reply(int(m[2]), int(m[3]), int(m[4]), m[5] or urls[int(m[1])], m[6].strip())
        for m in found
        if int(m[1]) < len(urls)
    }


def one_of_each_name(urls: Sequence[str]) -> tuple[str, ...]:
    """The first URL of each name: what else it has is behind the same firewall."""
    found: dict[str, str] = {}
    for url in urls:
        found.setdefault(urlsplit(url).netloc, url)
    return tuple(found.values())


def reach_findings(replies: Mapping[str, Mapping[str, Reply]], *, limit: int) -> Iterator[Finding]:
    """One for each name and host; the same of many hosts becomes one.

    :param replies: host -> URL -> what came of it.
    :param limit: seconds a request had.
    """
    for host, said in replies.items():
        reported = set()
        for url, reply in said.items():
            name = urlsplit(reply.last).hostname or reply.last
            if (found := _cause(reply, limit)) and name not in reported:
                reported.add(name)
                first = urlsplit(url).hostname
                way = name if name == first else f"{name}, where {first} redirects to,"
                what, remedy = found
                yield Finding("download-unreachable", host, f"{way} {what}", remedy, (host,))


def untried_findings(reasons: Mapping[str, str]) -> Iterator[Finding]:
    """Hosts of which nobody knows whether they can download; `reasons` is host -> why."""
    for host, reason in reasons.items():
        yield Finding("download-untried", host, f"whether it can download is not known ({reason})", "", (host,))


def moved_findings(moved: Iterable[tuple[str, str, str]], hosts: Sequence[str]) -> Iterator[Finding]:
    """Images whose tag has another digest than the site's lock; each with that one and the new one.

    :param hosts: those that pull images.
    """
    for reference, locked, now in moved:
        yield Finding(
            "image-moved",
            name_hosts(hosts),
            f"the tag of {reference} is {now} now, and was {locked} when it was locked",
            "find out who moved it and why; to trust it, remove its entry from the lock beside the inventory",
            tuple(hosts),
        )


def _cause(reply: Reply, limit: int) -> tuple[str, str] | None:
    """What is wrong, after the name, and what to do; None where a download would begin."""
    if reply.proxy and reply.proxy != 200:
        wants = "put a user and a password into `proxy`" if reply.proxy == 407 else "have the proxy pass it"
        return f"is not reached: the proxy answered {reply.proxy}", f"{wants}, or take a mirror or a bundle"
    if reply.status == 0:
        return _of_answer(reply)
    error = _TOOK.sub("", reply.error)
    if found := _NOT_CONNECTED.fullmatch(error):
        error = f"{found[1]} port {found[2]}: {found[3]}"
    error = error or f"curl failed with {reply.status}"
    causes = {
        1: ("redirects from https to something else", "look at who answers in its place"),
        5: (f"is not reached: the proxy's name does not resolve ({error})", "correct `proxy`"),
        6: ("does not resolve", f"correct the host's name servers, or {_LET}"),
        28: (f"gave no answer within {limit} s", _LET),
        60: (f"is not trusted ({error})", _CA),
        **dict.fromkeys(_TLS, (f"breaks off TLS ({error})", f"a firewall may look into TLS: {_LET}")),
    }
    return causes.get(reply.status, (f"is not reached ({error})", _LET))


def _of_answer(reply: Reply) -> tuple[str, str] | None:
    # 401 is a registry's that wants a user; 405 and 416 a server's that is there.
    if reply.answer < 400 or reply.answer in (401, 405, 416, 429):
        return None
    path = urlsplit(reply.last).path
    if reply.answer == 404:
        return f"does not have {path}", "see whether that version was published, or copied to the mirror"
    return f"answered {reply.answer} for {path}", f"see who answers there: a proxy or the server; {_LET}"
