"""A model served by the hosts, without hosts: what is asked of the edge, and what the inventory is told."""

import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from datahall import loopback
from datahall.edge import files, inventory
from datahall.site import Site
from tests.cli.running import Run

_KEYS = {"AWS_ACCESS_KEY_ID": "the-id", "AWS_SECRET_ACCESS_KEY": "the-secret"}
_OUTPUTS = {
    "data_bucket": "d", "checkpoint_bucket": "c", "registry_bucket": "r", "data_key_arn": "k",
    "region": "us-west-2", "vpc_id": "vpc-1",
}  # fmt: skip


def _certificate(file: Path, name: str) -> Path:
    """One that is signed by itself, as the edge makes its own, with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + secret)
    return file


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        said = json.dumps({"header": self.headers["Authorization"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of something that speaks TLS, and its certificate."""
    pem = _certificate(tmp_path / "edge.pem", "localhost")
    server = HTTPServer(("127.0.0.1", 0), _Echo)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://localhost:{server.server_port}", pem
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_token_goes_to_whoever_the_certificate_vouches_for_and_to_nobody_else(
    edge: tuple[str, Path], tmp_path: Path
) -> None:
    url, pem = edge
    assert loopback.post_json(url, {}, ca=str(pem), token="sesame") == {"header": "Bearer sesame"}
    assert loopback.get_json(url, ca=str(pem), token="sesame") == {"header": "Bearer sesame"}
    for name in ("localhost", "another"):
        other = _certificate(tmp_path / f"{name}.pem", name)
        with pytest.raises(ssl.SSLCertVerificationError):
            loopback.post_json(url, {}, ca=str(other), token="sesame")
        assert loopback.get_status(url, ca=str(other)) is None
    assert loopback.get_status(url, ca=str(tmp_path / "none.pem")) is None


def test_the_inventory_is_told_where_secrets_lie_and_none_of_them(tmp_path: Path) -> None:
    outputs = tmp_path / "metal.json"
    outputs.write_text(json.dumps(_OUTPUTS))
    found = Site(environment="metal", file=outputs, variables=_KEYS, root=tmp_path, logs=tmp_path)
    served, before = inventory.groups(tmp_path, found, model="mnist", version="v1")
    assert (served.name, served.role, before.name, before.role) == ("model", "worker", "edge", "service")
    assert served.variables["serving_site"] == {key: _OUTPUTS[key] for key in _OUTPUTS if key != "vpc_id"}
    token = Path(served.variables["serving_token_file"])
    assert Path(served.variables["serving_secrets_file"]).read_text().splitlines() == [
        "AWS_ACCESS_KEY_ID=the-id",
        "AWS_SECRET_ACCESS_KEY=the-secret",
    ]
    for file in (token, Path(served.variables["serving_secrets_file"]), files.header(tmp_path)):
        assert file.stat().st_mode & 0o777 == 0o600
    told = json.dumps([dict(served.variables), dict(before.variables)])
    assert not any(secret in told for secret in (token.read_text().strip(), *_KEYS.values()))
    assert inventory.groups(tmp_path, found, model="mnist", version="v1") == [served, before]


def test_without_the_environment_nothing_is_served_and_nothing_made(datahall: Run, home: Path) -> None:
    datahall("serve", "mnist", "--env", "metal").must_refuse(
        ["metal: is not up; bring it up: datahall up metal"]
    )
    assert not home.exists()
