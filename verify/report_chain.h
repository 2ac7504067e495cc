/* The chain of evidence behind a report, as the page draws it: from a commit to AWS's root, link by
 * link. A link is drawn as checked only when every check passed on which it rests; one that no check
 * of the report concerns is drawn as not checked. For report_html.c alone. */
#ifndef VERIFY_REPORT_CHAIN_H
#define VERIFY_REPORT_CHAIN_H

#include "verify/report_rows.h"

/* The links, from the top down. */
enum chain_link {
	CHAIN_SOURCE,    /* the commit, and what is built */
	CHAIN_IMAGE,     /* the container image, and what is built */
	CHAIN_BUILD,     /* the build, and the EIF */
	CHAIN_EIF,       /* the EIF, and the expected registers */
	CHAIN_HASH,      /* PCR0, and its keccak256 */
	CHAIN_CONTRACT,  /* that hash, and the contract */
	CHAIN_DOCUMENT,  /* the expected registers, and the document */
	CHAIN_MOMENT,    /* the document, and the judged time */
	CHAIN_PEER,      /* the document, and the connection */
	CHAIN_SIGNATURE, /* the document, and the leaf certificate */
	CHAIN_ROOT,      /* the leaf certificate, and the root */
	CHAIN_LINKS
};

/* How a link stands: STATUS_PASS: checked. STATUS_FAIL, STATUS_ERROR: so did a check that concerns it,
 * *ret_row. STATUS_SKIP: not checked, for the reason of *ret_row, or, NULL, because no check of the
 * report concerns it, or nothing says which image is expected. With STATUS_PASS *ret_rests says what it rests on, a static text, else NULL. */
enum status report_chain_status(const struct report *report, enum chain_link link,
				const struct row **ret_row, const char **ret_rests);

/* Appends the drawing. */
void report_chain_draw(const struct report *report, struct buf *out);

#endif
