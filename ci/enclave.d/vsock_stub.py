#!/usr/bin/env python3
"""vsock_stub.py QEMU ARG...: runs QEMU with `{fd}` in its arguments replaced by a socket at whose other end
the vsock device that the nitro-enclave machine insists on is answered for: just so far that the machine
starts. Nothing is carried. Exits as QEMU does, with 124 when ENCLAVE_SECONDS (120) are over.

vhost-user, as QEMU's docs/interop/vhost-user.rst has it: u32 request, u32 flags, u32 size, then the payload."""
import os
import socket
import struct
import subprocess
import sys
import threading

GET_FEATURES, GET_VRING_BASE, GET_PROTOCOL_FEATURES, GET_QUEUE_NUM, GET_CONFIG = 1, 11, 15, 17, 24
VIRTIO_F_VERSION_1 = 1 << 32
F_PROTOCOL_FEATURES = 1 << 30
PROTOCOL_F_CONFIG = 1 << 9
VERSION, REPLY = 1, 4
GUEST_CID = 4


def answer(request, payload):
	"""The payload of the reply, or None where the request has none."""
	if request == GET_FEATURES:
		return struct.pack("<Q", VIRTIO_F_VERSION_1 | F_PROTOCOL_FEATURES)
	if request == GET_PROTOCOL_FEATURES:
		return struct.pack("<Q", PROTOCOL_F_CONFIG)
	if request == GET_QUEUE_NUM:
		return struct.pack("<Q", 2)
	if request == GET_VRING_BASE:
		return payload
	if request == GET_CONFIG:
		return payload[:12] + struct.pack("<Q", GUEST_CID)
	return None


def receive(end, size):
	"""Exactly so many bytes, or None at the end. Descriptors that come along are not wanted."""
	data = b""
	while len(data) < size:
		try:
			piece, descriptors, _, _ = socket.recv_fds(end, size - len(data), 16)
		except ConnectionResetError:
			return None
		for fd in descriptors:
			os.close(fd)
		if not piece:
			return None
		data += piece
	return data


def serve(end):
	"""Until QEMU hangs up."""
	while (head := receive(end, 12)) is not None:
		request, _, size = struct.unpack("<III", head)
		payload = receive(end, size)
		reply = None if payload is None else answer(request, payload)
		if reply is not None:
			end.sendall(struct.pack("<III", request, VERSION | REPLY, len(reply)) + reply)


def main():
	ours, theirs = socket.socketpair()
	fd = theirs.fileno()
	command = [argument.replace("{fd}", str(fd)) for argument in sys.argv[1:]]
	with subprocess.Popen(command, pass_fds=[fd]) as qemu:
		theirs.close()
		threading.Thread(target=serve, args=[ours], daemon=True).start()
		try:
			return qemu.wait(int(os.environ.get("ENCLAVE_SECONDS", "120")))
		except subprocess.TimeoutExpired:
			return 124
		finally:
			qemu.kill()


sys.exit(main())
