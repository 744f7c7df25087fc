"""A reference server of Agon's job API: copy it and put your model into `generate`.

MODEL_SERVER_KEY=… python3 server.py --port 9000

Python 3.11 and nothing else. One job runs at a time; the others wait as `starting`.
"""

import argparse
import hmac
import json
import os
import struct
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = os.environ.get("MODEL_SERVER_KEY", "")  # empty: whoever reaches the port may ask
MAX_BODY_BYTES = 64 * 1024 * 1024
KEEP_S = 600  # a job is forgotten so long after its deadline


def generate(request):
    """Yield {"progress": 0..1} and {"text": piece}, or at last {"data": bytes, "type": …}.

    `request` has modality, prompt, seed, parameters, images and history. Raise to fail; a
    ValueError says that the request is wrong. This one turns the prompt round or paints stripes.
    """
    steps = int(request["parameters"].get("steps", 8))
    for step in range(steps):
        time.sleep(float(request["parameters"].get("step_s", 0)))  # a model would compute here
        yield {"progress": (step + 1) / steps}
        if request["modality"] == "text":
            yield {"text": " ".join(request["prompt"].split()[::-1]) + "\n"}
    if request["modality"] == "image":
        numbers = (zlib.crc32(b"%d,%d" % (request["seed"], x // 8)) for x in range(64))
        row = b"".join(number.to_bytes(4, "big")[:3] for number in numbers)
        yield {"data": png(row, 64), "type": "image/png"}
    elif request["modality"] != "text":
        raise ValueError(f"this model makes no {request['modality']}")


def png(row, size):
    """Return a PNG of `size` equal rows of `size` RGB pixels."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress((b"\0" + row) * size)),
        (b"IEND", b""),
    ]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class Job:
    """One job; every change wakes those who follow it."""

    turn = threading.Lock()

    def __init__(self, request):
        self.request, self.changed = request, threading.Condition()
        self.deadline = time.monotonic() + float(request["deadline_s"])
        self.status, self.progress, self.text, self.error = "starting", 0.0, "", None
        self.data, self.type = b"", "text/plain; charset=utf-8"
        threading.Thread(target=self.run, daemon=True).start()

    def is_over(self):
        return self.status not in ("starting", "processing")

    def set(self, **values):
        with self.changed:
            if not self.is_over():  # what is over stays as it is
                vars(self).update(values)
                self.changed.notify_all()

    def run(self):
        with self.turn:
            self.set(status="processing")
            try:
                for event in generate(self.request):
                    if time.monotonic() > self.deadline:
                        self.set(status="aborted")
                    if self.is_over():  # cancelled, or out of time
                        return
                    self.set(**{**event, "text": self.text + event.get("text", "")})
                self.set(status="succeeded", data=self.data or self.text.encode())
            except Exception as error:  # noqa: BLE001 - whatever a model raises is its failure
                code = "bad_request" if isinstance(error, ValueError) else "server_error"
                self.set(status="failed", error={"code": code, "message": str(error)})

    def document(self, **more):
        known = {"id": self.request["id"], "status": self.status, "progress": self.progress}
        return {**known, **({"error": self.error} if self.error else {}), **more}


JOBS: "dict[str, Job]" = {}


class Handler(BaseHTTPRequestHandler):
    def answer(self, status, content, kind="application/json"):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, status, code, message):
        self.answer(status, {"error": {"code": code, "message": message}})

    def job(self):
        """Return the job of the address and what follows it; None where it was refused."""
        sent = self.headers.get("Authorization", "")
        if KEY and not hmac.compare_digest(sent.encode(), f"Bearer {KEY}".encode()):
            return self.refuse(401, "auth", "the key is wrong or missing")
        _, jobs, job_id, *rest = [*self.path.split("/"), ""]
        if jobs != "jobs" or (job_id not in JOBS and self.command != "PUT"):
            return self.refuse(404, "bad_request", "there is no such job")
        return job_id, rest[0]

    def do_PUT(self):
        if (found := self.job()) is None:
            return
        length = int(self.headers.get("Content-Length", 0))
        if length > MAX_BODY_BYTES:
            self.refuse(413, "bad_request", "the request is too large")
            return
        request = {**json.loads(self.rfile.read(length)), "id": found[0]}
        for job_id, job in list(JOBS.items()):
            if time.monotonic() > job.deadline + KEEP_S:
                JOBS.pop(job_id, None)
        if found[0] not in JOBS:  # the same id again is the same job
            JOBS[found[0]] = Job(request)
        self.answer(200, JOBS[found[0]].document())

    def do_GET(self):
        if (found := self.job()) is None:
            return
        job = JOBS[found[0]]
        if found[1] == "events":
            self.stream(job)
        elif found[1] == "output" and job.status == "succeeded":
            self.answer(200, job.data, job.type)
        elif found[1]:
            self.refuse(404, "bad_request", "there is no output")
        else:
            self.answer(200, job.document())

    def stream(self, job):
        """Send a line for each change; the connection ends with the job."""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.end_headers()
        shown, is_over = 0, False
        while not is_over:
            with job.changed:
                if not job.is_over() and len(job.text) == shown:
                    job.changed.wait(5.0)
                is_over, piece = job.is_over(), job.text[shown:]
                line = json.dumps(job.document(text=piece))
            shown += len(piece)
            self.wfile.write(line.encode() + b"\n")

    def do_DELETE(self):
        if (found := self.job()) is not None:
            JOBS.pop(found[0]).set(status="canceled")
            self.answer(200, {})

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    options = parser.parse_args()
    ThreadingHTTPServer((options.host, options.port), Handler).serve_forever()
