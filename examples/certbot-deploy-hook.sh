#!/bin/sh
# A deploy hook of certbot: signs the key of a renewed certificate, installs the tack, and reloads the server.
#
# Think twice. A TACK key protects against an attacker who takes over the server only as long as it is not on the server:
# with it he can sign his own TLS key. Safer, and nearly as easy: renew with the same TLS key (certbot --reuse-key), sign a
# batch where the TACK key is kept offline, and let cron deploy it (the example "cron"). This hook is for those who want a
# new TLS key at each renewal, or cannot sign elsewhere.
#
# Install it as /etc/letsencrypt/renewal-hooks/deploy/00-tack with mode 0755: hooks run in the order of their names, and one
# that reloads the server before this one makes pinned clients meet the new key with the old tack.
#
# Change: the five lines below; the server reads $output. The key file and the password belong to root, with mode 0600;
# what protects them is the machine alone. -a 1 has clients pin, without it they do not.
set -eu
: "${RENEWED_LINEAGE:?is set by certbot, which runs this after a renewal}"
tack=/usr/local/bin/tack
key=/etc/tack/key.pem
password=/etc/tack/password
output=/etc/tack/${RENEWED_LINEAGE##*/}.serverinfo.pem
reload='systemctl reload nginx'

for secret in "$key" "$password"; do
  mode=$(stat -c %a "$secret")
  case $mode in
  400 | 600) ;;
  *)
    echo "$secret: others must not read it: chmod 600 $secret" >&2
    exit 1
    ;;
  esac
done
signed=$("$tack" sign -k "$key" --password-file "$password" -c "$RENEWED_LINEAGE/cert.pem")
printf '%s\n' "$signed" |
  "$tack" deploy -c "$RENEWED_LINEAGE/cert.pem" -a 1 --format serverinfo -o "$output" --run "$reload" -
