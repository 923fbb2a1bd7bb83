"""Serves TLS 1.2 by tlslite-ng with tacks given to its own API, one connection after another, until it is killed.

    python3 tlslite_server.py PORT CHAIN.pem KEY.pem TACKS.pem FLAGS
"""

import socket
import sys

from tack.structures.Tack import Tack
from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey

port, chain_file, key_file, tacks_file, flags = sys.argv[1:]
chain = X509CertChain()
chain.parsePemList(open(chain_file).read())
key = parsePEMKey(open(key_file).read(), private=True)
tacks = Tack.createFromPemList(open(tacks_file).read())
settings = HandshakeSettings()
settings.useExperimentalTackExtension = True
settings.maxVersion = (3, 3)
with socket.create_server(("127.0.0.1", int(port))) as listener:
    while True:
        connection = TLSConnection(listener.accept()[0])
        try:
            connection.handshakeServer(
                certChain=chain, privateKey=key, settings=settings, tacks=tacks, activationFlags=int(flags)
            )
            connection.close()
        except Exception as error:  # A client's fault must not end the server: the next one is served.
            print(repr(error), file=sys.stderr)
