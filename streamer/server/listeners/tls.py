"""TLS: the server's certificate, which may be renewed while it runs."""

from __future__ import annotations

import ssl
from pathlib import Path


class CertificateError(Exception):
    """A certificate and key that will not do; the message says which and why."""


class Certificate:
    """A certificate chain and its private key, in PEM files. Raises CertificateError.

    Python's `ssl` takes TLS 1.2 and 1.3, and leaves the choice of ciphers to OpenSSL.
    """

    def __init__(self, chain: Path, key: Path) -> None:
        self._chain = chain
        self._key = key
        self._current = self.context = self._loaded()
        self.context.sni_callback = self._answer_with_the_current

    def reload(self) -> None:
        """Read the files again: new connections get what they hold now.

        Sessions that run keep the certificate that they were opened with. Raises CertificateError
        and leaves all as it was if the files do not fit together.
        """
        self._current = self._loaded()

    def _answer_with_the_current(
        self, handshake: ssl.SSLObject, name: str | None, context: ssl.SSLContext
    ) -> None:
        """Called in each handshake, with or without a name; so a reload is one assignment."""
        handshake.context = self._current

    def _loaded(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            # Without a passphrase of its own, OpenSSL would ask for one on the terminal.
            context.load_cert_chain(self._chain, self._key, password=_no_passphrase)
        except OSError as error:  # ssl.SSLError is one
            reason = error.strerror if error.filename else str(error)
            raise CertificateError(
                f"--tls-cert {self._chain}, --tls-key {self._key}: {reason}"
            ) from error
        except ValueError as error:
            raise CertificateError(f"--tls-key {self._key}: {error}") from error
        return context


def certificate_of(chain: Path | None, key: Path | None) -> Certificate | None:
    """Load the certificate of the settings, if they name one. Raises CertificateError."""
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        raise CertificateError("--tls-cert and --tls-key belong together")
    return Certificate(chain, key)


def _no_passphrase() -> str:
    raise ValueError("a key with a passphrase cannot be used")
