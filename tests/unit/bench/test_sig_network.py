"""Upstream's checks and ours: how upstream's are built and called, and what counts as a run of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.bench.figures.sig_network import Granular, rows
from tests.bench.figures.verify import Verified
from tests.bench.measure import BenchError
from tests.bench.upstream import granular, program
from tests.bench.upstream.granular import Outcome
from tests.bench.upstream.image import called
from underlay.artifacts.build.recipes import go_recipes

ENDED = """\
Will run 4 of 3206 specs
  I1129 11:03:58.662628   26468 utils.go:529] Found all 1 expected endpoints: [netserver-0]
  I1129 11:04:16.791988   26468 utils.go:363] Waiting for responses: map[]
  I1129 11:04:16.791997   26468 utils.go:367] reached 10.244.1.4 after 0/1 tries
  I1129 11:04:16.792007   26468 networking.go:42] Breadth first check of 10.244.2.3 on host 10.86.2.22...
  I1129 11:04:16.920753   26468 utils.go:367] reached 10.244.2.3 after 0/1 tries
• [17.068 seconds]
------------------------------

Ran 4 of 3206 Specs in 69.234 seconds
SUCCESS! -- 4 Passed | 0 Failed | 0 Pending | 3202 Skipped
PASS
"""


def test_reads_what_a_run_says_at_its_end() -> None:
    assert granular.outcome(ENDED) == Outcome(specs=4, connections=3, seconds=69.234)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        pytest.param(ENDED[: ENDED.index("Ran 4")], "upstream's test program did not come to its end", id="killed"),
        pytest.param(
            ENDED.replace("SUCCESS! -- 4 Passed | 0 Failed", "FAIL! -- 3 Passed | 1 Failed"),
            "upstream's granular checks: 3 passed, 1 failed",
            id="failed",
        ),
        pytest.param(
            ENDED.replace("4 Passed", "0 Passed"), "upstream's granular checks: 0 passed, 0 failed", id="none"
        ),
    ],
)
def test_a_run_that_shows_nothing_is_no_figure(output: str, reason: str) -> None:
    with pytest.raises(BenchError) as error:
        granular.outcome(output)
    assert str(error.value) == reason


def test_images_are_asked_for_by_names_that_nobody_serves(tmp_path: Path) -> None:
    variables = granular.environment(tmp_path)
    assert yaml.safe_load(Path(variables["KUBE_TEST_REPO_LIST"]).read_text()) == {
        "promoterE2eRegistry": "bench.internal"
    }
    listed = (
        "bench.internal/agnhost:2.66.1\nbench.internal/agnhost:2.55\nelsewhere/agnhost:2.6\nbench.internal/kitten:1.8\n"
    )
    assert granular.images(listed) == ("bench.internal/agnhost:2.55", "bench.internal/agnhost:2.66.1")


def test_the_program_is_built_as_the_commands_of_the_bundle_are() -> None:
    recipe = next(r for r in go_recipes() if r.name == "kubernetes")
    command = program.command(recipe, Path("/go"), Path("/out"))
    assert command[:3] == ("/go", "test", "-c")
    assert command[-1] == "k8s.io/kubernetes/test/e2e"
    assert command[command.index("-ldflags") + 1] == f"-s -w {recipe.ldflags}"


def test_why_the_program_is_not_built_is_told_in_one_line() -> None:
    output = "upstream's test program: exit status 1\n# k8s.io/kubernetes/test/e2e\nx.go:9:2: no such module\nFAIL\tx [setup failed]\nFAIL\n"
    assert program.reason(output) == "x.go:9:2: no such module"
    assert program.reason("go: no Go of at least 1.26 here") == "go: no Go of at least 1.26 here"


def test_the_image_gets_the_two_programs_and_every_library(tmp_path: Path) -> None:
    libraries = "usr/lib/x86_64-linux-gnu"
    for name in ("usr/bin/curl", "usr/bin/nc.openbsd", "usr/bin/dpkg", f"{libraries}/libc.so.6", f"{libraries}/x/a.so"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / libraries / "libcurl.so.4").symlink_to("libcurl.so.4.8.0")
    found = called(tmp_path)
    assert set(found.files) == {"usr/bin/curl", "usr/bin/nc", f"{libraries}/libc.so.6"}
    assert found.links == {f"{libraries}/libcurl.so.4": "libcurl.so.4.8.0"}


def test_the_ratio_is_told_of_the_time_and_of_what_it_buys() -> None:
    ours = Verified(10.0, {"counts": {"passed": 280}})
    theirs = Granular(80.0, Outcome(specs=4, connections=8, seconds=78.0))
    assert [(r.what, r.median, r.ratio) for r in rows([ours], [theirs])] == [
        ("`underlay verify`, the whole command", 10.0, "takes 1/8.0 of upstream's"),
        ("upstream's granular checks of pods, the whole command", 80.0, ""),
        ("of it, the specs by the program's own clock", 78.0, ""),
        ("checks that ran and passed, ours", 280.0, ""),
        ("specs that ran and passed, upstream's", 4.0, "1/70 of ours"),
        ("connections that these specs found to work", 8.0, ""),
    ]
