"""Pseudonyms and episode ids worked out from their documented layout (src/base/pseudonym.h), not from the code."""
import base64
import hashlib
import hmac
import os
import struct


def base32(digest, length):
    return base64.b32encode(digest).decode().lower()[:length]


class Ids:
    """`key` is the content of privacy.pseudonym_key_file without its line break."""

    def __init__(self, key):
        self.key = key

    def pseudonym(self, kind, value):
        return f"{kind}-{base32(hmac.new(self.key, value.encode(), hashlib.sha256).digest(), 20)}"

    def episode(self, rule, subject, opening, earlier=0):
        """26 characters of the SHA-256 over the parts, each behind its length in 4 bytes, the number in 8, big-endian."""
        parts = [rule.encode(), *(value.encode() for value in subject), opening.encode(), struct.pack(">Q", earlier)]
        return base32(hashlib.sha256(b"".join(struct.pack(">I", len(part)) + part for part in parts)).digest(), 26)


def write_secret(path, text):
    """A secret's file: the daemon refuses one that everybody may read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    return path
