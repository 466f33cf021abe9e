"""Who tells me, and what if the messenger is dead? Any service apprise knows; whatever becomes of it, the run goes on.

python examples/56_tell_me.py        (LOTWRIGHT_NOTIFY_URLS="mailto://... slack://..." lotwright run CONFIG.toml)
"""

import json
import os
import socket
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from lotwright.cli.unattended.run import run_once


class Webhook(BaseHTTPRequestHandler):
    """A chat's webhook, on this machine."""

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print(f"Heard: {said['title']}. {said['message'].splitlines()[0]}")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


chat = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
threading.Thread(target=chat.serve_forever, daemon=True).start()
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    nobody = free.getsockname()[1]

for name in ("LOTWRIGHT_STATE", "LOTWRIGHT_STORE"):
    os.environ.pop(name, None)
secret = "s3cret-password"  # noqa: S105  of nothing
os.environ["LOTWRIGHT_NOTIFY_URLS"] = (
    f"json://ann:{secret}@127.0.0.1:{chat.server_port}/ json://ann:{secret}@127.0.0.1:{nobody}/"
)
with TemporaryDirectory() as folder:
    config = Path(folder) / "run.toml"
    book = Path(__file__).parent / "books" / "first_steps"
    config.write_text(f'book = {str(book)!r}\nstate = "state"\n[log]\nlevel = "error"\n')
    done = run_once(config, as_of=date(2019, 12, 31))
    print(f"The run: {done.status}, exit status {done.exit}.")
    for one in done.report["notified"][0]["deliveries"]:
        print(f"  address {one['address']} ({one['service']}): {'taken' if one['taken'] else one['problem']}")
    seen = [path.name for path in Path(folder).rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    print(f"Files that hold the password: {seen or 'none'}.")
chat.shutdown()
chat.server_close()
