# u_absent REF DIGEST: whether containerd lacks this image, or has another digest of it. Any digest does without DIGEST.
u_absent() {
  ! printf '%s\n' "$u_listed" | awk -v ref="$1" -v digest="$2" '
    $1 == ref && (digest == "" || $3 == digest) { found = 1 } END { exit !found }'
}

u_list() {
  # ctr prints warnings on stderr that are no errors here; when it fails, a second call prints its error
  u_listed=$(ctr -n k8s.io images ls 2>/dev/null) ||
    { ctr -n k8s.io images ls -q >/dev/null; u_fail "images: containerd does not answer"; }
}

# u_require REF DIGEST DESCRIPTOR BLOB...: adds an image to the import, if it is absent.
u_require() {
  u_absent "$1" "$2" || return 0
  u_index=$u_index${u_index:+,}$3
  shift 3
  for u_blob in "$@"; do
    [ -f "$u_cache/blobs/sha256/$u_blob" ] ||
      u_fail "images: $u_cache/blobs/sha256/$u_blob is not on this host; push it first"
    case " $u_blobs " in *" blobs/sha256/$u_blob "*) ;; *) u_blobs="$u_blobs blobs/sha256/$u_blob" ;; esac
  done
}

# u_import: all required images in one stream, each blob once; containerd verifies every digest. --local avoids
# containerd's transfer service, which takes half as long again and twice the CPU time.
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

# u_pull REF DIGEST [REGISTRY]: pulls from a mirror of the image's registry, or from where the host's own hosts.toml files
# say. By its digest, where one is known: the name that this gives it stays, since it says what was pulled.
u_pull() {
  u_pulled=$1
  [ -z "$2" ] || u_pulled=${1%:*}@$2
  if ! u_absent "$1" "$2"; then
    ! u_absent "$u_pulled" "" || u_tag "$1" "$u_pulled"
    return
  fi
  u_work=$(mktemp -d) || u_fail "images: no temporary directory"
  u_from=$u_work
  if [ -n "${3-}" ]; then
    mkdir -p "$u_work/${1%%/*}"
    printf 'server = "%s"\n[host."%s"]\n  capabilities = ["pull", "resolve"]\n' "$3" "$3" \
      >"$u_work/${1%%/*}/hosts.toml"
  elif [ -d "$u_hosts" ]; then u_from=$u_hosts; fi
  u_try=1 u_wait=$u_pause
  while :; do
    u_rc=0
    timeout -k 10 "$u_limit" ctr -n k8s.io images pull --hosts-dir "$u_from" "$u_pulled" >"$u_work/log" 2>&1 ||
      u_rc=$?
    case $u_rc in
      0) break ;;
      124 | 137) u_fail "image $1: not pulled${3:+ from $3} within $u_limit s; run again: what was downloaded is kept" ;;
    esac
    if [ "$u_try" -ge "$u_tries" ]; then
      u_fail "image $1: cannot be pulled${3:+ from $3} (tried $u_try times): $(tail -n 1 "$u_work/log")"
    fi
    u_try=$((u_try + 1))
    sleep "$u_wait"
    u_wait=$((u_wait * 2))
  done
  [ "$u_pulled" = "$1" ] || u_tag "$u_pulled" "$1"
  rm -rf "$u_work"
}

# u_tag OLD NEW: gives an image another name, and takes that from any other image.
u_tag() {
  u_said=$(ctr -n k8s.io images tag --force "$1" "$2" 2>&1) ||
    u_fail "image $1: cannot be named $2: $(printf '%s' "$u_said" | tail -n 1)"
}

# u_verify REF DIGEST: fails if the image is absent after all; an import can fail silently.
u_verify() { ! u_absent "$1" "$2" || u_fail "image $1: not in containerd${2:+ with $2} after it was loaded"; }
