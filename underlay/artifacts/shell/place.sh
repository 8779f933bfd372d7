u_fail() { echo "underlay: $*" >&2; exit 1; }

u_sum() { sha256sum <"$1" | cut -c1-64; }

# u_into_place FILE SHA256 DEST MODE ORIGIN: FILE, beside DEST, becomes DEST if it is what it should be.
u_into_place() {
  u_seen=$(u_sum "$1") || { rm -f "$1"; u_fail "$3: $1 cannot be read"; }
  if [ "$u_seen" != "$2" ]; then
    rm -f "$1"
    u_fail "$3: the file is not the one that is pinned (from $5, expected sha256 $2, seen $u_seen);" \
      "it was not put into place"
  fi
  chmod "$4" "$1" && mv -f "$1" "$3" || { rm -f "$1"; u_fail "$3: could not be put into place"; }
}

# u_beside DEST: a name for a temporary file on DEST's own file system; what a killed run left is taken away.
u_beside() {
  u_dir=$(dirname "$1") u_base=$(basename "$1")
  mkdir -p "$u_dir" || u_fail "$u_dir: cannot be made"
  rm -f "$u_dir/.$u_base.underlay"
  u_temp=$u_dir/.$u_base.underlay
}

# u_have DEST SHA256 MODE: DEST is the right file already.
u_have() { [ -f "$1" ] && [ "$(u_sum "$1")" = "$2" ] && chmod "$3" "$1"; }

# u_free PATH: how much room there is, for a message.
u_free() { df -Pk "$1" | awk 'NR == 2 { printf "%d MiB free on %s", $4 / 1024, $6 }'; }

# u_place BLOB SHA256 DEST MODE
u_place() {
  u_have "$3" "$2" "$4" && return 0
  [ -f "$1" ] || u_fail "$3: $1 is not on this host; it has to be sent first"
  u_beside "$3"
  cp -- "$1" "$u_temp" || { rm -f "$u_temp"; u_fail "$3: could not be written ($(u_free "$u_dir"))"; }
  u_into_place "$u_temp" "$2" "$3" "$4" "$1"
}
