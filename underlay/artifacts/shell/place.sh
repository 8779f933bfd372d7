u_fail() { echo "underlay: $*" >&2; exit 1; }

u_sum() { sha256sum <"$1" | cut -c1-64; }

# u_install FILE SHA256 DEST MODE ORIGIN: moves FILE, in the directory of DEST, to DEST if its sha256 is the pinned one.
u_install() {
  u_actual=$(u_sum "$1") || { rm -f "$1"; u_fail "$3: $1 cannot be read"; }
  if [ "$u_actual" != "$2" ]; then
    rm -f "$1"
    u_fail "$3: the file differs from its pin (from $5, sha256 $u_actual, expected $2);" \
      "it was not installed"
  fi
  chmod "$4" "$1" && mv -f "$1" "$3" || { rm -f "$1"; u_fail "$3: cannot be installed"; }
}

# u_temporary DEST: a name for a temporary file in DEST's directory; the leftover of a killed run is removed.
u_temporary() {
  u_dir=$(dirname "$1") u_base=$(basename "$1")
  mkdir -p "$u_dir" || u_fail "$u_dir: cannot be created"
  rm -f "$u_dir/.$u_base.underlay"
  u_temp=$u_dir/.$u_base.underlay
}

# u_have DEST SHA256 MODE: whether DEST is this file already; its mode is set.
u_have() { [ -f "$1" ] && [ "$(u_sum "$1")" = "$2" ] && chmod "$3" "$1"; }

# u_free PATH: the free space there, for a message.
u_free() { df -Pk "$1" | awk 'NR == 2 { printf "%d MiB free on %s", $4 / 1024, $6 }'; }

# u_place BLOB SHA256 DEST MODE
u_place() {
  u_have "$3" "$2" "$4" && return 0
  [ -f "$1" ] || u_fail "$3: $1 is not on this host; push it first"
  u_temporary "$3"
  cp -- "$1" "$u_temp" || { rm -f "$u_temp"; u_fail "$3: cannot be written ($(u_free "$u_dir"))"; }
  u_install "$u_temp" "$2" "$3" "$4" "$1"
}
