"""Fetches a page by Python's ssl, which verifies the chain and the name.

    python3 python_ssl.py PORT ROOT.pem 1.2|1.3 PATH
"""

import http.client
import ssl
import sys

port, root, version, path = sys.argv[1:]
context = ssl.create_default_context(cafile=root)
context.minimum_version = context.maximum_version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]
connection = http.client.HTTPSConnection("localhost", int(port), context=context)
connection.request("GET", path)
sys.stdout.write(connection.getresponse().read().decode())
