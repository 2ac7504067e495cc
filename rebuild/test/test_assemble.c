#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/assemble.h"
#include "rebuild/eifout.h"
#include "rebuild/sign.h"
#include "rebuild/test/support.h"
#include "verify/eifsign.h"

#define METADATA \
	"{\"ImageName\":\"n\",\"ImageVersion\":\"1\",\"BuildMetadata\":{\"BuildTime\":\"t\"," \
	"\"BuildTool\":\"b\",\"BuildToolVersion\":\"1\",\"OperatingSystem\":\"o\"," \
	"\"KernelVersion\":\"k\"},\"DockerInfo\":null,\"CustomMetadata\":null}"

static const struct assemble_ramdisk two[] = { { "r0", false }, { "r1", false } };

/* Inputs that are fine in a folder after prepare(). */
static struct assemble_inputs good(void)
{
	return (struct assemble_inputs){ .kernel = "k",
					 .cmdline = SPAN_LITERAL("console=ttyS0"),
					 .metadata = SPAN_LITERAL(METADATA),
					 .ramdisks = two,
					 .n_ramdisks = 2 };
}

static void prepare(void)
{
	support_enter();
	support_sh("echo kernel >k; echo one >r0; echo two >r1");
}

/* Nothing but the inputs, and `also`, is there. */
static void expect_only(const char *row, const char *also)
{
	struct buf script = { 0 };

	buf_printf(&script, "[ \"$(echo *)\" = '%sk r0 r1' ] || { ls -a; exit 1; }", also);
	char *text = buf_take_text(&script);
	ck_assert_ptr_nonnull(row);
	support_sh(text);
	free(text);
}

/* Where the sections of an image begin and end, by a reader of the test's own. */
static struct span section(struct span image, size_t index)
{
	struct span rest = image;
	struct span skipped;
	struct span data;
	uint64_t size;

	ck_assert(span_take(&rest, EIF_HEADER_LEN, &skipped));
	for (size_t i = 0;; i++) {
		ck_assert(span_take(&rest, 4, &skipped) && span_be(&rest, 8, &size) &&
			  span_take(&rest, (size_t)size, &data));
		if (i == index)
			return data;
	}
}

/* What AWS's eif_build wrote is what we write: the unsigned image whole. */
START_TEST(test_peer_unsigned)
{
	static const char *const names[] = { "k", NULL, NULL, "r0", "r1" };
	char *path = support_shared_path("assemble/peer unsigned", "eif/peer_unsigned.eif");
	struct trouble trouble = { 0 };
	struct assembled made;

	if (path == NULL)
		return;
	support_enter();
	struct buf peer = support_read(path);
	for (size_t i = 0; i < 5; i++) {
		if (names[i] != NULL)
			support_write(names[i], section(buf_span(&peer), i));
	}
	struct assemble_inputs inputs = good();
	inputs.cmdline = section(buf_span(&peer), 1);
	inputs.metadata = section(buf_span(&peer), 2);
	EXPECT_REASON("peer", assemble(&inputs, "eif", &made, &trouble), REASON_OK);
	struct buf ours = support_read("eif");
	EXPECT_BYTES("peer", buf_span(&ours), buf_span(&peer));
	buf_done(&ours);
	buf_done(&peer);
	free(path);
	support_leave();
}
END_TEST

/* The signed one up to the signature section, of which the key is not known. */
START_TEST(test_peer_signed)
{
	static const char *const names[] = { "k", NULL, NULL, "r0", "r1" };
	char *path = support_shared_path("assemble/peer signed", "eif/peer_signed.eif");
	struct trouble trouble = { 0 };
	struct assembled made;

	if (path == NULL)
		return;
	support_enter();
	struct buf peer = support_read(path);
	for (size_t i = 0; i < 5; i++) {
		if (names[i] != NULL)
			support_write(names[i], section(buf_span(&peer), i));
	}
	support_sh("openssl ecparam -name secp384r1 -genkey -noout -out key\n"
		   "openssl req -new -x509 -key key -subj /CN=test -days 9 -out cert 2>/dev/null");
	struct buf key = support_read("key");
	struct buf cert = support_read("cert");
	struct assemble_inputs inputs = good();
	inputs.cmdline = section(buf_span(&peer), 1);
	inputs.metadata = section(buf_span(&peer), 2);
	inputs.key = buf_span(&key);
	inputs.certificate = buf_span(&cert);
	EXPECT_REASON("peer", assemble(&inputs, "eif", &made, &trouble), REASON_OK);
	struct buf ours = support_read("eif");
	struct span our_signature = section(buf_span(&ours), 5);
	struct span peer_signature = section(buf_span(&peer), 5);
	for (size_t i = 0; i < 5; i++)
		EXPECT_BYTES("section", section(buf_span(&ours), i), section(buf_span(&peer), i));
	/* header up to the sizes of sections */
	EXPECT_BYTES("header", ((struct span){ ours.at, 0x11c + 40 }),
		     ((struct span){ peer.at, 0x11c + 40 }));
	/* the section begins as the peer's does, and ends with an equally long signature */
	EXPECT_BYTES("keys", ((struct span){ our_signature.at, 23 }),
		     ((struct span){ peer_signature.at, 23 }));
	ck_assert(pcrs_has(&made.pcrs, 8));
	struct eifsign sign = { 0 };
	EXPECT_REASON("read", eifsign_read(our_signature, &sign), REASON_OK);
	EXPECT_REASON("verify", eifsign_verify(&sign, made.pcrs.value[0]), REASON_OK);
	EXPECT_BYTES("pcr8", SPAN_OF(sign.pcr8), pcrs_get(&made.pcrs, 8));
	EXPECT_BYTES("pem", buf_span(&sign.pem), buf_span(&cert));
	eifsign_done(&sign);
	buf_done(&key);
	buf_done(&cert);
	buf_done(&ours);
	buf_done(&peer);
	free(path);
	support_leave();
}
END_TEST

/* An independent reader and measurer, in Python, agrees with header, checksum and registers. */
START_TEST(test_independent)
{
	static const char script[] =
		"cat >read.py <<'EOF'\n"
		"import hashlib, struct, sys, zlib\n"
		"d = open('eif', 'rb').read()\n"
		"magic, version, flags, mem, cpus, zero, n = struct.unpack('>4sHHQQHH', d[:28])\n"
		"assert (magic, version, flags, mem, cpus, zero) == (b'.eif', 4, 1, 1 << 30, 2, 0)\n"
		"offsets = struct.unpack('>32Q', d[28:284]); sizes = struct.unpack('>32Q', d[284:540])\n"
		"unused, crc = struct.unpack('>II', d[540:548])\n"
		"assert unused == 0 and crc == zlib.crc32(d[548:], zlib.crc32(d[:544]))\n"
		"at, parts = 548, []\n"
		"for i in range(n):\n"
		" assert offsets[i] == at\n"
		" kind, f, size = struct.unpack('>HHQ', d[at:at + 12]); assert f == 0 and size == sizes[i]\n"
		" parts.append((kind, d[at + 12:at + 12 + size])); at += 12 + size\n"
		"assert at == len(d) and not any(offsets[n:]) and not any(sizes[n:])\n"
		"assert [k for k, _ in parts] == [1, 2, 5, 3, 3, 3], parts\n"
		"def pcr(*bs): return hashlib.sha384(bytes(48) + hashlib.sha384(b''.join(bs)).digest()).hexdigest()\n"
		"k, c, m, a, b, e = [data for _, data in parts]\n"
		"assert b == b'' and len(e) > 500000\n"
		"print(pcr(k, c, a, b, e)); print(pcr(k, c, a)); print(pcr(b, e))\n"
		"EOF\npython3 read.py >pcrs";
	static const struct assemble_ramdisk ramdisks[] = { { "r0", false },
							    { "empty", false },
							    { "big", false } };
	struct trouble trouble = { 0 };
	struct assembled made;
	struct buf text = { 0 };

	prepare();
	support_sh(": >empty; seq 100000 >big");
	struct assemble_inputs inputs = good();
	inputs.flags = EIF_FLAG_ARM64;
	inputs.ramdisks = ramdisks;
	inputs.n_ramdisks = 3;
	EXPECT_REASON("assemble", assemble(&inputs, "eif", &made, &trouble), REASON_OK);
	support_sh(script);
	for (unsigned i = 0; i < 3; i++) {
		for (size_t j = 0; j < PCR_LEN; j++)
			buf_printf(&text, "%02x", made.pcrs.value[i][j]);
		buf_text(&text, "\n");
	}
	struct buf wanted = support_read("pcrs");
	EXPECT_BYTES("pcrs", buf_span(&text), buf_span(&wanted));
	buf_done(&text);
	buf_done(&wanted);
	support_leave();
}
END_TEST

/* Trees and pipes: the same image twice, and the sections as they were. */
START_TEST(test_trees_and_pipes)
{
	static const struct assemble_ramdisk ramdisks[] = { { "t", true }, { "p", false } };
	struct trouble trouble = { 0 };
	struct assembled made;

	prepare();
	support_sh("mkdir -p t/d; echo x >t/d/f; mkfifo p;");
	struct assemble_inputs inputs = good();
	inputs.ramdisks = ramdisks;
	support_sh("seq 100000 >p &");
	EXPECT_REASON("one", assemble(&inputs, "one", &made, &trouble), REASON_OK);
	support_sh("seq 100000 >p &");
	EXPECT_REASON("other", assemble(&inputs, "other", &made, &trouble), REASON_OK);
	support_sh("cmp one other; [ \"$(stat -c %s one)\" -gt 500000 ]");
	support_leave();
}
END_TEST

/* What is wrong with the inputs: the reason, and nothing is left. */
START_TEST(test_refused)
{
	static char long_text[ASSEMBLE_CMDLINE_MAX + 1];
	static const struct assemble_ramdisk missing[] = { { "r0", false }, { "no", false } };
	static const struct assemble_ramdisk no_tree[] = { { "r0", true } };
	static const struct assemble_ramdisk folder[] = { { ".", false } };
	struct assemble_ramdisk many[ASSEMBLE_RAMDISKS_MAX + 1];
	struct {
		const char *row;
		struct assemble_inputs inputs;
		const char *output;
		enum reason want;
	} rows[13];
	size_t n = 0;

	memset(long_text, 'x', sizeof(long_text));
	for (size_t i = 0; i <= ASSEMBLE_RAMDISKS_MAX; i++)
		many[i] = two[0];
#define ROW(name, field, value, reason) \
	rows[n].row = (name); \
	rows[n].inputs = good(); \
	rows[n].inputs.field = value; \
	rows[n].output = "eif"; \
	rows[n++].want = (reason)
	ROW("no kernel", kernel, "no", REASON_FILE_UNREADABLE);
	ROW("an empty kernel", kernel, "/dev/null", REASON_EIF_EMPTY_KERNEL);
	ROW("a NUL", cmdline, SPAN_LITERAL("a\0b"), REASON_EIF_CMDLINE_NUL);
	ROW("no UTF-8", cmdline, SPAN_LITERAL("a\xff"), REASON_IMAGE_CMDLINE);
	ROW("too long", cmdline, SPAN_OF(long_text), REASON_IMAGE_CMDLINE);
	ROW("no JSON", metadata, SPAN_LITERAL("{"), REASON_EIF_METADATA_JSON);
	ROW("other JSON", metadata, SPAN_LITERAL("{}"), REASON_EIF_METADATA_FIELD);
	ROW("no ramdisk", n_ramdisks, 0, REASON_IMAGE_RAMDISKS);
	ROW("30 ramdisks", n_ramdisks, 30, REASON_IMAGE_RAMDISKS);
	rows[n - 1].inputs.ramdisks = many;
	ROW("a missing ramdisk", ramdisks, missing, REASON_FILE_UNREADABLE);
	ROW("a tree that is a file", ramdisks, no_tree, REASON_FILE_UNREADABLE);
	rows[n - 1].inputs.n_ramdisks = 1;
	ROW("a folder as a file", ramdisks, folder, REASON_FILE_UNREADABLE);
	rows[n - 1].inputs.n_ramdisks = 1;
	ROW("no such folder", n_ramdisks, 2, REASON_FILE_UNWRITABLE);
	rows[n - 1].output = "no/eif";
#undef ROW
	prepare();
	for (size_t i = 0; i < n; i++) {
		struct trouble trouble = { 0 };
		struct assembled made;
		EXPECT_REASON(rows[i].row,
			      assemble(&rows[i].inputs, rows[i].output, &made, &trouble),
			      rows[i].want);
		expect_only(rows[i].row, "");
	}
	struct trouble trouble = { 0 };
	struct assembled made;
	struct assemble_inputs inputs = good();
	EXPECT_REASON("onto a folder", assemble(&inputs, "/", &made, &trouble), REASON_FILE_EXISTS);
	inputs.ramdisks = many;
	inputs.n_ramdisks = ASSEMBLE_RAMDISKS_MAX;
	EXPECT_REASON("29 ramdisks", assemble(&inputs, "eif", &made, &trouble), REASON_OK);
	ck_assert_uint_eq(made.eif.n_sections, EIF_SECTIONS_MAX);
	inputs.key = SPAN_LITERAL("k");
	EXPECT_REASON("29 and a signature", assemble(&inputs, "eif", &made, &trouble),
		      REASON_IMAGE_RAMDISKS);
	support_leave();
}
END_TEST

/* An output that is there stays as it is until the new one is complete. */
START_TEST(test_replaced)
{
	struct trouble trouble = { 0 };
	struct assembled made;

	prepare();
	support_sh("echo old >eif; chmod 600 eif; umask 027; cp eif copy");
	struct assemble_inputs inputs = good();
	inputs.kernel = "/dev/null";
	EXPECT_REASON("refused", assemble(&inputs, "eif", &made, &trouble),
		      REASON_EIF_EMPTY_KERNEL);
	support_sh("cmp eif copy; rm copy");
	inputs.kernel = "k";
	EXPECT_REASON("made", assemble(&inputs, "eif", &made, &trouble), REASON_OK);
	support_sh("head -c 4 eif | grep -q .eif; [ \"$(stat -c %s eif)\" -gt 548 ]");
	expect_only("made", "eif ");
	support_leave();
}
END_TEST

/* A signal that waits stops the work, and nothing is left. */
START_TEST(test_interrupted)
{
	struct trouble trouble = { 0 };
	struct assembled made;
	sigset_t set;
	sigset_t before;

	prepare();
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	ck_assert_int_eq(raise(SIGTERM), 0);
	struct assemble_inputs inputs = good();
	EXPECT_REASON("interrupted", assemble(&inputs, "eif", &made, &trouble), REASON_INTERRUPTED);
	expect_only("interrupted", "");
	/* the signal is for whoever called; here it is taken back */
	(void)signal(SIGTERM, SIG_IGN);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)signal(SIGTERM, SIG_DFL);
	EXPECT_REASON("made", assemble(&inputs, "eif", &made, &trouble), REASON_OK);
	support_leave();
}
END_TEST

/* Bounds of the image itself; the file has a hole up to 16 GiB. */
START_TEST(test_image_bounds)
{
	struct eifout image;

	support_enter();
	int fd = open("image", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert(fd >= 0);
	EXPECT_REASON("start", eifout_start(&image, fd, 0), REASON_OK);
	image.eif.size = EIF_SIZE_MAX - EIF_SECTION_HEADER_LEN - 3;
	EXPECT_REASON("begin", eifout_begin(&image, EIF_KERNEL), REASON_OK);
	EXPECT_REASON("put", eifout_put(&image, SPAN_LITERAL("abc")), REASON_OK);
	EXPECT_REASON("16 GiB", eifout_end(&image), REASON_OK);
	EXPECT_REASON("begin", eifout_begin(&image, EIF_CMDLINE), REASON_OK);
	EXPECT_REASON("more", eifout_end(&image), REASON_EIF_TOO_LARGE);
	image.eif.size = EIF_HEADER_LEN;
	image.eif.n_sections = EIF_SECTIONS_MAX;
	EXPECT_REASON("33 sections", eifout_begin(&image, EIF_RAMDISK), REASON_EIF_SECTION_COUNT);
	eifout_done(&image);
	(void)close(fd);
	support_leave();
}
END_TEST

START_TEST(test_signing)
{
	static const struct {
		const char *curve;
		enum eifsign_alg alg;
		size_t signature_len;
	} curves[] = { { "prime256v1", EIFSIGN_ES256, 64 },
		       { "secp384r1", EIFSIGN_ES384, 96 },
		       { "secp521r1", EIFSIGN_ES512, 132 } };
	const uint8_t pcr0[PCR_LEN] = { 1, 2, 3, 0xff };

	support_enter();
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		struct buf script = { 0 };
		struct buf out = { 0 };
		struct eifsign sign = { 0 };
		uint8_t pcr8[PCR_LEN];
		buf_printf(&script,
			   "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:%s -out key\n"
			   "openssl req -new -x509 -key key -subj /CN=t -out cert 2>/dev/null",
			   curves[i].curve);
		char *text = buf_take_text(&script);
		support_sh(text);
		free(text);
		struct buf key = support_read("key");
		struct buf cert = support_read("cert");
		for (int again = 0; again < 8; again++) {
			out.len = 0;
			EXPECT_REASON(
				curves[i].curve,
				sign_section(buf_span(&key), buf_span(&cert), pcr0, &out, pcr8),
				REASON_OK);
		}
		EXPECT_REASON(curves[i].curve, eifsign_read(buf_span(&out), &sign), REASON_OK);
		ck_assert_int_eq((int)sign.alg, (int)curves[i].alg);
		ck_assert_uint_eq(sign.signature.len, curves[i].signature_len);
		EXPECT_REASON(curves[i].curve, eifsign_verify(&sign, pcr0), REASON_OK);
		EXPECT_BYTES(curves[i].curve, SPAN_OF(pcr8), SPAN_OF(sign.pcr8));
		eifsign_done(&sign);
		buf_done(&out);
		buf_done(&key);
		buf_done(&cert);
	}
	support_leave();
}
END_TEST

START_TEST(test_signing_refused)
{
	static const struct {
		const char *row;
		const char *key;
		const char *cert;
		enum reason want;
	} rows[] = {
		{ "right", "good.key", "good.pem", REASON_OK },
		{ "no key", "text", "good.pem", REASON_SIGN_KEY },
		{ "an empty key", "empty", "good.pem", REASON_SIGN_KEY },
		{ "a long key", "long", "good.pem", REASON_SIGN_KEY },
		{ "an RSA key", "rsa.key", "good.pem", REASON_SIGN_KEY },
		{ "an Ed25519 key", "ed.key", "good.pem", REASON_SIGN_KEY },
		{ "another curve", "k1.key", "good.pem", REASON_SIGN_KEY },
		{ "a locked key", "locked.key", "good.pem", REASON_SIGN_KEY },
		{ "a public key", "public.pem", "good.pem", REASON_SIGN_KEY },
		{ "no certificate", "good.key", "text", REASON_SIGN_CERT },
		{ "an empty certificate", "good.key", "empty", REASON_SIGN_CERT },
		{ "a key for a certificate", "good.key", "good.key", REASON_SIGN_CERT },
		{ "two certificates", "good.key", "two.pem", REASON_SIGN_CERT },
		{ "text behind", "good.key", "text.pem", REASON_SIGN_CERT },
		{ "another's certificate", "other.key", "good.pem", REASON_SIGN_PAIR },
	};
	const uint8_t pcr0[PCR_LEN] = { 1 };

	support_enter();
	support_sh(
		"for n in good other; do openssl ecparam -name secp384r1 -genkey -noout -out $n.key\n"
		"openssl req -new -x509 -key $n.key -subj /CN=t -out $n.pem 2>/dev/null; done\n"
		"openssl genpkey -algorithm RSA -out rsa.key 2>/dev/null\n"
		"openssl genpkey -algorithm ED25519 -out ed.key\n"
		"openssl ecparam -name secp256k1 -genkey -noout -out k1.key\n"
		"openssl pkey -in good.key -aes128 -passout pass:secret -out locked.key\n"
		"openssl pkey -in good.key -pubout -out public.pem\n"
		"cat good.pem other.pem >two.pem; (cat good.pem; echo text) >text.pem\n"
		"echo text >text; : >empty; (cat good.key; seq 10000) >long");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf key = support_read(rows[i].key);
		struct buf cert = support_read(rows[i].cert);
		struct buf out = { 0 };
		uint8_t pcr8[PCR_LEN];
		EXPECT_REASON(rows[i].row,
			      sign_section(buf_span(&key), buf_span(&cert), pcr0, &out, pcr8),
			      rows[i].want);
		ck_assert(rows[i].want == REASON_OK || out.len == 0);
		buf_done(&key);
		buf_done(&cert);
		buf_done(&out);
	}
	support_leave();
}
END_TEST

START_TEST(test_trim)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "", "" },
		{ " \t\r\n\v\f", "" },
		{ "a b", "a b" },
		{ "\n a  b \n\n", "a  b" },
		{ "\xc2\xa0"
		  "a\xe2\x80\x83\xe3\x80\x80",
		  "a" },
		{ "\xe1\x9a\x80\xe2\x81\x9f", "" },
		{ "\xc3\xa9", "\xc3\xa9" },
		{ "\xe2\x80\x8b"
		  "a",
		  "\xe2\x80\x8b"
		  "a" }, /* zero width: no white space */
		{ "a\x1f", "a\x1f" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EXPECT_BYTES(rows[i].text, assemble_trim(span_of_text(rows[i].text)),
			     span_of_text(rows[i].want));
	/* a NUL is no white space */
	EXPECT_BYTES("NUL", assemble_trim(SPAN_LITERAL("a\0")), SPAN_LITERAL("a\0"));
}
END_TEST

START_TEST(test_metadata)
{
	static const char wanted[] =
		"{\"ImageName\":\"a \\\"b\\\\\\t\\u0001\xc3\xa9\",\"ImageVersion\":\"1.0\","
		"\"BuildMetadata\":{\"BuildTime\":\"2001-09-09T01:46:40+00:00\",\"BuildTool\":\"t\","
		"\"BuildToolVersion\":\"2\",\"OperatingSystem\":\"Generic Linux\","
		"\"KernelVersion\":\"Unknown version\"},\"DockerInfo\":null,\"CustomMetadata\":null}";
	struct buf out = { 0 };

	EXPECT_REASON("made",
		      assemble_metadata("x/y/a \"b\\\t\x01\xc3\xa9", 1000000000, "t", "2", &out),
		      REASON_OK);
	EXPECT_BYTES("made", buf_span(&out), SPAN_LITERAL(wanted));
	EXPECT_REASON("no UTF-8", assemble_metadata("x\xff", 0, "t", "2", &out),
		      REASON_EIF_METADATA_JSON);
	buf_done(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("assemble");

	support_add(suite, "peer unsigned", test_peer_unsigned);
	support_add(suite, "peer signed", test_peer_signed);
	support_add(suite, "independent", test_independent);
	support_add(suite, "trees and pipes", test_trees_and_pipes);
	support_add(suite, "refused", test_refused);
	support_add(suite, "replaced", test_replaced);
	support_add(suite, "interrupted", test_interrupted);
	support_add(suite, "image bounds", test_image_bounds);
	support_add(suite, "signing", test_signing);
	support_add(suite, "signing refused", test_signing_refused);
	support_add(suite, "trim", test_trim);
	support_add(suite, "metadata", test_metadata);
	return support_main(suite);
}
