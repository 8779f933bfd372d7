"""A proxy that an inventory names: what is refused, and that its password is shown nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import groups, hosts

from .spec_problems import spec_of, with_all

FORM = "is a URL with a host, such as http://proxy.example:3128"
ESCAPE = "has a character that a URL writes as %XX; write the user and the password so, too"


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ({}, "it names no proxy: set http, https, or both (it is {})"),
        ({"http": "proxy.example:3128"}, f"http {FORM}; the proxy itself is spoken to by http or https (it is …)"),
        ({"https": "socks5://p"}, f"https {FORM}; the proxy itself is spoken to by http or https (it is 'socks5://p')"),
        ({"https": "http://"}, f"https {FORM} (it is 'http://')"),
        ({"https": "http://p:99999"}, f"https {FORM} (it is 'http://p:99999')"),
        ({"https": "http://p/path"}, f"https {FORM} (it is 'http://p/path')"),
        ({"http": "http://a b@p:1"}, f"http {ESCAPE} (it is 'http://a b@p:1')"),
        ({"http": 'http://p"x'}, f"""http {ESCAPE} (it is 'http://p"x')"""),
        ({"http": "http://p$(id)"}, f"http {ESCAPE} (it is 'http://p$(id)')"),
        (
            {"http": "http://p", "no_proxy": "http://x"},
            "no_proxy has names, domains, addresses and subnets, such as .corp.example,10.0.0.0/8 (it is 'http://x')",
        ),
    ],
)
def test_what_is_no_proxy_is_refused(stated: dict[str, Any], problem: str) -> None:
    problem = problem.replace("(it is …)", f"(it is {stated.get('http')!r})")
    assert with_all(proxy=stated) == [f"proxy: {problem}"]


def test_an_unknown_key_is_told_with_the_nearest() -> None:
    (line,) = with_all(proxy={"http": "http://p", "noproxy": "x"})
    assert line.startswith("proxy: unknown variable 'noproxy'")


@pytest.mark.parametrize(
    "url", ["http://me:secret@p:99999", "me:secret@p:3128", "http://me:sec/secret@p", "http://me:a secret@p"]
)
def test_a_password_is_in_no_refusal(url: str) -> None:
    (line,) = with_all(proxy={"https": url})
    assert "secret" not in line
    assert "me:…@p" in line


def test_what_is_reached_without_is_a_list_or_a_text() -> None:
    for stated in (".corp.example, 10.0.0.0/8", [".corp.example", "10.0.0.0/8"]):
        proxy = spec_of(hosts(proxy={"http": "http://p", "no_proxy": stated}), groups()).cluster.proxy
        assert proxy is not None
        assert proxy.exempt == (".corp.example", "10.0.0.0/8")


def test_a_proxys_address_is_not_inside_the_cluster() -> None:
    assert with_all(proxy={"https": "http://me:secret@10.244.3.4:3128"}) == [
        "pod_subnet: 10.244.0.0/16 contains the proxy of https (10.244.3.4); choose another"
    ]
