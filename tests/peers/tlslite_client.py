"""Connects over TLS 1.2 with tlslite-ng's client, which asks for the TackExtension, verifies its signatures and that it is
for the server's key. Whether a tack is expired it leaves to its user, here. Prints where it was found and its bytes: "hello HEX", "certificate HEX" or "none".

    python3 tlslite_client.py PORT
"""

import socket
import sys
import time

from tlslite.api import HandshakeSettings, TLSConnection

settings = HandshakeSettings()
settings.useExperimentalTackExtension = True
settings.maxVersion = (3, 3)
connection = TLSConnection(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
connection.handshakeClientCert(settings=settings, serverName="localhost")
session = connection.session
if session.tackExt and any(tack.expiration <= time.time() / 60 for tack in session.tackExt.tacks):
    sys.exit("a tack is expired")
if session.tackExt is None:
    print("none")
else:
    print("hello" if session.tackInHelloExt else "certificate", session.tackExt.serialize().hex())
connection.close()
