# u_curl URL OPTION...: curl as all requests want it: bytes as they are served, and from https to https only.
u_curl() {
  u_url=$1 u_follow==https
  shift
  case $u_url in http://*) u_follow==http,https ;; esac
  curl --silent --location --proto-redir "$u_follow" --globoff --connect-timeout 20 --no-compressed \
    --header 'Accept-Encoding: identity' "$@" -- "$u_url"
}

# u_reason RC STATUS SIZE PROXY: what curl's exit status means, as a sentence; PROXY is what a proxy answered to CONNECT.
u_reason() {
  case ${4:-000} in 000 | 2??) ;; *) echo "the proxy answered $4"; return ;; esac
  case $1 in
    1) echo "the server redirects from https to something else" ;;
    5 | 6) echo "the host name cannot be resolved" ;;
    7) echo "the server cannot be reached" ;;
    22) echo "the server answered $2" ;;
    23) echo "the file cannot be written ($(u_free "$u_cache"))" ;;
    28) echo "too slow, less than $u_slow bytes a second for $u_stall seconds" ;;
    35 | 51 | 53 | 54 | 58 | 59 | 60 | 77 | 80 | 83 | 91) echo "the TLS connection failed: $(tail -n 1 "$u_partial.error")" ;;
    16 | 18 | 52 | 55 | 56 | 92) echo "the connection was interrupted after $3 bytes" ;;
    127) echo "curl is not installed" ;;
    *) echo "curl failed with $1: $(tail -n 1 "$u_partial.error")" ;;
  esac
}

# u_transient RC STATUS PROXY: whether another try may succeed.
u_transient() {
  case ${3:-000} in 4??) return 1 ;; esac
  case $1 in
    5 | 6 | 7 | 16 | 18 | 28 | 35 | 52 | 55 | 56 | 92) return 0 ;;
    22) case $2 in 408 | 429 | 5??) return 0 ;; esac ;;
  esac
  return 1
}

# u_authorize URL: what a registry that refuses wants to see, into $u_partial.auth: a token, its user's where $u_user,
# containerd's file, has one; or that user.
u_authorize() {
  u_login=
  if [ -f "${u_user:-}" ]; then
    u_login=$u_partial.login
    (umask 077; sed -n 's/^authorization = "\(.*\)"$/Authorization: \1/p' "$u_user" >"$u_login")
    [ -s "$u_login" ] || u_login=
  fi
  u_token "$1" && return 0
  [ -n "$u_login" ] && mv -f "$u_login" "$u_partial.auth"
}

# u_token URL: a token into $u_partial.auth, from the realm that a registry names when it refuses a request; for nobody, or
# for the user in the header that the file $u_login has.
u_token() {
  u_challenge=$(u_curl "$1" --max-time 60 --dump-header - --output /dev/null |
    sed -n 's/^[Ww][Ww][Ww]-[Aa]uthenticate: *[Bb]earer *//p' | tr -d '\r' | tail -n 1)
  u_realm=$(u_challenge_field realm)
  [ -n "$u_realm" ] || return 1
  case $u_realm in https://*) ;; *) u_login= ;; esac
  u_got=$(u_curl "$u_realm" ${u_login:+--header "@$u_login"} --fail --max-time 60 --get --data-urlencode "service=$(u_challenge_field service)" \
    --data-urlencode "scope=$(u_challenge_field scope)" |
    tr -d '\n' | sed -n 's/.*"\(access_\)\{0,1\}token" *: *"\([^"]*\)".*/\2/p')
  [ -n "$u_got" ] || return 1
  (umask 077; printf 'Authorization: Bearer %s\n' "$u_got" >"$u_partial.auth")
}

# u_challenge_field NAME: a field of WWW-Authenticate.
u_challenge_field() { printf '%s\n' "$u_challenge" | sed -n "s/.*$1=\"\([^\"]*\)\".*/\1/p"; }

# u_download URL SHA256: downloads to $u_partial, resuming what an earlier run left.
u_download() {
  u_partial=$u_cache/partial/$2
  mkdir -p "$u_cache/partial" || u_fail "$u_cache: cannot be created"
  [ -f "$u_partial" ] && [ "$(u_sum "$u_partial")" = "$2" ] && return 0
  u_try=1 u_wait=$u_pause u_restarted= u_auth=
  while :; do
    u_rc=0
    u_status=$(u_curl "$1" --fail --show-error --continue-at - --speed-limit "$u_slow" --speed-time "$u_stall" \
      --write-out '%{http_code} %{http_connect}' ${u_auth:+--header "@$u_auth"} --output "$u_partial" \
      2>"$u_partial.error") || u_rc=$?
    u_proxy=${u_status#* } u_status=${u_status% *}
    u_size=0
    [ -f "$u_partial" ] && u_size=$(wc -c <"$u_partial")
    # curl treats "416 Range Not Satisfiable" as success: the partial file is as long as the real one, or longer
    if [ "$u_rc" = 0 ] && [ "$u_status" != 416 ]; then rm -f "$u_partial.error" "$u_partial.auth" "$u_partial.login"; return 0; fi
    if [ -z "$u_restarted" ] && { [ "$u_rc" = 33 ] || [ "$u_status" = 416 ]; }; then
      # The server cannot resume (no ranges, or the file has changed): start again, once.
      u_restarted=yes
      rm -f "$u_partial"
      continue
    fi
    if [ "$u_status" = 401 ] && [ -z "$u_auth" ] && u_authorize "$1"; then
      u_auth=$u_partial.auth
      continue
    fi
    u_transient "$u_rc" "$u_status" "$u_proxy" || break
    [ "$u_try" -ge "$u_tries" ] && break
    u_try=$((u_try + 1))
    sleep "$u_wait"
    u_wait=$((u_wait * 2))
  done
  u_why=$(u_reason "$u_rc" "$u_status" "$u_size" "$u_proxy")
  rm -f "$u_partial.error" "$u_partial.auth" "$u_partial.login"
  [ -s "$u_partial" ] || rm -f "$u_partial"
  u_fail "$1: $u_why (tried $u_try times); nothing was changed, run it again to resume"
}

# u_fetch URL SHA256 DEST MODE
u_fetch() {
  u_have "$3" "$2" "$4" && return 0
  u_download "$1" "$2"
  u_temporary "$3"
  mv -f "$u_partial" "$u_temp" || { rm -f "$u_temp"; u_fail "$3: cannot be written ($(u_free "$u_dir"))"; }
  sync "$u_temp" 2>/dev/null || sync
  u_install "$u_temp" "$2" "$3" "$4" "$1"
}

# u_fetch_member URL ARCHIVE_SHA256 MEMBER DEST MODE: the archive is kept for its other members.
u_fetch_member() {
  u_archive=$u_cache/archives/$2
  if ! { [ -f "$u_archive" ] && [ "$(u_sum "$u_archive")" = "$2" ]; }; then
    u_download "$1" "$2"
    u_temporary "$u_archive"
    mv -f "$u_partial" "$u_temp" || u_fail "$u_archive: cannot be written ($(u_free "$u_dir"))"
    u_install "$u_temp" "$2" "$u_archive" 644 "$1"
  fi
  u_temporary "$4"
  # What tar unpacked is hashed on its way: on a full disk, or a bad one, the file is another.
  u_unpacked=$({ tar -xzOf "$u_archive" "$3" && echo whole >&3; } 3>"$u_temp.tar" | tee "$u_temp" 2>/dev/null |
    sha256sum | cut -c1-64)
  if ! { [ -s "$u_temp.tar" ] && [ "$(u_sum "$u_temp")" = "$u_unpacked" ]; }; then
    rm -f "$u_temp" "$u_temp.tar"; u_fail "$4: $3 cannot be unpacked from $1 ($(u_free "$u_dir"))"
  fi
  rm -f "$u_temp.tar"
  sync "$u_temp" 2>/dev/null || sync
  u_install "$u_temp" "$u_unpacked" "$4" "$5" "$1#$3"
}
