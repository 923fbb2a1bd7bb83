"""Connects over TLS 1.2 with tlslite-ng's client, which asks for the TackExtension, verifies its signatures and that it is
for the server's key, and prints where it was found and its bytes: "hello HEX", "certificate HEX" or "none".

    python3 tlslite_client.py PORT
"""

import socket
import sys

from tlslite.api import HandshakeSettings, TLSConnection

settings = HandshakeSettings()
settings.useExperimentalTackExtension = True
settings.maxVersion = (3, 3)
connection = TLSConnection(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
connection.handshakeClientCert(settings=settings, serverName="localhost")
session = connection.session
if session.tackExt is None:
    print("none")
else:
    print("hello" if session.tackInHelloExt else "certificate", session.tackExt.serialize().hex())
connection.close()
