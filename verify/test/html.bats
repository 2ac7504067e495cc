#!/usr/bin/env bats
# --format html: pages that need nothing but themselves.
# shellcheck disable=SC2154 # variables of helpers.bash
load helpers

# page FILE: well-formed, without script, and nothing is loaded or linked from elsewhere.
page() {
	py "$1" <<'END'
from html.parser import HTMLParser
VOID = {"meta", "br", "path", "circle", "rect"}
MAY = {"html", "head", "meta", "title", "style", "body", "div", "h1", "h2", "p", "code", "ol", "ul", "li", "b", "small",
	"span", "svg", "path", "circle", "rect", "table", "tr", "th", "td", "br", "section", "a", "footer"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "title", "id", "href", "viewbox",
	"aria-hidden", "d", "cx", "cy", "r", "x", "y", "width", "height", "stroke-dasharray"}
class Page(HTMLParser):
	def __init__(self):
		super().__init__()
		self.open, self.ids, self.links, self.policy = [], [], [], None
	def handle_starttag(self, tag, attrs):
		if tag not in MAY:
			wrong("<%s>" % tag)
		for name, value in attrs:
			if name not in ATTRIBUTES:
				wrong("<%s %s>" % (tag, name))
		attrs = dict(attrs)
		if "id" in attrs:
			self.ids.append(attrs["id"])
		if "href" in attrs:
			self.links.append(attrs["href"])
		if attrs.get("http-equiv") == "Content-Security-Policy":
			self.policy = attrs["content"]
		if tag not in VOID:
			self.open.append(tag)
	def handle_startendtag(self, tag, attrs):
		self.handle_starttag(tag, attrs)
		if tag not in VOID:
			wrong("<%s/>" % tag)
	def handle_endtag(self, tag):
		if not self.open or self.open.pop() != tag:
			wrong("line %d: </%s>" % (self.getpos()[0], tag))
	def handle_data(self, data):
		if self.open[-1:] == ["style"] and re.search(r"url|@import|expression", data):
			wrong("a style that loads")
text = open(sys.argv[1], encoding="ascii").read()
page = Page()
page.feed(text)
page.close()
if page.open:
	wrong("never closed: %s" % page.open)
if page.policy is None or not page.policy.startswith("default-src 'none';"):
	wrong("policy: %s" % page.policy)
if sorted(page.links) != sorted("#" + name for name in page.ids if len(page.ids) > 1):
	wrong("links %s to %s" % (page.links, page.ids))
if not text.startswith("<!DOCTYPE html>\n") or not text.endswith("</html>\n"):
	wrong("begins or ends otherwise")
END
}

@test "a page of each verdict" {
	exits 0 document "${bundled[@]}" --format html
	nothing_said
	page "$tmp/out"
	prints '<h1>PASS (custom root c9d24d86, as of 2026-01-03 10:00:00)</h1>'
	exits 1 document document.cbor --root root.pem --at document --pcrs other-pcr.json --format html
	page "$tmp/out"
	prints '<p><b>pcr0.match</b>: PCR0 is not the expected one (pcr-mismatch)</p>'
	exits 3 document document.cbor --root root.pem --at document --format html
	page "$tmp/out"
	prints '<h1>ERROR (custom root c9d24d86, as of 2026-01-03 10:00:00)</h1>'
	exits 1 document /dev/null --format html --pcrs pcr.json
	page "$tmp/out"
	exits 3 document absent --format html --pcrs pcr.json
	page "$tmp/out"
}

@test "every check of the JSON is in the page, with its values" {
	exits 1 document "${bundled[@]:0:5}" --pcrs other-pcr.json --nonce 00 --format json
	cp "$tmp/out" "$tmp/json"
	exits 1 document "${bundled[@]:0:5}" --pcrs other-pcr.json --nonce 00 --format html
	py "$tmp/json" "$tmp/out" <<'END'
report, page = json.load(open(sys.argv[1])), open(sys.argv[2]).read()
words = {"pass": "ok", "fail": "FAIL", "skip": "skip", "error": "error"}
at = page.index("<h2>All checks</h2>")
for check in report["checks"]:
	row = "<tr><td>%s</td><td title=\"Result\" class=\"word %s\">%s</td>" % (
		check["id"], check["status"], words[check["status"]])
	found = page.find(row, at)
	if found < 0:
		wrong("no row, or in another order: %s" % row)
		continue
	line = page[found:page.index("</tr>", found)]
	for key in ("message", "reason", "expected", "actual", "expected_from"):
		if check.get(key, "").replace("'", "&#39;") not in line:
			wrong("%s of %s: %s" % (key, check["id"], check[key]))
for name, value in report["facts"]["pcrs"].items():
	if "<tr><td>pcrs.%s</td><td title=\"Value\"><code>%s</code>" % (name, value) not in page:
		wrong("PCR%s" % name)
for certificate in report["facts"]["certificates"]:
	if certificate["sha256"] not in page:
		wrong(certificate["subject"])
END
}

@test "several documents on one page, the worst first" {
	exits 1 document document.cbor tampered.cbor "${bundled[@]:1}" --format html
	page "$tmp/out"
	prints '<title>FAIL: 2 targets</title>'
	prints '2 targets: 1 pass, 1 fail, 0 without a verdict'
	exits 1 document document.cbor tampered.cbor "${bundled[@]:1}" --format html -q -o "$tmp/page.html"
	nothing_printed
	cmp "$tmp/page.html" <("$verify" document document.cbor tampered.cbor "${bundled[@]:1}" --format html)
}

@test "images, and what their builders wrote" {
	exits 0 eif eif/usual.eif --pcrs eif/image.pcr.json --format html
	page "$tmp/out"
	prints '<h2>Its measurements</h2>'
	exits 3 eif eif/usual.eif --format html
	page "$tmp/out"
	exits 1 eif eif/crc-zero.eif --pcrs eif/image.pcr.json --format html
	page "$tmp/out"
}

@test "names from outside are text" {
	cp document.cbor "$tmp/<b onclick='x'>&\".cbor"
	exits 0 document "$tmp/<b onclick='x'>&\".cbor" "${bundled[@]:1}" --format html
	page "$tmp/out"
	prints '/&lt;b onclick=&#39;x&#39;&gt;&amp;&quot;.cbor'
}

@test "verbs without a report have no page" {
	refuses 'text or json' show document.cbor --format html
	refuses 'text or json' hash pcr.json --format html
	refuses '--pcr-json' eif eif/usual.eif --pcr-json --format html
	refuses 'text, json or html' document document.cbor --format HTML
}
