"""A region and its real broker for scripted tests: directory, certificates, mosquitto with the plugin on a free loopback
port, the `liandan` command. Everything stands in the folder that the caller gives and removes."""

import os
import shutil
import socket
import subprocess
import time

MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class Wrong(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Wrong(what)


class World:
    """The region's directory, its broker, and the `liandan` command."""

    def __init__(self, build, folder, options=()):
        self.folder = folder
        self.options = list(options)  # further plugin_opt_ lines
        self.liandan = os.path.join(build, "deploy/cli/liandan")
        self.plugin = os.path.join(build, "plugin/broker/liandan.so")
        for path in (self.liandan, self.plugin):
            need(os.path.exists(path), "the build has no " + path)
        self.dir = os.path.join(folder, "region")
        self.broker = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def command(self, *arguments, code=0, timeout=60):
        done = subprocess.run((self.liandan,) + arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout)
        said = done.stdout.decode()
        need(done.returncode == code, "liandan %s: exit %d: %s" % (" ".join(arguments), done.returncode, said))
        return said

    def certificates(self):
        def openssl(*arguments):
            subprocess.run(("openssl",) + arguments, check=True, cwd=self.folder, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)

        new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        with open(self.path("server.ext"), "w") as f:
            f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        openssl("req", "-x509", *new, "-days", "2", "-subj", "/CN=test CA", "-keyout", "ca.key", "-out", "ca.pem")
        openssl("req", *new, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "server.ext", "-out", "server.pem")

    def start(self):
        for _ in range(5):
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                self.port = s.getsockname()[1]
            with open(self.path("mosquitto.conf"), "w") as f:
                f.write("\n".join([
                    "per_listener_settings false", "allow_anonymous false", "persistence false",
                    "set_tcp_nodelay true", "max_packet_size 262144", "max_queued_messages 100000",
                    "max_queued_bytes 268435456", "user root",
                    "log_dest file " + self.path("mosquitto.log"), "connection_messages false",
                    "plugin " + self.plugin, "plugin_opt_ledger_dir " + self.dir, *self.options,
                    "listener %d 127.0.0.1" % self.port, "cafile " + self.path("ca.pem"),
                    "certfile " + self.path("server.pem"), "keyfile " + self.path("server.key"),
                    "tls_version tlsv1.2", "require_certificate false", ""]))
            self.broker = subprocess.Popen([MOSQUITTO, "-c", self.path("mosquitto.conf")], stdin=subprocess.DEVNULL)
            for _ in range(200):
                if self.broker.poll() is not None:
                    break
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", self.port)) == 0:
                        time.sleep(0.2)
                        if self.broker.poll() is None:
                            return
                time.sleep(0.05)
            self.stop()
        raise Wrong("the broker did not start: " + self.log())

    def stop(self):
        if self.broker and self.broker.poll() is None:
            self.broker.terminate()
            try:
                self.broker.wait(15)
            except subprocess.TimeoutExpired:
                self.broker.kill()
                self.broker.wait()
        self.broker = None

    def log(self):
        try:
            with open(self.path("mosquitto.log"), errors="replace") as f:
                return f.read()[-4000:]
        except OSError:
            return "no log"
