"""A Dask cluster over TLS, with certificates made for the test, and everything that can be wrong with those."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import aclosing
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from harness.cli.corpus import AnswersFrom
from harness.corpus import cluster as corpus_cluster
from harness.corpus.cluster import cluster
from harness.corpus.pool import Crew, inline, rows_of
from harness.corpus.rows import without_times
from harness.errors import BadInput
from tests.dask_programs import dask

if TYPE_CHECKING:
    from tests.loopback_corpus.conftest import MakeItems, MakeWork

pytest.importorskip("distributed")
import dask as dask_itself  # it comes with distributed

SYNTHETIC: Final = AnswersFrom(None, "", None, 0, "warning", False)
KEY: Final = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"


class Certificates:
    """An authority, and a certificate of it for every role, as in Dask's own documentation."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.ca, self.cert, self.key = (folder / f"{name}-{what}.pem" for what in ("ca", "cert", "key"))
        ca_key, request = folder / f"{name}-ca-key.pem", folder / f"{name}-request.pem"
        self._openssl(f"req -x509 {KEY} -nodes -days 1 -subj /CN={name}", "-keyout", ca_key, "-out", self.ca)
        self._openssl(f"req {KEY} -nodes -subj /CN=dask", "-keyout", self.key, "-out", request)
        self._openssl("x509 -req -days 1 -set_serial 1", "-in", request, "-CA", self.ca, "-CAkey", ca_key)

    def encrypted_key(self) -> Path:
        path = self._folder / "encrypted.pem"
        self._openssl("pkcs8 -topk8 -passout pass:secret", "-in", self.key, "-out", path)
        return path

    @property
    def options(self) -> tuple[object, ...]:
        """Of Dask's programs."""
        return "--protocol", "tls", "--tls-ca-file", self.ca, "--tls-cert", self.cert, "--tls-key", self.key

    def _openssl(self, command: str, *paths: object) -> None:
        program = shutil.which("openssl")
        if program is None:
            pytest.skip("the program openssl, which makes the certificates, is not installed")
        out = () if "-out" in paths else ("-out", self.cert)
        subprocess.run([program, *command.split(), *map(str, (*paths, *out))], check=True, capture_output=True)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"), "ours")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Of another authority."""
    return Certificates(tmp_path_factory.mktemp("tls"), "theirs")


@pytest.fixture(scope="module")
def secure(ours: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler with a worker, over TLS."""
    with dask(tmp_path_factory.mktemp("dask"), ours.options) as started:
        scheduler = started.scheduler()
        started.worker(scheduler)
        yield scheduler


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler without TLS; nobody gets so far as to want its workers."""
    with dask(tmp_path_factory.mktemp("dask")) as started:
        yield started.scheduler()


def configured(ca: object, cert: object, key: object, **more: object) -> Any:
    """Dask's configuration with these certificates."""
    tls = {"distributed.comm.tls.ca-file": ca, "distributed.comm.tls.client.cert": cert}
    return dask_itself.config.set({**tls, "distributed.comm.tls.client.key": key, **more})


def trusting(certificates: Certificates) -> Any:
    return configured(str(certificates.ca), str(certificates.cert), str(certificates.key))


async def rows_from(items: Any, crew: Crew) -> list[dict[str, Any]]:
    async with aclosing(rows_of(items, crew)) as rows:
        return sorted([without_times(row) async for row in rows], key=itemgetter("id"))


def test_rows_over_tls_are_the_same(secure: str, ours: Certificates, items: MakeItems, work: MakeWork) -> None:
    async def run() -> list[list[dict[str, Any]]]:
        doing, todo = work(SYNTHETIC), items("a", "b", "c")
        async with inline(doing) as here, cluster(doing, secure, 1) as there:
            return [await rows_from(todo, crew) for crew in (here, there)]

    assert secure.startswith("tls://")
    with trusting(ours):
        here, there = asyncio.run(run())
    assert here == there
    assert len(here) == 3


def refusal(work: MakeWork, address: str) -> str:
    async def opened() -> None:
        async with cluster(work(SYNTHETIC), address, 1):
            pass

    with pytest.raises(BadInput) as refused:
        asyncio.run(opened())
    prefix, _, sentence = str(refused.value).partition(f"--cluster {address}: ")
    assert prefix == ""
    return sentence


def test_an_authority_that_is_not_ours(secure: str, ours: Certificates, theirs: Certificates, work: MakeWork) -> None:
    with configured(str(theirs.ca), str(ours.cert), str(ours.key)):
        said = refusal(work, secure)
    assert said.startswith("the scheduler's certificate is not trusted (")
    assert said.endswith(f"); wanted one of an authority in distributed.comm.tls.ca-file, which is {theirs.ca}")


def test_a_certificate_that_the_scheduler_does_not_trust(
    secure: str, ours: Certificates, theirs: Certificates, work: MakeWork
) -> None:
    with configured(str(ours.ca), str(theirs.cert), str(theirs.key)):
        said = refusal(work, secure)
    assert said.startswith("the scheduler does not trust the certificate here (")
    assert said.endswith(
        f"), distributed.comm.tls.client.cert, which is {theirs.cert}; wanted one of its own authority"
    )


def test_tls_asked_of_a_scheduler_without(plain: str, ours: Certificates, work: MakeWork) -> None:
    with trusting(ours):
        said = refusal(work, plain.replace("tcp://", "tls://"))
    assert said == f"who is there speaks no TLS; wanted {plain}, or a scheduler with certificates"


def test_no_tls_asked_of_a_scheduler_with_it(secure: str, work: MakeWork) -> None:
    said = refusal(work, secure.replace("tls://", "tcp://"))
    assert said == f"who is there speaks TLS; wanted {secure}, and certificates in Dask's configuration"


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "local"])
def test_no_tls_where_dask_is_told_to_refuse_that(address: str, work: MakeWork) -> None:
    with dask_itself.config.set({"distributed.comm.require-encryption": True}):
        said = refusal(work, address)
    assert said == (
        "is without TLS, and distributed.comm.require-encryption in Dask's configuration refuses that; "
        "wanted tls://HOST:PORT"
    )


@pytest.mark.parametrize(
    ("missing", "variable"),
    [
        ("ca-file", "DASK_DISTRIBUTED__COMM__TLS__CA_FILE"),
        ("client.cert", "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT"),
    ],
)
def test_certificates_that_are_not_named(missing: str, variable: str, ours: Certificates, work: MakeWork) -> None:
    with trusting(ours), dask_itself.config.set({f"distributed.comm.tls.{missing}": None}):
        said = refusal(work, "tls://127.0.0.1:1")
    assert said == (
        f"Dask's configuration has no distributed.comm.tls.{missing}; wanted a PEM file there, or in {variable}"
    )


def test_a_certificate_that_is_not_there(ours: Certificates, tmp_path: Path, work: MakeWork) -> None:
    gone = tmp_path / "gone.pem"
    with configured(str(ours.ca), str(gone), str(ours.key)):
        said = refusal(work, "tls://127.0.0.1:1")
    assert said == (
        f"distributed.comm.tls.client.cert in Dask's configuration is {gone}, which cannot be read "
        "(No such file or directory); wanted a PEM file"
    )


def test_certificates_that_are_none(ours: Certificates, theirs: Certificates, tmp_path: Path, work: MakeWork) -> None:
    (tmp_path / "hello.pem").write_text("hello\n")
    for wrong in (
        (tmp_path / "hello.pem", ours.cert, ours.key),
        (ours.ca, tmp_path / "hello.pem", ours.key),
        (ours.ca, ours.cert, theirs.key),
    ):
        with configured(*map(str, wrong)):
            said = refusal(work, "tls://127.0.0.1:1")
        assert said.startswith(f"no usable certificates and key in {', '.join(map(str, wrong))} (")


def test_a_key_with_a_pass_phrase_is_not_asked_for(ours: Certificates, work: MakeWork) -> None:
    locked = ours.encrypted_key()
    with configured(str(ours.ca), str(ours.cert), str(locked)):
        said = refusal(work, "tls://127.0.0.1:1")
    assert said.startswith(f"distributed.comm.tls.client.key ({locked}) is encrypted, and Dask knows no pass phrases")


def test_certificates_in_the_configuration_itself(secure: str, ours: Certificates, work: MakeWork) -> None:
    async def opened() -> int:
        async with cluster(work(SYNTHETIC), secure, 1) as crew:
            return crew.places

    both = ours.cert.read_text() + ours.key.read_text()
    with configured(ours.ca.read_text(), both, None):
        assert asyncio.run(opened()) == 4


def test_a_version_of_tls_that_there_is_not(ours: Certificates, work: MakeWork) -> None:
    with trusting(ours), dask_itself.config.set({"distributed.comm.tls.min-version": 1.1}):
        said = refusal(work, "tls://127.0.0.1:1")
    assert said.startswith("Dask's configuration cannot be used: distributed.comm.tls.min-version=1.1 is not supported")


@pytest.mark.parametrize("address", ["tls://127.0.0.1:1", "tls://::1:8786", "tls://scheduler..elsewhere:8786"])
def test_nobody_there(ours: Certificates, work: MakeWork, address: str) -> None:
    with trusting(ours):
        assert refusal(work, address).startswith("no scheduler is there (")


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
@pytest.mark.parametrize("hangs_up", [True, False])
def test_somebody_who_says_nothing(
    ours: Certificates, work: MakeWork, monkeypatch: pytest.MonkeyPatch, scheme: str, hangs_up: bool
) -> None:
    monkeypatch.setattr(corpus_cluster, "CONNECT_TIMEOUT_S", 0.5)

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not hangs_up:
            await reader.read()
        writer.close()

    async def run() -> str:
        async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
            address = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            return await asyncio.to_thread(refusal, work, address)

    with trusting(ours):
        said = asyncio.run(run())
    assert re.fullmatch(r"no scheduler is there \(.+\)", said)
    assert hangs_up or "within 0.5 s" in said
