#include "verify/html.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<meta name=\"referrer\" content=\"no-referrer\">\n<title>";

static const char base_style[] =
	"</title>\n<style>\n"
	":root { color-scheme: light dark; --no: #a00 }\n"
	"body { font-family: sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em }\n"
	"table { border-collapse: collapse; width: 100% }\n"
	"th, td { border: 1px solid #888; padding: .3em .5em; text-align: left; "
	"vertical-align: top; min-width: 4em }\n"
	"tr { break-inside: avoid }\n"
	"h2 { break-after: avoid }\n"
	"code { font-family: monospace; overflow-wrap: anywhere }\n"
	".no { font-weight: bold; color: var(--no) }\n"
	"@media screen and (prefers-color-scheme: dark) { :root { --no: #f88 } }\n"
	/* paper is white whatever the screen is */
	"@media print { :root { color-scheme: light } body { margin: 0; max-width: none } }\n"
	/* on a phone a row is a list, each value behind the name of its column */
	"@media screen and (max-width: 45em) {\n"
	"body { margin: 1em auto }\n"
	"table, tbody, tr, td { display: block }\n"
	"tr { border-top: 1px solid #888; padding: .4em 0 }\n"
	"tr:first-child, td:empty { display: none }\n"
	"td { border: 0; padding: .1em 0; min-width: 0 }\n"
	"td[title]::before { content: attr(title) \": \" }\n"
	"td:first-child { font-weight: bold }\n"
	"}\n";

void html_plain(struct buf *out, struct span text)
{
	struct span byte;

	while (span_take(&text, 1, &byte)) {
		switch (byte.at[0]) {
		case '&':
			buf_text(out, "&amp;");
			break;
		case '<':
			buf_text(out, "&lt;");
			break;
		case '>':
			buf_text(out, "&gt;");
			break;
		case '"':
			buf_text(out, "&quot;");
			break;
		case '\'':
			buf_text(out, "&#39;");
			break;
		default:
			buf_byte(out, byte.at[0]);
		}
	}
}

void html_text(struct buf *out, struct span text)
{
	struct buf plain = { 0 };

	buf_escaped(&plain, text);
	out->failed = out->failed || plain.failed;
	html_plain(out, buf_span(&plain));
	buf_done(&plain);
}

void html_open(struct buf *out, struct span title, const char *style)
{
	buf_text(out, head);
	html_text(out, title);
	buf_text(out, base_style);
	buf_text(out, style);
	buf_text(out, "</style>\n</head>\n<body>\n");
}

void html_close(struct buf *out, const char *tool, const char *version)
{
	buf_printf(out, "<footer><p>%s %s</p></footer>\n</body>\n</html>\n", tool, version);
}
