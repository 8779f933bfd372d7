"""Helm charts: pinned from a server with upstream's layout, and added to bundles."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from underlay.artifacts.blobs import BlobStore
from underlay.artifacts.build.carry import carry
from underlay.artifacts.build.charts import add_charts
from underlay.artifacts.build.verify import verify
from underlay.artifacts.bundle_source import BundleSource
from underlay.artifacts.chart_file import read_chart
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.lock import Lock
from underlay.artifacts.manifest import load_manifest
from underlay.cli.bundle import bundle_command

from .chart_samples import packed, sha256


def written(directory: Path, content: bytes, name: str = "plugin.tgz") -> Path:
    directory.mkdir(exist_ok=True)
    (directory / name).write_bytes(content)
    return directory / name


def command(*arguments: object) -> tuple[int, str]:
    ran = CliRunner().invoke(bundle_command, [str(a) for a in arguments])
    return ran.exit_code, ran.output


def test_a_chart_is_added_to_a_bundle_and_supplied_from_it(bundle: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "charts", packed())
    code, output = command("--chart", file, "--to", bundle)
    assert (code, output) == (0, f"bundle: added chart plugin 1.2.3, sha256 {sha256(packed())}: {bundle}\n")
    found = BundleSource(bundle).chart("plugin", "1.2.3", "https://anywhere.example")
    assert found.blob is not None
    assert found.blob.read_bytes() == packed()
    assert (found.sha256, found.url) == (sha256(packed()), None)
    assert verify(bundle).problems == []


def test_a_directory_of_charts_is_added(bundle: Path, tmp_path: Path) -> None:
    written(tmp_path / "charts", packed(), "a.tgz")
    written(tmp_path / "charts", packed("other", "2"), "b.tgz")
    (tmp_path / "charts" / "notes.txt").touch()
    assert command("--charts", tmp_path / "charts", "--to", bundle)[0] == 0
    assert set(load_manifest(bundle).charts) == {"plugin@1.2.3", "other@2"}


def test_every_file_that_is_no_chart_is_reported_and_none_is_added(bundle: Path, tmp_path: Path) -> None:
    contents = {
        "empty": b"",
        "html": b"<html>",
        "truncated": packed(filler=100_000)[:-30],
        "no-about": archive_without_about(),
        "good": packed(),
    }
    for name, content in contents.items():
        written(tmp_path / "charts", content, f"{name}.tgz")
    code, output = command("--charts", tmp_path / "charts", "--to", bundle)
    assert code == 1
    lines = output.splitlines()
    assert [line.split(".tgz: ")[0].rpartition("/")[2] for line in lines] == ["empty", "html", "no-about", "truncated"]
    for line in lines:
        assert "is not a Helm chart (" in line
        assert line.endswith("; give a .tgz as `helm pull` saves it")
    assert load_manifest(bundle).charts == {}


def archive_without_about() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("plugin/values.yaml"), io.BytesIO())
    return buffer.getvalue()


def test_a_directory_without_charts_is_refused(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"^charts .*: no \.tgz file; give a directory with charts$"):
        CliRunner().invoke(bundle_command, ["--charts", str(tmp_path)], catch_exceptions=False)


@pytest.mark.parametrize("others", [["--verify"], ["--json"], ["--prefill"]])
def test_charts_combine_with_no_other_option_but_to(tmp_path: Path, others: list[str]) -> None:
    file = written(tmp_path / "charts", packed())
    code, output = command("--chart", file, *others)
    assert code == 2
    assert "--chart and --charts can be combined with --to only" in output


def test_a_chart_that_is_not_the_pinned_one_is_refused(bundle: Path, tmp_path: Path, lock: Lock) -> None:
    other = read_chart(written(tmp_path / "charts", packed(filler=9)))
    with pytest.raises(ArtifactError, match=r"is not the plugin 1\.2\.3 that lock\.json pins \(sha256 .*; download it"):
        add_charts(bundle, [other])
    add_charts(bundle, [read_chart(written(tmp_path / "charts", packed()))])


def test_a_chart_of_the_same_version_is_replaced_and_its_file_removed(bundle: Path, tmp_path: Path) -> None:
    for filler in (1, 2):
        add_charts(bundle, [read_chart(written(tmp_path / "charts", packed(filler=filler)))])
    assert BlobStore(bundle).names() == {sha256(packed(filler=2))}


def test_a_missing_chart_is_reported_with_its_remedy(bundle: Path, tmp_path: Path) -> None:
    def output(version: str) -> str:
        with pytest.raises(ArtifactError) as error:
            source.chart("plugin", version, "https://charts.example/stable")
        return str(error.value)

    source = BundleSource(bundle)
    way = "download it from https://charts.example/stable and add it: `underlay bundle --chart plugin-2.tgz`"
    assert output("2") == f"bundle {bundle}: has no chart plugin 2; {way}"
    add_charts(bundle, [read_chart(written(tmp_path / "charts", packed()))])
    source = BundleSource(bundle)
    assert output("2") == f"bundle {bundle}: has no chart plugin 2 (it has 1.2.3); {way}"
    BlobStore(bundle).path(sha256(packed())).unlink()
    assert output("1.2.3") == (
        f"bundle {bundle}: chart plugin 1.2.3 is missing ({sha256(packed())}); add it again: "
        "`underlay bundle --chart plugin-1.2.3.tgz`"
    )


def test_a_damaged_chart_is_named_by_verify(bundle: Path, tmp_path: Path) -> None:
    add_charts(bundle, [read_chart(written(tmp_path / "charts", packed()))])
    BlobStore(bundle).path(sha256(packed())).write_bytes(packed()[:-1] + b"!")
    (problem,) = verify(bundle).problems
    assert "damaged" in problem
    assert problem.endswith("(chart plugin 1.2.3)")


def test_verify_reports_a_wrong_name_of_a_chart(bundle: Path, tmp_path: Path) -> None:
    add_charts(bundle, [read_chart(written(tmp_path / "charts", packed()))])
    text = (bundle / "bundle.json").read_text().replace('"version": "1.2.3"', '"version": "1.2.4"')
    (bundle / "bundle.json").write_text(text)
    assert verify(bundle).problems == ["chart plugin 1.2.4: its file is plugin 1.2.3"]


def test_charts_are_copied_and_those_at_the_site_are_kept(bundle: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    carry(bundle, site)
    add_charts(site, [read_chart(written(tmp_path / "charts", packed("theirs", "1")))])
    add_charts(bundle, [read_chart(written(tmp_path / "charts", packed()))])
    assert carry(bundle, site) == 1
    assert set(load_manifest(site).charts) == {"plugin@1.2.3", "theirs@1"}
    assert verify(site).problems == []


def test_a_bundle_of_an_earlier_version_has_no_charts(bundle: Path) -> None:
    data = json.loads((bundle / "bundle.json").read_text())
    del data["charts"]
    (bundle / "bundle.json").write_text(json.dumps(data))
    assert load_manifest(bundle).charts == {}
