#include "verify/dossier.h"

#include <stdlib.h>
#include <string.h>

struct dossier *dossier_new(void)
{
	return calloc(1, sizeof(struct dossier));
}

void dossier_free(struct dossier *dossier)
{
	if (dossier == NULL)
		return;
	for (size_t i = 0; i < dossier->n_servers; i++) {
		buf_done(&dossier->servers[i].block);
		for (size_t q = 0; q < DOSSIER_QUESTIONS_MAX; q++)
			buf_done(&dossier->servers[i].answers[q].value);
	}
	for (size_t q = 0; q < dossier->n_questions; q++)
		buf_done(&dossier->questions[q].data);
	free(dossier);
}

static bool is_printable(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] <= ' ' || text.at[i] > '~')
			return false;
	}
	return true;
}

struct dossier_server *dossier_server(struct dossier *dossier, struct span host)
{
	for (size_t i = 0; i < dossier->n_servers; i++) {
		if (span_equal(span_of_text(dossier->servers[i].host), host))
			return &dossier->servers[i];
	}
	if (dossier->n_servers == DOSSIER_SERVERS_MAX || host.len == 0 ||
	    host.len > DOSSIER_HOST_MAX || !is_printable(host))
		return NULL;
	struct dossier_server *server = &dossier->servers[dossier->n_servers++];
	memcpy(server->host, host.at, host.len);
	return server;
}

bool dossier_ask(struct dossier *dossier, enum question_kind kind,
		 const uint8_t address[static DOSSIER_ADDRESS_LEN], struct span data, size_t *ret)
{
	for (size_t q = 0; q < dossier->n_questions; q++) {
		const struct question *known = &dossier->questions[q];

		if (known->kind == kind &&
		    memcmp(known->address, address, DOSSIER_ADDRESS_LEN) == 0 &&
		    span_equal(buf_span(&known->data), data)) {
			*ret = q;
			return true;
		}
	}
	if (dossier->n_questions == DOSSIER_QUESTIONS_MAX)
		return false;
	struct question *question = &dossier->questions[dossier->n_questions];
	buf_add(&question->data, data);
	if (question->data.failed) {
		buf_done(&question->data);
		return false;
	}
	question->kind = kind;
	memcpy(question->address, address, DOSSIER_ADDRESS_LEN);
	*ret = dossier->n_questions++;
	return true;
}
