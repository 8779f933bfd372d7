#!/usr/bin/env bash
# clean_root.sh SUITE COMMAND...: run a command in a clone of this checkout on a bare Debian, e.g.
#
#   tools/clean_root.sh trixie make test
#
# A machine that has been worked on hides a missing install step. SUITE is Debian's (bookworm, trixie); the root has git,
# make, python3 and certificates, is entered by pivot_root (in a chroot, execs into pods would land in this machine's own
# root), and stays in $CLEAN_ROOTS (/var/tmp/underlay-clean-roots) for a look afterwards. Needs root and mmdebstrap.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
suite=$1; shift
checkout=$(cd "$(dirname "$0")/.." && pwd)
roots=${CLEAN_ROOTS:-/var/tmp/underlay-clean-roots}
new=$roots/$suite
[ "$(id -u)" = 0 ] || { echo "clean_root: run as root" >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo "clean_root: mmdebstrap is missing; apt install mmdebstrap" >&2; exit 1; }

base=$roots/$suite.base
if [ ! -d "$base" ]; then
  echo "clean_root: making a bare Debian $suite ..."
  mkdir -p "$roots"; rm -rf "$base.building"
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,git,make,python3 "$suite" "$base.building"
  mv "$base.building" "$base"
fi
rm -rf "$new"; cp -a "$base" "$new"
# What this machine needs to reach the world: names, and certificates it trusts.
cp -L /etc/resolv.conf /etc/hosts "$new/etc/"
cp -L /etc/ssl/certs/ca-certificates.crt "$new/etc/ssl/certs/"
git clone -q --no-hardlinks "$checkout" "$new/root/underlay"

passed=(HOME=/root "TERM=${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
while IFS= read -r variable; do passed+=("$variable"); done \
  < <(env | grep -iE '^((http|https|no|all)_proxy|PIP_CERT|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|GIT_SSL_CAINFO)=')

# shellcheck disable=SC2016  # expanded inside
exec unshare --mount --propagation private bash -c '
  set -e; new=$1; shift
  mount --bind "$new" "$new"; cd "$new"; mkdir -p old
  for each in proc sys dev; do mount --rbind /$each $each; done
  mount -t tmpfs tmpfs run
  pivot_root . old; cd /root/underlay; umount -l /old; rmdir /old
  exec env -i "$@"' clean_root "$new" "${passed[@]}" "$@"
