#!/bin/sh
# The quick start of the README, played on a real certificate: each command and what it prints.
set -eu

if ! command -v openssl >/dev/null; then
    echo "openssl is needed" >&2
    exit 1
fi

# What the last run left goes; what this one makes stays, to be looked at.
directory=$(dirname "$0")/../target/demo
rm -rf "$directory"
mkdir -p "$directory"
cd "$directory"

say() {
    printf '\n# %s\n' "$*"
}

# Prints a command as it is typed, words with spaces in quotes, and runs it.
show() {
    typed=
    for word; do
        case $word in
        *' '*) word="'$word'" ;;
        esac
        typed="$typed $word"
    done
    printf '$%s\n' "$typed" | sed 's|TACKS/T_0000.pem.*|TACKS/*|'
    "$@"
}

say "A certificate to work on, for a server at www.example.com."
show openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=www.example.com -addext basicConstraints=CA:FALSE -addext subjectAltName=DNS:www.example.com -keyout TLS_KEY.pem -out CERT.pem 2>/dev/null

say "The password of the TACK key. Without TACK_PASSWORD or --password-file, tack asks for it on the terminal."
export TACK_PASSWORD="correct horse battery staple"

say "A TACK key, which stays offline."
show tack genkey -o KEY.pem
show tack view KEY.pem

say "A tack: the TACK key vouches for the key of the certificate, until the certificate expires."
show tack sign -k KEY.pem -c CERT.pem -o TACK.pem
show tack view TACK.pem
show tack view CERT.pem

say "The form that stock Apache and nginx serve, with pins activated."
show tack pack -t TACK.pem -a 1 --format serverinfo -o TACK_SERVERINFO.pem
show tack view TACK_SERVERINFO.pem

say "Better: 90 short-lived tacks, signed at once; deploy installs the tack of the day, from cron."
mkdir TACKS
show tack sign -k KEY.pem -c CERT.pem -n 90@1d -e 2d -o TACKS/T
show tack status -c CERT.pem TACKS/*
show tack deploy -c CERT.pem -a 1 --format serverinfo --run "echo the server is reloaded here" -o TACK_SERVERINFO.pem TACKS/*
show tack view TACK_SERVERINFO.pem

say "Does the server serve it? check looks as a client would; openssl is the server here."
openssl s_server -accept 127.0.0.1:0 -cert CERT.pem -key TLS_KEY.pem -serverinfo TACK_SERVERINFO.pem -www >SERVER.log 2>&1 </dev/null &
server=$!
trap 'kill "$server"' EXIT
until port=$(sed -n 's/^ACCEPT .*://p' SERVER.log) && test -n "$port"; do
    kill -0 "$server"
    sleep 0.1
done
show tack check --ca-file CERT.pem --connect "127.0.0.1:$port" www.example.com

say "All of these files are in $(pwd). They are for looking at: nobody has pinned this key."
