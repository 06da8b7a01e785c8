"""--tls-cert and --tls-key: TLS 1.2 and later on the port, either HTTP by ALPN, new certificates without a restart."""

import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import threading
import time

import httpx
import pytest

import embd_process
from h2_client import Http2Connection


def make_pair(folder, name, key="ec:prime256v1"):
    """A certificate for localhost that signs itself, and its key."""
    folder.mkdir(parents=True, exist_ok=True)
    cert, key_file = folder / "tls.crt", folder / "tls.key"
    algorithm = ["-newkey", "rsa:2048"] if key == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", *algorithm, "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key_file, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key_file


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return make_pair(tmp_path_factory.mktemp("tls"), "first")


def launch(launcher, tiny, cert, key, *args):
    return launcher.launch("--tls-cert", cert, "--tls-key", key, *args, model=tiny)


def serve(launcher, tiny, cert, key, *args):
    process = launch(launcher, tiny, cert, key, *args)
    process.wait_ready()
    return process


def trusting(cert, protocols=None, **options):
    context = ssl.create_default_context(cafile=str(cert))
    if protocols:
        context.set_alpn_protocols(protocols)
    for name, value in options.items():
        setattr(context, name, value)
    return context


def connect(process, context):
    return context.wrap_socket(socket.create_connection(("127.0.0.1", process.port), timeout=30), server_hostname="localhost")


def url(process, path=""):
    return f"https://localhost:{process.port}{path}"


@pytest.fixture(scope="module")
def secured(tmp_path_factory, tiny, pair):
    launcher = embd_process.Launcher(tmp_path_factory.mktemp("secured"))
    yield serve(launcher, tiny, *pair)
    launcher.close()


@pytest.mark.parametrize("http2", [False, True])
def test_httpx(secured, pair, http2):
    with httpx.Client(verify=trusting(pair[0]), http2=http2, http1=not http2, timeout=60) as client:
        for index in range(20):
            answer = client.post(url(secured, "/embed"), json={"inputs": [f"text {index}"] * 32})
            assert answer.status_code == 200 and len(answer.json()) == 32
            assert answer.http_version == ("HTTP/2" if http2 else "HTTP/1.1")


@pytest.mark.parametrize("flag,version", [("--http1.1", "1.1"), ("--http2", "2")])
@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_curl(secured, pair, flag, version, tls):
    command = ["curl", "--silent", "--show-error", "--cacert", pair[0], flag, f"--tlsv{tls}", "--tls-max", tls, "--max-time", "30"]
    out = subprocess.run([*command, "--write-out", "%{http_version} %{http_code}", url(secured, "/health")], capture_output=True, check=True, text=True).stdout
    assert out == f"{version} 200"


@pytest.mark.parametrize("offered,chosen", [(["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1"), (None, None)])
def test_alpn(secured, pair, offered, chosen):
    with connect(secured, trusting(pair[0], offered)) as connection:
        assert connection.selected_alpn_protocol() == chosen


def test_alpn_without_a_common_protocol(secured, pair):
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        connect(secured, trusting(pair[0], ["spdy/1"]))


def test_old_versions_are_refused(secured, pair):
    context = trusting(pair[0])
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        connect(secured, context)


def test_large_bodies_both_ways(secured, pair):
    inputs = ["word " * 10_000] * 32
    with httpx.Client(verify=trusting(pair[0]), timeout=60) as client:
        for _ in range(3):
            answer = client.post(url(secured, "/embed"), json={"inputs": inputs})
            assert answer.status_code == 200 and len(answer.json()) == 32


def test_pipelined(secured, pair):
    with connect(secured, trusting(pair[0])) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n" * 500 + b"GET /health HTTP/1.1\r\nconnection: close\r\n\r\n")
        data = b""
        while part := connection.recv(65536):
            data += part
    assert data.count(b"HTTP/1.1 200 OK") == 501


def test_http2_over_tls(secured, pair):
    context = trusting(pair[0], ["h2"])
    with Http2Connection(secured.port, wrap=lambda s: context.wrap_socket(s, server_hostname="localhost")) as connection:
        streams = [connection.embed(["some words"] * 32) for _ in range(10)]
        assert all(len(answer.json()) == 32 for answer in connection.wait(*streams))


def test_plain_http_is_closed(secured, pair):
    for data in (b"GET /health HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 1000):
        with socket.create_connection(("127.0.0.1", secured.port), timeout=30) as connection:
            connection.sendall(data)
            try:
                while part := connection.recv(65536):
                    assert not part.startswith(b"HTTP/1.1 200")
            except ConnectionResetError:
                pass
    with httpx.Client(verify=trusting(pair[0])) as client:
        assert client.get(url(secured, "/health")).status_code == 200


def test_stalled_handshakes_hold_nobody_up(secured, pair):
    stalled = [socket.create_connection(("127.0.0.1", secured.port)) for _ in range(100)]
    for connection in stalled[::2]:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
    with httpx.Client(verify=trusting(pair[0]), timeout=30) as client:
        assert client.post(url(secured, "/embed"), json={"inputs": "x"}).status_code == 200
    for connection in stalled:  # each is closed in the end
        connection.settimeout(30)
        try:
            while connection.recv(1024):
                pass
        except ConnectionResetError:
            pass
        connection.close()


# ---------------------------------------------------------------- new certificates

def subject(process, timeout=30):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connect(process, context) as connection:
        der = connection.getpeercert(binary_form=True)
    text = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-subject"], input=der, capture_output=True, check=True).stdout
    return text.decode().split("CN = ")[1].strip()


def wait_for_subject(process, name):
    deadline = time.monotonic() + 30
    while subject(process) != name:
        assert time.monotonic() < deadline, process.output()
        time.sleep(0.1)


def wait_for_log(process, text):
    deadline = time.monotonic() + 30
    while text not in process.out():
        assert time.monotonic() < deadline, process.output()
        subject(process)  # files are looked at when somebody connects
        time.sleep(0.1)


def test_reload_by_a_link_as_kubernetes_does(launcher, tiny, tmp_path):
    make_pair(tmp_path / "v1", "first")
    make_pair(tmp_path / "v2", "second", key="rsa")
    link = tmp_path / "current"
    link.symlink_to("v1")
    process = serve(launcher, tiny, link / "tls.crt", link / "tls.key")
    assert subject(process) == "first"
    old = connect(process, trusting(tmp_path / "v1/tls.crt"))
    stop, failures = threading.Event(), []

    def ask():
        with httpx.Client(verify=False, timeout=30) as client:
            while not stop.is_set():
                if client.post(url(process, "/embed"), json={"inputs": "x"}).status_code != 200:
                    failures.append("status")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    (tmp_path / "next").symlink_to("v2")
    os.replace(tmp_path / "next", link)
    wait_for_subject(process, "second")
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    old.sendall(b"GET /health HTTP/1.1\r\n\r\n")  # who was connected still is
    assert old.recv(4096).startswith(b"HTTP/1.1 200 OK")
    old.close()


def test_a_broken_new_pair_keeps_the_old(launcher, tiny, tmp_path):
    cert, key = make_pair(tmp_path / "live", "first")
    other_cert, other_key = make_pair(tmp_path / "other", "second")
    process = serve(launcher, tiny, cert, key)
    shutil.copy(other_cert, cert)  # not its key yet
    wait_for_log(process, "the old certificate stays")
    assert subject(process) == "first"
    cert.write_text("nonsense")
    assert subject(process) == "first"
    shutil.copy(other_cert, cert)
    shutil.copy(other_key, key)
    wait_for_subject(process, "second")
    cert.unlink()
    time.sleep(1.2)
    assert subject(process) == "second"


# ---------------------------------------------------------------- bad pairs at start

def refuse(launcher, tiny, cert, key):
    process = launch(launcher, tiny, cert, key)
    assert process.wait_exit() == 1
    assert "Ready" not in process.out()
    return process.err()


def test_refuses_to_start(launcher, tiny, tmp_path):
    cert, key = make_pair(tmp_path / "a", "a")
    other_key = make_pair(tmp_path / "b", "b")[1]
    assert f"{other_key}: expected the key of {cert}" in refuse(launcher, tiny, cert, other_key)
    assert f"{tmp_path}/none: expected a PEM file with a certificate" in refuse(launcher, tiny, tmp_path / "none", key)
    assert f"{cert}: expected a PEM file with the certificate's key" in refuse(launcher, tiny, cert, cert)
    empty = tmp_path / "empty"
    empty.write_text("")
    assert "expected a PEM file with a certificate" in refuse(launcher, tiny, empty, key)
    locked = tmp_path / "locked.key"
    subprocess.run(["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", locked], check=True)
    assert "without a passphrase" in refuse(launcher, tiny, cert, locked)


def test_a_readable_key_is_told(launcher, tiny, tmp_path):
    cert, key = make_pair(tmp_path / "a", "a")
    pathlib.Path(key).chmod(0o644)
    assert "can be read by every user" in serve(launcher, tiny, cert, key).out()


def test_cert_without_key_is_a_usage_error(launcher, tiny, pair):
    process = launcher.run("--model-id", tiny, "--tls-cert", pair[0])
    assert process.wait_exit() == 2
    assert "needs '--tls-key'" in process.err()
