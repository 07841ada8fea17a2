"""
Runs commands for the lab, one connection each. In, each ended by a zero byte: its time limit in seconds, a mark, its text for
sh. Out: its standard output, the mark, its standard error, the mark, its exit code (124 or 137 when its time was up). Between
lie files and not pipes: what a command leaves running cannot hold the answer up.

One process that stays, and one new one for each command: in a host of this kind a new process takes longer than most commands.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

PORT = 7001
AT_ONCE = 64
REQUEST_BYTES_MAX = 1024 * 1024
GRACE_S = 5
places = threading.BoundedSemaphore(AT_ONCE)


def received(connection):
    """The three parts of a request; None if it breaks off or is no request."""
    parts = b""
    while parts.count(b"\0") < 3:
        more = connection.recv(65536)
        if not more or len(parts) > REQUEST_BYTES_MAX:
            return None
        parts += more
    limit, mark, text, _ = parts.split(b"\0", 3)
    return int(limit), mark, text


def ended(child, limit):
    """Its exit code, as timeout(1) tells it; of all that it has started, what has not left its group ends with it."""
    try:
        code = child.wait(limit)
        return code if code >= 0 else 128 - code
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(GRACE_S)
        return 124
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return 137


def serve(connection):
    try:
        with connection, tempfile.TemporaryFile(dir="/run") as out, tempfile.TemporaryFile(dir="/run") as err:
            request = received(connection)
            if request is None:
                return
            limit, mark, text = request
            child = subprocess.Popen(
                ["/bin/sh", "-c", text], stdin=subprocess.DEVNULL, stdout=out, stderr=err, process_group=0
            )
            code = ended(child, limit)
            with connection.makefile("wb") as answer:
                for file in (out, err):
                    file.seek(0)
                    shutil.copyfileobj(file, answer)
                    answer.write(mark)
                answer.write(b"%d\n" % code)
    except OSError:
        pass  # Whoever asked is gone, or hears nothing and asks again.
    finally:
        places.release()


with socket.create_server(("", PORT), backlog=AT_ONCE) as server:
    while True:
        places.acquire()
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
