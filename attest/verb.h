/* The verbs of enclave-attest. main.c reads the command line into a struct attest_run and exits with
 * what the verb returns. */
#ifndef ATTEST_VERB_H
#define ATTEST_VERB_H

#include "attest/ask.h"
#include "attest/servers.h"
#include "verify/cli.h"
#include "verify/contract_options.h"
#include "verify/policy.h"

enum attest_encoding { ATTEST_RAW, ATTEST_BASE64, ATTEST_HEX };

/* What the verbs inside an enclave are told: document, serve, simulate. */
struct attest_inside {
	enum attest_encoding encoding;
	bool encoding_given;
	bool describe;
	const char *simulate; /* the folder of a simulated enclave; NULL: /dev/nsm */
	const char *listen;   /* serve: where, */
	bool nitriding;       /* in which shape, */
	const char *tls_cert; /* with which certificate in user_data, */
	unsigned rate;        /* how many documents a second; 0: not given */
	const char *eif;      /* simulate: its image; NULL: the registers of the policy's one set */
};

/* What check is told of many targets, and of time. */
struct attest_watching {
	const char *config; /* the targets file; NULL: the operands are URLs */
	const char *state;  /* a file; NULL: nothing is remembered */
	size_t jobs;        /* so many targets at once; 0: not given */
	int64_t every_s;    /* 0: one round */
};

/* Everything a verb needs. */
struct attest_run {
	struct cli_world world;
	struct cli_output output; /* with the program's name */
	const char *version;
	int64_t (*clock_ms)(void); /* milliseconds since 1970; below 0: no clock can be read */
	void (*sleep_ms)(int64_t ms);
	bool (*random)(uint8_t *ret, size_t len); /* for nonces and names; false: there is none */
	struct policy policy;                     /* also the bytes that document puts in */
	const char **operands;                    /* owned array of borrowed words */
	size_t n_operands;
	struct attest_inside inside;
	struct ask ask;                   /* what check asks, and how; onchain: how alone */
	struct contract_options contract; /* what check and onchain expect of a contract, */
	struct servers servers;           /* and whom they ask about it */
	struct attest_watching watching;
	const char *notify_socket; /* of the service manager; NULL: there is none */
	bool asking_given;         /* an option was given of what to ask or to expect */
	bool max_age_given;
	bool single_target_only; /* an option was given that fits one target */
	bool document_only;      /* an option was given that fits a document */
};

/* One verb: its options beside the common ones, how one of them is applied (false: what is wrong was
 * said on stderr), and how it runs, which gives the exit status. */
#define ATTEST_TABLES_MAX 5
struct attest_verb {
	const char *name;
	struct {
		const struct cli_option *options;
		size_t n;
	} tables[ATTEST_TABLES_MAX]; /* unused ones are empty */
	bool exports;                /* --format nagios and prom have a use */
	bool (*apply)(struct attest_run *run, int id, const char *value);
	int (*run)(struct attest_run *run);
};

extern const struct attest_verb attest_check;
extern const struct attest_verb attest_document;
extern const struct attest_verb attest_serve;
extern const struct attest_verb attest_simulate;
extern const struct attest_verb attest_onchain;

/* Says on stderr what is wrong with the command line; the exit status for that. */
int attest_usage(const struct attest_run *run, const char *message);

/* For what was not judged and was said on stderr: `status`. To who runs a plugin that is unknown, whatever the
 * reason: he gets a line that says so, and 3. */
int attest_refuse(const struct attest_run *run, int status);

/* The clock of requests. Borrows `run`. */
struct http_clock attest_clock(struct attest_run *run);

/* Applies an option of --registry and its company, or one that names servers. False: said on stderr. */
bool attest_contract_apply(struct attest_run *run, int id, const char *value);

/* After all options: what does not fit together, or what servers cannot be asked as they are named, is said on
 * stderr (false). Without --registry there must be no servers either. */
bool attest_contract_settle(struct attest_run *run, bool has_key, bool has_document);

/* -q: no text, neither on stdout nor into a file. */
bool attest_is_silent(const struct attest_run *run);

/* Appends the concluded report in the chosen format. False: out of memory. */
bool attest_render(const struct attest_run *run, const struct report *report, struct buf *out);

/* One line on stderr: what is concerned, what the system said (0: nothing), why, and the reason's
 * name. */
void attest_complain(const struct attest_run *run, const char *what, int why, enum reason reason);

#endif
