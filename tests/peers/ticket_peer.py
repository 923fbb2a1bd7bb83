"""Speaks TLS ticket pinning (RFC 8672 and draft-sheffer-tls-pinning-ticket-04) over TLS 1.3 with tlslite-ng.

It plays both roles, well or badly. It is written from the specifications: its key schedule and proofs are its own.

    python3 ticket_peer.py vectors
    python3 ticket_peer.py serve --listen 127.0.0.1:0 --chain CHAIN.pem --key KEY.pem [--misbehave MODE]
    python3 ticket_peer.py connect --connect 127.0.0.1:PORT [--state FILE.json] [--misbehave MODE]
    python3 ticket_peer.py selftest

`serve` prints {"port": N} and then one line of JSON for each connection, until it is killed. `connect` makes one
connection, prints one line of JSON and exits with 1 if it failed. --help shows the options of each.
"""

import argparse
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
from tlslite.constants import AlertDescription
from tlslite.errors import TLSLocalAlert, TLSRemoteAlert
from tlslite.extensions import TLSExtension
from tlslite.messages import Certificate, ClientHello, EncryptedExtensions, Finished

TICKET_PINNING = 32
# The code point of each suite, its name in options and reports, tlslite-ng's name of its cipher, and its hash.
SUITES = [
    (0x1301, "aes128-sha256", "aes128gcm", "sha256"),
    (0x1302, "aes256-sha384", "aes256gcm", "sha384"),
    (0x1303, "chacha20-sha256", "chacha20-poly1305", "sha256"),
]
GROUPS = {"x25519": 29, "secp256r1": 23, "secp384r1": 24, "secp521r1": 25}
SECONDS_TO_HANG = 30  # A peer that says nothing for so long is given up.

# These need a ticket of the client; without one the server behaves well, so that a client can get its first ticket.
SPOILT_PROOFS = [
    "no-proof", "bad-proof", "short-proof", "long-proof", "proof-for-other-key", "proof-of-other-secret", "ramp-down",
]  # fmt: skip
SPOILT_ANSWERS = [
    "no-extension", "empty-body", "trailing-byte", "truncated", "unasked", "proof-on-first-visit", "twice", "garbage",
]  # fmt: skip
SPOILT_OFFERS = [
    "no-extension", "empty-body", "wrong-ticket", "short-ticket", "random-ticket", "long-ticket", "truncated-body",
    "trailing-byte",
]  # fmt: skip


# The key schedule of RFC 8446, section 7.1, and the proofs.


def expand_label(hash_name, secret, label, context, length):
    """HKDF-Expand-Label, for a length of at most one block of the hash."""
    label = b"tls13 " + label.encode()
    info = struct.pack(">HB", length, len(label)) + label + bytes([len(context)]) + context
    return hmac.digest(secret, info + b"\x01", hash_name)[:length]


def handshake_secret(hash_name, shared):
    """The Handshake Secret of a handshake without PSK, from the (EC)DHE shared secret."""
    size = hashlib.new(hash_name).digest_size
    early = hmac.digest(bytes(size), bytes(size), hash_name)
    derived = expand_label(hash_name, early, "derived", hashlib.new(hash_name).digest(), size)
    return hmac.digest(derived, shared, hash_name)


class Secrets:
    """What both sides derive once they have the ClientHello and the ServerHello."""

    def __init__(self, hash_name, shared, transcript_hash):
        self.hash_name = hash_name
        self.transcript_hash = transcript_hash
        self.handshake = handshake_secret(hash_name, shared)
        self.pinning = self.derive("pinning secret")

    def derive(self, label):
        """Derive-Secret(Handshake Secret, label, ClientHello..ServerHello)."""
        return expand_label(
            self.hash_name, self.handshake, label, self.transcript_hash, len(self.transcript_hash)
        )

    def proof(self, kind, original, spki):
        """The proof, by "rfc" or "draft04", that the server knows the original pinning secret."""
        key_hash = hashlib.new(self.hash_name, spki).digest()
        if kind == "rfc":
            message = b"pinning proof 2" + self.derive("pinning proof 1") + key_hash
        else:
            message = b"pinning proof" + self.handshake + key_hash
        return hmac.digest(original, message, self.hash_name)


# The bodies of the extension, and the key of a certificate.


def client_body(ticket):
    return struct.pack(">H", len(ticket)) + ticket


def parse_client_body(body):
    """The ticket: empty on a first visit, whose body may be empty too. None if the body is malformed."""
    if not body:
        return b""
    ticket = body[2:]
    return ticket if body[:2] == struct.pack(">H", len(ticket)) else None


def server_body(proof, ticket, lifetime):
    return struct.pack(">B", len(proof)) + proof + struct.pack(">H", len(ticket)) + ticket + struct.pack(">I", lifetime)


def parse_server_body(body):
    """Proof, ticket and lifetime in seconds. None if the body is malformed."""
    try:
        proof = body[1 : 1 + body[0]]
        after_proof = 1 + body[0]
        (size,) = struct.unpack_from(">H", body, after_proof)
        ticket = body[after_proof + 2 : after_proof + 2 + size]
        (lifetime,) = struct.unpack_from(">I", body, after_proof + 2 + size)
    except (IndexError, struct.error):
        return None
    return (proof, ticket, lifetime) if server_body(proof, ticket, lifetime) == body else None


def der_items(data):
    """The tag, the whole and the content of each DER item in the data."""
    while data:
        start, length = 2, data[1]
        if length > 127:
            start = 2 + length - 128
            length = int.from_bytes(data[2:start], "big")
        yield data[0], data[: start + length], data[start : start + length]
        data = data[start + length :]


def public_key(certificate):
    """The SubjectPublicKeyInfo of a DER certificate, byte for byte."""
    _, _, certificate = next(der_items(certificate))
    _, _, signed = next(der_items(certificate))
    # The version [0] may be absent. After it: serial number, algorithm, issuer, validity, subject, key.
    fields = [whole for tag, whole, _ in der_items(signed) if tag != 0xA0]
    return fields[5]


def flip_bit(data):
    return data[:-1] + bytes([data[-1] ^ 1])


# The two roles.


class PinningConnection(TLSConnection):
    """A TLS 1.3 connection that derives the pinning secrets as soon as the ServerHello is in the transcript."""

    def __init__(self, sock, report):
        super().__init__(sock)
        self.closeSocket = False  # The caller closes it when the other side has read the alert.
        self.ignoreAbruptClose = True
        self.report = report
        self.hellos = 0
        self.shared = None
        self.secrets = None
        # Attributes of the instance stand before the methods of the class: tlslite-ng computes the shared secret with
        # what _getKEX returns, and calls calcTLS1_3PendingState first when the transcript is ClientHello..ServerHello.
        self._getKEX = self._observed_key_exchange
        self._install_keys = self._recordLayer.calcTLS1_3PendingState
        self._recordLayer.calcTLS1_3PendingState = self._derive_then_install_keys

    def _observed_key_exchange(self, group, version):
        exchange = TLSConnection._getKEX(group, version)
        compute = exchange.calc_shared_key

        def observe(private, public):
            self.shared = bytes(compute(private, public))
            return bytearray(self.shared)

        exchange.calc_shared_key = observe
        return exchange

    def _derive_then_install_keys(self, suite, client_secret, server_secret, implementations):
        if self.secrets is None:
            self._derive(suite, server_secret)
        return self._install_keys(suite, client_secret, server_secret, implementations)

    def _derive(self, suite, server_secret):
        name, hash_name = next((name, hash_name) for number, name, _, hash_name in SUITES if number == suite)
        transcript_hash = bytes(self._handshake_hash.digest(hash_name))
        self.secrets = Secrets(hash_name, self.shared, transcript_hash)
        if self.secrets.derive("s hs traffic") != server_secret:
            raise RuntimeError("our key schedule and tlslite-ng's differ")
        group = next(name for name, number in GROUPS.items() if number == self.ecdhCurve)
        self.report.update(secret=self.secrets.pinning.hex(), suite=name, group=group)

    def _count_hello(self):
        self.hellos += 1
        self.report["hello_retry"] = self.hellos > 1

    def _getMsg(self, *arguments):
        for result in super()._getMsg(*arguments):
            # Numbers say that the socket is not ready; the last result is the message.
            yield from self._received(result)
            yield result

    def _fail(self, alert, message):
        """Sends the alert and raises the message, for hooks that are no generators."""
        for _ in self._sendError(alert, message):
            pass


def pinning_extensions(message):
    return [bytes(extension.extData) for extension in message.extensions or [] if extension.extType == TICKET_PINNING]


class Server(PinningConnection):
    """Answers tickets from a dictionary of tickets to secrets, which it also fills."""

    def __init__(self, sock, report, options, spki, tickets, mode):
        super().__init__(sock, report)
        self.options, self.spki, self.tickets, self.mode = options, spki, tickets, mode
        self.ticket = b""

    def _received(self, message):
        if isinstance(message, ClientHello):
            self._count_hello()
            self._take_offer(pinning_extensions(message))
        return ()

    def _take_offer(self, bodies):
        self.report["offered"] = bool(bodies)
        if not bodies:
            return
        self.ticket = parse_client_body(bodies[0])
        if self.ticket is None:
            self._fail(AlertDescription.decode_error, "malformed extension in the ClientHello")
        self.report["ticket_received"] = self.ticket.hex()
        self.report["known"] = self.ticket in self.tickets

    def _queue_message(self, message):
        # The EncryptedExtensions are the first message that tlslite-ng queues, when the secrets are there.
        if isinstance(message, EncryptedExtensions):
            if self.ticket and self.ticket not in self.tickets:
                self._fail(AlertDescription.handshake_failure, "unknown ticket")
            for body in self._answers():
                message.extensions.append(TLSExtension(extType=TICKET_PINNING).create(bytearray(body)))
        super()._queue_message(message)

    def _answers(self):
        """The bodies of the extension to send: one, if all goes well."""
        if self.mode == "no-extension" or not (self.report["offered"] or self.mode == "unasked"):
            return []
        if self.mode in ("empty-body", "garbage"):
            return [b"" if self.mode == "empty-body" else b"\xff" * 20]
        body = self._honest_body()
        if self.mode == "trailing-byte":
            return [body + b"\x00"]
        if self.mode == "truncated":
            return [body[:-1]]
        return [body, body] if self.mode == "twice" else [body]

    def _honest_body(self):
        proof, ticket, lifetime = self._proof(), os.urandom(32), self.options.lifetime
        if self.mode and self.options.later_lifetime is not None:
            lifetime = self.options.later_lifetime
        if self.mode == "ramp-down":
            ticket, lifetime = b"", 0
        else:
            self.tickets[ticket] = self.secrets.pinning
        self.report.update(proof_sent=proof.hex(), ticket_sent=ticket.hex(), lifetime=lifetime)
        return server_body(proof, ticket, lifetime)

    def _proof(self):
        if not self.ticket:
            return os.urandom(32) if self.mode == "proof-on-first-visit" else b""
        original = self.tickets[self.ticket]
        if self.mode == "proof-of-other-secret":
            original = flip_bit(original)
        spki = flip_bit(self.spki) if self.mode == "proof-for-other-key" else self.spki
        proof = self.secrets.proof(self.options.proof, original, spki)
        spoilt = {"no-proof": b"", "bad-proof": flip_bit(proof), "short-proof": proof[:-1], "long-proof": proof + b"\0"}
        return spoilt.get(self.mode, proof)


class Client(PinningConnection):
    """Offers a ticket, and judges the answer when the server is authenticated, before it sends its own Finished."""

    def __init__(self, sock, report, options, state):
        super().__init__(sock, report)
        self.options = options
        self.original = bytes.fromhex(state["secret"]) if state else b""
        self.ticket = spoil_ticket(bytes.fromhex(state["ticket"]) if state else b"", options)
        self.new_ticket = b""
        self.answer = None
        self.spki = None
        self.report["proof"] = "missing" if self.ticket else "none"

    def _received(self, message):
        if isinstance(message, EncryptedExtensions):
            yield from self._take_answer(pinning_extensions(message))
        if isinstance(message, Certificate):
            self.spki = public_key(bytes(message.cert_chain.x509List[0].bytes))
            self.report["spki_sha256"] = hashlib.sha256(self.spki).hexdigest()

    def _take_answer(self, bodies):
        self.report["answered"] = bool(bodies)
        if not bodies:
            return
        if self.options.misbehave == "no-extension":
            yield from self._sendError(AlertDescription.unsupported_extension, "an extension that was not offered")
        if len(bodies) > 1:
            yield from self._sendError(AlertDescription.illegal_parameter, "the extension came twice")
        self.answer = parse_server_body(bodies[0])
        if self.answer is None:
            yield from self._sendError(AlertDescription.decode_error, "malformed extension in EncryptedExtensions")
        _, self.new_ticket, lifetime = self.answer
        self.report.update(ticket=self.new_ticket.hex(), lifetime=lifetime)

    def _sendMsg(self, message, *arguments, **named):
        if isinstance(message, ClientHello):
            self._offer(message)
        if isinstance(message, Finished):
            yield from self._judge()
        yield from super()._sendMsg(message, *arguments, **named)

    def _offer(self, hello):
        self._count_hello()
        # After a HelloRetryRequest tlslite-ng sends the same message again, which has the extension already.
        if self.options.misbehave == "no-extension" or pinning_extensions(hello):
            return
        body = client_body(self.ticket)
        spoilt = {"empty-body": b"", "truncated-body": body[:-1], "trailing-byte": body + b"\x00"}
        body = spoilt.get(self.options.misbehave, body)
        hello.addExtension(TLSExtension(extType=TICKET_PINNING).create(bytearray(body)))

    def _judge(self):
        proof = self.answer[0] if self.answer else b""
        if not self.ticket:
            if proof:
                yield from self._sendError(AlertDescription.illegal_parameter, "a proof on a first visit")
            return
        if not proof:
            yield from self._sendError(AlertDescription.handshake_failure, "the proof is missing")
        good = hmac.compare_digest(proof, self.secrets.proof(self.options.proof, self.original, self.spki))
        self.report["proof"] = "good" if good else "bad"
        if not good:
            yield from self._sendError(AlertDescription.handshake_failure, "the proof is bad")


def spoil_ticket(ticket, options):
    """The ticket to send. A mode that replaces it works without a ticket too."""
    mode = options.misbehave
    if mode == "wrong-ticket":
        if not ticket:
            raise ValueError("wrong-ticket needs a ticket in the state file")
        return flip_bit(ticket)
    if mode == "short-ticket":
        return ticket[: options.ticket_length].ljust(options.ticket_length, b"\x00")
    if mode in ("random-ticket", "long-ticket"):
        return os.urandom(65_000 if mode == "long-ticket" else len(ticket) or 32)
    return b"" if mode in ("no-extension", "empty-body") else ticket


# One connection, in either role.


def handshake_settings(suite, groups, shares):
    settings = HandshakeSettings()
    settings.minVersion = settings.maxVersion = (3, 4)
    settings.cipherNames = [cipher for _, name, cipher, _ in SUITES if suite in (None, name)]
    settings.eccCurves, settings.keyShares, settings.dhGroups = groups, shares, []
    # A compressed Certificate would be another message than the one that is looked at.
    settings.certificate_compression_send = settings.certificate_compression_receive = []
    return settings


@contextlib.contextmanager
def recorded(sock, report):
    """Notes how the connection failed, if it did, and closes it so that the other side can still read our alert."""
    sock.settimeout(SECONDS_TO_HANG)
    with sock:
        try:
            yield
        except Exception as error:  # Whatever it is, it belongs into the report, and must not end a server.
            report["error"] = str(error) or repr(error)
            if isinstance(error, TLSRemoteAlert):
                report["alert_received"] = error.description
            if isinstance(error, TLSLocalAlert):
                report["alert_sent"] = error.description
            drain(sock)


def drain(sock):
    """Unread data would turn our close into a reset, which may overtake the alert."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65_536):
            pass


def read_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        data = connection.read(max=65_536)
        if not data:
            break
        line += data
    return line


def serve_one(sock, options, identity, tickets, mode):
    """Serves one connection, and returns its report."""
    report = {"offered": False, "ticket_received": "", "known": False, "proof_sent": "", "ticket_sent": "",
              "lifetime": None, "secret": "", "suite": None, "group": None, "hello_retry": False, "error": None,
              "alert_received": None, "alert_sent": None}  # fmt: skip
    chain, key = identity
    groups = [options.group] if options.group else list(GROUPS)
    with recorded(sock, report):
        connection = Server(sock, report, options, public_key(bytes(chain.x509List[0].bytes)), tickets, mode)
        settings = handshake_settings(options.suite, groups, groups[:1])
        connection.handshakeServer(certChain=chain, privateKey=key, settings=settings)
        connection.write(read_line(connection))
        connection.close()
    return report


def connect(options):
    """Makes one connection, keeps the new ticket if it succeeds, and returns its report."""
    report = {"answered": False, "proof": "none", "ticket": "", "lifetime": None, "secret": "", "hello_retry": False,
              "suite": None, "group": None, "spki_sha256": "", "echo": None, "alert_received": None,
              "alert_sent": None, "error": None}  # fmt: skip
    groups = options.groups.split(",")
    settings = handshake_settings(options.suite, groups, [options.share or groups[0]])
    sock = socket.create_connection(options.connect, timeout=SECONDS_TO_HANG)
    with recorded(sock, report):
        connection = Client(sock, report, options, load_state(options.state))
        connection.handshakeClientCert(settings=settings, serverName=options.name, reqTack=False)
        if options.state and connection.new_ticket and report["lifetime"]:
            store_state(options.state, report)
        if options.send is not None:
            connection.write(options.send.encode() + b"\n")
            report["echo"] = read_line(connection).decode().rstrip("\n")
        connection.close()
    return report


def load_state(path):
    """The ticket of the last visit, its secret and its end in Unix seconds. None if there is none or it is over."""
    if not path or not os.path.exists(path):
        return None
    state = json.loads(pathlib.Path(path).read_text())
    return state if time.time() < state["expires"] else None


def store_state(path, report):
    state = {"ticket": report["ticket"], "secret": report["secret"], "expires": int(time.time()) + report["lifetime"]}
    pathlib.Path(path).write_text(json.dumps(state))


# The commands.


def run_serve(options):
    identity, tickets = load_identity(options), {}
    with socket.create_server(options.listen) as listener:
        print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
        honest = options.honest
        while True:
            mode, honest = (None, honest - 1) if honest else (options.misbehave, 0)
            report = serve_one(listener.accept()[0], options, identity, tickets, mode)
            print(json.dumps(report), flush=True)


def load_identity(options):
    chain = X509CertChain()
    chain.parsePemList(pathlib.Path(options.chain).read_text())
    return chain, parsePEMKey(pathlib.Path(options.key).read_text(), private=True)


def run_connect(options):
    report = connect(options)
    print(json.dumps(report), flush=True)
    return 1 if report["error"] else 0


# RFC 8448, section 3: the messages, the shared secret and the certificate.
CLIENT_HELLO = """
010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000910000000b0009000006
736572766572ff01000100000a00140012001d0017001800190100010101020103010400230000003300260024001d002099381de560e4bd43d23d8e
435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e0403050306030203080408050806040105010601020104020502
06020202002d00020101001c00024001"""
SERVER_HELLO = """
020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00330024001d0020c9828876112095fe
66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304"""
SHARED = "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"
CERTIFICATE = """
308201ac30820115a003020102020102300d06092a864886f70d01010b0500300e310c300a06035504031303727361301e170d313630373330303132
3335395a170d3236303733303031323335395a300e310c300a0603550403130372736130819f300d06092a864886f70d010101050003818d00308189
02818100b4bb498f8279303d980836399b36c6988c0c68de55e1bdb826d3901a2461eafd2de49a91d015abbc9a95137ace6c1af19eaa6af98c7ced43
120998e187a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda430846748030530ef0461c8ca9d9efbfae8ea6d1d03e2bd193eff0ab9a8002c4
7428a6d35a8d88d79f7f1e3f0203010001a31a301830090603551d1304023000300b0603551d0f0404030205a0300d06092a864886f70d01010b0500
0381810085aad2a0e5b9276b908c65f73a7267170618a54c5f8a7b337d2df7a594365417f2eae8f8a58c8f8172f9319cf36b7fd6c55b80f21a030151
56726096fd335e5e67f2dbf102702e608ccae6bec1fc63a42a99be5c3eb7107c3c54e9b9eb2bd5203b1c3b84e0a8b2f759409ba3eac9d91d402dcc0c
c8f8961229ac9187b42b4de1"""


def run_vectors(_):
    transcript_hash = hashlib.sha256(bytes.fromhex(CLIENT_HELLO + SERVER_HELLO)).digest()
    secrets = Secrets("sha256", bytes.fromhex(SHARED), transcript_hash)
    spki = public_key(bytes.fromhex(CERTIFICATE))
    original = bytes(range(32))
    vectors = [
        # RFC 8448, section 3.
        ("transcript hash", transcript_hash, "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8"),
        ("handshake secret", secrets.handshake, "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"),
        (
            "client traffic secret",
            secrets.derive("c hs traffic"),
            "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
        ),
        (
            "server traffic secret",
            secrets.derive("s hs traffic"),
            "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
        ),
        # Computed from it, not published there.
        (
            "hash of the public key",
            hashlib.sha256(spki).digest(),
            "673a6bdad73de596ce0e2511cbf98a8e1f1df28292ff548452ecad027b3f1457",
        ),
        ("pinning secret", secrets.pinning, "ecd32a766a8792132f0dfff2de7a58118b3abeb38c4634ff9d60dab31f55483f"),
        (
            "pinning proof secret",
            secrets.derive("pinning proof 1"),
            "d173d3788ee34ebb9a7f8674c0b75e32937f70e8e96f1d1a47a186af34d71319",
        ),
        (
            "proof of RFC 8672",
            secrets.proof("rfc", original, spki),
            "2cfa22fcabb14cad23cbe36fbe773e973c4ed25418d2cf6a68cc29b69b871c8b",
        ),
        (
            "proof of draft 04",
            secrets.proof("draft04", original, spki),
            "1edbd7b41ac4b6ad62a8c1ce4f282c0388e713ebf7766731a152378e9c663a1c",
        ),
    ]
    wrong = [name for name, computed, expected in vectors if computed.hex() != expected]
    for name in wrong:
        print(f"wrong: {name}")
    print(f"{len(vectors) - len(wrong)} of {len(vectors)} vectors are right")
    return 1 if wrong else 0


class SelfTest:
    """Runs the client against the server, in one process."""

    def __init__(self, directory):
        self.directory = directory
        self.tickets = {}
        self.failures = self.visits = 0
        self.keys = {}
        for name, algorithm in [("rsa", "rsa:2048"), ("ec", "ec -pkeyopt ec_paramgen_curve:P-256")]:
            command = f"openssl req -x509 -nodes -subj /CN=localhost -keyout {name}.key -out {name}.pem -newkey "
            subprocess.run((command + algorithm).split(), check=True, capture_output=True, cwd=directory)
            self.keys[name] = f"--chain {directory}/{name}.pem --key {directory}/{name}.key"

    def visit(self, key, server, client):
        """Makes one visit, and returns the reports of both sides."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port, reports = listener.getsockname()[1], []
            options = parse_options(f"serve {self.keys[key]} {server}".split())
            identity = load_identity(options)

            def answer():
                reports.append(serve_one(listener.accept()[0], options, identity, self.tickets, options.misbehave))

            thread = threading.Thread(target=answer)
            thread.start()
            report = connect(parse_options(f"connect --connect 127.0.0.1:{port} --send hello {client}".split()))
            thread.join()
        self.visits += 1
        return reports[0], report

    def expect(self, what, key, server, client, in_server, in_client):
        """Makes one visit, which has to have these values in the reports."""
        for role, report, wanted in zip(
            ("server", "client"), self.visit(key, server, client), (in_server, in_client), strict=True
        ):
            got = {name: report[name] for name in wanted}
            if got != wanted:
                self.failures += 1
                print(f"{what}, {key}: the {role} has {got} for {wanted}: {report}")

    def agreement(self, key, suite, group, proof):
        """Two visits, the second after a HelloRetryRequest."""
        state = f"--state {self.directory}/{key}-{suite}-{group}-{proof}.json --proof {proof}"
        other = next(name for name in GROUPS if name != group)
        server = f"--group {group} --suite {suite} --proof {proof}"
        common = {"suite": suite, "group": group, "error": None}
        what = f"{suite} {group} {proof}"
        first = common | {"hello_retry": False}
        self.expect(what, key, server, f"{state} --share {group}", first, first | {"proof": "none", "echo": "hello"})
        second = common | {"hello_retry": True}
        wanted = second | {"proof": "good", "echo": "hello"}
        self.expect(what, key, server, f"{state} --share {other}", second | {"known": True}, wanted)

    def spoilt_answer(self, key, mode, with_ticket, alert, proof):
        """A visit to a server that behaves badly."""
        state = f"--state {self.directory}/state-{key}.json"
        self.visit(key, "", state)
        client = state if with_ticket else ""
        if mode == "unasked":
            client = "--misbehave no-extension"
        wanted = {"alert_sent": alert, "proof": proof}
        self.expect(f"server: {mode}", key, f"--misbehave {mode}", client, {"alert_received": alert}, wanted)

    def spoilt_offer(self, key, mode, with_state, alert):
        """A visit of a client that behaves badly."""
        state = f"--state {self.directory}/state-{key}.json"
        self.visit(key, "", state)
        client = f"{state if with_state else ''} --misbehave {mode}"
        wanted = {"alert_received": alert, "echo": None if alert else "hello"}
        self.expect(f"client: {mode}", key, "", client, {"alert_sent": alert, "known": False}, wanted)


def run_selftest(_):
    with tempfile.TemporaryDirectory() as directory:
        test = SelfTest(directory)
        for key in test.keys:
            for _, suite, _, _ in SUITES:
                for group in GROUPS:
                    for proof in ("rfc", "draft04"):
                        test.agreement(key, suite, group, proof)
            for mode in SPOILT_PROOFS:
                proof = {"no-proof": "missing", "ramp-down": "good"}.get(mode, "bad")
                test.spoilt_answer(key, mode, True, None if mode == "ramp-down" else 40, proof)
            for mode, alert in [("no-extension", 40), ("empty-body", 50), ("trailing-byte", 50), ("truncated", 50),
                                ("twice", 47), ("garbage", 50)]:  # fmt: skip
                test.spoilt_answer(key, mode, True, alert, "missing")
            test.spoilt_answer(key, "no-extension", False, None, "none")
            test.spoilt_answer(key, "unasked", False, 110, "none")
            test.spoilt_answer(key, "proof-on-first-visit", False, 47, "none")
            for mode in SPOILT_OFFERS:
                alert = {"no-extension": None, "empty-body": None, "truncated-body": 50, "trailing-byte": 50}
                test.spoilt_offer(key, mode, True, alert.get(mode, 40))
            for mode in ("short-ticket", "random-ticket", "long-ticket", "short-ticket --ticket-length 40"):
                test.spoilt_offer(key, mode, False, 40)
            other = f"--proof draft04 --state {directory}/state-{key}.json"
            test.expect("other proof", key, "", other, {"alert_received": 40}, {"proof": "bad", "alert_sent": 40})
    print(f"{test.failures} failures in {test.visits} visits")
    return 1 if test.failures else 0


def address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def parse_options(arguments):
    parser = argparse.ArgumentParser(description="Speaks TLS ticket pinning with tlslite-ng.")
    commands = parser.add_subparsers(required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--proof", choices=["rfc", "draft04"], default="rfc", help="RFC 8672 (the default) or draft 04")
    common.add_argument("--suite", choices=[name for _, name, _, _ in SUITES], help="the only suite; all by default")
    server = commands.add_parser("serve", parents=[common], help="serve until killed")
    server.set_defaults(run=run_serve)
    server.add_argument("--listen", type=address, default=("127.0.0.1", 0), help="address; port 0 takes a free one")
    server.add_argument("--chain", required=True, help="PEM file, leaf first")
    server.add_argument("--key", required=True, help="PEM file of the leaf's key")
    server.add_argument("--lifetime", type=int, default=30 * 86_400, help="of tickets, in seconds; 30 days by default")
    server.add_argument("--later-lifetime", type=int, help="of tickets once it misbehaves; as before by default")
    server.add_argument("--group", choices=GROUPS, help="the only group; all by default, x25519 first")
    server.add_argument("--misbehave", choices=SPOILT_PROOFS + SPOILT_ANSWERS, metavar="MODE",
                        help=", ".join(SPOILT_PROOFS + SPOILT_ANSWERS))  # fmt: skip
    server.add_argument("--honest", type=int, default=0, help="how many connections to serve well before misbehaving")
    client = commands.add_parser("connect", parents=[common], help="make one connection")
    client.set_defaults(run=run_connect)
    client.add_argument("--connect", type=address, required=True, help="address and port")
    client.add_argument("--name", default="localhost", help="for the SNI")
    client.add_argument("--ca", help="not used: tlslite-ng verifies no chains")
    client.add_argument("--state", help="JSON file of ticket, secret and expiry; written if there is a new ticket")
    client.add_argument("--share", choices=GROUPS, help="group of the first key share; by default that of --groups")
    client.add_argument("--groups", default=",".join(GROUPS), help="groups to offer, with commas between")
    client.add_argument("--misbehave", choices=SPOILT_OFFERS, metavar="MODE", help=", ".join(SPOILT_OFFERS))
    client.add_argument("--ticket-length", type=int, default=1, help="bytes of a short-ticket; 1 by default")
    client.add_argument("--send", help="line to send; the answer is the echo")
    commands.add_parser("vectors", help="check the vectors").set_defaults(run=run_vectors)
    commands.add_parser("selftest", help="run client against server; needs openssl").set_defaults(run=run_selftest)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    options = parse_options(sys.argv[1:])
    sys.exit(options.run(options))
