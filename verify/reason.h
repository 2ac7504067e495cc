/* Why a check did not pass: every reason that any part of enclavecheck can give.
 *
 * A function that can go wrong returns `enum reason`; REASON_OK is 0 and nothing else means
 * success. The names are an interface that monitors match on: append rows, never rename or
 * reorder them. A name is the reason's stable code in JSON and text, the sentence is for a
 * person.
 *
 * Columns: identifier, stable name, sentence. */
#ifndef VERIFY_REASON_H
#define VERIFY_REASON_H

// clang-format off
#define REASON_TABLE(X) \
	X(OK, "ok", "nothing is wrong") \
	/* this program's own trouble: no verdict follows from these */ \
	X(OUT_OF_MEMORY, "out-of-memory", "the machine has no memory left for this") \
	X(CRYPTO_FAILED, "crypto-failed", "the cryptographic library failed on its own account") \
	X(FILE_UNREADABLE, "file-unreadable", "the file cannot be opened or read") \
	/* the verdict rule */ \
	X(NOTHING_EXPECTED, "nothing-expected", \
	  "nothing was given that says which image to expect: add --pcr 0=, --pcrs or --enclave-hash") \
	X(REQUIRED_SKIPPED, "required-skipped", "--require names this check and it was skipped") \
	/* why a check was skipped: a closed list */ \
	X(NOT_REQUESTED, "not-requested", "not asked for") \
	X(NOT_CARRIED, "not-carried", "this kind of endpoint has no such thing") \
	X(NEEDS, "needs", "needs a check that did not pass") \
	X(RECORDED, "recorded", "freshness cannot be shown again from a record") \
	X(DEBUG_ALLOWED, "debug-allowed", "the enclave runs in debug mode, which --allow-debug permits") \
	X(NOT_BUILT, "not-built", "not built in this run") \
	/* text forms of binary input (RFC 4648) */ \
	X(TEXT_ENCODING, "text-encoding", \
	  "the text is neither whole hex nor whole base64 (white space only at its ends)") \
	/* CBOR (RFC 8949) */ \
	X(CBOR_TRUNCATED, "cbor-truncated", "the CBOR ends before its last item is complete") \
	X(CBOR_MALFORMED, "cbor-malformed", "the bytes are not well-formed CBOR") \
	X(CBOR_NONCANONICAL, "cbor-noncanonical", \
	  "a CBOR item is not in its shortest definite form, as every Nitro document has it") \
	X(CBOR_DEPTH, "cbor-depth", "the CBOR is nested deeper than any Nitro document") \
	X(CBOR_DUP_KEY, "cbor-dup-key", "a CBOR map names one key twice") \
	X(CBOR_UTF8, "cbor-utf8", "a CBOR text string is not valid UTF-8") \
	/* COSE_Sign1 (RFC 9052 section 4.2) */ \
	X(COSE_EMPTY, "cose-empty", "there are no bytes at all") \
	X(COSE_TOO_LARGE, "cose-too-large", "longer than any attestation document (32 KiB)") \
	X(COSE_TAG, "cose-tag", "a CBOR tag other than one leading 18 (COSE_Sign1)") \
	X(COSE_SHAPE, "cose-shape", \
	  "not a COSE_Sign1: an array of protected, unprotected, payload and signature") \
	X(COSE_ALG, "cose-alg", "the protected algorithm is not ES384 (-35)") \
	X(COSE_PROTECTED, "cose-protected", "the protected header is not exactly {1: -35}") \
	X(COSE_UNPROTECTED, "cose-unprotected", "the unprotected header is not empty") \
	X(COSE_PAYLOAD_SIZE, "cose-payload-size", "the payload is not 1 to 16384 bytes long") \
	X(COSE_SIG_SIZE, "cose-sig-size", "the signature is not 96 bytes long") \
	X(COSE_SIG_RANGE, "cose-sig-range", "r or s of the signature is not within 1..n-1") \
	X(COSE_TRAILING, "cose-trailing", "bytes follow the end of the COSE_Sign1") \
	X(COSE_SIGNATURE, "cose-signature", \
	  "the signature does not verify: the document was altered or another key signed it") \
	/* the payload map (AWS: attestation process, sections 2.2 and 3.2.2) */ \
	X(DOC_SHAPE, "doc-shape", "the payload is not a CBOR map") \
	X(DOC_TRAILING, "doc-trailing", "bytes follow the payload map") \
	X(DOC_KEY_TYPE, "doc-key-type", "a key of the payload map is not a text string") \
	X(DOC_UNKNOWN_FIELD, "doc-unknown-field", "the payload has a field that no Nitro document has") \
	X(DOC_MISSING_FIELD, "doc-missing-field", "the payload lacks a mandatory field") \
	X(DOC_NULL_FIELD, "doc-null-field", "a mandatory field of the payload is null") \
	X(MODULE_ID, "module-id", \
	  "module_id is not a text of 1 to 256 bytes without control characters") \
	X(DIGEST, "digest", "digest is not the text SHA384") \
	X(TIMESTAMP, "timestamp", "timestamp is not a positive integer") \
	X(TIMESTAMP_RANGE, "timestamp-range", \
	  "timestamp, in milliseconds, does not lie within the years 2020 to 2099") \
	X(PCRS, "pcrs", "pcrs is not a map of 1 to 32 registers") \
	X(PCR_INDEX, "pcr-index", "a PCR index is not an integer within 0..31") \
	X(PCR_VALUE, "pcr-value", "a PCR is not a byte string") \
	X(PCR_LENGTH, "pcr-length", "a PCR is not 48 bytes long, as SHA384 demands") \
	X(CERTIFICATE, "certificate", "certificate is not a byte string of 1 to 1024 bytes") \
	X(CABUNDLE, "cabundle", "cabundle is not an array of 1 to 16 byte strings of 1 to 1024 bytes") \
	X(PUBLIC_KEY, "public-key", "public_key is neither null nor a byte string within its limit") \
	X(USER_DATA, "user-data", "user_data is neither null nor a byte string within its limit") \
	X(NONCE, "nonce", "nonce is neither null nor a byte string within its limit") \
	/* certificates (RFC 5280) in the profile that AWS issues */ \
	X(X509_ROOT, "x509-root", "cabundle does not begin with the pinned root certificate") \
	X(X509_DER, "x509-der", "a certificate is not strict DER in the profile that AWS issues") \
	X(X509_VERSION, "x509-version", "a certificate is not X.509 version 3") \
	X(X509_KEY, "x509-key", "a certificate's key is not an uncompressed point on P-384") \
	X(X509_SIGALG, "x509-sigalg", "a certificate is not signed with ecdsa-with-SHA384") \
	X(X509_CRITICAL_EXT, "x509-critical-ext", \
	  "a certificate has a critical extension that is not understood here") \
	X(X509_KEYUSAGE, "x509-keyusage", "a certificate's keyUsage does not allow what it is used for") \
	X(X509_CA, "x509-ca", "an issuing certificate lacks a critical basicConstraints with CA:TRUE") \
	X(X509_PATHLEN, "x509-pathlen", "more certificates follow an issuer than its pathLen allows") \
	X(X509_LEAF_CA, "x509-leaf-ca", "the enclave's own certificate is a CA certificate") \
	X(X509_LEAF_PATHLEN, "x509-leaf-pathlen", "the enclave's own certificate has a pathLen") \
	X(X509_NAME, "x509-name", "a certificate's issuer is not the subject of the one before it, or a subject stands twice") \
	X(X509_AKI, "x509-aki", "a certificate's authority key id is not its issuer's subject key id") \
	X(X509_SIGNATURE, "x509-signature", "a certificate was not signed by the one before it") \
	X(X509_VALIDITY, "x509-validity", "a certificate is not valid at the judged time") \
	X(TIMESTAMP_OUTSIDE_LEAF, "timestamp-outside-leaf", \
	  "the document's timestamp lies outside the validity of the certificate that signed it") \
	/* appraisal against expectations */ \
	X(TIMESTAMP_STALE, "timestamp-stale", "the document is older than --max-age allows") \
	X(TIMESTAMP_FUTURE, "timestamp-future", \
	  "the document's timestamp is later than the judged time and --max-skew allow") \
	X(NONCE_MISMATCH, "nonce-mismatch", "the nonce is not the expected one") \
	X(USER_DATA_MISMATCH, "user-data-mismatch", "user_data is not the expected one") \
	X(PUBLIC_KEY_MISMATCH, "public-key-mismatch", "public_key is not the expected one") \
	X(DEBUG_PCRS, "debug-pcrs", \
	  "PCR0 is all zero: the enclave runs in debug mode, and its measurements are not told") \
	X(PCR_MISSING, "pcr-missing", "the document does not carry this register") \
	X(PCR_MISMATCH, "pcr-mismatch", "the register is not the expected one") \
	X(ENCLAVE_HASH_MISMATCH, "enclave-hash-mismatch", "keccak256(PCR0) is not the expected hash") \
	/* JSON (RFC 8259) from outside */ \
	X(JSON_TOO_LARGE, "json-too-large", "longer than 1 MiB") \
	X(JSON_MALFORMED, "json-malformed", "not well-formed JSON") \
	X(JSON_TRAILING, "json-trailing", "text follows the JSON value") \
	X(JSON_TOO_DEEP, "json-too-deep", "nested deeper than 16") \
	X(JSON_TOO_MANY_VALUES, "json-too-many-values", "more than 20000 values") \
	X(JSON_BAD_STRING, "json-bad-string", "a string holds U+0000, a lone surrogate or invalid UTF-8") \
	X(JSON_DUPLICATE_KEY, "json-duplicate-key", "an object names one key twice") \
	/* pcr.json in its published shapes */ \
	X(PCR_JSON_SHAPE, "pcr-json-shape", "no register is named: PCR0, PCR1, ... or Measurements expected") \
	X(PCR_JSON_KEY, "pcr-json-key", "a key looks like a register and is none: PCR0 to PCR31 expected") \
	X(PCR_JSON_VALUE, "pcr-json-value", "a register is not a string of 96 hex digits") \
	X(PCR_JSON_HASH, "pcr-json-hash", "enclave_hash is not 0x and 64 hex digits") \
	/* EIF images (AWS: Enclave Image Format) */ \
	X(EIF_MAGIC, "eif-magic", "not an enclave image: the file does not begin with .eif") \
	X(EIF_VERSION, "eif-version", "the version of the image format is not 2, 3 or 4") \
	X(EIF_FLAGS, "eif-flags", \
	  "the header's reserved flags are not zero, or not those that --flags gives") \
	X(EIF_RESERVED, "eif-reserved", "a reserved field of the header is not zero") \
	X(EIF_SECTION_COUNT, "eif-section-count", "the header does not name 2 to 32 sections") \
	X(EIF_TABLE, "eif-table", \
	  "the header's table is not that of sections one behind the other, unused entries zero") \
	X(EIF_SECTION_TYPE, "eif-section-type", \
	  "a section is of a type that this version of the image format does not have") \
	X(EIF_SECTION_FLAGS, "eif-section-flags", "the flags of a section are not zero") \
	X(EIF_SECTION_SIZE, "eif-section-size", \
	  "a section gives another size for itself than the header's table does") \
	X(EIF_TRUNCATED, "eif-truncated", "the file ends before the image does") \
	X(EIF_TRAILING, "eif-trailing", "bytes follow the last section") \
	X(EIF_TOO_LARGE, "eif-too-large", "the image is larger than 16 GiB") \
	X(EIF_CRC, "eif-crc", "the checksum in the header is not that of the image") \
	X(EIF_DUPLICATE_SECTION, "eif-duplicate-section", \
	  "there is more than one kernel, command line, signature or metadata section") \
	X(EIF_MISSING_SECTION, "eif-missing-section", \
	  "there is no kernel, no command line, no ramdisk or, in version 4, no metadata section") \
	X(EIF_ORDER, "eif-order", "kernel, command line and ramdisks do not stand in this order") \
	X(EIF_EMPTY_KERNEL, "eif-empty-kernel", "the kernel section is empty") \
	X(EIF_CMDLINE_NUL, "eif-cmdline-nul", "the command line holds a NUL byte") \
	X(EIF_METADATA_TOO_LARGE, "eif-metadata-too-large", \
	  "the metadata section is longer than 256 KiB") \
	X(EIF_METADATA_JSON, "eif-metadata-json", \
	  "the metadata section is not one strict JSON object and nothing else") \
	X(EIF_METADATA_FIELD, "eif-metadata-field", \
	  "the metadata lacks a required string, or has something else in its place") \
	X(EIF_SIGNATURE_TOO_LARGE, "eif-signature-too-large", \
	  "the signature section is longer than 32768 bytes") \
	X(EIF_SIGNATURE_CBOR, "eif-signature-cbor", \
	  "the signature section is not the one CBOR form of one certificate and one signature") \
	X(EIF_SIGNATURE_CERTIFICATE, "eif-signature-certificate", \
	  "the signing certificate is not one X.509 certificate in PEM and nothing else") \
	X(EIF_SIGNATURE_COSE, "eif-signature-cose", \
	  "the signature is not a COSE_Sign1 with ES256, ES384 or ES512 as signing tools write it") \
	X(EIF_SIGNATURE_KEY, "eif-signature-key", \
	  "the signing certificate's key is not on the curve of the signature's algorithm") \
	X(EIF_SIGNATURE_PAYLOAD, "eif-signature-payload", \
	  "the signature is about another image: it does not name the PCR0 measured here") \
	X(EIF_SIGNATURE_INVALID, "eif-signature-invalid", \
	  "the signature does not verify with the signing certificate's key") \
	X(EIF_SIGNATURE_VALIDITY, "eif-signature-validity", \
	  "the signing certificate is not valid at the judged time") \
	/* archives and trees (rebuild) */ \
	X(FILE_UNWRITABLE, "file-unwritable", "a file or directory cannot be made or written") \
	X(FILE_EXISTS, "file-exists", "it is there already and is not empty, or not of the right kind") \
	X(FILE_CHANGED, "file-changed", "a file changed while it was read") \
	X(INTERRUPTED, "interrupted", "a signal asked to stop") \
	X(NEWC_MAGIC, "newc-magic", "an entry of the archive does not begin with 070701 or 070702") \
	X(NEWC_FIELD, "newc-field", "a field of the archive's entry is not eight hex digits") \
	X(NEWC_NAME_SIZE, "newc-name-size", "a name in the archive is not 1 to 4096 bytes with its NUL") \
	X(NEWC_NAME, "newc-name", "a name in the archive does not end at its first NUL") \
	X(NEWC_TYPE, "newc-type", "an entry's mode is of no known file type") \
	X(NEWC_DATA, "newc-data", "an entry that is neither file nor symbolic link has data") \
	X(NEWC_TARGET, "newc-target", "a symbolic link's target is not 1 to 4095 bytes without NUL") \
	X(NEWC_PADDING, "newc-padding", "the padding of the archive is not zero") \
	X(NEWC_CHECKSUM, "newc-checksum", "an entry's data has another sum than its 070702 header says") \
	X(NEWC_ENTRIES, "newc-entries", "more than 1000000 entries") \
	X(NEWC_TRUNCATED, "newc-truncated", "the archive ends before its TRAILER!!!") \
	X(NEWC_LINK, "newc-link", "the first name of a hard link is no file any more") \
	X(GZIP_HEADER, "gzip-header", "a gzip member's header is not one of RFC 1952") \
	X(GZIP_HEADER_CRC, "gzip-header-crc", "a gzip member's header has another CRC than it says") \
	X(GZIP_DEFLATE, "gzip-deflate", "a gzip member's data is not valid deflate") \
	X(GZIP_CRC, "gzip-crc", "a gzip member's content has another CRC-32 than it says") \
	X(GZIP_LENGTH, "gzip-length", "a gzip member's content has another length than it says") \
	X(GZIP_TRUNCATED, "gzip-truncated", "a gzip member is cut short") \
	X(RAMDISK_EXPANSION, "ramdisk-expansion", "the ramdisk expands to more than 4 GiB") \
	X(RAMDISK_JUNK, "ramdisk-junk", \
	  "bytes that are neither an archive nor zero follow an archive of the ramdisk") \
	X(RAMDISK_SPLIT, "ramdisk-split", "an archive does not end within its gzip member") \
	X(PATH_NAME, "path-name", "a name that leads out (..), or that no file can have") \
	X(PATH_CONFLICT, "path-conflict", \
	  "a name leads through something that is no directory, or replaces one that is not empty") \
	X(PATH_LINKS, "path-links", "the names of hard links take more than 64 MiB") \
	X(TREE_TYPE, "tree-type", \
	  "the tree holds something other than files, directories and symbolic links") \
	X(TREE_DEPTH, "tree-depth", "directories are nested deeper than 200") \
	X(TREE_PATH, "tree-path", "a path within the tree is longer than 4095 bytes") \
	X(TREE_FILE_SIZE, "tree-file-size", "a file of 4 GiB or more does not fit into the archive") \
	X(TREE_ENTRIES, "tree-entries", "a directory of more than 1000000 names") \
	X(IMAGE_CMDLINE, "image-cmdline", "the command line is not UTF-8, or longer than 64 KiB") \
	X(IMAGE_RAMDISKS, "image-ramdisks", "an image has 1 to 29 ramdisks, 28 when it is signed") \
	X(SIGN_KEY, "sign-key", "not an unencrypted PEM private key on P-256, P-384 or P-521") \
	X(SIGN_CERT, "sign-cert", "not one PEM certificate and nothing else") \
	X(SIGN_PAIR, "sign-pair", "the certificate is not for this private key") \
	X(CHANGED_WHILE_READING, "changed-while-reading", \
	  "the image changed between two readings of it") \
	X(CATALOG_NAMES, "catalog-names", "the names in a ramdisk take more than 128 MiB") \
	/* the Nitro Security Module (attest) */ \
	X(NSM_ABSENT, "nsm-absent", \
	  "there is no such device: this is not the inside of a Nitro enclave") \
	X(NSM_DEVICE, "nsm-device", "the security module's device cannot be used") \
	X(NSM_REQUEST, "nsm-request", "not a request to a security module") \
	X(NSM_ANSWER, "nsm-answer", "the security module's answer is not of the form that it should be") \
	X(NSM_INVALID_ARGUMENT, "nsm-invalid-argument", \
	  "the security module says InvalidArgument: it does not take one of the values") \
	X(NSM_INVALID_INDEX, "nsm-invalid-index", \
	  "the security module says InvalidIndex: it has no such register") \
	X(NSM_INVALID_RESPONSE, "nsm-invalid-response", \
	  "the security module says InvalidResponse: what it found does not fit the request") \
	X(NSM_READ_ONLY_INDEX, "nsm-read-only-index", \
	  "the security module says ReadOnlyIndex: the register is locked") \
	X(NSM_INVALID_OPERATION, "nsm-invalid-operation", \
	  "the security module says InvalidOperation: it cannot do this") \
	X(NSM_BUFFER_TOO_SMALL, "nsm-buffer-too-small", \
	  "the security module says BufferTooSmall: its answer does not fit") \
	X(NSM_INPUT_TOO_LARGE, "nsm-input-too-large", \
	  "the request is longer than the security module takes (4096 bytes)") \
	X(NSM_INTERNAL_ERROR, "nsm-internal-error", \
	  "the security module says InternalError: it failed on its own account") \
	/* numbers and hashes of a chain (Ethereum yellow paper; EIP-1186) */ \
	X(RLP_TRUNCATED, "rlp-truncated", "the RLP ends before its item does") \
	X(RLP_NONCANONICAL, "rlp-noncanonical", "an RLP length or number is not in its shortest form") \
	X(RLP_TRAILING, "rlp-trailing", "bytes follow the RLP item") \
	X(TRIE_NODE_SIZE, "trie-node-size", "a node of the proof is not 1 to 1024 bytes long") \
	X(TRIE_NODE_HASH, "trie-node-hash", \
	  "a node of the proof is not the one that the root, or the node before it, names") \
	X(TRIE_NODE, "trie-node", "a node of the proof is none that a trie of 32-byte keys has") \
	X(TRIE_PATH, "trie-path", "a path in the proof is malformed, or does not fit the length of the key") \
	X(TRIE_VALUE, "trie-value", "a leaf of the proof has no value of 1 to 128 bytes") \
	X(TRIE_CUT, "trie-cut", "the proof ends before it shows the key present or absent") \
	X(TRIE_LEFTOVER, "trie-leftover", "nodes follow the one that ends the proof") \
	X(BLOCK_SHAPE, "block-shape", "the answer is no block") \
	X(BLOCK_FIELD, "block-field", "a field of the block is not strict hex of its kind and size") \
	X(BLOCK_FORM, "block-form", \
	  "the block header is of a form that is not known here, so its hash cannot be computed") \
	X(BLOCK_HASH, "block-hash", "the block header does not have the hash that is given for it") \
	X(PROOF_SHAPE, "proof-shape", "the answer is not that of eth_getProof in strict form (EIP-1186)") \
	X(PROOF_ADDRESS, "proof-address", "the proof is about another address than was asked for") \
	X(PROOF_SLOT, "proof-slot", "the proof is about other storage slots than were asked for") \
	X(PROOF_ACCOUNT, "proof-account", "what is proven is not an account") \
	X(PROOF_VALUE, "proof-value", "what is proven is not a storage value of at most 32 bytes") \
	X(PROOF_BESIDE, "proof-beside", "the answer says something else than it proves") \
	/* kernels (rebuild) */ \
	X(PAYLOAD_FORMAT, "payload-format", "the kernel is compressed in no way that is undone here") \
	X(PAYLOAD_BROKEN, "payload-broken", \
	  "the kernel's compressed data is malformed or cut short, or something stands behind it") \
	X(PAYLOAD_EXPANSION, "payload-expansion", \
	  "the kernel expands to more than 1 GiB, or needs more than 256 MiB to be expanded") \
	/* HTTP (attest) */ \
	X(HTTP_URL, "http-url", \
	  "not a plain http or https URL: host, port, path and query, no user name or password") \
	X(HTTP_PLAIN, "http-plain", \
	  "plain http to another machine: use https, or allow it with --insecure-http") \
	X(HTTP_PROXY, "http-proxy", "the proxy is not http, socks5 or socks5h://HOST:PORT") \
	X(HTTP_RESOLVE, "http-resolve", "an address to use is not HOST:PORT:ADDRESS") \
	X(HTTP_CACERT, "http-cacert", \
	  "the file of trusted issuers cannot be read, or holds no PEM certificate") \
	X(HTTP_HEADER, "http-header", \
	  "a header to send is not Name: value, or is one that this program sets itself") \
	X(HTTP_HOST, "http-host", "no address is known for the host") \
	X(HTTP_CONNECT, "http-connect", "the connection was refused") \
	X(HTTP_TIMEOUT, "http-timeout", "no complete answer came in time") \
	X(HTTP_CUT_SHORT, "http-cut-short", \
	  "the connection broke off before the answer was complete") \
	X(HTTP_TOO_LARGE, "http-too-large", "the answer is larger than its limit") \
	X(HTTP_HEADERS_TOO_LARGE, "http-headers-too-large", \
	  "the headers of the answer are larger than 64 KiB") \
	X(HTTP_MALFORMED, "http-malformed", "the answer is not one of HTTP/1, or can be read in two ways") \
	X(HTTP_ENCODING, "http-encoding", "the answer is compressed, which was not asked for") \
	X(HTTP_REDIRECT, "http-redirect", "the server sends the request elsewhere") \
	X(HTTP_RANGE, "http-range", "the server did not give the rest of the file, as asked") \
	X(HTTP_STOPPED, "http-stopped", "what came was not taken") \
	X(HTTP_TLS, "http-tls", "no TLS connection of version 1.2 or later could be agreed on") \
	X(HTTP_TLS_ISSUER, "http-tls-issuer", \
	  "the server's certificate comes from no issuer that is trusted here") \
	X(HTTP_TLS_NAME, "http-tls-name", "the server's certificate is for another name") \
	X(HTTP_TLS_VALIDITY, "http-tls-validity", \
	  "the server's certificate has expired or is not valid yet") \
	X(HTTP_TLS_CERTIFICATE, "http-tls-certificate", \
	  "the server's certificate, or its chain, is not in order") \
	/* simulating and serving (attest) */ \
	X(SIMULATE_FILE, "simulate-file", \
	  "a file of the simulated enclave is not what simulate writes") \
	X(SIMULATE_TIME, "simulate-time", \
	  "the clock does not lie within the life of the simulated enclave's root") \
	X(LISTEN, "listen", "this address cannot be listened on") \
	/* the certificate of a TLS connection, held against a document */ \
	X(TLS_NO_CERTIFICATE, "tls-no-certificate", "the connection had no certificate") \
	X(TLS_CERTIFICATE, "tls-certificate", "the connection's certificate is not an X.509 certificate in DER") \
	X(TLS_USER_DATA, "tls-user-data", \
	  "user_data is not of the form in which this kind of endpoint names its certificate") \
	X(TLS_MISMATCH, "tls-mismatch", "the document names another certificate than the connection's") \
	/* saved evidence */ \
	X(BUNDLE_FOLDER, "bundle-folder", "not a folder") \
	X(BUNDLE_NAME, "bundle-name", "a name that no bundle has") \
	X(BUNDLE_TYPE, "bundle-type", "not a regular file") \
	X(BUNDLE_MISSING, "bundle-missing", "every bundle has this file, and it is not there") \
	X(BUNDLE_TOO_LARGE, "bundle-too-large", "longer than such a file can be") \
	X(BUNDLE_CONTENT, "bundle-content", "not of the form that this file has") \
	X(BUNDLE_SUMS, "bundle-sums", "SHA256SUMS does not name each file once, and nothing else") \
	X(BUNDLE_SUM, "bundle-sum", "the file is not the one that SHA256SUMS names") \
	/* what enclaves answer */ \
	X(ENDPOINT_URL, "endpoint-url", \
	  "the URL has a parameter nonce already, or braces that this profile does not fill") \
	X(ENDPOINT_STATUS, "endpoint-status", \
	  "the status of the answer is not that of one with a document") \
	X(ENDPOINT_EMPTY, "endpoint-empty", "nothing stands where the document should") \
	X(ENDPOINT_TYPE, "endpoint-type", \
	  "the answer is no document, and its Content-Type says that it is something else") \
	X(ENDPOINT_HEADER, "endpoint-header", \
	  "the answer does not have the document's header exactly once") \
	X(ENDPOINT_JSON, "endpoint-json", "the answer is not strict JSON") \
	X(ENDPOINT_MEMBER, "endpoint-member", "the answer's JSON has no string where the document should be") \
	X(ENDPOINT_TWO_DOCUMENTS, "endpoint-two-documents", \
	  "the answer's JSON has more than one member that could be the document") \
	X(ENDPOINT_FORMAT, "endpoint-format", \
	  "the answer says that its evidence is not of AWS Nitro Enclaves") \
	X(ENDPOINT_ENCODING, "endpoint-encoding", \
	  "what should be the document in hex or base64 is neither whole") \
	X(ENDPOINT_GZIP, "endpoint-gzip", \
	  "the compressed document is damaged, longer than any document, or not alone") \
	X(ENDPOINT_NO_DOCUMENT, "endpoint-no-document", \
	  "the answer does not begin as an attestation document (84, or d2 84)") \
	X(RANDOM_FAILED, "random-failed", "the machine gives no random bytes") \
	X(CLOCK_FAILED, "clock-failed", "the clock cannot be read") \
	/* other programs (rebuild) */ \
	X(PROC_START, "proc-start", "the program cannot be started") \
	X(PROC_TIMEOUT, "proc-timeout", "the program took longer than it may") \
	X(PROC_OUTPUT, "proc-output", "the program said more than it should ever have to") \
	X(PROC_STOPPED, "proc-stopped", "what the program said was not taken") \
	/* recipes (rebuild) */ \
	X(REPOSITORY, "repository", \
	  "the repository is not https://, ssh:// or file:///PATH (http:// on this machine only) of plain characters") \
	X(RECIPE_SHAPE, "recipe-shape", "a value is not of the kind that this key has") \
	X(RECIPE_UNKNOWN, "recipe-unknown", "no recipe has this key") \
	X(RECIPE_MISSING, "recipe-missing", "every recipe has this key, and it is not there") \
	X(RECIPE_SCHEMA, "recipe-schema", "the schema is not 1") \
	X(RECIPE_TEXT, "recipe-text", "not 1 to 4096 printable ASCII characters without blanks at the ends") \
	X(RECIPE_NAME, "recipe-name", "a name is 1 to 64 letters, digits, dots, hyphens and underscores") \
	X(RECIPE_COMMIT, "recipe-commit", "neither a commit id nor the plain name of a tag or branch") \
	X(RECIPE_IMAGE, "recipe-image", "not the reference of an image") \
	X(RECIPE_PLATFORM, "recipe-platform", "a platform is OS/ARCHITECTURE, as linux/amd64") \
	X(RECIPE_PATH, "recipe-path", \
	  "a path in an image begins with /, any other does not; neither has . or .. or .git in it, " \
	  "and no staged file is flake.nix or flake.lock or what git obeys") \
	X(RECIPE_ATTRIBUTE, "recipe-attribute", "not the name of a flake's output") \
	X(RECIPE_DIGEST, "recipe-digest", "not 64 hex digits (0x before those of an enclave hash)") \
	X(RECIPE_PCR, "recipe-pcr", "a PCR is 96 hex digits (SHA-384)") \
	X(RECIPE_ZERO, "recipe-zero", \
	  "this value names no image: every enclave in debug mode has it, or it is that of an empty slot") \
	X(RECIPE_TOO_MANY, "recipe-too-many", "more than 16 of these") \
	X(RECIPE_STAGE_TWICE, "recipe-stage-twice", "two files would be put in one place") \
	X(RECIPE_NO_IMAGE, "recipe-no-image", "the recipe has no image that could be replaced") \
	X(RECIPE_NOT_PINNED, "recipe-not-pinned", \
	  "a name that may move: give the full commit id and the image's digest (plan --resolve finds them)") \
	/* contracts that register enclaves */ \
	X(CHAIN_ID_MISMATCH, "chain-id-mismatch", "a server serves another chain than --chain-id") \
	X(SERVERS_DISAGREE, "servers-disagree", "servers give different answers to one question") \
	X(QUORUM_NOT_REACHED, "quorum-not-reached", "fewer servers answered than must agree") \
	X(BLOCK_OTHER, "block-other", "a server gives another block than the one that was asked for") \
	X(BLOCK_STALE, "block-stale", "the block is too old: the servers may be stuck") \
	X(BLOCK_AHEAD, "block-ahead", "the block's time lies ahead of the clock") \
	X(BLOCK_HASH_NOT_GIVEN, "block-hash-not-given", \
	  "a record can be judged only under a block that you name yourself: --block HASH") \
	X(NO_CODE, "no-code", "there is no contract at this address") \
	X(CODE_HASH_MISMATCH, "code-hash-mismatch", "the contract's code is not the one that is pinned") \
	X(GENERATION_MISMATCH, "generation-mismatch", "the contract is of another generation than --registry names") \
	X(POINTER_MISMATCH, "pointer-mismatch", "the contract points to another one than --inner") \
	X(POINTER_EMPTY, "pointer-empty", "the contract points to no other, which should hold the hashes") \
	X(BACK_POINTER_MISMATCH, "back-pointer-mismatch", "the inner contract obeys another one than the one named") \
	X(ANSWER_BELIED, "answer-belied", "a server's answer is not what the contract's storage proves") \
	X(ANSWER_MALFORMED, "answer-malformed", "the contract's answer is not of the form that this family gives") \
	X(CALL_REVERTED, "call-reverted", "the contract refuses the question") \
	X(SLOT_RULE_MISMATCH, "slot-rule-mismatch", \
	  "storage holds something else than the contract says: its slots are not those of this family") \
	X(STRENGTH_TOO_LOW, "strength-too-low", "the answer is weaker than --min-strength asks for") \
	X(NOT_REGISTERED, "not-registered", "the contract does not accept this hash") \
	X(OTHER_HASH, "other-hash", "the contract accepts another hash than this one") \
	X(SIGNER_MISSING, "signer-missing", "the document carries no key of a signer") \
	X(SIGNER_UNSUPPORTED, "signer-unsupported", \
	  "this family does not tell for which image a signer was registered") \
	X(SIGNER_NOT_VALID, "signer-not-valid", "the contract does not accept this signer") \
	X(SIGNER_OTHER_HASH, "signer-other-hash", "the signer was registered for another image") \
	X(ONCHAIN_RECORD, "onchain-record", "the record of what servers said is not in its form") \
	X(HASH_REFUSED, "hash-refused", \
	  "this hash names no image: every debug enclave has it, or it is that of an empty slot") \
	/* call data */ \
	X(CALLDATA_SELECTOR, "calldata-selector", \
	  "the call data is no registerSigner and no registerService") \
	X(CALLDATA_ABI, "calldata-abi", \
	  "the call data's offsets, lengths, padding or end are not as encoders write them") \
	X(CALLDATA_TBS, "calldata-tbs", \
	  "the attestation in the call data does not begin as what an enclave signs") \
	X(CALLDATA_SIGNATURE, "calldata-signature", \
	  "the signature in the call data is not of 96 bytes") \
	X(CALLDATA_JOURNAL, "calldata-journal", "the journal in the call data is not in its form") \
	X(NOT_AN_ATTESTATION, "not-an-attestation", \
	  "the call data carries a prover's journal about a document, not the document") \
	/* answers of JSON-RPC servers */ \
	X(RPC_STATUS, "rpc-status", "the server answers with another HTTP status than 200") \
	X(RPC_SHAPE, "rpc-shape", "the answer is not one of JSON-RPC 2.0") \
	X(RPC_ID, "rpc-id", "the answer is to another question") \
	X(RPC_ERROR, "rpc-error", "the server answers with an error") \
	X(RPC_LIMIT, "rpc-limit", "the server says that its limit is exceeded") \
	X(RPC_REFUSED, "rpc-refused", "the server does not answer this question, or not for this block") \
	X(RPC_RESULT, "rpc-result", "the result is not of the form that this question has") \
	X(RPC_SERVERS, "rpc-servers", "more than 16 servers, or more than 4 URLs of one") \
	X(BLOCK_UNKNOWN, "block-unknown", "the server does not know the block") \
	X(BLOCK_MOVED, "block-moved", "the block at this number became another one while the server was asked") \
	/* Nix, and the image that it made (rebuild) */ \
	X(NIX_VERSION, "nix-version", "Nix is older than 2.8, or does not tell its version") \
	X(NIX_OPTION, "nix-option", "an option makes the build less independent than was asked for") \
	X(NIX_OPTION_IGNORED, "nix-option-ignored", \
	  "the daemon of Nix kept a setting of its own: this user may not change it") \
	X(NIX_OUTPUT, "nix-output", "what Nix printed is not what such a call prints") \
	X(NIX_FAILED, "nix-failed", "Nix failed, for a reason that its messages tell") \
	X(NIX_FEATURES, "nix-features", "Nix was told not to know flakes, or the command nix") \
	X(NIX_GROUP, "nix-group", "the group of users for builds does not exist") \
	X(NIX_DISK_FULL, "disk-full", "the disk is full") \
	X(NIX_LOCK, "lock-stale", "flake.lock is missing or does not fit flake.nix") \
	X(NIX_ATTRIBUTE, "no-such-attribute", "the flake has no such attribute") \
	X(NIX_NOT_STAGED, "not-staged", \
	  "a file that the flake names does not exist, or git was not told of it") \
	X(NIX_INPUT_HASH, "input-mismatch", "an input of the flake is not what flake.lock says") \
	X(NIX_INPUT_FETCH, "input-unavailable", "an input of the flake cannot be had") \
	X(NIX_EVALUATION, "nix-evaluation", "the flake cannot be evaluated") \
	X(NIX_TREE, "tree-changed", "the source tree changed while it was built") \
	X(NIX_BUILDER, "builder-failed", "a builder failed") \
	X(NIX_TIMEOUT, "builder-timeout", "a builder took longer, or was silent longer, than it may") \
	X(NIX_FIXED_OUTPUT, "fixed-output-mismatch", \
	  "what was fetched is not what its derivation says") \
	X(NIX_DIFFERS, "not-deterministic", "a second build gave something else") \
	X(NIX_SUBSTITUTED, "substituted", "a path was neither built here nor built here again") \
	X(IMAGE_NOT_USED, "image-not-used", "a staged file is not in the image's ramdisks") \
	/* the source (rebuild) */ \
	X(SOURCE_FETCH, "source-fetch", "git could not fetch from the repository") \
	X(SOURCE_ABSENT, "source-absent", "the repository has no such commit, or the commit no such file") \
	X(SOURCE_OBJECTS, "source-objects", \
	  "an object of the repository is malformed, or is not the one that its id names") \
	X(SOURCE_TREE, "source-tree", "a file of the working tree is not the commit's") \
	X(SOURCE_GIT, "source-git", "git failed, or said something that it never says") \
	X(SOURCE_SIGNERS, "source-signers", \
	  "neither allowed signers of ssh-keygen nor OpenPGP keys, or the program that checks them is missing") \
	X(SOURCE_UNSIGNED, "source-unsigned", "the commit is not signed") \
	X(SOURCE_SIGNATURE, "source-signature", \
	  "the commit's signature is not good, or not by one of the signers that were given") \
	/* what a run keeps, and flake.lock (rebuild) */ \
	X(FILE_TOO_LARGE, "file-too-large", "the file is larger than such a file can be") \
	X(STATE_BUSY, "state-busy", "another run works in this folder") \
	X(LOCK_SHAPE, "lock-shape", "flake.lock is not of the form of version 5 to 7") \
	X(LOCK_PATH, "lock-path", "an input of the flake is a path, which every machine has its own of") \
	X(LOCK_INDIRECT, "lock-indirect", \
	  "an input of the flake is a name that every machine may resolve in its own way") \
	X(LOCK_UNPINNED, "lock-unpinned", "an input of the flake has no full rev, or no narHash") \
	X(LOCK_TYPE, "lock-type", "an input of the flake is of a type that is not known here") \
	X(LOCK_OVERRIDDEN, "lock-overridden", \
	  "nix-enclaver is built with another nixpkgs than its own, so its published result cannot come out") \
	X(PCRS_CLAIM, "pcrs-claim", "the registers that the build wrote down are not those of its image") \
	/* signed statements of rebuilds (DSSE v1, in-toto Statement v1, SLSA Provenance v1) */ \
	X(SIGNER_KEY, "signer-key", \
	  "not one PEM public key on Ed25519, or on P-256 with an uncompressed point, and nothing else") \
	X(DSSE_SHAPE, "dsse-shape", \
	  "not a DSSE envelope: payload, payloadType and signatures expected") \
	X(DSSE_TYPE, "dsse-type", "the payload is not of the type application/vnd.in-toto+json") \
	X(DSSE_PAYLOAD, "dsse-payload", "the payload is not whole base64") \
	X(DSSE_SIGNATURES, "dsse-signatures", "not 1 to 16 signatures in base64") \
	X(STATEMENT_SHAPE, "statement-shape", \
	  "a part of the statement is missing, or something else stands in its place") \
	X(STATEMENT_TYPE, "statement-type", "not an in-toto statement of version 1") \
	X(STATEMENT_PREDICATE, "statement-predicate", "the predicate is not SLSA provenance of version 1") \
	X(STATEMENT_BUILD_TYPE, "statement-build-type", \
	  "the build was not one of enclave-rebuild, version 1") \
	X(STATEMENT_SUBJECT, "statement-subject", \
	  "the subjects are not enclave.eif with its SHA-256 and pcrs, each once") \
	X(STATEMENT_PCRS, "statement-pcrs", \
	  "the registers are not nitro-pcr0 to nitro-pcr2 of 96 hex digits, or PCR0 is zero") \
	X(STATEMENT_PARAMETERS, "statement-parameters", \
	  "the parameters are not repository, attribute and the source's commit") \
	X(STATEMENT_SOURCE, "statement-source", "not one source with its whole git commit") \
	X(STATEMENT_DEPENDENCY, "statement-dependency", \
	  "a dependency has no name or no digest, or the image is not one SHA-256") \
	X(STATEMENT_VERDICT, "statement-verdict", \
	  "the statement does not say whether the rebuild was compared with anything") \
	X(STATEMENT_SIGNATURE, "statement-signature", "no statement is signed by a key of --key") \
	X(STATEMENT_DISAGREE, "statement-disagree", "two signed statements do not say the same") \
	X(STATEMENT_OTHER_IMAGE, "statement-other-image", \
	  "the statement is about another image than the document") \
	X(STATEMENT_THRESHOLD, "statement-threshold", "fewer keys signed than --threshold asks for") \
	X(STATEMENT_COMMIT_MISMATCH, "statement-commit-mismatch", \
	  "the image was rebuilt from another commit") \
	X(STATEMENT_IMAGE_MISMATCH, "statement-image-mismatch", \
	  "the image was rebuilt with another container image") \
	X(STATEMENT_IMAGE_MISSING, "statement-image-missing", \
	  "the statement names no container image: none was shown to be in the enclave's image") \
	X(PROVENANCE_FACT, "provenance-fact", \
	  "a fact that a statement needs is missing, or not of its form") \
	X(PROVENANCE_KEY, "provenance-key", \
	  "not an unencrypted PEM private key on Ed25519, or on P-256 in its usual form") \
	/* the cache of blobs (rebuild) */ \
	X(STORE_FOLDER, "store-folder", "the cache is no folder, or one that cannot be used") \
	X(STORE_UNWRITABLE, "store-unwritable", "a file of the cache cannot be made or written") \
	X(STORE_SPACE, "store-space", "there is not enough space on the disk of the cache") \
	X(STORE_BUSY, "store-busy", \
	  "another process has been fetching the same blob into the cache all the time") \
	/* container images (rebuild) */ \
	X(OCI_REFERENCE, "oci-reference", \
	  "not REGISTRY/NAME@sha256:HEX, oci:DIR@sha256:HEX or docker-archive:FILE") \
	X(OCI_TAG, "oci-tag", "a tag can be moved to another image: a digest is needed") \
	X(OCI_PLATFORM, "oci-platform", "not a platform of the form linux/ARCHITECTURE[/VARIANT]") \
	X(OCI_CHALLENGE, "oci-challenge", \
	  "the registry wants to be asked with a token, but does not say how in a way known here") \
	X(OCI_BASIC, "oci-basic", "the registry wants a user name and a password") \
	X(OCI_REALM, "oci-realm", \
	  "the registry sends for a token to an address that is not https, nor of this machine as the registry is") \
	X(OCI_TOKEN, "oci-token", "the token server's answer holds no token") \
	X(OCI_DENIED, "oci-denied", "the registry does not give this to anybody who asks") \
	X(OCI_NOT_FOUND, "oci-not-found", "the registry does not have this") \
	X(OCI_RATE, "oci-rate", "too many requests, says the registry") \
	X(OCI_STATUS, "oci-status", "the answer's status is not one of success") \
	X(OCI_DIGEST, "oci-digest", "the bytes do not have the digest by which they were asked for") \
	X(OCI_SIZE, "oci-size", "the bytes are not as many as was said where they are named") \
	X(OCI_TOO_LARGE, "oci-too-large", "larger than such a part of an image may be") \
	X(OCI_MEDIA_TYPE, "oci-media-type", "of a media type that is not read here, or of two") \
	X(OCI_SCHEMA, "oci-schema", "the manifest's schemaVersion is not 2") \
	X(OCI_FORM, "oci-form", "an image index, manifest or configuration does not have its form") \
	X(OCI_LAYERS, "oci-layers", "an image has 1 to 127 layers, and a diff_id for each") \
	X(OCI_PLATFORM_ABSENT, "oci-platform-absent", "there is no image for this platform") \
	X(OCI_PLATFORM_SEVERAL, "oci-platform-several", "there are several images for this platform") \
	X(OCI_LAYOUT, "oci-layout", "not the folder of an OCI image layout") \
	X(OCI_BLOB_ABSENT, "oci-blob-absent", "the folder or archive lacks a part of the image") \
	X(DOCKER_ARCHIVE, "docker-archive", \
	  "not the archive of one image, as docker save and skopeo write it") \
	X(IMAGE_UNPINNED, "image-unpinned", "no digest says which image this must be") \
	/* layers of container images (rebuild) */ \
	X(LAYER_COMPRESSION, "layer-compression", \
	  "a layer's compressed data is malformed or cut short, or something stands behind it") \
	X(LAYER_DIFF_ID, "layer-diff-id", \
	  "a layer's content is not the one that the image's configuration names") \
	X(LAYER_TAR, "layer-tar", "a layer is not a well-formed tar archive") \
	X(LAYER_EXPANSION, "layer-expansion", "the layers expand to more than their limit") \
	X(LAYER_ENTRIES, "layer-entries", "the layers hold more names than their limit") \
	X(LAYER_NAME, "layer-name", \
	  "a name leads out (..), has control characters, or is longer than 4096 bytes") \
	X(LAYER_WHITEOUT, "layer-whiteout", "a whiteout names nothing that could be removed") \
	X(LAYER_HARD_LINK, "layer-hard-link", \
	  "a hard link is to no file of this image, or has a content of its own") \
	X(LAYER_PARENT, "layer-parent", "an entry stands below something that is no directory") \
	X(LAYER_ABSENT, "layer-absent", "the image has no such file") \
	X(LAYER_NOT_FILE, "layer-not-file", "what the image has there is no regular file") \
	X(LAYER_SYMLINKS, "layer-symlinks", "more than 40 symbolic links lead on from there") \
	X(LAYER_FILE_SIZE, "layer-file-size", "the file is larger than its limit") \
	X(IMAGE_FILE_DIGEST, "image-file-digest", "the image's file has another SHA-256 than expected") \
	/* staging and collecting (rebuild) */ \
	X(STAGED_DIGEST, "staged-digest", "a file to be staged is not the one that the recipe names") \
	X(STAGED_PLACE, "staged-place", \
	  "something in the commit's tree is in the way of a file to be staged") \
	X(COLLECT, "collect", \
	  "the build's output has no such file, or a link there that leads out of the store") \
	/* watching */ \
	X(STATE_CONTENT, "state-content", "not what this program writes into a state file") \
	/* what a build says of itself (rebuild) */ \
	X(PCRS_INCOMPLETE, "pcrs-incomplete", "the registers that the build wrote down lack PCR0") \
	X(NIX_STORE, "store-modified", \
	  "the content of a path in Nix's store is not what Nix noted when it was made") \
	X(NIX_IMPORT, "evaluation-imports", \
	  "the evaluation takes what a derivation made, which may come from elsewhere in a store that was used before: give an empty one (--store)") \
	X(STAGED_TRACKED, "staged-tracked", \
	  "the commit itself has another file where a file of the container image is staged") \
	/* audits */ \
	X(STATEMENT_ATTRIBUTE, "statement-attribute", \
	  "what was rebuilt is another attribute of the flake") \
	X(AUDIT_NO_IMAGE, "audit-no-image", \
	  "neither a rebuild (--out) nor a signed statement (--statement) says which image belongs to the commit") \
	X(AUDIT_NO_ENCLAVE, "audit-no-enclave", \
	  "the recipe names no running enclave (enclave.url), so no document was judged")
// clang-format on

enum reason {
#define REASON_ID(id, name, sentence) REASON_##id,
	REASON_TABLE(REASON_ID)
#undef REASON_ID
		REASON_COUNT
};

/* Marks a function whose reason must be looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* The stable name, e.g. "pcr-mismatch". Static; never NULL, also for a value outside the table. */
const char *reason_name(enum reason reason);

/* The sentence for a person, without a final stop. Static; never NULL. */
const char *reason_sentence(enum reason reason);

#endif
