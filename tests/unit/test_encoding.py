"""Files and pipes are UTF-8 whatever the locale says, and a terminal that cannot show a character ends no command."""

from __future__ import annotations

import ast
import os
import pty
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underlay.encoding import encodable

ROOT = Path(__file__).resolve().parents[2]
CODE = [
    *(
        p
        for folder in ("underlay", "tasks", "tests/live", "inventories", "group_data")
        for p in ROOT.glob(f"{folder}/**/*.py")
    ),
    *ROOT.glob("*.py"),
]
# Changing these builds every image anew, and all that they read and write is ASCII.
ASCII_ONLY = {"underlay/lab/recipe.py", "underlay/lab/vm/recipe.py", "underlay/artifacts/build/base.py"}
COMMAND = [sys.executable, "-m", "underlay.cli.main"]
SPEAKS = "import click; from underlay.encoding import prepare_streams; prepare_streams(); {}"


@pytest.fixture(scope="session")
def locales(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Real locales that are not UTF-8, compiled by the C library's own tool."""
    directory = tmp_path_factory.mktemp("locales")
    for source, charmap in (("de_DE", "ISO-8859-1"), ("zh_CN", "GBK")):
        # It warns of what the language lacks in this character set, and exits with 1.
        subprocess.run(
            ["localedef", "-i", source, "-f", charmap, str(directory / f"{source}.{charmap}")],
            check=False,
            capture_output=True,
        )
    return {"LOCPATH": str(directory)}


def environment(locales: dict[str, str], **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHON"))}
    return {**kept, **locales, **more}


ODD = [
    {"LC_ALL": "de_DE.ISO-8859-1"},
    {"LC_ALL": "zh_CN.GBK"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_a_pipe_is_utf_8(locales: dict[str, str], odd: dict[str, str]) -> None:
    done = subprocess.run(
        [*COMMAND, "networks"], cwd=ROOT, env=environment(locales, **odd), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "–" in done.stdout.decode("utf-8")


@pytest.mark.parametrize("named", ["latin-1", "ascii", "cp437:strict"])
def test_an_encoding_that_was_asked_for_is_used(locales: dict[str, str], named: str) -> None:
    env = environment(locales, PYTHONIOENCODING=named)
    done = subprocess.run([*COMMAND, "networks"], cwd=ROOT, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    # What click takes for an accident rather than a wish becomes UTF-8.
    assert done.stdout.decode("utf-8" if named == "ascii" else named.partition(":")[0])


def on_a_terminal(script: str, env: dict[str, str]) -> tuple[int, bytes]:
    master, slave = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=env, stdout=slave, stderr=slave) as process:
        os.close(slave)
        received = b""
        try:
            while part := os.read(master, 4096):
                received += part
        except OSError:  # how Linux says that nobody has the other end open
            pass
        os.close(master)
    return process.returncode, received.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("latin-1", "für ... - -> + ? ?"),
        ("gbk", "für … – → + ? 中"),
        ("koi8-r", "fur ... - -> + ? ?"),
        ("utf-8", "für … – → ✓ ? 中"),
    ],
)
def test_a_terminal_gets_what_it_can_show(encoding: str, shown: str) -> None:
    script = SPEAKS.format(r"click.echo('f\xfcr \u2026 \u2013 \u2192 \u2713 \udcff \u4e2d')")
    code, received = on_a_terminal(script, environment({}, PYTHONIOENCODING=encoding))
    assert (code, received.decode(encoding)) == (0, shown + "\n")


def test_standard_error_is_no_other(locales: dict[str, str]) -> None:
    env = environment(locales, LC_ALL="de_DE.ISO-8859-1", PYTHONIOENCODING="ascii:strict")
    script = SPEAKS.format(r"import sys; print('\u2713 \udcff', file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"+ ?\n")


@pytest.mark.parametrize("odd", ODD[:2], ids=str)
def test_files_are_utf_8(locales: dict[str, str], odd: dict[str, str], tmp_path: Path) -> None:
    subprocess.run(
        [*COMMAND, "networks", "--draw", str(tmp_path)],
        cwd=ROOT,
        env=environment(locales, **odd),
        check=True,
        capture_output=True,
    )
    names = [p.name for p in tmp_path.iterdir()]
    assert names
    assert {(tmp_path / n).read_bytes() for n in names} == {(ROOT / "docs/pictures" / n).read_bytes() for n in names}


# Nobody listens at the hosts' port: each command says so, and what else it has to say.
SITE = """\
# Standort München, 中
S = {{"network": {{"mode": "none"}}, "ssh_hostname": "127.0.0.1", "ssh_port": {port}, "ssh_user": "ops",
     "artifacts": {{"source": "bundle", "path": "/nowhere/bundle"}}, "accepted": {{"disk-slow": "Labor für 中 \u2013"}}}}
control_plane = [("cp-1", {{**S, "address": "192.0.2.1"}})]
"""
SPOKEN = [
    (("render", "site.py", "--to", "bücher"), 0, " files: "),
    (("choose", "--inventory", "site.py"), 0, ""),
    (("plan", "site.py"), 1, "/nowhere/bundle"),
    (("preflight", "site.py", "--page", "seite-é.html"), 1, "/nowhere/bundle"),
    (("verify", "site.py"), 1, "/nowhere/bundle"),
    (("reset", "site.py", "--yes"), 1, "refuses connections"),
    (("bgp", "site.py"), 1, "no session is declared"),
    (("init", "projekt-ü"), 0, "next:"),
    (("report", "show", "--reports", "berichte-ü"), 1, "holds no report"),
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_every_command_says_what_it_has_to_say(locales: dict[str, str], odd: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    (tmp_path / "site.py").write_text(SITE.format(port=free), encoding="utf-8")
    for arguments, code, said in SPOKEN:
        done = subprocess.run(
            [*COMMAND, *(a.encode() for a in arguments)],
            cwd=tmp_path,
            env=environment(locales, **odd, PYTHONPATH=str(ROOT)),
            capture_output=True,
            check=False,
        )
        text = (done.stdout + done.stderr).decode("utf-8")
        assert (done.returncode, "Traceback" in text) == (code, False), text
        assert said in text, (arguments, text)


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_any_text_can_be_encoded_and_ordinary_text_stays_as_it_is(text: str) -> None:
    kept = encodable(text)
    kept.encode("utf-8")
    assert [a for a, b in zip(text, kept, strict=True) if a != b] == [c for c in text if "\ud800" <= c <= "\udfff"]


def without_encoding(tree: ast.AST) -> Iterator[int]:
    """Lines that leave the encoding of a file or of a process's output to the locale."""
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        keywords = {k.arg: k.value for k in call.keywords}
        if "encoding" in keywords:
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        text = keywords.get("text", keywords.get("universal_newlines"))
        if name in ("read_text", "write_text") or (isinstance(text, ast.Constant) and text.value is True):
            yield call.lineno


@pytest.mark.parametrize("line", ["path.read_text()", "(a / b).write_text('x')", "run(['ls'], text=True)"])
def test_what_leaves_the_encoding_to_the_locale_is_found(line: str) -> None:
    assert list(without_encoding(ast.parse(line))) == [1]


def test_nothing_leaves_the_encoding_to_the_locale() -> None:
    found = {str(p.relative_to(ROOT)) for p in CODE if list(without_encoding(ast.parse(p.read_text(encoding="utf-8"))))}
    assert found - ASCII_ONLY == set()
