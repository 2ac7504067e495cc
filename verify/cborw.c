#include "verify/cborw.h"

void cbw_head(struct buf *out, unsigned major, uint64_t n)
{
	/* additional information 24..27: one, two, four or eight bytes follow */
	unsigned width = n < 24          ? 0 :
			 n <= UINT8_MAX  ? 1 :
			 n <= UINT16_MAX ? 2 :
			 n <= UINT32_MAX ? 4 :
					   8;
	unsigned info = width == 0 ? (unsigned)n :
			width == 1 ? 24 :
			width == 2 ? 25 :
			width == 4 ? 26 :
				     27;

	buf_byte(out, (uint8_t)(major << 5 | info));
	while (width-- > 0)
		buf_byte(out, (uint8_t)(n >> (8 * width)));
}

void cbw_uint(struct buf *out, uint64_t n)
{
	cbw_head(out, 0, n);
}

void cbw_bytes(struct buf *out, struct span bytes)
{
	cbw_head(out, 2, bytes.len);
	buf_add(out, bytes);
}

void cbw_text(struct buf *out, struct span utf8)
{
	cbw_head(out, 3, utf8.len);
	buf_add(out, utf8);
}

void cbw_key(struct buf *out, const char *text)
{
	cbw_text(out, span_of_text(text));
}

void cbw_array(struct buf *out, uint64_t count)
{
	cbw_head(out, 4, count);
}

void cbw_map(struct buf *out, uint64_t pairs)
{
	cbw_head(out, 5, pairs);
}

void cbw_bool(struct buf *out, bool value)
{
	cbw_head(out, 7, value ? 21 : 20);
}

void cbw_null(struct buf *out)
{
	cbw_head(out, 7, 22);
}

void cbw_bytes_or_null(struct buf *out, struct span bytes)
{
	if (bytes.at == NULL)
		cbw_null(out);
	else
		cbw_bytes(out, bytes);
}
