#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/cert.h"
#include "verify/claims.h"
#include "verify/cose.h"
#include "verify/test/differential.h"
#include "verify/test/mint.h"
#include "verify/test/notation.h"

/* The base point of P-384 and a signature that nobody made: forms alone are judged here. */
#define POINT \
	"04 aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b98" \
	"59f741e082542a385502f25dbf55296c3a545e3872760ab7" \
	"3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147c" \
	"e9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"
#define EC "06072a8648ce3d0201"
#define P384 "06052b81040022"
#define KEY(algorithm, bits) "30{30{" algorithm "} 03{" bits "}}"
#define SIGNATURE(r, s) "03{00 30{02{" r "} 02{" s "}}}"

#define R48 "7f*48"
#define CN "30{0603550403 0c{'x'}}"
#define RDN "31{" CN "}"
#define RDN4 RDN RDN RDN RDN
#define TIMES(before, after) "30{17{'" before "'} 17{'" after "'}}"
#define VALUE "04{0500}"
#define UNKNOWN(id) "30{0603550101 " VALUE "}"
#define ODD(id) MINT_EXTENSION("2a03" id, "", "0500")
#define ODD4(x) ODD(x "0") ODD(x "1") ODD(x "2") ODD(x "3")

static const struct mint usual = {
	.key = KEY(EC P384, "00" POINT),
	.signature = SIGNATURE(R48, R48),
	.extensions = MINT_EXTENSIONS(MINT_CA_PATH_LEN("02") MINT_AKI("11*20") MINT_SKI("22*20")
					      MINT_KU_CA MINT_CRL("http://a.b/c.crl")),
};

static enum reason read_exact(struct span der, struct cert *ret)
{
	uint8_t *copy = support_exact(der);
	struct cert cert;

	enum reason reason = cert_read((struct span){ copy, der.len }, &cert);
	if (reason == REASON_OK) {
		const char *difference = differential_cert(&cert);
		if (difference == NULL)
			difference = differential_name(cert.subject);
		if (difference != NULL)
			ck_abort_msg("OpenSSL disagrees: %s", difference);
		/* the spans borrow from the copy: only what is no span is handed on */
		*ret = cert;
	}
	free(copy);
	return reason;
}

#define NAME(attribute) \
	{ \
		.subject = "30{" attribute "}" \
	}
#define EXT(list) \
	{ \
		.extensions = MINT_EXTENSIONS(list) \
	}
#define BC(value) EXT(MINT_EXTENSION(MINT_OID_BC, MINT_CRITICAL, value))
#define KU(value) EXT(MINT_EXTENSION(MINT_OID_KU, MINT_CRITICAL, value))
#define CRL(value) EXT(MINT_EXTENSION(MINT_OID_CRL, "", value))
#define URI "86{'http://x'}"

static const struct {
	const char *row;
	struct mint edit;
	enum reason want;
} rows[] = {
	{ "usual", { 0 }, REASON_OK },

	/* the outermost parts */
	{ "something behind the signature", { .tail = "0500" }, REASON_X509_DER },
	{ "other outer algorithm", { .outer_algorithm = MINT_ECDSA_SHA256 }, REASON_X509_SIGALG },
	{ "outer algorithm is no sequence", { .outer_algorithm = "0500" }, REASON_X509_DER },
	{ "outer algorithm with parameters",
	  { .outer_algorithm = "30{06082a8648ce3d040303 0500}" },
	  REASON_X509_SIGALG },
	{ "outer algorithm empty", { .outer_algorithm = "30{}" }, REASON_X509_DER },

	/* version */
	{ "version absent", { .version = "" }, REASON_X509_VERSION },
	{ "version 1 written out", { .version = "a0{020100}" }, REASON_X509_VERSION },
	{ "version 2", { .version = "a0{020101}" }, REASON_X509_VERSION },
	{ "version 4", { .version = "a0{020103}" }, REASON_X509_VERSION },
	{ "version 258", { .version = "a0{02020102}" }, REASON_X509_VERSION },
	{ "version 513", { .version = "a0{02020201}" }, REASON_X509_VERSION },
	{ "version negative", { .version = "a0{0201fe}" }, REASON_X509_DER },
	{ "version with a needless zero", { .version = "a0{02020002}" }, REASON_X509_DER },
	{ "version is no integer", { .version = "a0{040102}" }, REASON_X509_DER },
	{ "version with a second element", { .version = "a0{020102 0500}" }, REASON_X509_DER },
	{ "version empty", { .version = "a0{}" }, REASON_X509_DER },

	/* serial */
	{ "serial 1", { .serial = "020101" }, REASON_OK },
	{ "serial 128", { .serial = "02020080" }, REASON_OK },
	{ "serial of 160 bits", { .serial = "02{00 ff*20}" }, REASON_OK },
	{ "serial of 168 bits", { .serial = "02{01 ff*20}" }, REASON_X509_DER },
	{ "serial 0", { .serial = "020100" }, REASON_X509_DER },
	{ "serial negative", { .serial = "020180" }, REASON_X509_DER },
	{ "serial with a needless zero", { .serial = "0202007f" }, REASON_X509_DER },
	{ "serial of no octets", { .serial = "0200" }, REASON_X509_DER },
	{ "serial is an octet string", { .serial = "040101" }, REASON_X509_DER },

	/* algorithm within */
	{ "sha256 within", { .algorithm = MINT_ECDSA_SHA256 }, REASON_X509_SIGALG },
	{ "sha512 within", { .algorithm = "30{06082a8648ce3d040304}" }, REASON_X509_SIGALG },
	{ "rsa within", { .algorithm = "30{06092a864886f70d01010c 0500}" }, REASON_X509_SIGALG },
	{ "NULL parameters within",
	  { .algorithm = "30{06082a8648ce3d040303 0500}" },
	  REASON_X509_SIGALG },
	{ "algorithm is no OID", { .algorithm = "30{0500}" }, REASON_X509_DER },
	{ "an arc with a needless 80",
	  { .algorithm = "30{06092a8648ce3d80040303}" },
	  REASON_X509_DER },

	/* names */
	{ "name of two RDNs", NAME(RDN RDN), REASON_OK },
	{ "name of 16 RDNs", NAME(RDN4 RDN4 RDN4 RDN4), REASON_OK },
	{ "name of 17 RDNs", NAME(RDN4 RDN4 RDN4 RDN4 RDN), REASON_X509_DER },
	{ "name of no RDN", NAME(""), REASON_X509_DER },
	{ "name is a set", { .subject = "31{" RDN "}" }, REASON_X509_DER },
	{ "RDN is a sequence", NAME("30{" CN "}"), REASON_X509_DER },
	{ "RDN empty", NAME("31{}"), REASON_X509_DER },
	{ "RDN of two attributes", NAME("31{" CN CN "}"), REASON_X509_DER },
	{ "attribute is a set", NAME("31{31{0603550403 0c{'x'}}}"), REASON_X509_DER },
	{ "attribute without a value", NAME("31{30{0603550403}}"), REASON_X509_DER },
	{ "attribute with a third part", NAME("31{30{0603550403 0c{'x'} 0500}}"), REASON_X509_DER },
	{ "value empty", NAME("31{30{0603550403 0c00}}"), REASON_X509_DER },
	{ "printable value empty", NAME("31{30{0603550406 1300}}"), REASON_X509_DER },
	{ "value printable", NAME("31{30{0603550406 13{'AZaz09 ()+,-./:=?' 27}}}"), REASON_OK },
	{ "value printable with *", NAME("31{30{0603550406 13{'*'}}}"), REASON_X509_DER },
	{ "value printable with @", NAME("31{30{0603550406 13{'a@b'}}}"), REASON_X509_DER },
	{ "value printable with NUL", NAME("31{30{0603550406 13{'a' 00}}}"), REASON_X509_DER },
	{ "value printable with [", NAME("31{30{0603550406 13{'['}}}"), REASON_X509_DER },
	{ "value printable with `", NAME("31{30{0603550406 13{'`'}}}"), REASON_X509_DER },
	{ "value printable with {", NAME("31{30{0603550406 13{7b}}}"), REASON_X509_DER },
	{ "value UTF-8", NAME("31{30{0603550403 0c{'z' c3bc}}}"), REASON_OK },
	{ "value UTF-8 broken", NAME("31{30{0603550403 0c{'z' c3}}}"), REASON_X509_DER },
	{ "value UTF-8 overlong", NAME("31{30{0603550403 0c{c1bf}}}"), REASON_X509_DER },
	{ "value UTF-8 surrogate", NAME("31{30{0603550403 0c{eda080}}}"), REASON_X509_DER },
	{ "value with a NUL", NAME("31{30{0603550403 0c{'a' 00 'b'}}}"), REASON_OK },
	{ "value IA5String", NAME("31{30{0603550403 16{'x'}}}"), REASON_X509_DER },
	{ "value TeletexString", NAME("31{30{0603550403 14{'x'}}}"), REASON_X509_DER },
	{ "value BMPString", NAME("31{30{0603550403 1e{0078}}}"), REASON_X509_DER },
	{ "attribute of another type", NAME("31{30{0603550405 13{'7'}}}"), REASON_OK },
	{ "attribute type with a needless 80", NAME("31{30{060455048003 0c{'x'}}}"),
	  REASON_X509_DER },
	{ "attribute type cut", NAME("31{30{06025584 0c{'x'}}}"), REASON_X509_DER },
	{ "attribute type empty", NAME("31{30{0600 0c{'x'}}}"), REASON_X509_DER },
	{ "issuer of no RDN", { .issuer = "30{}" }, REASON_X509_DER },

	/* validity */
	{ "UTCTime 1950", { .validity = TIMES("500101000000Z", "491231235959Z") }, REASON_OK },
	{ "GeneralizedTime from 2050 on",
	  { .validity = "30{17{'491231235959Z'} 18{'20500101000000Z'}}" },
	  REASON_OK },
	{ "GeneralizedTime 9999",
	  { .validity = "30{17{'260103100000Z'} 18{'99991231235959Z'}}" },
	  REASON_OK },
	{ "GeneralizedTime before 2050",
	  { .validity = "30{17{'260103100000Z'} 18{'20491231235959Z'}}" },
	  REASON_X509_DER },
	{ "notBefore broken",
	  { .validity = TIMES("260103100060Z", "260103130000Z") },
	  REASON_X509_DER },
	{ "notAfter broken",
	  { .validity = TIMES("260103100000Z", "260103130060Z") },
	  REASON_X509_DER },
	{ "one time", { .validity = "30{17{'260103100000Z'}}" }, REASON_X509_DER },
	{ "three times",
	  { .validity = "30{17{'260103100000Z'} 17{'260103130000Z'} 17{'260103130000Z'}}" },
	  REASON_X509_DER },
	{ "validity is a set",
	  { .validity = "31{17{'260103100000Z'} 17{'260103130000Z'}}" },
	  REASON_X509_DER },

	/* key */
	{ "point compressed", { .key = KEY(EC P384, "00 02 11*48") }, REASON_X509_KEY },
	{ "point hybrid", { .key = KEY(EC P384, "00 06 11*96") }, REASON_X509_KEY },
	{ "point at infinity", { .key = KEY(EC P384, "00 00") }, REASON_X509_KEY },
	{ "point of 96 bytes", { .key = KEY(EC P384, "00 04 11*95") }, REASON_X509_KEY },
	{ "point of 98 bytes", { .key = KEY(EC P384, "00 04 11*97") }, REASON_X509_KEY },
	{ "point empty", { .key = KEY(EC P384, "00") }, REASON_X509_KEY },
	{ "bits empty", { .key = KEY(EC P384, "") }, REASON_X509_DER },
	{ "point with unused bits", { .key = KEY(EC P384, "01" POINT) }, REASON_X509_DER },
	{ "point is an octet string",
	  { .key = "30{30{" EC P384 "} 04{00" POINT "}}" },
	  REASON_X509_DER },
	{ "P-256", { .key = KEY(EC "06082a8648ce3d030107", "00 04 11*64") }, REASON_X509_KEY },
	{ "P-521", { .key = KEY(EC "06052b81040023", "00 04 11*132") }, REASON_X509_KEY },
	{ "secp256k1 with a long point",
	  { .key = KEY(EC "06052b8104000a", "00" POINT) },
	  REASON_X509_KEY },
	{ "RSA",
	  { .key = KEY("06092a864886f70d010101 0500", "00 30{020105 020103}") },
	  REASON_X509_KEY },
	{ "Ed25519", { .key = KEY("06032b6570", "00 11*32") }, REASON_X509_KEY },
	{ "ECDH only", { .key = KEY("06052b8104010c" P384, "00" POINT) }, REASON_X509_KEY },
	{ "no curve", { .key = KEY(EC, "00" POINT) }, REASON_X509_KEY },
	{ "curve NULL", { .key = KEY(EC "0500", "00" POINT) }, REASON_X509_KEY },
	{ "curve written out", { .key = KEY(EC "30{020101}", "00" POINT) }, REASON_X509_KEY },
	{ "something behind the curve",
	  { .key = KEY(EC P384 "0500", "00" POINT) },
	  REASON_X509_DER },
	{ "something behind the point",
	  { .key = "30{30{" EC P384 "} 03{00" POINT "} 0500}" },
	  REASON_X509_DER },
	{ "key is a set", { .key = "31{30{" EC P384 "} 03{00" POINT "}}" }, REASON_X509_DER },
	{ "key algorithm is a set",
	  { .key = "30{31{" EC P384 "} 03{00" POINT "}}" },
	  REASON_X509_DER },
	{ "key algorithm is no OID", { .key = KEY("0500" P384, "00" POINT) }, REASON_X509_DER },

	/* the list of extensions */
	{ "no extensions", { .extensions = "" }, REASON_OK },
	{ "list empty", { .extensions = "a3{30{}}" }, REASON_X509_DER },
	{ "wrapper empty", { .extensions = "a3{}" }, REASON_X509_DER },
	{ "list is a set", { .extensions = "a3{31{" MINT_CA "}}" }, REASON_X509_DER },
	{ "wrapper primitive", { .extensions = "83{30{" MINT_CA "}}" }, REASON_X509_DER },
	{ "issuerUniqueID", { .extensions = "810200ff" }, REASON_X509_DER },
	{ "issuerUniqueID before",
	  { .extensions = "810200ff a3{30{" MINT_CA "}}" },
	  REASON_X509_DER },
	{ "subjectUniqueID before",
	  { .extensions = "820200ff a3{30{" MINT_CA "}}" },
	  REASON_X509_DER },
	{ "behind the wrapper", { .extensions = "a3{30{" MINT_CA "}} 0500" }, REASON_X509_DER },
	{ "behind the list", { .extensions = "a3{30{" MINT_CA "} 0500}" }, REASON_X509_DER },
	{ "extension is a set", EXT("31{0603551d13 04{3000}}"), REASON_X509_DER },
	{ "extension without a value", EXT("30{0603551d13}"), REASON_X509_DER },
	{ "extension without an OID", EXT("30{04{3000}}"), REASON_X509_DER },
	{ "something behind the value", EXT("30{0603551d13 04{3000} 0500}"), REASON_X509_DER },
	{ "value is a bit string", EXT("30{0603551d13 03{3000}}"), REASON_X509_DER },
	{ "critical FALSE written out", EXT("30{0603551d13 010100 04{3000}}"), REASON_X509_DER },
	{ "critical TRUE as 01", EXT("30{0603551d13 010101 04{3000}}"), REASON_X509_DER },
	{ "critical of two octets", EXT("30{0603551d13 0102ffff 04{3000}}"), REASON_X509_DER },
	{ "critical twice", EXT("30{0603551d13 0101ff 0101ff 04{3000}}"), REASON_X509_DER },
	{ "keyUsage twice", EXT(MINT_KU_CA MINT_KU_CA), REASON_X509_DER },
	{ "basicConstraints twice", EXT(MINT_CA MINT_KU_CA MINT_NO_CA), REASON_X509_DER },
	{ "an unknown one twice", EXT(ODD("01") ODD("02") ODD("01")), REASON_X509_DER },
	{ "unknown", EXT(MINT_CA ODD("01")), REASON_OK },
	{ "ignored here and broken to OpenSSL",
	  EXT(MINT_CA MINT_KU_CA MINT_SKI("22*20") MINT_EXTENSION("551d25", "", "30{0500}")),
	  REASON_OK },
	{ "unknown and critical", EXT(MINT_CA MINT_EXTENSION("2a0301", MINT_CRITICAL, "0500")),
	  REASON_X509_CRITICAL_EXT },
	{ "unknown below 2.5.29", EXT(MINT_EXTENSION("551d0f01", MINT_CRITICAL, "0500")),
	  REASON_X509_CRITICAL_EXT },
	{ "another arc that ends alike", EXT(MINT_EXTENSION("551e0f", MINT_CRITICAL, "0500")),
	  REASON_X509_CRITICAL_EXT },
	{ "another arc that begins otherwise", EXT(MINT_EXTENSION("541d0f", MINT_CRITICAL, "0500")),
	  REASON_X509_CRITICAL_EXT },
	{ "an arc of two octets", EXT(MINT_EXTENSION("551d", MINT_CRITICAL, "0500")),
	  REASON_X509_CRITICAL_EXT },
	{ "16 extensions", EXT(ODD4("1") ODD4("2") ODD4("3") ODD4("4")), REASON_OK },
	{ "17 extensions", EXT(ODD4("1") ODD4("2") ODD4("3") ODD4("4") ODD("55")),
	  REASON_X509_DER },
	{ "extKeyUsage critical",
	  EXT(MINT_EXTENSION("551d25", MINT_CRITICAL, "30{06082b06010505070301}")),
	  REASON_X509_CRITICAL_EXT },
	{ "nameConstraints", EXT(MINT_EXTENSION("551d1e", "", "30{}")), REASON_X509_CRITICAL_EXT },
	{ "nameConstraints critical", EXT(MINT_EXTENSION("551d1e", MINT_CRITICAL, "30{}")),
	  REASON_X509_CRITICAL_EXT },
	{ "policyConstraints", EXT(MINT_EXTENSION("551d24", "", "30{}")),
	  REASON_X509_CRITICAL_EXT },
	{ "inhibitAnyPolicy", EXT(MINT_EXTENSION("551d36", "", "020100")),
	  REASON_X509_CRITICAL_EXT },

	/* basicConstraints */
	{ "cA and no pathLen", BC("30{0101ff}"), REASON_OK },
	{ "no cA", BC("30{}"), REASON_OK },
	{ "not critical", EXT(MINT_EXTENSION(MINT_OID_BC, "", "30{0101ff}")), REASON_OK },
	{ "not critical beside a critical keyUsage",
	  EXT(MINT_EXTENSION(MINT_OID_BC, "", "30{0101ff}") MINT_KU_CA), REASON_OK },
	{ "cA FALSE written out", BC("30{010100}"), REASON_X509_DER },
	{ "cA TRUE as 01", BC("30{010101}"), REASON_X509_DER },
	{ "pathLen without cA", BC("30{020100}"), REASON_OK },
	{ "pathLen 0", BC("30{0101ff 020100}"), REASON_OK },
	{ "pathLen 128", BC("30{0101ff 02020080}"), REASON_OK },
	{ "pathLen 65535", BC("30{0101ff 020300ffff}"), REASON_OK },
	{ "pathLen 65536", BC("30{0101ff 0203010000}"), REASON_X509_DER },
	{ "pathLen 2^32 - 1", BC("30{0101ff 020500ffffffff}"), REASON_X509_DER },
	{ "pathLen 2^32", BC("30{0101ff 02050100000000}"), REASON_X509_DER },
	{ "pathLen 2^64", BC("30{0101ff 0209010000000000000000}"), REASON_X509_DER },
	{ "pathLen 2^64 + 2", BC("30{0101ff 0209010000000000000002}"), REASON_X509_DER },
	{ "pathLen -1", BC("30{0101ff 0201ff}"), REASON_X509_DER },
	{ "pathLen with a needless zero", BC("30{0101ff 02020001}"), REASON_X509_DER },
	{ "pathLen empty", BC("30{0101ff 0200}"), REASON_X509_DER },
	{ "pathLen before cA", BC("30{020100 0101ff}"), REASON_X509_DER },
	{ "a third element", BC("30{0101ff 020100 020100}"), REASON_X509_DER },
	{ "something behind it", BC("30{0101ff} 0500"), REASON_X509_DER },
	{ "a set", BC("31{0101ff}"), REASON_X509_DER },
	{ "of no octets", BC(""), REASON_X509_DER },

	/* keyUsage */
	{ "keyUsage not critical", EXT(MINT_KU_LEAF), REASON_OK },
	{ "keyUsage of the first bit", KU("03{0780}"), REASON_OK },
	{ "keyUsage of nine bits", KU("03{070080}"), REASON_OK },
	{ "keyUsage of 16 bits", KU("03{000001}"), REASON_OK },
	{ "keyUsage of 17 bits", KU("03{07000080}"), REASON_X509_DER },
	{ "keyUsage with trailing zero bits", KU("03{00c0}"), REASON_X509_DER },
	{ "keyUsage with one trailing zero bit", KU("03{05c0}"), REASON_X509_DER },
	{ "keyUsage with a trailing zero octet", KU("03{008000}"), REASON_X509_DER },
	{ "keyUsage with a one among unused bits", KU("03{06c1}"), REASON_X509_DER },
	{ "keyUsage with 8 unused bits", KU("03{08c000}"), REASON_X509_DER },
	{ "keyUsage with 255 unused bits", KU("03{ffc0}"), REASON_X509_DER },
	{ "keyUsage without a bit", KU("03{00}"), REASON_X509_DER },
	{ "keyUsage without a bit, 7 unused", KU("03{07}"), REASON_X509_DER },
	{ "keyUsage zero", KU("03{0700}"), REASON_X509_DER },
	{ "keyUsage of no octets", KU("0300"), REASON_X509_DER },
	{ "keyUsage with something behind it", KU("03{06c0} 0500"), REASON_X509_DER },
	{ "keyUsage is an octet string", KU("04{06c0}"), REASON_X509_DER },

	/* key ids */
	{ "SKI critical", EXT(MINT_EXTENSION(MINT_OID_SKI, MINT_CRITICAL, "04{11*20}")),
	  REASON_X509_CRITICAL_EXT },
	{ "SKI empty", EXT(MINT_SKI("")), REASON_X509_DER },
	{ "SKI of one octet", EXT(MINT_SKI("11")), REASON_OK },
	{ "SKI bare", EXT(MINT_EXTENSION(MINT_OID_SKI, "", "11*20")), REASON_X509_DER },
	{ "SKI with something behind it", EXT(MINT_EXTENSION(MINT_OID_SKI, "", "04{11} 0500")),
	  REASON_X509_DER },
	{ "AKI critical", EXT(MINT_EXTENSION(MINT_OID_AKI, MINT_CRITICAL, "30{80{11*20}}")),
	  REASON_X509_CRITICAL_EXT },
	{ "AKI of an empty key id", EXT(MINT_AKI("")), REASON_X509_DER },
	{ "AKI of one octet", EXT(MINT_AKI("11")), REASON_OK },
	{ "AKI empty", EXT(MINT_EXTENSION(MINT_OID_AKI, "", "30{}")), REASON_X509_DER },
	{ "AKI with issuer and serial",
	  EXT(MINT_EXTENSION(MINT_OID_AKI, "", "30{80{11} a1{a4{" MINT_NAME("x") "}} 820101}")),
	  REASON_X509_DER },
	{ "AKI with something behind it", EXT(MINT_EXTENSION(MINT_OID_AKI, "", "30{80{11}} 0500")),
	  REASON_X509_DER },
	{ "AKI is a set", EXT(MINT_EXTENSION(MINT_OID_AKI, "", "31{80{11}}")), REASON_X509_DER },

	/* CRL distribution points */
	{ "two points of two names", CRL("30{30{a0{a0{" URI URI "}}} 30{a0{a0{" URI "}}}}"),
	  REASON_OK },
	{ "points critical",
	  EXT(MINT_EXTENSION(MINT_OID_CRL, MINT_CRITICAL, "30{30{a0{a0{" URI "}}}}")),
	  REASON_X509_CRITICAL_EXT },
	{ "no point", CRL("30{}"), REASON_X509_DER },
	{ "points are a set", CRL("31{30{a0{a0{" URI "}}}}"), REASON_X509_DER },
	{ "point empty", CRL("30{30{}}"), REASON_X509_DER },
	{ "point with reasons", CRL("30{30{a0{a0{" URI "}} 81020780}}"), REASON_X509_DER },
	{ "point with no name", CRL("30{30{a0{a0{}}}}"), REASON_X509_DER },
	{ "point relative to the issuer", CRL("30{30{a0{a1{" CN "}}}}"), REASON_X509_DER },
	{ "point with two full names", CRL("30{30{a0{a0{" URI "} a0{" URI "}}}}"),
	  REASON_X509_DER },
	{ "point with a DNS name", CRL("30{30{a0{a0{82{'x'}}}}}"), REASON_X509_DER },
	{ "something behind the points", CRL("30{30{a0{a0{" URI "}}}} 0500"), REASON_X509_DER },
	{ "a byte behind the last point", CRL("30{30{a0{a0{" URI "}}} 00}"), REASON_X509_DER },
	{ "a byte behind the last name", CRL("30{30{a0{a0{" URI "00}}}}"), REASON_X509_DER },

	/* signature */
	{ "r and s are 1", { .signature = SIGNATURE("01", "01") }, REASON_OK },
	{ "r and s of 384 bits", { .signature = SIGNATURE("00 ff*48", "00 ff*48") }, REASON_OK },
	{ "r of 392 bits", { .signature = SIGNATURE("7f*49", R48) }, REASON_X509_DER },
	{ "s of 392 bits", { .signature = SIGNATURE(R48, "7f*49") }, REASON_X509_DER },
	{ "r is 0", { .signature = SIGNATURE("00", R48) }, REASON_X509_DER },
	{ "s is 0", { .signature = SIGNATURE(R48, "00") }, REASON_X509_DER },
	{ "r negative", { .signature = SIGNATURE("80", R48) }, REASON_X509_DER },
	{ "s with a needless zero", { .signature = SIGNATURE(R48, "00 7f") }, REASON_X509_DER },
	{ "s absent", { .signature = "03{00 30{02{" R48 "}}}" }, REASON_X509_DER },
	{ "a third number", { .signature = "03{00 30{020101 020101 020101}}" }, REASON_X509_DER },
	{ "behind the sequence", { .signature = "03{00 30{020101 020101} 00}" }, REASON_X509_DER },
	{ "signature with unused bits",
	  { .signature = "03{01 30{020101 020102}}" },
	  REASON_X509_DER },
	{ "signature bare", { .signature = "03{00 11*96}" }, REASON_X509_DER },
	{ "signature is an octet string",
	  { .signature = "04{00 30{020101 020101}}" },
	  REASON_X509_DER },
	{ "signature is a set", { .signature = "03{00 31{020101 020101}}" }, REASON_X509_DER },
	{ "signature absent", { .signature = "" }, REASON_X509_DER },
};

static struct buf mint_row(const struct mint *edit)
{
	struct mint parts = usual;

	mint_apply(&parts, edit);
	return mint(&parts, NULL, NULL);
}

START_TEST(test_rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cert cert;
		struct buf der = mint_row(&rows[i].edit);
		EXPECT_REASON(rows[i].row, read_exact(buf_span(&der), &cert), rows[i].want);
		buf_done(&der);
	}
}
END_TEST

START_TEST(test_fields)
{
	struct cert cert;
	struct buf der = mint_row(&(const struct mint){ 0 });
	struct buf point = notation(POINT);
	struct buf serial = notation("7f010203040506");
	struct buf issuer = notation(MINT_NAME("issuer"));
	struct buf subject = notation(MINT_NAME("subject"));
	struct buf ski = notation("22*20");
	struct buf aki = notation("11*20");
	struct buf signature = notation("7f*96");

	EXPECT_REASON("usual", cert_read(buf_span(&der), &cert), REASON_OK);
	EXPECT_BYTES("der", cert.der, buf_span(&der));
	EXPECT_BYTES("point", cert.point, buf_span(&point));
	EXPECT_BYTES("serial", cert.serial, buf_span(&serial));
	EXPECT_BYTES("issuer", cert.issuer, buf_span(&issuer));
	EXPECT_BYTES("subject", cert.subject, buf_span(&subject));
	EXPECT_BYTES("ski", cert.subject_key_id, buf_span(&ski));
	EXPECT_BYTES("aki", cert.authority_key_id, buf_span(&aki));
	EXPECT_BYTES("signature", SPAN_OF(cert.signature), buf_span(&signature));
	ck_assert_int_eq(cert.not_before, 1767434400);
	ck_assert_int_eq(cert.not_after, 1767434400 + 3 * 3600);
	ck_assert(cert.has_basic_constraints && cert.basic_constraints_critical && cert.is_ca);
	ck_assert(cert.has_path_len && cert.path_len == 2);
	ck_assert(cert.has_key_usage);
	/* digitalSignature 0, keyCertSign 5, cRLSign 6 */
	ck_assert_uint_eq(cert.key_usage, CERT_DIGITAL_SIGNATURE | CERT_KEY_CERT_SIGN | 1U << 6);
	ck_assert_uint_eq(cert.ignored_extensions, 0);
	buf_done(&der);

	der = mint_row(&(const struct mint){ .extensions = MINT_EXTENSIONS(ODD("01") ODD("02")),
					     .signature = SIGNATURE("01", "00 ff") });
	buf_done(&signature);
	signature = notation("00*47 01 00*47 ff");
	EXPECT_REASON("bare", cert_read(buf_span(&der), &cert), REASON_OK);
	EXPECT_BYTES("signature", SPAN_OF(cert.signature), buf_span(&signature));
	ck_assert(!cert.has_basic_constraints && !cert.basic_constraints_critical && !cert.is_ca);
	ck_assert(!cert.has_path_len && !cert.has_key_usage);
	ck_assert_ptr_null(cert.subject_key_id.at);
	ck_assert_ptr_null(cert.authority_key_id.at);
	ck_assert_uint_eq(cert.ignored_extensions, 2);
	buf_done(&der);
	buf_done(&point);
	buf_done(&serial);
	buf_done(&issuer);
	buf_done(&subject);
	buf_done(&ski);
	buf_done(&aki);
	buf_done(&signature);
}
END_TEST

/* What a failed read leaves behind. */
START_TEST(test_untouched)
{
	struct cert cert;
	struct cert before;
	struct buf der = mint_row(&(const struct mint){ .tail = "0500" });

	memset(&cert, 0x5a, sizeof(cert));
	memcpy(&before, &cert, sizeof(cert));
	EXPECT_REASON("tail", cert_read(buf_span(&der), &cert), REASON_X509_DER);
	ck_assert_mem_eq(&cert, &before, sizeof(cert));
	buf_done(&der);
}
END_TEST

/* The outermost length and what surrounds the certificate. */
START_TEST(test_outside)
{
	static const struct {
		const char *row;
		const char *head; /* before the content, whose length is two octets wide */
		const char *tail;
	} forms[] = {
		{ "trailing byte", NULL, "00" },
		{ "trailing certificate begin", NULL, "30820000" },
		{ "length with an octet too many", "3083 00", "" },
		{ "length of five octets", "3085 000000", "" },
		{ "a set", "3182", "" },
		{ "an application tag", "7082", "" },
	};
	struct cert cert;
	struct buf good = mint_row(&(const struct mint){ 0 });

	ck_assert_uint_eq(good.at[1], 0x82);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct buf der = notation(forms[i].head != NULL ? forms[i].head : "3082");
		buf_add(&der, (struct span){ good.at + 2, good.len - 2 });
		notation_add(&der, forms[i].tail);
		EXPECT_REASON(forms[i].row, read_exact(buf_span(&der), &cert), REASON_X509_DER);
		buf_done(&der);
	}
	struct buf indefinite = notation("3080");
	buf_add(&indefinite, (struct span){ good.at + 4, good.len - 4 });
	notation_add(&indefinite, "0000");
	EXPECT_REASON("indefinite", read_exact(buf_span(&indefinite), &cert), REASON_X509_DER);
	buf_done(&indefinite);
	EXPECT_REASON("nothing", read_exact((struct span){ NULL, 0 }, &cert), REASON_X509_DER);
	/* every prefix */
	for (size_t n = 0; n < good.len; n++) {
		struct span prefix = { good.at, n };
		ck_assert_msg(read_exact(prefix, &cert) != REASON_OK, "the first %zu bytes", n);
	}
	buf_done(&good);
}
END_TEST

/* TBSCertificate and its parts as something else. */
START_TEST(test_shape)
{
	static const char *const texts[] = { "30{}",
					     "30{0500}",
					     "30{31{" MINT_VERSION_3 "}}",
					     "30{30{}}",
					     "30{30{" MINT_VERSION_3 "}}",
					     "0500",
					     "30",
					     "3080" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cert cert;
		struct buf der = notation(texts[i]);
		enum reason want =
			strcmp(texts[i], "30{30{}}") == 0 ? REASON_X509_VERSION : REASON_X509_DER;
		EXPECT_REASON(texts[i], read_exact(buf_span(&der), &cert), want);
		buf_done(&der);
	}
}
END_TEST

/* Every bit changed: what is still accepted, OpenSSL reads alike (read_exact compares). */
START_TEST(test_flips)
{
	struct buf der = mint_row(&(const struct mint){ 0 });
	size_t accepted = 0;

	for (size_t i = 0; i < der.len; i += support_thin(13)) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct cert cert;
			der.at[i] ^= (uint8_t)(1U << bit);
			accepted += read_exact(buf_span(&der), &cert) == REASON_OK ? 1 : 0;
			der.at[i] ^= (uint8_t)(1U << bit);
		}
	}
	/* the serial, the names, the point, key ids, the URI and the signature are free */
	ck_assert_uint_gt(accepted, 0);
	ck_assert_uint_lt(accepted, der.len * 8);
	buf_done(&der);
}
END_TEST

START_TEST(test_name_text)
{
	static const struct {
		const char *rdns;
		const char *want;
	} names[] = {
		{ "31{30{0603550406 13{'US'}}} 31{30{060355040a 0c{'Amazon'}}}"
		  "31{30{060355040b 0c{'AWS'}}} 31{30{0603550403 0c{'aws.nitro-enclaves'}}}",
		  "CN=aws.nitro-enclaves,OU=AWS,O=Amazon,C=US" },
		{ "31{30{0603550408 0c{'WA'}}} 31{30{0603550407 0c{'Seattle'}}}",
		  "L=Seattle,ST=WA" },
		{ "31{30{0603550403 0c{'a,b+c'}}}", "CN=a\\,b\\+c" },
		{ "31{30{0603550403 0c{' #a\" '}}}", "CN=\\ #a\\\"\\ " },
		{ "31{30{0603550403 0c{'#a#'}}}", "CN=\\#a#" },
		{ "31{30{0603550403 0c{' '}}}", "CN=\\ " },
		{ "31{30{0603550403 0c{'<>;' 5c}}}", "CN=\\<\\>\\;\\\\" },
		{ "31{30{0603550403 0c{'a=b'}}}", "CN=a\\=b" },
		{ "31{30{0603550403 0c{'~'}}}", "CN=~" },
		{ "31{30{0603550403 0c{'a' 0a 1b 7f c3bc 00}}}", "CN=a\\0a\\1b\\7f\\c3\\bc\\00" },
		/* a type without a short name never passes for one that has */
		{ "31{30{0603550405 13{'7'}}}", "2.5.4.5=7" },
		{ "31{30{06032a0403 13{'7'}}}", "1.2.4.3=7" },
		{ "31{30{0603550303 13{'7'}}}", "2.5.3.3=7" },
		{ "31{30{060455040301 13{'7'}}}", "2.5.4.3.1=7" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct buf rdns = notation(names[i].rdns);
		struct buf name = { 0 };
		struct buf text = { 0 };
		notation_add_der(&name, 0x30, buf_span(&rdns));
		cert_name_text(&text, buf_span(&name));
		EXPECT_BYTES(names[i].want, buf_span(&text), span_of_text(names[i].want));
		const char *difference = differential_name(buf_span(&name));
		ck_assert_msg(difference == NULL, "%s: %s", names[i].want, difference);
		buf_done(&rdns);
		buf_done(&name);
		buf_done(&text);
	}
}
END_TEST

static void compare_all(const char *name, struct span file)
{
	struct cose cose;
	struct claims claims;
	struct cert cert;
	size_t at;

	EXPECT_REASON(name, cose_read(file, &cose, &at), REASON_OK);
	EXPECT_REASON(name, claims_read(cose.payload, &claims_real_limits, &claims, &at),
		      REASON_OK);
	for (size_t i = 0; i <= claims.cabundle_len; i++) {
		bool is_leaf = i == claims.cabundle_len;
		EXPECT_REASON(name,
			      cert_read(is_leaf ? claims.certificate : claims.cabundle[i], &cert),
			      REASON_OK);
		ck_assert_uint_eq(cert.ignored_extensions, 0);
		const char *difference = differential_cert(&cert);
		if (difference == NULL)
			difference = differential_name(cert.subject);
		if (difference == NULL)
			difference = differential_name(cert.issuer);
		ck_assert_msg(difference == NULL, "%s: certificate %zu: %s", name, i, difference);
	}
}

/* Every certificate of every genuine document, against OpenSSL. */
START_TEST(test_genuine)
{
	struct buf index;
	struct span fields[2];
	size_t documents = 0;

	if (!support_shared("cert/genuine", "documents/index.tsv", &index))
		return;
	struct span rest = buf_span(&index);
	while (support_row(&rest, fields, 2)) {
		if (!span_equal(fields[1], SPAN_LITERAL("yes")))
			continue;
		struct buf name = { 0 };
		struct buf file;
		buf_printf(&name, "documents/%.*s.bin", (int)fields[0].len,
			   (const char *)fields[0].at);
		char *text = buf_take_text(&name);
		ck_assert(support_shared("cert/genuine", text, &file));
		compare_all(text, buf_span(&file));
		free(text);
		buf_done(&file);
		documents++;
	}
	ck_assert_uint_ge(documents, 41);
	buf_done(&index);
}
END_TEST

START_TEST(test_bundled)
{
	struct buf file = support_vector("document.cbor");

	compare_all("document.cbor", buf_span(&file));
	buf_done(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cert");

	support_add(suite, "rows", test_rows);
	support_add(suite, "fields", test_fields);
	support_add(suite, "untouched", test_untouched);
	support_add(suite, "outside", test_outside);
	support_add(suite, "shape", test_shape);
	support_add(suite, "flips", test_flips);
	support_add(suite, "name text", test_name_text);
	support_add(suite, "genuine", test_genuine);
	support_add(suite, "bundled", test_bundled);
	return support_main(suite);
}
