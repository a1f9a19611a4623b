"""Pseudonyms and episode ids worked out from their documented layout, not from the code."""


class Ids:
    """`key` is the content of privacy.pseudonym_key_file."""

    def __init__(self, key):
        self.key = key

    def pseudonym(self, kind, value):
        raise NotImplementedError

    def episode(self, rule, subject, opening, earlier=0):
        raise NotImplementedError
