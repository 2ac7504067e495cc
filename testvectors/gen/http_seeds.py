"""Small starting points for the fuzz target http: a byte that chooses a reader, then its input."""

URL, HEADERS, HEAD, VALUE = b"0", b"1", b"2", b"3"

SEEDS = {
    "url-https": URL + b"https://enclave.example:8443/attestation?nonce=00ff",
    "url-loopback": URL + b"http://127.0.0.1:8080/",
    "url-localhost": URL + b"http://LocalHost?a@b",
    "url-ipv6": URL + b"http://[::1]:1/",
    "url-mapped": URL + b"http://[::ffff:127.0.0.1]/",
    "url-short-form": URL + b"http://127.1/",
    "url-user": URL + b"https://user:pw@enclave.example/",
    "url-backslash": URL + b"https://enclave.example\\@127.0.0.1/",
    "url-port": URL + b"https://enclave.example:65536/",
    "url-zone": URL + b"https://[fe80::1%25eth0]/",
    "headers": HEADERS + b"# of the user\r\nAuthorization: Bearer x\r\n\r\nX-One:\t1\n",
    "headers-host": HEADERS + b"X: 1\nHost: enclave.example\n",
    "headers-nul": HEADERS + b"X: 1\x00\n",
    "head": HEAD + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\n",
    "head-chunked": HEAD + b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "head-both": HEAD + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "head-folded": HEAD + b"HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n",
    "head-gzip": HEAD + b"HTTP/1.1 200 OK\nContent-Encoding: gzip\n\n",
    "head-range": HEAD + b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 7-9/10\r\n\r\n",
    "value-seconds": VALUE + b"120",
    "value-date": VALUE + b"Wed, 21 Oct 2015 07:28:00 GMT",
    "value-range": VALUE + b"bytes 100-199/200",
    "value-range-open": VALUE + b"bytes 100-199/*",
    "value-proxy": VALUE + b"socks5h://proxy.example:1080",
    "value-resolve": VALUE + b"enclave.example:443:127.0.0.1,[::1]",
}


def add(vectors):
    for name, content in SEEDS.items():
        vectors.put(f"seeds/http/{name}", content)
