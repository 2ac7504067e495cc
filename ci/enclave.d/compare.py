#!/usr/bin/env python3
"""compare.py SHOWN MEASURED [NAME=VALUE...]: is what a document claims what was booted and asked for? SHOWN is
the JSON of `enclave-verify show`, MEASURED of `enclave-verify eif --pcr-json`. NAME is role, instance (text),
module_id, nonce, user_data, public_key (hex; not named: absent), since, until (seconds). One line for each,
`equal` or `DIFFERS`; exits 1 where something differs."""
import hashlib
import json
import sys

ZERO = "00" * 48


def brief(value):
	"""A register in full, what is longer by its ends."""
	text = "null" if value is None else str(value)
	return text if len(text) <= 96 else "%s...%s, %d bytes" % (text[:32], text[-8:], len(text) // 2)


def extended(text):
	"""A register that held zeros and was extended by the text once, as PCR3 and PCR4 are."""
	return hashlib.sha384(bytes(48) + text.encode()).hexdigest()


def registers(measured, asked):
	"""All sixteen: the value that each must have, and where that is from."""
	wanted = {str(n): (ZERO, "zeros: nothing was put there") for n in range(16)}
	for n in (0, 1, 2):
		wanted[str(n)] = measured["PCR%d" % n], "measured by enclave-verify eif"
	if "PCR8" in measured:
		wanted["8"] = measured["PCR8"], "measured by enclave-verify eif from the signature section"
	for n, name in (("3", "role"), ("4", "instance")):
		if name in asked:
			wanted[n] = extended(asked[name]), "SHA-384 of 48 zeros and " + asked[name]
	return wanted


def main():
	with open(sys.argv[1], encoding="utf-8") as shown, open(sys.argv[2], encoding="utf-8") as measured:
		claims = json.load(shown)["unverified"]
		wanted = registers(json.load(measured), asked := dict(word.split("=", 1) for word in sys.argv[3:]))
	rows = [("PCR" + n, claims["pcrs"].get(n), value, why) for n, (value, why) in wanted.items()]
	rows.append(("count", len(claims["pcrs"]), len(wanted), "registers"))
	rows.append(("module_id", claims["module_id"], asked["module_id"], "as the machine was named"))
	for name in ("nonce", "user_data", "public_key"):
		rows.append((name, claims[name], asked.get(name), "as asked for"))
	time = int(claims["timestamp_ms"]) // 1000
	within = int(asked["since"]) <= time <= int(asked["until"])
	rows.append(("time", time, time if within else asked["since"], "during the boot"))
	differs = 0
	zeros = [name for name, actual, value, _ in rows if actual == value == ZERO]
	for name, actual, value, why in rows:
		if actual != value:
			differs += 1
			print("  DIFFERS  %-10s %s, not %s (%s)" % (name, actual, value, why))
		elif name not in zeros:
			print("  equal    %-10s %s (%s)" % (name, brief(value), why))
	if zeros:
		print("  equal    zeros      %s" % " ".join(zeros))
	return 1 if differs else 0


sys.exit(main())
