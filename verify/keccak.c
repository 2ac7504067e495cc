#include "verify/keccak.h"

#include <string.h>

#define RATE 136 /* bytes absorbed for each permutation */
#define LANES 25 /* 64-bit lanes of the state; lane (x, y) is state[x + 5 * y] */
#define ROUNDS 24

static uint64_t rotate_left(uint64_t lane, unsigned by)
{
	return by == 0 ? lane : lane << by | lane >> (64 - by);
}

/* theta: each lane takes in the parity of two neighbouring columns */
static void theta(uint64_t state[static LANES])
{
	uint64_t parity[5];

	for (size_t x = 0; x < 5; x++)
		parity[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
	for (size_t x = 0; x < 5; x++) {
		uint64_t flip = parity[(x + 4) % 5] ^ rotate_left(parity[(x + 1) % 5], 1);
		for (size_t y = 0; y < LANES; y += 5)
			state[x + y] ^= flip;
	}
}

/* rho and pi: rotate each lane and move it to its place, following the one long cycle of pi */
static void rho_pi(uint64_t state[static LANES])
{
	static const uint8_t place[24] = { 10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
					   15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1 };
	static const uint8_t turn[24] = { 1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
					  27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44 };
	uint64_t moving = state[1];

	for (size_t i = 0; i < 24; i++) {
		uint64_t displaced = state[place[i]];
		state[place[i]] = rotate_left(moving, turn[i]);
		moving = displaced;
	}
}

/* chi: the only step that is not linear */
static void chi(uint64_t state[static LANES])
{
	for (size_t y = 0; y < LANES; y += 5) {
		uint64_t row[5];
		memcpy(row, state + y, sizeof(row));
		for (size_t x = 0; x < 5; x++)
			state[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
	}
}

static void permute(uint64_t state[static LANES])
{
	static const uint64_t round_constant[ROUNDS] = {
		0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
		0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
		0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
		0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
		0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
		0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008
	};

	for (size_t round = 0; round < ROUNDS; round++) {
		theta(state);
		rho_pi(state);
		chi(state);
		state[0] ^= round_constant[round]; /* iota */
	}
}

/* Lanes are little-endian in the byte stream, whatever the machine is. */
static void absorb(uint64_t state[static LANES], const uint8_t block[static RATE])
{
	for (size_t i = 0; i < RATE; i++)
		state[i / 8] ^= (uint64_t)block[i] << (8 * (i % 8));
	permute(state);
}

void keccak_256(struct span in, uint8_t ret[static KECCAK_LEN])
{
	uint64_t state[LANES] = { 0 };
	uint8_t last[RATE] = { 0 };
	struct span block;

	while (span_take(&in, RATE, &block))
		absorb(state, block.at);
	if (in.len > 0)
		memcpy(last, in.at, in.len);
	last[in.len] = 0x01;
	last[RATE - 1] |= 0x80;
	absorb(state, last);
	for (size_t i = 0; i < KECCAK_LEN; i++)
		ret[i] = (uint8_t)(state[i / 8] >> (8 * (i % 8)));
}
