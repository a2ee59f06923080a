"""A second implementation of a Liandan device, from the documents alone.

Written from proto/README.md, the .proto files, plugin/broker/README.md and store/README.md; it shares no code with
the C side. What it takes from libraries: protobuf's generated classes to fill in messages, primitives of
python3-cryptography, SM2 from the openssl command, and paho's MQTT 5. Everything that is proven is checked here
by hand: the gate's form of an Entry, RFC 6962, C2SP signed notes and tlog-proofs.

Never here: a region's secrets, or a decision of the ledger made again. A device only believes what it can verify.
"""

import base64
import hashlib
import importlib
import os
import queue
import subprocess
import sys
import threading
import time

import paho.mqtt.client as mqtt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

EVENT_TYPE = b"application/vnd.liandan.event.v1+protobuf"
TOKEN_TYPE = b"application/vnd.liandan.token.v1+protobuf"
RECEIPT_TYPE = b"application/vnd.liandan.receipt.v1+protobuf"
SM2_ID = "1234567812345678"


class Wrong(Exception):
    """Something that does not verify, or is not what the documents say."""


def need(condition, sentence):
    if not condition:
        raise Wrong(sentence)


def sha256(*parts):
    h = hashlib.sha256()
    for part in parts:
        h.update(part)
    return h.digest()


def now_ms():
    return time.time_ns() // 1_000_000


# ---- the messages ----


def load_protos(root, folder):
    """Generates the Python classes of proto/liandan into `folder`; returns a namespace with all messages."""
    names = ("common", "registry", "stock", "manifest", "telemetry", "event", "ledger")
    files = [os.path.join(root, "proto", "liandan", n + ".proto") for n in names]
    subprocess.run(["protoc", "-I", os.path.join(root, "proto"), "--python_out", folder] + files, check=True)
    sys.path.insert(0, folder)
    pb = type("Messages", (), {})
    for name in names:
        module = importlib.import_module("liandan.%s_pb2" % name)
        for key, value in vars(module).items():
            if not key.startswith("_") and key != "DESCRIPTOR":
                setattr(pb, key, value)
    return pb


# ---- bytes of protobuf, by hand (README of proto, section 3) ----


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, value):
    """One field: an integer as a varint (defaults are left out), bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(data, at):
    n = shift = 0
    while True:
        need(at < len(data) and shift < 70, "a varint that does not end")
        n |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return n, at
        shift += 7


def fields(data):
    """All fields of a message as (number, value, offset of the tag), values undecoded."""
    at, out = 0, []
    while at < len(data):
        start = at
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        else:
            need(tag & 7 == 2, "a wire type that no message of ours has")
            n, at = read_varint(data, at)
            need(at + n <= len(data), "a field that is cut off")
            value, at = data[at : at + n], at + n
        out.append((tag >> 3, value, start))
    return out


# ---- keys ----


def pae(kind, body):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body)


def private_pem(private):
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                 serialization.NoEncryption())


class Key:
    """A device's signing key. `spki` and `algorithm` (the .proto's name) are what an authority enrols."""

    def __init__(self, path, algorithm):
        self.path, self.algorithm = path, algorithm
        if not os.path.exists(path):
            self._make()
        if algorithm == "SM2":
            self.spki = self._openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
        else:
            with open(path, "rb") as f:
                self._private = serialization.load_pem_private_key(f.read(), None)
            self.spki = self._private.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.id = sha256(self.spki)[:16]

    def _make(self):
        if self.algorithm == "SM2":
            pem = self._openssl("genpkey", "-algorithm", "SM2")
        else:
            made = (ec.generate_private_key(ec.SECP256R1()) if self.algorithm == "P256"
                    else ed25519.Ed25519PrivateKey.generate())
            pem = private_pem(made)
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
            f.write(pem)

    @staticmethod
    def _openssl(*arguments, **more):
        return subprocess.run(("openssl",) + arguments, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **more).stdout

    def sign(self, kind, body):
        message = pae(kind, body)
        if self.algorithm == "P256":
            return self._private.sign(message, ec.ECDSA(hashes.SHA256()))
        if self.algorithm == "ED25519":
            return self._private.sign(message)
        name = "%s.%d" % (self.path, threading.get_ident())
        with open(name, "wb") as f:
            f.write(message)
        try:
            return self._openssl("pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-pkeyopt", "distid:" + SM2_ID,
                                 "-inkey", self.path, "-in", name)
        finally:
            os.unlink(name)


def seal(pb, kind, body, keys):
    """An Envelope around `body`, signed by the submitter and then its cosigners."""
    envelope = pb.Envelope(event=body)
    for key in keys:
        envelope.signatures.add(key_id=key.id, signature=key.sign(kind, body))
    return envelope.SerializeToString(deterministic=True)


def token(pb, key, client, ledger_id, not_before_ms, expires_ms):
    body = pb.Token(ledger_id=ledger_id, key_id=key.id, client_id=client, not_before_ms=not_before_ms,
                    expires_ms=expires_ms).SerializeToString(deterministic=True)
    return base64.urlsafe_b64encode(seal(pb, TOKEN_TYPE, body, [key])).rstrip(b"=").decode()


# ---- the ledger's word: notes, proofs, receipts ----


def b64(text):
    """Canonical base64, or nothing."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as e:
        raise Wrong("not base64: " + text) from e
    need(base64.b64encode(data).decode() == text, "not the canonical base64: " + text)
    return data


def decimal(text):
    need(text.isascii() and text.isdigit() and (text == "0" or text[0] != "0"), "not a decimal number: " + text)
    return int(text)


class Vkey:
    """<name>+<key hash>+<base64(0x01 ‖ public key)>: whose checkpoints to believe."""

    def __init__(self, text):
        self.name, hex_hash, encoded = text.split("+", 2)
        data = b64(encoded)
        need(len(data) == 33 and data[0] == 1, "the vkey is not of an Ed25519 key")
        self.hash = sha256(self.name.encode(), b"\n\x01", data[1:])[:4]
        need(self.hash.hex() == hex_hash, "the vkey's key hash is wrong")
        self.public = ed25519.Ed25519PublicKey.from_public_bytes(data[1:])

    def check(self, signature, message):
        try:
            self.public.verify(signature, message)
        except InvalidSignature as e:
            raise Wrong("the ledger key did not sign this") from e

    def open_checkpoint(self, note):
        """Verifies a signed checkpoint; gives (size, root)."""
        text, blank, signatures = note.partition("\n\n")
        need(blank and signatures.endswith("\n"), "not a signed note")
        text += "\n"
        good = 0
        for line in signatures[:-1].split("\n"):
            dash, name, encoded = (line.split(" ") + ["", ""])[:3]
            need(dash == "\u2014" and line.count(" ") == 2, "not a signature line: " + line)
            blob = b64(encoded)
            if name == self.name and blob[:4] == self.hash:
                self.check(blob[4:], text.encode())
                good += 1
        need(good, "no signature by the ledger key")
        lines = text.split("\n")
        need(len(lines) >= 4 and lines[0] == self.name, "another origin: " + lines[0])
        root = b64(lines[2])
        need(len(root) == 32, "a root of other than 32 bytes")
        return decimal(lines[1]), root


def leaf_hash(data):
    return sha256(b"\0", data)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def tree_root(leaves):
    """RFC 6962, 2.1: the root over leaf hashes, the slow and plain way."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree_root(leaves[:k]), tree_root(leaves[k:]))


def root_by_proof(leaf, index, size, path):
    """RFC 9162, 2.1.3.2 (the same proofs as RFC 6962): the root that an inclusion proof leads to."""
    need(index < size, "the index is not in the tree")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        need(len(p) == 32, "a hash of other than 32 bytes")
        need(sn, "the proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "the proof is too short")
    return r


def check_tlog_proof(vkey, text, leaf_data, index):
    """A C2SP tlog-proof@v1 of `leaf_data` at `index`; gives the checkpoint's (size, root)."""
    head, blank, note = text.partition("\n\n")
    need(blank, "the proof has no checkpoint")
    lines = head.split("\n")
    need(lines.pop(0) == "c2sp.org/tlog-proof@v1", "not a tlog-proof@v1")
    if lines and lines[0].startswith("extra "):
        b64(lines.pop(0)[6:])
    need(lines and lines[0].startswith("index "), "no index line")
    need(decimal(lines.pop(0)[6:]) == index, "the proof is of another index")
    size, root = vkey.open_checkpoint(note)
    found = root_by_proof(leaf_hash(leaf_data), index, size, [b64(line) for line in lines])
    need(found == root, "the proof does not lead to the root")
    return size, root


class Receipt:
    """A receipt as it came, and what it proves."""

    def __init__(self, pb, raw):
        self.raw, self.pb = raw, pb
        self.m = pb.Receipt.FromString(raw)
        self.verdict = pb.Verdict.Name(self.m.verdict)
        self.reason = pb.Reason.Name(self.m.reason)

    def __str__(self):
        where = " at %d" % self.m.index if self.m.verdict < 16 else ""
        why = " " + self.reason if self.m.reason else ""
        return "%s%s%s %s" % (self.verdict, why, where, self.m.details)

    def leaf_data(self, sent):
        """The Entry's bytes: carried, or rebuilt from what was sent (section 4, step 2)."""
        m = self.m
        if m.entry:
            return m.entry
        violations = b"".join(field(4, v) for n, v, _ in fields(self.raw) if n == 12)
        return (field(1, m.recorded_at_ms) + field(2, m.verdict) + field(3, m.reason) + violations
                + field(5, sent) + (field(7, m.details.encode()) if m.details else b""))

    def check_entry(self):
        """That an entry which the receipt carries is about this event, with this verdict."""
        entry = self.pb.Entry.FromString(self.m.entry)
        if self.m.applied_index:
            own = self.pb.OwnEvent.FromString(entry.own_event)
            need(own.WhichOneof("body") == "held_applied", "the entry is no HeldApplied")
            need(own.held_applied.index == self.m.index, "HeldApplied is of another entry")
            said = own.held_applied
            need((said.verdict, said.reason) == (self.m.verdict, self.m.reason), "HeldApplied has another verdict")
            need(list(said.violations) == list(self.m.violations), "HeldApplied has other violations")
        else:
            envelope = self.pb.Envelope.FromString(entry.envelope)
            need(sha256(envelope.event) == self.m.event_hash, "the entry holds another event")
            need((entry.verdict, entry.reason) == (self.m.verdict, self.m.reason), "the entry's verdict differs")

    def verify(self, vkey, sent):
        """Checks everything that a receipt for the payload `sent` can prove. Gives the checkpoint's (size, root) for
        a verdict in the ledger, "signed" or "unproven" for one outside it."""
        m = self.m
        need(m.payload_hash == sha256(sent), "the receipt is for another payload")
        if m.verdict < 16:
            event = self.pb.Envelope.FromString(sent).event
            header = self.pb.Event.FromString(event)
            need(m.event_hash == sha256(event), "the event hash is wrong")
            need((m.key_id, m.epoch, m.seq) == (header.submitter, header.epoch, header.seq), "not this event's place")
            need(not m.signature, "a signature where the proof should be")
            if m.entry:
                self.check_entry()
            return check_tlog_proof(vkey, m.tlog_proof, self.leaf_data(sent), m.applied_index or m.index)
        need(not m.tlog_proof and not m.index, "a proof of what is not in the ledger")
        last, value, start = fields(self.raw)[-1]
        if last != 18:
            return "unproven"
        vkey.check(value, pae(RECEIPT_TYPE, self.raw[:start]))
        return "signed"


# ---- the connection ----


class Device:
    """One identity <party>/<device> with its key, its chain, and a connection over TLS with MQTT 5."""

    WAIT_S = 20

    def __init__(self, pb, facts, key, client):
        self.pb, self.key, self.client = pb, key, client
        self.region = facts["region"]
        self.ledger_id = bytes.fromhex(facts["ledger_id"])
        self.vkey = Vkey(facts["vkey"])
        self.epoch, self.seq, self.prev = 0, 0, None
        self.kept = {}  # payload hash → receipts that came
        self.answers, self.connected = queue.Queue(), queue.Queue()
        self.news = threading.Condition()
        self.asked = 0
        self.mqtt = None

    def topic(self, kind):
        return "waste/v1/%s/%s/%s" % (self.region, kind, self.client)

    def connect(self, host, port, ca, password=None):
        """Connects with a token (a fresh one unless given); returns the CONNACK's reason code, 0 when it is in."""
        now = now_ms()
        password = password or token(self.pb, self.key, self.client, self.ledger_id, now - 60_000, now + 300_000)
        self.close()
        m = mqtt.Client(self.client, protocol=mqtt.MQTTv5)
        m.username_pw_set(self.client, password)
        m.tls_set(ca_certs=ca)
        m.on_connect = lambda c, u, flags, rc, props: self.connected.put(rc.value)
        m.on_subscribe = lambda c, u, mid, codes, props: self.connected.put([code.value for code in codes])
        m.on_message = self._arrived
        m.connect(host, port, keepalive=30, clean_start=True)
        m.loop_start()
        self.mqtt = m
        code = self.connected.get(timeout=self.WAIT_S)
        if code:
            self.close()
            return code
        m.subscribe([(name, mqtt.SubscribeOptions(qos=1)) for name in (self.topic("r"), self.topic("q") + "/+")])
        granted = self.connected.get(timeout=self.WAIT_S)
        need(granted == [1, 1], "the subscriptions were answered with %s" % granted)
        return 0

    def close(self):
        if self.mqtt:
            self.mqtt.disconnect()
            self.mqtt.loop_stop()
            self.mqtt = None

    def _arrived(self, c, u, message):
        if message.topic == self.topic("r"):
            receipt = Receipt(self.pb, message.payload)
            with self.news:
                self.kept.setdefault(receipt.m.payload_hash, []).append(receipt)
                self.news.notify_all()
        else:
            self.answers.put((message.properties.CorrelationData, message.payload))

    def ask(self, verb, body=b""):
        """Asks waste/v1/<region>/query/<verb>; gives the answer's bytes."""
        self.asked += 1
        correlation = b"%s-%d" % (verb.encode(), self.asked)
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = self.topic("q") + "/" + verb
        properties.CorrelationData = correlation
        self.mqtt.publish("waste/v1/%s/query/%s" % (self.region, verb), body, qos=1, properties=properties)
        came, answer = self.answers.get(timeout=self.WAIT_S)
        need(came == correlation, "the answer to another question")
        return answer

    def event(self, **members):
        """The next event of this chain as a message; `members` overrides the header and gives the body."""
        header = dict(ledger_id=self.ledger_id, region=self.region, submitter=self.key.id, epoch=self.epoch,
                      seq=self.seq + 1, prev=self.prev, occurred_at_ms=now_ms(), clock=self.pb.CLOCK_NTP)
        header.update(members)
        return self.pb.Event(**header)

    def seal(self, event, cosigners=()):
        """(event bytes, envelope): signed by this device's key and its cosigners' keys."""
        event.cosigners.extend(k.id for k in cosigners)
        body = event.SerializeToString(deterministic=True)
        return body, seal(self.pb, EVENT_TYPE, body, [self.key, *cosigners])

    def used(self, body):
        """The number of this event is used: the chain moves on."""
        self.seq += 1
        self.prev = sha256(body)

    def publish(self, payload, times=1):
        """Publishes on the own i/ topic; gives the receipt number `times` for these very bytes."""
        need(self.mqtt.publish(self.topic("i"), payload, qos=1).rc == mqtt.MQTT_ERR_SUCCESS, "publishing failed")
        return self.receipt(payload, times)

    def receipt(self, payload, times=1):
        name = sha256(payload)
        with self.news:
            came = self.news.wait_for(lambda: len(self.kept.get(name, ())) >= times, self.WAIT_S)
            need(came, "no receipt in %d s" % self.WAIT_S)
            return self.kept[name][times - 1]
