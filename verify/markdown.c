#include "verify/markdown.h"

static bool is_only_text(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == ' ' || byte == '/' || byte == '-';
}

/* A byte that should not be here any more is a question mark: a reference to it would name a character. */
static void add(struct buf *out, struct span text)
{
	struct span byte;

	while (span_take(&text, 1, &byte)) {
		if (is_only_text(byte.at[0]))
			buf_byte(out, byte.at[0]);
		else
			buf_printf(out, "&#%u;",
				   byte.at[0] > ' ' && byte.at[0] < 0x7f ? byte.at[0] : '?');
	}
}

/* True: something was left out. */
static bool cut(struct span *text)
{
	if (text->len <= MARKDOWN_TEXT_MAX)
		return false;
	text->len = MARKDOWN_TEXT_MAX;
	return true;
}

void markdown_plain(struct buf *out, struct span text)
{
	bool longer = cut(&text);

	add(out, text);
	buf_text(out, longer ? "..." : "");
}

void markdown_text(struct buf *out, struct span text)
{
	struct buf plain = { 0 };
	bool longer = cut(&text);

	buf_escaped(&plain, text);
	out->failed = out->failed || plain.failed;
	add(out, buf_span(&plain));
	buf_text(out, longer ? "..." : "");
	buf_done(&plain);
}

void markdown_code(struct buf *out, struct span text)
{
	if (text.len == 0)
		return;
	buf_text(out, "<code>");
	markdown_text(out, text);
	buf_text(out, "</code>");
}
