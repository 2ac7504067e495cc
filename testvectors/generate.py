#!/usr/bin/env python3
"""Makes every test vector in this folder, always the same bytes.

usage: generate.py          write the files beside this one
       generate.py --check  make them again elsewhere, compare with SHA256SUMS
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from gen import (
    basics,
    calldata_cases,
    cases_chain,
    cases_claims,
    cases_eif,
    cases_envelope,
    cases_good,
    cases_pcr,
    cases_policy,
    cases_statement,
    cases_text,
    cases_time,
    compare_seeds,
    eif_seeds,
    endpoint_seeds,
    http_seeds,
    image_seeds,
    kept,
    kernel_seeds,
    nix_seeds,
    nsm_seeds,
    onchain_block,
    onchain_proof,
    onchain_readme,
    onchain_seeds,
    onchain_trie,
    onchain_world,
    recipe_seeds,
    rpc_seeds,
    seeds,
    state_seeds,
)
from gen.vectors import Vectors

HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = (
    basics,
    cases_good,
    cases_envelope,
    cases_claims,
    cases_chain,
    cases_time,
    cases_policy,
    cases_text,
    cases_pcr,
    cases_eif,
    seeds,
    eif_seeds,
    compare_seeds,
    http_seeds,
    image_seeds,
    endpoint_seeds,
    onchain_trie,
    onchain_block,
    onchain_proof,
    onchain_world,
    kept,
    onchain_readme,
    onchain_seeds,
    calldata_cases,
    rpc_seeds,
    kernel_seeds,
    nix_seeds,
    nsm_seeds,
    recipe_seeds,
    cases_statement,
    state_seeds,
)
# hold nothing that was not made here
FOLDERS = ("bundle", "calldata", "documents", "eif", "onchain", "pcr", "seeds", "statements")


def make():
    vectors = Vectors()
    for part in PARTS:
        part.add(vectors)
    vectors.finish()
    return vectors.files


def write(files, folder):
    for name in FOLDERS:
        shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    for path, content in files.items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)


def read_sums(folder):
    """SHA256SUMS as path -> digest."""
    with open(os.path.join(folder, "SHA256SUMS"), encoding="utf-8") as file:
        return {line[66:].rstrip("\n"): line[:64] for line in file}


def files_in(folder):
    """The paths of what stands in the made folders."""
    for name in FOLDERS:
        for where, _, names in os.walk(os.path.join(folder, name)):
            for one in names:
                yield os.path.relpath(os.path.join(where, one), folder)


def differences(folder):
    """What a fresh run makes, the committed sums and the committed files must be one and the same."""
    committed = read_sums(folder)
    fresh = read_sums_of_fresh_run()
    for path in sorted(committed.keys() | fresh.keys()):
        if committed.get(path) != fresh.get(path):
            state = (
                "differs"
                if path in committed and path in fresh
                else "is new"
                if path in fresh
                else "is no longer made"
            )
            yield f"{path} {state}"
    for path in sorted(set(files_in(folder)) - committed.keys()):
        yield f"{path} is not in SHA256SUMS"
    result = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if result.returncode != 0:
        yield result.stdout.strip() or result.stderr.strip()


def read_sums_of_fresh_run():
    with tempfile.TemporaryDirectory() as folder:
        write(make(), folder)
        return read_sums(folder)


def check():
    found = list(differences(HERE))
    for line in found:
        print(f"generate.py: {line}", file=sys.stderr)
    return 1 if found else 0


def main(arguments):
    if arguments == ["--check"]:
        return check()
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    write(make(), HERE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
