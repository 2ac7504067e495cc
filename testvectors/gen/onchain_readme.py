"""onchain/README.md: what the columns of the tables mean. It stands in a folder that is made anew."""

TEXT = """\
# What a chain's servers answer

Five tables, tab-separated, with a header line. `reason` is `ok` or the reason for which the row is refused,
`what` says what it is about. Bytes are hex without 0x; `-` is no byte, or nothing to say; `none` is a list
without elements; lists are separated by commas.

| table | columns | a row says |
|---|---|---|
| `rlp.tsv` | `name reason bytes what` | `bytes` are one RLP item and everything in it |
| `trie.tsv` | `name reason root key nodes value what` | `nodes` prove under `root` that `key` has this `value`, or is `absent` |
| `block.tsv` | `name reason field answer what` | `answer` is a block whose header has the hash that it names; `field` is the one at fault |
| `proof.tsv` | `name reason field root address slots account values answer what` | `answer` proves under the state root `root` that `address` is `account` (nonce of 8 bytes, balance of 32, storage root, code hash) or `absent`, and that its `slots` hold `values`; `field` is the one at fault |
| `world.tsv` | `instance kind address data answer` | an honest server's answer to a question about a contract of this `instance`; `kind` is that of the question, or names an address (`outer`, `inner`, `outer-impl`), an image's registers, a signer, a block |

Keys in `trie.tsv` are used as they are: so two of them can share any number of nibbles, which the hashes that
chains use as keys do not. In `proof.tsv` keys are hashed as chains do.

Names of `trie.tsv`: `leaf-*`, `two-*`, `many-*`, `deepest*` (65 nodes, the most there can be), `embedded-*` (nodes
within nodes), `empty*`; `list-*` are good nodes in a wrong list. Nodes of `form-*`, `branch-*`, `child-*`,
`extension-*`, `path-*`, `value-*`, `rlp-*` and `small-*` have the right hashes and forms that no trie has.

Names of `block.tsv`: `fields-*` for each fork; `form-*` cannot be judged; `hash-*` are false; `field-*`, `number-*` and
others are not in strict hex. Names of `proof.tsv`: `absent*` is an account that is not there; `form-*` and
`value-form-*` are proven well and are no account, no value.

`world.tsv` is a chain of one block with a contract of every family that registers enclaves. Its selectors, slots, call
data and proofs are made from the contracts' own signatures and layouts. `record.json` is the onchain.json of a bundle
about its instance `plain`.

Everything is made by `../gen/onchain_*.py` with tries built by `../gen/mpt.py`; no chain knows any of it.
"""


def add(vectors):
    vectors.put("onchain/README.md", TEXT)
