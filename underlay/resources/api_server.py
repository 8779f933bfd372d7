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
# A connection is accepted by the kernel, however busy the server; kubectl would wait half a minute for one.
CONNECT_SECONDS = stretched(5)
# Then it is the endpoint, an address or a load balancer, that does not answer.
ANSWERS_HERE = ", though the API server of this host answers"

# u_cluster: 0 there is a cluster to ask, 1 there is none (an init that has not ended leaves none), 2 nobody knows.
# u_api: runs kubectl within $1 seconds; its status, u_said what is on standard error, and u_why the end of that.
# u_missing: whether u_said is about what the server does not have. u_alive: whether the server answers at all; once it
# does not, nothing more is asked of it. u_reach: whether it takes connections; u_here: prints whether this host's does.
FUNCTIONS = f"""\
u_down= u_reached=
u_cluster() {{
  if grep -qs '^started ' {MEMBER}; then return 1; fi
  if [ -e {KUBECONFIG} ]; then return 0; fi
  [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ] || return 1
  u_why='{KUBECONFIG} is missing'; return 2
}}
u_here() {{
  ! timeout {CONNECT_SECONDS} {KUBECTL} --server=https://127.0.0.1:6443 --tls-server-name=kubernetes get --raw /readyz \
    >/dev/null 2>&1 </dev/null || printf '{ANSWERS_HERE}'
}}
u_reach() {{
  [ -z "$u_reached" ] && command -v bash >/dev/null || return 0
  u_reached=1
  u_at=$(sed -n 's#^ *server: *https://##p' {KUBECONFIG} | head -n 1)
  u_name=${{u_at%:*}}; u_name=${{u_name#[}}; u_name=${{u_name%]}}
  timeout {CONNECT_SECONDS} bash -c 'exec 3<>"/dev/tcp/$1/$2"' - "$u_name" "${{u_at##*:}}"
  [ $? != 124 ] || u_down="no connection to $u_at within {CONNECT_SECONDS} s$(u_here)"
}}
u_api() {{
  u_said=; u_limit=$1; shift
  u_need kubectl || return
  u_reach
  [ -z "$u_down" ] || {{ u_why=$u_down; return 1; }}
  {{ u_said=$(timeout "$u_limit" {KUBECTL} "$@" 2>&1 >&3 3>&-); u_status=$?; }} 3>&1
  if [ "$u_status" = 124 ]; then u_why="kubectl gave no answer within $u_limit s$(u_here)"; u_down=$u_why
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
  u_why=$u_first$(u_here); u_down=$u_why; return 1
}}"""

_SILENCE = ("kubectl:", "kubectl gave", "no connection to", "helm:")


def is_silent(answer: Answer) -> TypeGuard[Unknown]:
    """Whether it is unknown because the API server has not answered."""
    return isinstance(answer, Unknown) and answer.reason.startswith(_SILENCE)
