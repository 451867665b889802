"""TLS with a Dask scheduler: certificates come from Dask's configuration, and what is wrong with them is a sentence.

Dask itself tells a certificate that is not trusted, a file that is not there and a scheduler without TLS apart in its
log at best, so a connection is tried here before its client is begun.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.errors import BadInput

if TYPE_CHECKING:
    from distributed.security import Security

TLS: Final = "tls://"
TCP: Final = "tcp://"

_CA: Final = "distributed.comm.tls.ca-file"
_CERT: Final = "distributed.comm.tls.client.cert"
_KEY: Final = "distributed.comm.tls.client.key"


def security_for(address: str) -> Security:
    """What Dask's configuration says of TLS, fit for this scheduler.

    Raises:
        BadInput: it has no certificates and TLS is wanted, or some that cannot be used; or it wants TLS, and the
            address has none.
    """
    from distributed.security import Security

    try:
        security = Security()
    except ValueError as error:  # a version of TLS that there is not
        raise BadInput(f"--cluster {address}: Dask's configuration cannot be used: {error}") from None
    if address.startswith(TLS):
        _check_files(address, security)
    elif security.require_encryption:
        raise BadInput(
            f"--cluster {address}: is without TLS, and distributed.comm.require-encryption in Dask's configuration "
            f"refuses that; wanted {TLS}HOST:PORT"
        )
    return security


async def check_handshake(address: str, security: Security, timeout_s: float) -> None:
    """Refuse a scheduler with which no TLS connection comes about.

    Raises:
        BadInput: nobody is there, or one without TLS, or one of the two does not trust the other.
    """
    context = security.get_connection_args("client")["ssl_context"]
    try:
        async with asyncio.timeout(timeout_s), _connected(address, context) as reader:
            # In TLS 1.3 a client's certificate is refused after its handshake; a scheduler speaks first.
            if not await reader.read(1):
                raise BadInput(f"--cluster {address}: no scheduler is there (it hung up after the TLS handshake)")
    except TimeoutError:
        raise BadInput(
            f"--cluster {address}: no scheduler is there (nothing came over TLS within {timeout_s:g} s)"
        ) from None
    except ssl.SSLError as error:
        raise BadInput(f"--cluster {address}: {_what_is_wrong(address, security, error)}") from None
    except (OSError, ValueError) as error:
        reason = str(error) or "it hung up in the TLS handshake"
        raise BadInput(f"--cluster {address}: no scheduler is there ({reason})") from None


async def speaks_tls(address: str, timeout_s: float) -> bool:
    """Whether somebody at a `tcp://` address shakes hands for TLS, whoever it is."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(timeout_s), _connected(address, anybody):
            return True
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")  # it wants a certificate before anything else
    except (OSError, ValueError):  # a TimeoutError is an OSError
        return False


def _check_files(address: str, security: Security) -> None:
    for setting, value in ((_CA, security.tls_ca_file), (_CERT, security.tls_client_cert)):
        if not value:
            variable = f"DASK_{setting.upper().replace('.', '__').replace('-', '_')}"
            raise BadInput(
                f"--cluster {address}: Dask's configuration has no {setting}; wanted a PEM file there, or in {variable}"
            )
    for setting, value in ((_CA, security.tls_ca_file), (_CERT, security.tls_client_cert), (_KEY, _key(security))):
        if "ENCRYPTED" in _pem(address, setting, value):  # OpenSSL would ask the terminal, and wait
            raise BadInput(
                f"--cluster {address}: {setting} ({_shown(value)}) is encrypted, and Dask knows no pass phrases; "
                "wanted a key without one"
            )
    try:
        security.get_connection_args("client")
    except (ssl.SSLError, ValueError) as error:
        named = ", ".join(_shown(value) for value in (security.tls_ca_file, security.tls_client_cert, _key(security)))
        raise BadInput(
            f"--cluster {address}: no usable certificates and key in {named} ({_reason(error)}); wanted {_CA}, {_CERT} "
            f"and {_KEY} of Dask's configuration as PEM"
        ) from None


def _key(security: Security) -> str:
    """The client's key; it may be in the file of its certificate."""
    key: str = security.tls_client_key or security.tls_client_cert
    return key


def _pem(address: str, setting: str, value: str) -> str:
    """The text of a file, or what Dask takes for the text itself."""
    if "\n" in value:
        return value
    try:
        return Path(value).read_text(errors="replace")
    except OSError as error:
        raise BadInput(
            f"--cluster {address}: {setting} in Dask's configuration is {value}, which cannot be read "
            f"({error.strerror}); wanted a PEM file"
        ) from None


def _shown(value: str) -> str:
    return "a text in the configuration" if "\n" in value else value


def _reason(error: Exception) -> str:
    """What OpenSSL says, without its numbers and lines."""
    verdict = getattr(error, "verify_message", "")
    reason: str = verdict or (getattr(error, "reason", None) or str(error)).replace("_", " ").lower()
    return reason


def _what_is_wrong(address: str, security: Security, error: ssl.SSLError) -> str:
    reason = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the scheduler's certificate is not trusted ({_reason(error)}); wanted one of an authority in {_CA}, "
            f"which is {_shown(security.tls_ca_file)}"
        )
    if "UNKNOWN_CA" in reason or "CERTIFICATE" in reason:
        return (
            f"the scheduler does not trust the certificate here ({_reason(error)}), {_CERT}, which is "
            f"{_shown(security.tls_client_cert)}; wanted one of its own authority"
        )
    if reason == "WRONG_VERSION_NUMBER":  # what it said was no TLS at all
        return f"who is there speaks no TLS; wanted {address.replace(TLS, TCP)}, or a scheduler with certificates"
    return f"no TLS connection comes about ({_reason(error)}); wanted a version and ciphers that both sides have"


@asynccontextmanager
async def _connected(address: str, context: ssl.SSLContext) -> AsyncIterator[asyncio.StreamReader]:
    from distributed.comm.addressing import parse_address, parse_host_port

    _, place = parse_address(address)
    host, port = parse_host_port(place)
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        yield reader
    finally:
        writer.transport.abort()
