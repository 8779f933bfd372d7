"""Charts of a registry whose content another one has: a real docker-registry, with a user; and one that wants tokens."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.certificate_authority import CertificateAuthority
from tests.docker_registry import PROGRAM, DockerRegistry
from underlay.artifacts import trust
from underlay.artifacts.artifact import ChartArtifact
from underlay.artifacts.download_source import DownloadSource
from underlay.artifacts.endpoints import Endpoint, Registries
from underlay.artifacts.error import ArtifactErrors
from underlay.artifacts.fetch import DownloadLimits, chart_script
from underlay.artifacts.lock import Lock
from underlay.artifacts.trust import Wanted, trusted
from underlay.model.registry import Registry
from underlay.plan.registries import hosts_toml

from .artifacts_server import Answers, Upstream
from .chart_samples import CONTENT, packed, sha256
from .fetch_host import Host

LOGIN = ("robot", 'p"a\\ss')
NAME = "quay.io"
CHART = ("plugin", "1.2.3", "oci://quay.io/calico/charts")
PATH = f"quay.io/v2/calico/charts/plugin/blobs/sha256:{sha256(packed())}"
BLOB = f"v2/mirrored/calico/charts/plugin/blobs/sha256:{sha256(packed())}"
TAGGED = "v2/mirrored/calico/charts/plugin/manifests/1.2.3"


@dataclass
class Site:
    """A site whose quay.io is another registry; `host` is one of its hosts."""

    directory: Path
    host: Host
    ca: Path

    def stated(self, url: str) -> Registry:
        return Registry(NAME, f"{url}/mirrored", *LOGIN)

    def chart(self, url: str) -> ChartArtifact:
        """The chart, as the controller finds it."""
        stated = self.stated(url)
        endpoints = {NAME: Endpoint(base=stated.base, authorization=stated.authorization)}
        lock, wanted = self.directory / "mine.lock.json", Wanted(charts=frozenset({CHART}))
        pins = trusted(wanted, prefix="https://", lock=lock, registries=Registries(endpoints=endpoints))
        assert {pin["path"] for pin in json.loads(lock.read_text())["charts"].values()} == {PATH}
        return DownloadSource("https://", pins, endpoints=endpoints).chart(*CHART)

    def install(self, chart: ChartArtifact, *, registry: Registry | None) -> tuple[int, str]:
        """Exit status and errors of the host's script; `registry` is what its containerd knows of one."""
        hosts = self.directory / "certs.d"
        if registry:
            (hosts / NAME).mkdir(parents=True)
            (hosts / NAME / "hosts.toml").write_text(hosts_toml(registry))
        limits = DownloadLimits(tries=1, pause=0, stall=5)
        script = chart_script(chart, str(self.host.dest), str(self.host.cache), hosts_dir=str(hosts), limits=limits)
        ran = self.host.run(script, CURL_CA_BUNDLE=str(self.ca))
        return ran.returncode, ran.stderr


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CertificateAuthority:
    made = CertificateAuthority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    monkeypatch.setattr(trust, "read_lock", lambda: Lock({}, {}, {}, {}))
    return made


@pytest.fixture
def site(tmp_path: Path, host: Host, authority: CertificateAuthority) -> Site:
    return Site(tmp_path, host, authority.certificate)


@pytest.fixture
def private(tmp_path: Path, authority: CertificateAuthority) -> Iterator[DockerRegistry]:
    (tmp_path / "registry").mkdir()
    tls = authority.issue("127.0.0.1")
    with DockerRegistry(tmp_path / "registry", tls=tls, ca=authority.certificate, login=LOGIN) as registry:
        files = [tmp_path / "config", tmp_path / "chart"]
        for file, content in zip(files, (b"{}", packed()), strict=True):
            file.write_bytes(content)
        registry.push("mirrored/calico/charts/plugin", "1.2.3", manifest(), files)
        yield registry


def manifest() -> bytes:
    kinds = {"application/vnd.cncf.helm.config.v1+json": b"{}", CONTENT: packed()}
    config, layer = (
        {"mediaType": kind, "digest": f"sha256:{sha256(content)}", "size": len(content)}
        for kind, content in kinds.items()
    )
    kind = "application/vnd.oci.image.manifest.v1+json"
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]}).encode()


installed = pytest.mark.skipif(PROGRAM is None, reason="no registry is installed (Debian: apt install docker-registry)")


@installed
def test_a_chart_comes_from_the_registry_that_is_stated_with_its_user(site: Site, private: DockerRegistry) -> None:
    chart = site.chart(private.url)
    assert chart.url == f"{private.url}/{BLOB}"
    assert site.install(chart, registry=site.stated(private.url)) == (0, "")
    assert site.host.dest.read_bytes() == packed()
    assert site.host.files == ["bin/kubeadm"]


@installed
def test_without_its_user_a_host_is_refused(site: Site, private: DockerRegistry) -> None:
    code, said = site.install(site.chart(private.url), registry=None)
    assert code == 1
    assert f"{private.url}/{BLOB}: the server answered 401" in said
    assert LOGIN[1] not in said


@installed
def test_a_wrong_password_is_one_line(site: Site, private: DockerRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.LOGIN", ("robot", "wrong"))
    with pytest.raises(ArtifactErrors) as refused:
        site.chart(private.url)
    assert list(refused.value.problems) == [
        f"{private.url}/{TAGGED}: cannot be downloaded (HTTP status 401); "
        'look at this machine\'s network and proxy, or name a mirror or a bundle as "source"'
    ]


@dataclass
class TokenRegistry(Upstream):
    """One that takes its user for a token alone; `shown` are the headers that its realm was shown."""

    shown: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.handler = _Realm


class _Realm(Answers):
    def do_GET(self) -> None:  # noqa: N802
        registry = self.owner
        assert isinstance(registry, TokenRegistry)
        if self.path.startswith("/token"):
            shown = self.headers.get("Authorization")
            registry.shown.append(shown)
            user = base64.b64encode(":".join(LOGIN).encode()).decode()
            if shown != f"Basic {user}":
                self._answer(401, b"{}")
                return
        super().do_GET()


@pytest.fixture
def tokens(authority: CertificateAuthority) -> Iterator[TokenRegistry]:
    with TokenRegistry(tls=authority.issue("127.0.0.1")) as registry:
        registry.put("token", b'{"token": "abc"}')
        registry.put(TAGGED, manifest(), wants="abc")
        registry.put(BLOB, packed(), wants="abc")
        yield registry


def test_a_registry_that_takes_its_user_for_a_token_gets_it(site: Site, tokens: TokenRegistry) -> None:
    chart = site.chart(tokens.url)
    before = len(tokens.shown)
    assert site.install(chart, registry=site.stated(tokens.url)) == (0, "")
    assert site.host.dest.read_bytes() == packed()
    assert len(tokens.shown) == before + 1
    assert site.host.files == ["bin/kubeadm"]


def test_nobody_without_tls_gets_the_password(site: Site, tokens: TokenRegistry) -> None:
    chart = site.chart(tokens.url)
    with TokenRegistry() as plain:
        plain.put("token", b'{"token": "abc"}')
        tokens.realm = f"{plain.url}/token"
        code, said = site.install(chart, registry=site.stated(tokens.url))
    assert code == 1
    assert "the server answered 401" in said
    assert plain.shown == [None]
