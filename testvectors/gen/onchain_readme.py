"""onchain/README.md: what the columns of the tables mean. It stands in a folder that is made anew."""

TEXT = """\
# What a chain's servers answer

Two tables, tab-separated, with a header line. `reason` is `ok` or the reason for which the row is refused,
`what` says what it is about. Bytes are hex without 0x; `-` is no byte, or nothing to say; `none` is a list
without elements; lists are separated by commas.

| table | columns | a row says |
|---|---|---|
| `rlp.tsv` | `name reason bytes what` | `bytes` are one RLP item and everything in it |
| `trie.tsv` | `name reason root key nodes value what` | `nodes` prove under `root` that `key` has this `value`, or is `absent` |

Keys in `trie.tsv` are used as they are: so two of them can share any number of nibbles, which the hashes that
chains use as keys do not.

Names of `trie.tsv`: `leaf-*`, `two-*`, `many-*`, `deepest*` (65 nodes, the most there can be), `embedded-*` (nodes
within nodes), `empty*`; `list-*` are good nodes in a wrong list. Nodes of `form-*`, `branch-*`, `child-*`,
`extension-*`, `path-*`, `value-*`, `rlp-*` and `small-*` have the right hashes and forms that no trie has.

Everything is made by `../gen/onchain_*.py` with tries built by `../gen/mpt.py`; no chain knows any of it.
"""


def add(vectors):
    vectors.put("onchain/README.md", TEXT)
