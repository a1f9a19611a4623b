"""A webhook's receiving end that keeps a log of all it accepted, checks every signature, and now and then misbehaves."""
import base64
import hashlib
import hmac
import http.server
import random
import threading
import time


class Hook:
    """Listens on a port of its own until closed. `secret` is the text of the secret file, whsec_….

    accepted: {webhook-id: body}; deliveries: {webhook-id: how often it was accepted}; wrong: what must never happen.
    `trouble` is the share of requests answered by 500, 429 or not at all for a while; 0 while the test winds up. Until then each
    answer takes a moment, so that kills find notices on their way.
    """

    HANGS_MAX = 3
    ANSWER_WITHIN = 0.1

    def __init__(self, secret, seed, trouble):
        self.key = base64.b64decode(secret.strip().removeprefix("whsec_"))
        self.random = random.Random(seed)
        self.trouble = trouble
        self.lock = threading.Lock()
        self.accepted, self.deliveries, self.wrong = {}, {}, []
        self.refused = self.hung = 0
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers = hook.receive(self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128       # five, the default, lets the kernel drop connections that are made at once

            def handle_error(self, *_):
                pass                           # the daemon was killed while it talked to us

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/tocsin"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def receive(self, headers, body):
        """(status, headers) of the answer."""
        if self.trouble:
            time.sleep(random.uniform(0, self.ANSWER_WITHIN))
        key, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        signed = hmac.new(self.key, f"{key}.{stamp}.".encode() + body, hashlib.sha256).digest()
        expected = "v1," + base64.b64encode(signed).decode()
        with self.lock:
            if expected not in headers.get("webhook-signature", "").split(" "):
                self.wrong.append(f"the signature of {key} does not fit its body")
            if abs(time.time() - float(stamp or 0)) > 300:
                self.wrong.append(f"the timestamp of {key} is {stamp}: replays could not be told apart")
            if self.random.random() < self.trouble:
                kind = self.random.random()
                if kind < 0.05 and self.hung < self.HANGS_MAX:
                    self.hung += 1
                    hang = True
                else:
                    self.refused += 1
                    return (500, {}) if kind < 0.6 else (429, {"Retry-After": "1"})
            else:
                hang = False
                known = self.accepted.setdefault(key, body)
                self.deliveries[key] = self.deliveries.get(key, 0) + 1
                if known != body:
                    self.wrong.append(f"{key} came with two contents:\n  {known[:400]}\n  {body[:400]}")
        if hang:
            time.sleep(2)
            return 503, {}
        return 204, {}

    def count(self):
        with self.lock:
            return len(self.accepted)

    def snapshot(self):
        with self.lock:
            return dict(self.accepted)
