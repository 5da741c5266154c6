"""Serves hosts over NBD: a plugin of nbdkit over libgfapi, the client library of GlusterFS.

Of each volume the adapter says, on a socket, what is behind it: a graph of GlusterFS, the local copy (read-only), or
nothing. A change waits for the requests under way; those after it wait for the change. Connections stay.
"""

import contextlib
import ctypes
import errno
import json
import os
import socket
import threading

import nbdkit

API_VERSION = 2
FILE = b"/disk"
SOCKET = "/run/hosts.sock"
LOG_WARNINGS = 5
STATE_BYTES = 65536
# The answers that NBD has, of those that matter here.
KNOWN = {errno.EPERM, errno.EIO, errno.ENOSPC, errno.EINVAL}

gf = ctypes.CDLL("libgfapi.so.0", use_errno=True)
POINTER, SIZE, OFFSET, INT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64, ctypes.c_int
for name, result, arguments in [
    ("glfs_new", POINTER, [ctypes.c_char_p]),
    ("glfs_set_volfile", INT, [POINTER, ctypes.c_char_p]),
    ("glfs_set_logging", INT, [POINTER, ctypes.c_char_p, INT]),
    ("glfs_init", INT, [POINTER]),
    ("glfs_fini", INT, [POINTER]),
    ("glfs_open", POINTER, [POINTER, ctypes.c_char_p, INT]),
    ("glfs_creat", POINTER, [POINTER, ctypes.c_char_p, INT, ctypes.c_uint]),
    ("glfs_close", INT, [POINTER]),
    ("glfs_access", INT, [POINTER, ctypes.c_char_p, INT]),
    ("glfs_pread", ctypes.c_ssize_t, [POINTER, POINTER, SIZE, OFFSET, INT, POINTER]),
    ("glfs_pwrite", ctypes.c_ssize_t, [POINTER, POINTER, SIZE, OFFSET, INT, POINTER, POINTER]),
    ("glfs_fsync", INT, [POINTER, POINTER, POINTER]),
    ("glfs_ftruncate", INT, [POINTER, OFFSET, POINTER, POINTER]),
]:
    getattr(gf, name).restype = result
    getattr(gf, name).argtypes = arguments


class Gluster:
    """The file of a volume, through a graph."""

    readonly = False

    def __init__(self, volfile, size):
        self.fs = self.check(gf.glfs_new(b"vol"))
        self.check(gf.glfs_set_volfile(self.fs, volfile.encode()) == 0)
        self.check(gf.glfs_set_logging(self.fs, b"/dev/stderr", LOG_WARNINGS) == 0)
        self.check(gf.glfs_init(self.fs) == 0)
        self.fd = self.check(gf.glfs_creat(self.fs, FILE, os.O_RDWR, 0o600))
        self.check(gf.glfs_ftruncate(self.fd, size, None, None) == 0)

    @staticmethod
    def check(result):
        if not result:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return result

    def read(self, buffer, offset):
        view = (ctypes.c_char * len(buffer)).from_buffer(buffer)
        done = 0
        while done < len(buffer):
            count = gf.glfs_pread(self.fd, ctypes.byref(view, done), len(buffer) - done, offset + done, 0, None)
            self.check(count > 0)
            done += count

    def write(self, data, offset):
        data = bytes(data)
        done = 0
        while done < len(data):
            piece = data[done:]
            count = gf.glfs_pwrite(self.fd, piece, len(piece), offset + done, 0, None, None)
            self.check(count > 0)
            done += count

    def flush(self):
        self.check(gf.glfs_fsync(self.fd, None, None) == 0)

    def touch(self):
        """A lookup makes the replication translator create what a brick lacks."""
        gf.glfs_access(self.fs, FILE, os.F_OK)

    def is_up(self, brick):
        """Whether the replication translator has a connection to the brick."""
        fd = self.check(gf.glfs_open(self.fs, b"/.meta/graphs/active/vol-replicate-0/private", os.O_RDONLY))
        text = ctypes.create_string_buffer(STATE_BYTES)
        gf.glfs_pread(fd, text, STATE_BYTES - 1, 0, 0, None)
        gf.glfs_close(fd)
        return f"child_up[{brick}] = 1\n" in text.value.decode()

    def close(self):
        gf.glfs_close(self.fd)
        # It may wait for a brick that is silent.
        threading.Thread(target=gf.glfs_fini, args=(self.fs,), daemon=True).start()


class Copy:
    """The local copy, past GlusterFS."""

    readonly = True

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY)

    def read(self, buffer, offset):
        os.preadv(self.fd, [buffer], offset)

    def write(self, data, offset):
        raise OSError(errno.EPERM, "read-only")

    def flush(self):
        pass

    def close(self):
        os.close(self.fd)


class Volume:
    def __init__(self, size):
        self.size = size
        self.behind = None
        self.turn = threading.Condition()
        self.users = 0
        self.changing = False

    @contextlib.contextmanager
    def used(self):
        with self.turn:
            while self.changing:
                self.turn.wait()
            self.users += 1
        try:
            if self.behind is None:
                raise OSError(errno.EPERM, "hosts have no access now")
            yield self.behind
        except OSError as error:
            nbdkit.set_error(error.errno if error.errno in KNOWN else errno.EIO)
            raise
        finally:
            with self.turn:
                self.users -= 1
                self.turn.notify_all()

    def change(self, make):
        with self.turn:
            self.changing = True
            while self.users > 0:
                self.turn.wait()
        try:
            before, self.behind = self.behind, None
            if before is not None:
                before.close()
            self.behind = make()
        finally:
            with self.turn:
                self.changing = False
                self.turn.notify_all()


with open("/etc/resilver/node.json", encoding="utf8") as file:
    volumes = {volume["name"]: Volume(volume["sizeBytes"]) for volume in json.load(file)["volumes"]}


def obey(word):
    kind = word["kind"]
    if kind == "greet":
        return {}
    volume = volumes[word["volume"]]
    if kind == "gluster":
        volume.change(lambda: Gluster(word["volfile"], volume.size))
    elif kind == "copy":
        volume.change(lambda: Copy(word["file"]))
    elif kind == "none":
        volume.change(lambda: None)
    elif kind == "touch":
        with volume.used() as behind:
            behind.touch()
    elif kind == "state":
        with volume.used() as behind:
            pending = trusted(word["file"], "trusted.afr.vol-client-1")
            # Looked at afterwards: what is missed of a connection that breaks now is pending from then on.
            return {"up": behind.is_up(1), "pending": pending, "dirty": trusted(word["file"], "trusted.afr.dirty")}
    return {}


def trusted(path, name):
    try:
        return any(os.getxattr(path, name))
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        return False


def serve(connection):
    with connection, connection.makefile("rw") as lines:
        for line in lines:
            try:
                answer = obey(json.loads(line))
            except OSError as error:
                answer = {"error": str(error)}
            lines.write(json.dumps(answer) + "\n")
            lines.flush()


def listen():
    server = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(SOCKET)
    server.bind(SOCKET)
    server.listen()
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def after_fork():
    threading.Thread(target=listen, daemon=True).start()


def thread_model():
    return nbdkit.THREAD_MODEL_PARALLEL


def open(readonly):
    volume = volumes.get(nbdkit.export_name())
    if volume is None:
        raise KeyError(nbdkit.export_name())
    with volume.used():
        return volume


def get_size(volume):
    return volume.size


def can_write(volume):
    with volume.used() as behind:
        return not behind.readonly


def can_flush(volume):
    return True


def can_fua(volume):
    return nbdkit.FUA_EMULATE


def pread(volume, buffer, offset, flags):
    with volume.used() as behind:
        behind.read(buffer, offset)


def pwrite(volume, data, offset, flags):
    with volume.used() as behind:
        behind.write(data, offset)


def flush(volume, flags):
    with volume.used() as behind:
        behind.flush()
