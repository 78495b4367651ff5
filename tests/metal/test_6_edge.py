"""The edge: TLS before model servers; requests go to those that are ready. A stub stands in for a model."""

import shlex
from collections.abc import Iterator

import pytest

from tests.metal.driver import Site

pytestmark = pytest.mark.timeout(900)
_PLANTED = """
all: {vars: {edge_names: [models.hall.internal], edge_answer_timeout: 20, edge_model_group: worker}}
edge: {hosts: {service-1: }}
"""
_STUB = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Stub(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path != "/missing" else 404)
        self.end_headers()
        self.wfile.write(str(self.headers).encode())
HTTPServer(("", 8000), Stub).serve_forever()
"""
_ASK = """
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile="/tmp/edge.pem")
asked = urllib.request.Request("https://service-1" + sys.argv[1], headers={"Authorization": "Bearer a-token"})
with urllib.request.urlopen(asked, context=context, timeout=10) as said:
    print(said.status, said.headers["Strict-Transport-Security"], said.read().decode())
"""


def _python(program: str, *arguments: str) -> str:
    return shlex.join(["python3", "-c", program, *arguments])


@pytest.fixture(scope="module")
def edge(converged: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, tuple[str, ...]]]:
    """The hosts with an edge on service-1 before a stub on worker-1, and the inventory that says so."""
    planted = tmp_path_factory.mktemp("edge") / "planted.yml"
    planted.write_text(_PLANTED)
    said = ("-i", "inventory/emulated.py", "-i", str(planted))
    converged.ssh("worker-1", f"sudo systemd-run --collect --unit=stub {_python(_STUB)}")
    converged.playbook("site.yml", "--tags", "network,edge", *said).succeeded()
    try:
        yield converged, said
    finally:
        converged.ssh("worker-1", "sudo systemctl stop stub")
        converged.ssh("service-1", "sudo systemctl disable --now haproxy")
        converged.playbook("site.yml", "--tags", "network").succeeded()


def test_it_is_accepted_by_a_request_through_tls(edge: tuple[Site, tuple[str, ...]]) -> None:
    site, said = edge
    site.playbook("acceptance.yml", "--limit", "service-1", *said).succeeded()


def test_a_second_converge_and_check_mode_change_nothing(edge: tuple[Site, tuple[str, ...]]) -> None:
    site, said = edge
    certificate = site.ssh("service-1", "sudo sha256sum /etc/edge/edge.pem")
    for more in ((), ("--check",)):
        run = site.playbook("site.yml", "--tags", "network,edge", *said, *more).succeeded()
        assert set(run.changed.values()) == {0}, run.output
    assert site.ssh("service-1", "sudo sha256sum /etc/edge/edge.pem") == certificate


def test_the_token_goes_on_and_nothing_goes_around_the_edge(edge: tuple[Site, tuple[str, ...]]) -> None:
    site, _ = edge
    shown = site.ssh("service-1", "sudo openssl x509 -in /etc/edge/edge.pem")
    site.ssh("head-1", f"echo {shlex.quote(shown)} >/tmp/edge.pem")
    answer = site.ssh(
        "head-1", f"for n in 1 2 3 4 5; do {_python(_ASK, '/v1/model')} && exit; sleep 2; done; exit 1"
    )
    assert answer.startswith("200 max-age=31536000")
    assert "authorization: bearer a-token" in answer.lower()
    assert "x-forwarded-for: 198.18.0.10" in answer.lower()
    assert "HTTP Error 404" in site.try_ssh("head-1", _python(_ASK, "/metrics")).stderr
    around = site.try_ssh("head-1", "timeout 3 bash -c '</dev/tcp/198.18.0.101/8000'")
    assert around.returncode != 0
    names = site.ssh("service-1", "sudo openssl x509 -in /etc/edge/edge.pem -noout -ext subjectAltName")
    assert "DNS:models.hall.internal, DNS:service-1, IP Address:198.18.0.20" in names
    assert site.ssh("service-1", "sudo stat --format=%a%U /etc/edge/edge.pem").strip() == "600root"


def test_a_model_server_that_is_not_ready_gets_no_requests(edge: tuple[Site, tuple[str, ...]]) -> None:
    site, _ = edge
    site.ssh("worker-1", "sudo systemctl stop stub")
    site.ssh("service-1", "sleep 6")  # two health checks
    assert "HTTP Error 503" in site.try_ssh("head-1", _python(_ASK, "/v1/model")).stderr
    site.ssh("worker-1", f"sudo systemd-run --collect --unit=stub {_python(_STUB)}")
