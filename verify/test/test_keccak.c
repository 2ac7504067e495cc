#include "verify/keccak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/basenc.h"

/* A second Keccak-256, written from the reference's text in the plainest way: a state of bits read as
 * A[x][y], rotation offsets and round constants computed by their definitions instead of taken from
 * tables. (The Keccak reference 3.0, sections 1.2 and 2.3.) */

static uint64_t rotate(uint64_t lane, unsigned by)
{
	by %= 64;
	return by == 0 ? lane : lane << by | lane >> (64 - by);
}

static bool lfsr_bit(unsigned *lfsr)
{
	bool bit = (*lfsr & 1) != 0;

	*lfsr = (*lfsr & 0x80) != 0 ? ((*lfsr << 1) ^ 0x71) & 0xff : *lfsr << 1;
	return bit;
}

static void plain_permute(uint64_t a[5][5])
{
	unsigned lfsr = 1;

	for (int round = 0; round < 24; round++) {
		uint64_t c[5];
		uint64_t b[5][5];
		for (unsigned x = 0; x < 5; x++)
			c[x] = a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4];
		for (unsigned x = 0; x < 5; x++) {
			for (unsigned y = 0; y < 5; y++)
				a[x][y] ^= c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1);
		}
		b[0][0] = a[0][0];
		unsigned x = 1;
		unsigned y = 0;
		for (unsigned t = 0; t < 24; t++) {
			b[y][(2 * x + 3 * y) % 5] = rotate(a[x][y], (t + 1) * (t + 2) / 2);
			unsigned next = (2 * x + 3 * y) % 5;
			x = y;
			y = next;
		}
		for (x = 0; x < 5; x++) {
			for (y = 0; y < 5; y++)
				a[x][y] = b[x][y] ^ (~b[(x + 1) % 5][y] & b[(x + 2) % 5][y]);
		}
		for (unsigned j = 0; j <= 6; j++) {
			if (lfsr_bit(&lfsr))
				a[0][0] ^= UINT64_C(1) << ((1U << j) - 1);
		}
	}
}

static void plain_keccak_256(struct span in, uint8_t ret[static KECCAK_LEN])
{
	uint64_t a[5][5] = { { 0 } };
	size_t padded = (in.len / 136 + 1) * 136;

	for (size_t i = 0; i < padded; i++) {
		unsigned byte = i < in.len ? in.at[i] : i == in.len ? 1 : 0;
		if (i == padded - 1)
			byte ^= 0x80;
		size_t lane = i % 136 / 8;
		a[lane % 5][lane / 5] ^= (uint64_t)byte << (8 * (i % 8));
		if (i % 136 == 135)
			plain_permute(a);
	}
	for (size_t i = 0; i < KECCAK_LEN; i++)
		ret[i] = (uint8_t)(a[i / 8 % 5][i / 8 / 5] >> (8 * (i % 8)));
}

static void expect_hash(const char *row, struct span in, const char *want_hex)
{
	uint8_t hash[KECCAK_LEN];
	uint8_t *exact = support_exact(in);
	struct buf want = support_hex(want_hex);

	keccak_256((struct span){ exact, in.len }, hash);
	EXPECT_BYTES(row, SPAN_OF(hash), buf_span(&want));
	buf_done(&want);
	free(exact);
}

/* Widely published values */
START_TEST(test_known)
{
	static const struct {
		const char *text;
		const char *hash;
	} rows[] = {
		{ "", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470" },
		{ "abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45" },
		{ "testing", "5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02" },
		{ "The quick brown fox jumps over the lazy dog",
		  "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15" },
		{ "The quick brown fox jumps over the lazy dog.",
		  "578951e24efd62a3d63a86f7cd19aaa53c898fe287d2552133220370240b572d" },
		{ "transfer(address,uint256)",
		  "a9059cbb2ab09eb219583f4a59a5d0623ade346d962bcd4e46b11da047c9049b" },
		{ "Transfer(address,address,uint256)",
		  "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef" },
	};
	static const uint8_t zero[48] = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_hash(rows[i].text, span_of_text(rows[i].text), rows[i].hash);
	expect_hash("48 zero bytes", SPAN_OF(zero),
		    "c980e59163ce244bb4bb6211f48c7b46f88a4f40943e84eb99bdc41e129bd293");
}
END_TEST

/* Every length over four blocks and a half, where padding takes each of its forms. */
START_TEST(test_every_length)
{
	uint8_t bytes[600];
	uint64_t state = 1;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)support_random(&state);
	for (size_t n = 0; n <= sizeof(bytes); n += support_thin(17)) {
		uint8_t got[KECCAK_LEN];
		uint8_t want[KECCAK_LEN];
		uint8_t *exact = support_exact((struct span){ bytes, n });
		char row[32];
		(void)snprintf(row, sizeof(row), "length %zu", n);
		keccak_256((struct span){ exact, n }, got);
		plain_keccak_256((struct span){ bytes, n }, want);
		EXPECT_BYTES(row, SPAN_OF(got), SPAN_OF(want));
		free(exact);
	}
}
END_TEST

static bool next_word(struct span *line, struct span *ret)
{
	struct span blank;
	size_t n = 0;

	while (line->len > 0 && line->at[0] == ' ' && span_take(line, 1, &blank))
		continue;
	while (n < line->len && line->at[n] != ' ')
		n++;
	return n > 0 && span_take(line, n, ret);
}

/* Lines: name, length, 0x and the hash, the input in hex, "-" for none, or "byte[i]=i&255". */
static void run_vector(struct span line)
{
	struct span name, len_text, hash, input, rest_0x;
	struct buf bytes = { 0 };

	ck_assert(next_word(&line, &name) && next_word(&line, &len_text) &&
		  next_word(&line, &hash) && next_word(&line, &input) &&
		  span_take(&hash, 2, &rest_0x));
	char *row = support_text(name);
	char *len_chars = support_text(len_text);
	char *want = support_text(hash);
	size_t len = strtoul(len_chars, NULL, 10);
	if (span_equal(input, SPAN_LITERAL("byte[i]=i&255"))) {
		for (size_t i = 0; i < len; i++) {
			uint8_t byte = (uint8_t)(i & 255);
			buf_add(&bytes, (struct span){ &byte, 1 });
		}
	} else if (!span_equal(input, SPAN_LITERAL("-"))) {
		ck_assert(hex_decode(input, &bytes) == REASON_OK);
	}
	ck_assert_msg(bytes.len == len, "row %s: %zu bytes, %zu said", row, bytes.len, len);
	expect_hash(row, buf_span(&bytes), want);
	buf_done(&bytes);
	free(row);
	free(len_chars);
	free(want);
}

START_TEST(test_gathered)
{
	struct buf file;
	struct span line;
	size_t n = 0;

	if (!support_shared("keccak/gathered vectors", "keccak-vectors.txt", &file))
		return;
	struct span text = buf_span(&file);
	while (support_line(&text, &line)) {
		if (line.len == 0 || line.at[0] == '#')
			continue;
		run_vector(line);
		n++;
	}
	ck_assert_uint_ge(n, 25);
	buf_done(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keccak");

	support_add(suite, "known values", test_known);
	support_add(suite, "every length, against a second implementation", test_every_length);
	support_add(suite, "gathered vectors", test_gathered);
	return support_main(suite);
}
