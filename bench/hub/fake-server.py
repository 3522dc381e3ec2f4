"""A user's server: listens where the hub tells it to and answers everything with its own pid."""

import http.server
import os
import sys
from urllib.parse import urlparse

url = os.environ.get('JUPYTERHUB_SERVICE_URL')  # JupyterHub >= 2.0; before, options of the command line
if url:
    port = urlparse(url).port
else:
    port = int([argument for argument in sys.argv if argument.startswith('--port=')][0].split('=')[1])


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'%d\n' % os.getpid())

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(('127.0.0.1', port), Answer).serve_forever()
