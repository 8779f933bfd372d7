"""kubeadm init, and the token and certificates that the other hosts join with."""

from __future__ import annotations

import secrets
import string
import time
from typing import Any

from pyinfra.api import Host, operation
from pyinfra.context import ctx_host

from underlay.backup.restore import begin_script
from underlay.plan.host_questions import LABELS, left_tokens
from underlay.plan.kubeadm import CONFIG, init_documents, upload_documents
from underlay.plan.kubeadm_images import CONTROL_PLANE, image_check
from underlay.plan.membership import Standing, listed_nodes
from underlay.plan.node_objects import register_script, silence_script
from underlay.plan.yaml_text import as_yaml
from underlay.resources.answer import line_of
from underlay.resources.api_server import KUBECTL
from underlay.run.claim import Purpose
from underlay.run.command import Fail, Step, Steps, reason_of_script, run_script
from underlay.run.kubeadm_script import kubeadm_script
from underlay.run.observe import answers
from underlay.run.run import JoinMaterial, current_run
from underlay.run.standings import is_to_join, standing_of
from underlay.run.undone_attempt import before_kubeadm

# Long enough for the joins of a large rollout, and no longer: the token is a secret.
TOKEN_MINUTES = 30
# Tokens with this label are deleted after the joins, whichever run created them.
_LABEL = next(f"{key}={value}" for key, value in LABELS.items())


@operation()
def init() -> Steps:
    """Create the cluster on the first control-plane host, unless it is a member already."""
    host = ctx_host.get()
    run = current_run()
    if run.is_first(host) and is_to_join(host.name):
        if host.name in run.limit:
            yield Step("kubeadm init", _init)
        else:
            yield Fail("it has no cluster yet that others could join, and --limit leaves it out; deploy it first")


@operation()
def prepare_joins() -> Steps:
    """Create a join token, and upload the certificates for further control-plane hosts, if any host is to join.

    Nodes that the cluster does not list, and whose kubelets are its own, are given back to it.
    """
    run = current_run()
    if not run.is_first(ctx_host.get()):
        return
    if missing := [n for n in run.spec.cluster.nodes if standing_of(n.name) is Standing.UNLISTED]:
        script = register_script(run.spec.cluster, missing, run.observed.answers)
        yield Step("register nodes", lambda host, arguments: reason_of_script(host, script, arguments))
    if joining():
        yield Step("prepare joins", _prepare_joins)


@operation()
def end_joins() -> Steps:
    """Delete the join tokens."""
    run, host = current_run(), ctx_host.get()
    if run.is_first(host) and (run.cluster.join is not None or left_tokens(line_of(answers(host)["recorded"]))):
        yield Step("delete join token", _end_joins)


def joining() -> list[str]:
    """Names of the nodes that are not members yet, except the first; unreachable ones are left out."""
    run = current_run()
    cluster = run.spec.cluster
    others = (n.name for n in cluster.nodes if n != cluster.first)
    return [n for n in others if is_to_join(n)]


def init_control_plane() -> None:
    init(name="Initialise control plane")
    prepare_joins(name="Prepare joins")


def close_joins() -> None:
    end_joins(name="Delete join token")


def _init(host: Host, arguments: dict[str, Any]) -> str | None:
    run = current_run()
    spec, cluster = run.spec, run.spec.cluster
    restores = run.purpose is Purpose.RESTORE
    script = kubeadm_script(
        cluster,
        "kubeadm init",
        {CONFIG: init_documents(cluster, token=_token(), kube_proxy=not spec.network.replaces_kube_proxy)},
        queried_mark=line_of(answers(host)["member"]),
        undo=before_kubeadm(host),
        before=image_check(cluster.kubernetes_version, [run.artifacts.reference(name) for name in CONTROL_PLANE]),
        begin_with=begin_script(cluster.first, etcd=run.artifacts.reference("etcd")) if restores else "",
    )
    return reason_of_script(host, script, arguments, most=12)


def _prepare_joins(host: Host, arguments: dict[str, Any]) -> str | None:
    cluster = current_run().spec.cluster
    token, key = _token(), secrets.token_hex(32)
    name, _, secret = token.partition(".")
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + TOKEN_MINUTES * 60))
    upload = ""
    if any(cluster.node(n).is_control_plane for n in joining()):
        upload = f"""
trap 'rm -f {CONFIG}' EXIT
cat >{CONFIG} <<'END'
{as_yaml(*upload_documents(cluster, certificate_key=key))}END
kubeadm init phase upload-certs --upload-certs --config {CONFIG} >&2"""
    script = f"""\
set -eu; umask 077{upload}
{silence_script(_left_nodes())}
{KUBECTL} apply -f - >/dev/null <<'END'
apiVersion: v1
kind: Secret
metadata: {{name: bootstrap-token-{name}, namespace: kube-system, labels: {{{_LABEL.replace("=", ": ")}}}}}
type: bootstrap.kubernetes.io/token
stringData:
  token-id: "{name}"
  token-secret: "{secret}"
  expiration: "{until}"
  usage-bootstrap-authentication: "true"
  usage-bootstrap-signing: "true"
  auth-extra-groups: "system:bootstrappers:kubeadm:default-node-token"
END
base64 -w0 /etc/kubernetes/pki/ca.crt
"""
    ran = run_script(host, script, arguments)
    if not ran.ok:
        return ran.reason()
    current_run().cluster.join = JoinMaterial(ca=ran.out[-1], token=token, certificate_key=key)
    return None


def _left_nodes() -> list[str]:
    """Nodes that are to join, and that the cluster lists as Ready: their kubelets are gone."""
    run = current_run()
    listed = listed_nodes(run.observed.answers[run.spec.cluster.first.name])
    return [name for name in joining() if name in listed and listed[name].is_ready]


def _end_joins(host: Host, arguments: dict[str, Any]) -> str | None:
    return reason_of_script(host, f"{KUBECTL} delete secret -n kube-system -l {_LABEL} >/dev/null\n", arguments)


def _token() -> str:
    """A bootstrap token: an ID of six characters, a dot, a secret of sixteen."""
    alphabet = string.ascii_lowercase + string.digits
    drawn = "".join(secrets.choice(alphabet) for _ in range(22))
    return f"{drawn[:6]}.{drawn[6:]}"
