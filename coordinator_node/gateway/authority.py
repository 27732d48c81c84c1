"""The mesh's CA and the certificates that it makes.

DIRECTORY/ca.key ca.pem                  the CA: P-256, ten years
DIRECTORY/enrolment.key enrolment.pem    self-signed, shown on the enrolment port, pinned by codes
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from common.clock import Clock
from common.daemon.files import write_private
from common.errors import Corrupt, Missing
from common.model.node import Identity
from common.rpc.certificates import key_from_pem, key_to_pem, new_key, node_id
from common.rpc.pinned import ENROLMENT_DNS, pin_of

LEAF_MS = 24 * 3_600_000
BACKDATED_MS = 2 * 3_600_000
"""A machine whose clock is so far behind still takes the leaf: one hour wrong stops no work."""
CA_MS = 3650 * 24 * 3_600_000
FILES = ("ca.key", "ca.pem", "enrolment.key", "enrolment.pem")


@dataclass(frozen=True, slots=True)
class Authority:
    """The CA of one mesh."""

    mesh: str
    ca_pem: bytes
    enrolment_key_pem: bytes
    enrolment_pem: bytes
    clock: Clock
    _key: ec.EllipticCurvePrivateKey
    _certificate: x509.Certificate

    @classmethod
    def open(cls, directory: Path, clock: Clock) -> Authority:
        """The CA that is there; Missing before `make`."""
        try:
            key_pem, ca_pem, enrolment_key, enrolment = (
                (directory / name).read_bytes() for name in FILES
            )
        except FileNotFoundError:
            raise Missing(
                f"there is no mesh in {directory.parent}", hint="run `coordinator-node init`"
            ) from None
        try:
            certificate = x509.load_pem_x509_certificate(ca_pem)
        except ValueError as error:
            raise Corrupt(f"{directory / 'ca.pem'} is not a certificate") from error
        key = key_from_pem(key_pem)
        mesh = mesh_name(key.public_key())
        return cls(mesh, ca_pem, enrolment_key, enrolment, clock, key, certificate)

    @classmethod
    def make(cls, directory: Path, clock: Clock) -> Authority:
        """The CA that is there, or a new one. `ca.pem` is written last: before it there is none."""
        if not (directory / "ca.pem").exists():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            key, enrolment_key = new_key(), new_key()
            now_ms = clock.now_ms()
            write_private(directory / "ca.key", key_to_pem(key))
            write_private(directory / "enrolment.key", key_to_pem(enrolment_key))
            write_private(directory / "enrolment.pem", _enrolment(enrolment_key, now_ms))
            write_private(directory / "ca.pem", _root(key, now_ms))
        return cls.open(directory, clock)

    @property
    def pin(self) -> str:
        """What codes carry: SHA-256 of the enrolment certificate."""
        return pin_of(self.enrolment_pem.decode())

    def issue(self, identity: Identity, key: ec.EllipticCurvePublicKey) -> bytes:
        """A leaf for 24 hours, PEM: the URI, one DNS name, server and client."""
        now_ms = self.clock.now_ms()
        names = [x509.UniformResourceIdentifier(identity.uri), x509.DNSName(identity.dns)]
        builder = (
            _builder(identity.id, self._certificate.subject, key, now_ms, LEAF_MS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage(_BOTH), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        return _pem(builder.sign(self._key, hashes.SHA256()))


def engine_leaf(
    authority: Authority,
    dns: str,
    hosts: tuple[str, ...],
    key: ec.EllipticCurvePublicKey,
    term_ms: int,
) -> bytes:
    """A leaf for the engine's servers and those who use them, PEM: its name, where its server
    listens, and no node."""
    names: list[x509.GeneralName] = [x509.DNSName(dns), *(_host(host) for host in hosts)]
    builder = (
        _builder(dns, authority._certificate.subject, key, authority.clock.now_ms(), term_ms)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage(_BOTH), critical=False)
    )
    return _pem(builder.sign(authority._key, hashes.SHA256()))


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


_BOTH = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


def mesh_name(ca_key: ec.EllipticCurvePublicKey) -> str:
    """The mesh's name comes from its CA, so that no two meshes share one."""
    return f"mesh-{node_id(ca_key)}"


def _root(key: ec.EllipticCurvePrivateKey, now_ms: int) -> bytes:
    name = _name(mesh_name(key.public_key()))
    builder = (
        _builder(mesh_name(key.public_key()), name, key.public_key(), now_ms, CA_MS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_CA_USAGE, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _pem(builder.sign(key, hashes.SHA256()))


def _enrolment(key: ec.EllipticCurvePrivateKey, now_ms: int) -> bytes:
    name = _name(ENROLMENT_DNS)
    builder = (
        _builder(ENROLMENT_DNS, name, key.public_key(), now_ms, CA_MS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(ENROLMENT_DNS)]), critical=False)
    )
    return _pem(builder.sign(key, hashes.SHA256()))


def _builder(
    subject: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now_ms: int, term_ms: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_when(now_ms - BACKDATED_MS))
        .not_valid_after(_when(now_ms + term_ms))
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _when(at_ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


_CA_USAGE = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
