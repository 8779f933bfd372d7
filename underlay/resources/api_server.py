"""Shell that asks a cluster's API server: each question within its time, and what is not answered is never "absent"."""

from __future__ import annotations

from typing import TypeGuard

from underlay.patience import stretched

from .answer import Answer, Unknown

MEMBER = "/var/lib/underlay/member"
KUBECONFIG = "/etc/kubernetes/admin.conf"
KUBECTL = f"kubectl --kubeconfig={KUBECONFIG}"
# A server that has answered within the first is at work: the second is for what takes long on a busy machine.
SECONDS, LONG_SECONDS = stretched(10), stretched(60)

# u_cluster: 0 there is a cluster to ask, 1 there is none (an init that has not ended leaves none), 2 nobody knows.
# u_api: runs kubectl within $1 seconds; its status, u_said what is on standard error, and u_why the end of that.
# u_missing: whether u_said is about what the server does not have. u_alive: whether the server answers at all; once it
# does not, nothing more is asked of it.
FUNCTIONS = f"""\
u_down=
u_cluster() {{
  if grep -qs '^started ' {MEMBER}; then return 1; fi
  if [ -e {KUBECONFIG} ]; then return 0; fi
  [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ] || return 1
  u_why='{KUBECONFIG} is missing'; return 2
}}
u_api() {{
  u_said=; u_limit=$1; shift
  [ -z "$u_down" ] || {{ u_why=$u_down; return 1; }}
  u_need kubectl || return
  {{ u_said=$(timeout "$u_limit" {KUBECTL} "$@" 2>&1 >&3 3>&-); u_status=$?; }} 3>&1
  if [ "$u_status" = 124 ]; then u_why="kubectl gave no answer within $u_limit s"; u_down=$u_why
  elif [ "$u_status" != 0 ]; then
    u_why=$(printf '%s' "$u_said" | tail -n 1); u_why="kubectl: ${{u_why:-exit status $u_status}}"
  fi
  return "$u_status"
}}
u_missing() {{
  case $u_said in *'(NotFound)'* | *'" not found'* | *'no matches for kind'*) return 0 ;; esac
  return 1
}}
u_alive() {{
  [ -z "$u_down" ] || return 1
  u_first=$u_why
  u_api {SECONDS} get --raw /readyz >/dev/null && return
  u_why=$u_first; u_down=$u_why; return 1
}}"""


def is_silent(answer: Answer) -> TypeGuard[Unknown]:
    """Whether it is unknown because the API server has not answered."""
    return isinstance(answer, Unknown) and answer.reason.startswith(("kubectl:", "kubectl gave", "helm:"))
