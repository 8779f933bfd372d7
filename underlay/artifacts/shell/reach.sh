# u_request NUMBER URL OPTION...: sets u_rc, and u_code, the answer's status. The proxy's status, the last URL and curl's
# error are kept for u_said.
u_request() {
  u_number=$1 u_to=$2 u_rc=0
  shift 2
  u_curl "$u_to" --verbose --connect-timeout "$u_limit" --max-time "$u_limit" "$@" \
    --write-out '%{http_code} %{http_connect} %{url_effective} %{errormsg}' >"$u_work/$u_number.out" 2>"$u_work/$u_number.log" ||
    u_rc=$?
  u_code=$(cut -d ' ' -f 1 <"$u_work/$u_number.out")
}

# u_said NUMBER: one line of what the last request came to. 63 is curl's word for a file that is longer than is needed; why
# nobody connected (7), it says among what it did.
u_said() {
  u_why=
  case $u_rc in
    63) u_rc=0 ;;
    7) u_why=$(sed -n 's/^[*].* failed: /: /p' "$u_work/$1.log" | tail -n 1) ;;
  esac
  printf '@%s %s %s%s\n' "$1" "$u_rc" "$(tr '\n' ' ' <"$u_work/$1.out")" "$u_why"
}

# u_reach NUMBER URL: whether a file can be had; its first byte suffices.
u_reach() {
  u_request "$1" "$2" --range 0-0 --max-filesize 65536 --output /dev/null
  u_said "$1"
}

# u_manifest NUMBER URL: a manifest into NUMBER.json; fails without one.
u_manifest() {
  u_request "$1" "$2" ${u_auth:+--header "@$u_auth"} --header "Accept: $u_manifests" --output "$u_work/$1.json"
  [ "$u_rc $u_code" = "0 200" ]
}

# u_first NUMBER: the first digest in a manifest: of an index its first image's, of an image its configuration's.
u_first() {
  tr -d '\n' <"$u_work/$1.json" | grep -o '"digest" *: *"sha256:[0-9a-f]*"' | head -n 1 | grep -o 'sha256:[0-9a-f]*'
}

# u_reach_image NUMBER URL: whether an image can be had, by the URL of its manifest: from where its registry has manifests,
# and from where it has blobs.
u_reach_image() {
  u_base=${2%/manifests/*} u_auth= u_partial=$u_work/$1
  u_manifest "$1" "$2" || { [ "$u_code" = 401 ] && u_token "$2" && u_auth=$u_partial.auth && u_manifest "$1" "$2"; } ||
    { u_said "$1"; return; }
  if grep -q '"manifests"' "$u_work/$1.json"; then
    u_manifest "$1" "$u_base/manifests/$(u_first "$1")" || { u_said "$1"; return; }
  fi
  u_request "$1" "$u_base/blobs/$(u_first "$1")" ${u_auth:+--header "@$u_auth"} --output /dev/null
  u_said "$1"
}
