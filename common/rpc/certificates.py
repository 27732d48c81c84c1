"""Keys, requests and leaves.

A leaf carries spiffe://MESH/ROLE/ID and exactly one DNS name, ID.ROLE.postdevai.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import cast, get_args

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from common.errors import Corrupt, Invalid
from common.model.ids import NodeId
from common.model.node import Identity, Role

ID_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Credential:
    """What a node shows and what it trusts, PEM."""

    key_pem: bytes
    leaf_pem: bytes
    ca_pem: bytes
    not_before_ms: int
    not_after_ms: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a leaf says."""

    identity: Identity
    not_before_ms: int
    not_after_ms: int


def new_key() -> ec.EllipticCurvePrivateKey:
    """A P-256 key: grpcio fails with Ed25519 leaves."""
    return ec.generate_private_key(ec.SECP256R1())


def key_to_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS8, not encrypted: the file's mode protects it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def key_from_pem(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """A P-256 key; Corrupt when it is anything else."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise Corrupt("the key file does not hold a key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Corrupt("the key file holds a key of another kind")
    return key


def public_to_pem(key: ec.EllipticCurvePublicKey) -> bytes:
    """SubjectPublicKeyInfo."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def public_from_pem(pem: bytes) -> ec.EllipticCurvePublicKey:
    """A P-256 public key; Invalid when it is anything else."""
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise Invalid("not a public key", field="public_pem") from error
    return _p256(key, "public_pem")


def node_id(key: ec.EllipticCurvePublicKey) -> NodeId:
    """The hash of a node's first enrolled key."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return NodeId(hashlib.sha256(der).hexdigest()[:ID_DIGITS])


def request_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """A signing request; its subject means nothing."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def requested_key(csr_pem: str) -> ec.EllipticCurvePublicKey:
    """The key of a signing request that its owner has signed; Invalid otherwise."""
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
    except ValueError as error:
        raise Invalid("csr_pem is not a signing request", field="csr_pem") from error
    if not request.is_signature_valid:
        raise Invalid("csr_pem is not signed by its own key", field="csr_pem")
    return _p256(request.public_key(), "csr_pem")


def sign_renewal(key: ec.EllipticCurvePrivateKey, nonce: bytes, csr_pem: str) -> bytes:
    """The enrolled key's word for a renewal."""
    return key.sign(nonce + csr_pem.encode(), ec.ECDSA(hashes.SHA256()))


def signed_renewal(
    key: ec.EllipticCurvePublicKey, signature: bytes, nonce: bytes, csr_pem: str
) -> bool:
    """Whether this key gave its word."""
    try:
        key.verify(signature, nonce + csr_pem.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def read_leaf(pem: bytes) -> Leaf:
    """The identity and the term of a leaf; Corrupt when it is not one of ours."""
    try:
        leaf = x509.load_pem_x509_certificate(pem)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound) as error:
        raise Corrupt("the certificate is not a node's") from error
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    hosts = names.get_values_for_type(x509.DNSName)
    if len(uris) != 1:
        raise Corrupt("the certificate must name exactly one node")
    identity = identity_from_uri(uris[0])
    if hosts != [identity.dns]:
        raise Corrupt("the certificate's two names disagree")
    return Leaf(
        identity,
        int(leaf.not_valid_before_utc.timestamp() * 1000),
        int(leaf.not_valid_after_utc.timestamp() * 1000),
    )


def read_credential(key_pem: bytes, leaf_pem: bytes, ca_pem: bytes) -> Credential:
    """The three files of an identity, once they are found to belong together."""
    leaf = read_leaf(leaf_pem)
    certificate = x509.load_pem_x509_certificate(leaf_pem)
    if certificate.public_key() != key_from_pem(key_pem).public_key():
        raise Corrupt("the leaf was made for another key")
    try:
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(ca_pem))
    except (ValueError, TypeError, InvalidSignature) as error:
        raise Corrupt("the leaf was not issued by the CA beside it") from error
    return Credential(key_pem, leaf_pem, ca_pem, leaf.not_before_ms, leaf.not_after_ms)


def identity_from_uri(uri: str) -> Identity:
    """spiffe://MESH/ROLE/ID as an identity; Invalid when it is something else."""
    scheme, _, rest = uri.partition("://")
    parts = rest.split("/")
    if scheme != "spiffe" or len(parts) != 3 or not all(parts) or parts[1] not in get_args(Role):
        raise Invalid(f"{uri[:80]!r} is not the name of a node", field="identity")
    return Identity(parts[0], cast(Role, parts[1]), NodeId(parts[2]))


def _p256(key: object, field: str) -> ec.EllipticCurvePublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise Invalid(f"{field} must hold a P-256 key", field=field)
    return key
