"""`underlay bundle`: everything a cluster is installed from, in one directory, built on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from underlay.artifacts.build.build import build_bundle
from underlay.artifacts.build.carry import carry
from underlay.artifacts.build.charts import add_charts, chart_files
from underlay.artifacts.build.go_environment import compiler_cache, size_of
from underlay.artifacts.build.prefill import prefill
from underlay.artifacts.build.steps import Steps
from underlay.artifacts.build.verify import verify
from underlay.artifacts.buildable import buildable_versions
from underlay.artifacts.catalog import OPTIONAL, pinned_version
from underlay.artifacts.chart_file import DownloadedChart, read_chart
from underlay.artifacts.error import ArtifactError
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.manifest import dump_manifest, load_manifest
from underlay.lab.system.own_root import refuse_chroot

from .errors import Refused
from .needed_recipes import recipes_for


def _buildable(_: click.Context, __: click.Parameter, value: str | None) -> str:
    """A version without a leading v; empty for the pinned one."""
    version, versions = (value or "").removeprefix("v"), buildable_versions()
    if version and version not in versions:
        choices = ", ".join(f"v{one}" for one in versions)
        raise click.BadParameter(f"no bundle can be built for {value}; one of {choices}")
    return "" if version == pinned_version("kubernetes") else version


@click.command("bundle")
@click.option("--verify", "check", is_flag=True, help="Build nothing: verify every byte of the bundle.")
@click.option(
    "--chart",
    "files",
    multiple=True,
    metavar="FILE.tgz",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Build nothing: add a downloaded Helm chart to the bundle. Can be given several times.",
)
@click.option(
    "--charts",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Build nothing: add every .tgz file in DIR.",
    metavar="DIR",
)
@click.option("--to", "target", type=click.Path(file_okay=False, path_type=Path), help="Also copy the bundle to DIR.")
@click.option(
    "--with",
    "optional",
    multiple=True,
    type=click.Choice(OPTIONAL),
    help="Also build an optional component; it stays in the bundle.",
)
@click.option(
    "--kubernetes",
    "version",
    metavar="VERSION",
    callback=_buildable,
    help="Build another bundle beside it, for this version of Kubernetes, with the etcd and CoreDNS that belong to it.",
)
@click.option(
    "--for",
    "inventories",
    multiple=True,
    metavar="INVENTORY",
    type=click.Path(exists=True, dir_okay=False),
    help="Build only what the clusters of these inventories are installed from, and what the bundle has already.",
)
@click.option("--prefill", "unpack", is_flag=True, help="Also unpack the images for the hosts of this machine's lab.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the manifest: name, version, digest and size of everything."
)
def bundle_command(
    check: bool,
    files: tuple[Path, ...],
    directory: Path | None,
    target: Path | None,
    optional: tuple[str, ...],
    version: str,
    inventories: tuple[str, ...],
    unpack: bool,
    as_json: bool,
) -> None:
    """Build or update the bundle: the binaries and images that `"source": "bundle"` installs from.

    Commands are built from their Go modules and images from those commands; no registry is used. The first build takes
    minutes, later ones build only what changed. An interrupted build is resumed by the next one.
    The bundle is one directory, an OCI image layout with a bundle.json: carry it to a site without internet and set
    artifacts = {"source": "bundle", "path": "DIR"} in the inventory there.

    \b
    underlay bundle                       build what is missing in /var/lib/underlay/bundle
    underlay bundle --to /mnt/usb/bundle  build, then copy what is missing there
    underlay bundle --verify              verify every file
    underlay bundle --verify --to DIR     verify a copy
    underlay bundle --json | jq .images   list its images
    underlay bundle --with metallb        also build MetalLB, for clusters with a load_balancer
    underlay bundle --with kube-router    also build kube-router, for labs with a network_policy
    underlay bundle --for inventories/lab.py
                                          build only what this cluster is installed from
    underlay bundle --kubernetes v1.36.3  build another for this version, in /var/lib/underlay/bundle-v1.36.3
    underlay bundle --chart cilium-1.20.2.tgz
                                          add a network's chart that you downloaded
    underlay bundle --charts DIR --to /mnt/usb/bundle
                                          add all charts in DIR to a copy

    UNDERLAY_HOME replaces /var/lib/underlay.
    """
    charts = [*files, *(chart_files(directory) if directory else [])]
    if (optional or inventories) and (check or charts):
        raise click.UsageError(f"{'--with' if optional else '--for'} applies to builds only")
    if version and unpack:
        raise click.UsageError("--prefill unpacks the bundle of the default version only")
    bundle = bundle_directory(version)
    if charts and (check or unpack or as_json):
        raise click.UsageError("--chart and --charts can be combined with --to only")
    if charts:
        _add(target or bundle, charts)
    elif check:
        _verify(target or bundle)
    else:
        needed = recipes_for(inventories) if inventories else None
        build = partial(build_bundle, bundle, kubernetes=version, needed=needed, optional=optional)
        _build(bundle, build, target=target, unpack=unpack, as_json=as_json)


def _build(bundle: Path, build: Callable[..., bool], *, target: Path | None, unpack: bool, as_json: bool) -> None:
    began = time.monotonic()
    steps = Steps()
    if unpack:
        refuse_chroot()  # before it compiles for a quarter of an hour what no lab here can use
    try:
        built = build(steps=steps)
    except KeyboardInterrupt:
        raise Refused(["bundle: interrupted; finished parts are kept, run the same command again to resume"]) from None
    if unpack:
        prefill(bundle, steps=steps)
    if target is not None:
        with steps.step(f"copy to {target}") as say:
            carry(bundle, target, report=say)
    manifest = load_manifest(bundle)
    if as_json:
        click.echo(dump_manifest(manifest), nl=False)
        return
    if built:
        cache = compiler_cache()
        steps.line(f"compiler cache: {size_of(cache) / 1e6:.0f} MB, deleting it only slows a later build: {cache}")
    blobs = manifest.references().values()
    size = sum(blob.size for blob, _ in blobs)
    charts = f" and {len(manifest.charts)} charts" if manifest.charts else ""
    what = f"{len(manifest.binaries)} binaries and {len(manifest.images)} images{charts}, {size / 1e6:.0f} MB"
    state = "built" if built else "up to date"
    click.echo(f"bundle: {state}, {what}, {time.monotonic() - began:.1f} s: {target or bundle}")


def _verify(bundle: Path) -> None:
    began = time.monotonic()
    found = verify(bundle)
    for line in found.warnings:
        click.echo(f"underlay: warning: {line}", err=True)
    if found.problems:
        raise Refused(found.problems)
    click.echo(
        f"bundle: verified, {found.blobs} blobs, {found.size / 1e6:.0f} MB, {time.monotonic() - began:.1f} s: {bundle}"
    )


def _add(bundle: Path, files: list[Path]) -> None:
    charts: list[DownloadedChart] = []
    problems: list[str] = []
    for file in files:
        try:
            charts.append(read_chart(file))
        except ArtifactError as error:
            problems.append(str(error))
    if problems:
        raise Refused(problems)
    add_charts(bundle, charts)
    for chart in charts:
        click.echo(f"bundle: added chart {chart.name} {chart.version}, sha256 {chart.sha256}: {bundle}")
