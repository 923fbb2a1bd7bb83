#!/usr/bin/env bash
# Installs what the tests need beyond cargo: programs from Debian's packages (as root), the Python peers under
# target/peers, and cargo-fuzz. Run again it installs only what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
peers=target/peers

# Each program, and the package that it comes in; where the machine has it from elsewhere, that will do.
commands=(
  gcc:gcc make:make pkg-config:pkg-config # the openssl crate is built against the system's OpenSSL
  openssl:openssl curl:curl apache2:apache2 nginx:nginx haproxy:haproxy stunnel:stunnel4 # clients and servers
  postfix:postfix dovecot:dovecot-core slapd:slapd prosody:prosody vsftpd:vsftpd # STARTTLS
  pg_lsclusters:postgresql mariadbd:mariadb-server # the same
  gnutls-serv:gnutls-bin # a server on another library
  strace:strace # the system calls of replacing a file
  bash:bash zsh:zsh fish:fish man:man-db # completions and man pages
  systemd-analyze:systemd # the units of examples/
  python3:python3 # tackpy and tlslite-ng
)
missing=()
for entry in "${commands[@]}"; do
  command -v "${entry%%:*}" >/dev/null || missing+=("${entry##*:}")
done
if [[ ! -e /usr/include/openssl/ssl.h ]] && ! { command -v pkg-config >/dev/null && pkg-config --exists openssl; }; then
  missing+=(libssl-dev)
fi
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  missing+=(python3-venv)
fi

# To the shell "time" is a word of its own.
[[ -x /usr/bin/time ]] || missing+=(time)

# Each protocol of Dovecot is a package of its own.
for protocol in imapd:imap-login pop3d:pop3-login lmtpd:lmtp managesieved:managesieve-login; do
  [[ -e /usr/lib/dovecot/${protocol##*:} ]] || missing+=("dovecot-${protocol%%:*}")
done

if ((${#missing[@]})); then
  echo "setup: installing ${missing[*]}" >&2
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    echo "setup: needs root and apt-get (Debian) for that; elsewhere install them by hand" >&2
    exit 1
  fi
  # The tests start their own servers on ports of their own: none is to start by itself.
  policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

# Each peer is made beside its place and then moved there, so that an interrupted run leaves none that is half made.
mkdir -p "$peers"
pip=("$peers/venv/bin/python" -m pip --quiet --disable-pip-version-check)
make_pip() {
  if ! "${pip[@]}" --version &>/dev/null; then
    python3 -m venv --clear "$peers/venv"
  fi
}

for version in 0.9.7 0.9.9; do
  if [[ ! -d $peers/tackpy-$version ]]; then
    make_pip
    rm -rf "$peers/new"
    "${pip[@]}" download --no-deps --no-binary tackpy --dest "$peers/new" "tackpy==$version"
    tar -C "$peers/new" -xzf "$peers/new/tackpy-$version.tar.gz"
    mv "$peers/new/tackpy-$version" "$peers/"
  fi
done
if [[ ! -d $peers/tlslite ]]; then
  make_pip
  rm -rf "$peers/new"
  "${pip[@]}" install --target "$peers/new" tlslite-ng==0.8.2
  mv "$peers/new" "$peers/tlslite"
fi
rm -rf "$peers/new"

if ! cargo fuzz --version >/dev/null 2>&1; then
  cargo install cargo-fuzz --locked
fi
