# u_absent REF DIGEST: containerd has no image of this name, or another one. Without DIGEST any will do.
u_absent() {
  ! printf '%s\n' "$u_listed" | awk -v ref="$1" -v digest="$2" '
    $1 == ref && (digest == "" || $3 == digest) { found = 1 } END { exit !found }'
}

u_list() {
  # ctr warns on stderr of what is no error here; when it fails, its own words follow on a second call
  u_listed=$(ctr -n k8s.io images ls 2>/dev/null) ||
    { ctr -n k8s.io images ls -q >/dev/null; u_fail "images: containerd does not answer"; }
}

# u_want REF DIGEST DESCRIPTOR BLOB...: to be imported, if it is not there.
u_want() {
  u_absent "$1" "$2" || return 0
  u_index=$u_index${u_index:+,}$3
  shift 3
  for u_blob in "$@"; do
    [ -f "$u_cache/blobs/sha256/$u_blob" ] ||
      u_fail "images: $u_cache/blobs/sha256/$u_blob is not on this host; it has to be sent first"
    case " $u_blobs " in *" blobs/sha256/$u_blob "*) ;; *) u_blobs="$u_blobs blobs/sha256/$u_blob" ;; esac
  done
}

# u_import: everything wanted in one stream, each blob once; containerd verifies every digest. --local: without
# containerd's transfer service in between, which takes half as long again and twice the CPU time.
u_import() {
  [ -n "$u_index" ] || return 0
  u_work=$(mktemp -d) || u_fail "images: no temporary directory"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$u_work/oci-layout"
  echo '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":['"$u_index]}" \
    >"$u_work/index.json"
  # shellcheck disable=SC2086 # names of blobs are hexadecimal
  tar -cf - -C "$u_work" oci-layout index.json -C "$u_cache" $u_blobs |
    ctr -n k8s.io images import --local - >"$u_work/log" 2>&1 || u_fail "images: import failed: $(tail -n 1 "$u_work/log")"
  rm -rf "$u_work"
}

# u_pull REF [REGISTRY]: from the image's own registry, or from one that stands in for it.
u_pull() {
  u_absent "$1" "" || return 0
  u_work=$(mktemp -d) || u_fail "images: no temporary directory"
  if [ -n "${2-}" ]; then
    mkdir -p "$u_work/${1%%/*}"
    printf 'server = "%s"\n[host."%s"]\n  capabilities = ["pull", "resolve"]\n' "$2" "$2" \
      >"$u_work/${1%%/*}/hosts.toml"
  fi
  u_try=1 u_wait=$u_pause
  until ctr -n k8s.io images pull --hosts-dir "$u_work" "$1" >"$u_work/log" 2>&1; do
    if [ "$u_try" -ge "$u_tries" ]; then
      u_fail "image $1: could not be pulled${2:+ from $2} (tried $u_try times): $(tail -n 1 "$u_work/log")"
    fi
    u_try=$((u_try + 1))
    sleep "$u_wait"
    u_wait=$((u_wait * 2))
  done
  rm -rf "$u_work"
}

# u_there REF DIGEST: what was asked for is there now; an import can fail without saying so.
u_there() { ! u_absent "$1" "$2" || u_fail "image $1: not in containerd after it was imported"; }
