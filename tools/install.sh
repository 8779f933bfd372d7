#!/usr/bin/env bash
# install.sh PYTHON VENV: what the project itself needs to run; asks apt only for what is missing.
set -euo pipefail
python=$1 venv=$2
need=()
"$python" -c 'import ensurepip, venv' 2>/dev/null || need+=(python3-venv)
command -v ssh >/dev/null || need+=(openssh-client)
# Scripts that hosts run are run here too, by the tests.
command -v curl >/dev/null || need+=(curl)
PATH=$PATH:/usr/sbin:/sbin
command -v ip >/dev/null || need+=(iproute2)
command -v sysctl >/dev/null || need+=(procps)
command -v depmod >/dev/null || need+=(kmod)
if [ ${#need[@]} -gt 0 ]; then
  [ "$(id -u)" = 0 ] || { echo "underlay: missing packages: ${need[*]}; install them, or run as root" >&2; exit 1; }
  echo "installing ${need[*]} ..."
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "${need[@]}" >/dev/null
fi
echo "installing Python packages into $venv ..."
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check -e '.[dev]'
# pyinfra writes no bytecode: without this, every deploy would compile its own modules anew.
"$venv/bin/python" -m compileall -q underlay tasks
