/* enclave-attest serve: hands documents out over HTTP. */
#include <openssl/crypto.h>
#include <signal.h>
#include <string.h>

#include "attest/listen.h"
#include "attest/module.h"
#include "attest/serve.h"
#include "attest/verb.h"

#define RATE_DEFAULT 10
#define CERTIFICATES_MAX ((size_t)64 * 1024) /* bytes of --tls-cert */

enum { OPT_LISTEN = 500, OPT_SHAPE, OPT_RATE, OPT_SIMULATE, OPT_TLS_CERT };

static const struct cli_option options[] = {
	{ OPT_LISTEN, 0, false, "listen", "HOST:PORT|vsock:PORT" },
	{ OPT_SHAPE, 0, false, "shape", "odyn|nitriding" },
	{ OPT_RATE, 0, false, "rate", "N" },
	{ OPT_SIMULATE, 0, false, "simulate", "DIR" },
	{ OPT_TLS_CERT, 0, false, "tls-cert", "FILE" },
};

static bool apply_rate(struct attest_run *run, const char *value)
{
	size_t digits = strspn(value, "0123456789");
	unsigned rate = 0;

	for (size_t i = 0; i < digits && i < 5; i++)
		rate = rate * 10 + (unsigned)(value[i] - '0');
	run->inside.rate = rate;
	if (digits >= 1 && digits <= 4 && value[digits] == '\0' && rate >= 1 &&
	    rate <= THROTTLE_RATE_MAX)
		return true;
	cli_complain(run->output.program, "--rate: 1 to %d documents a second, not '%s'",
		     THROTTLE_RATE_MAX, value);
	return false;
}

static bool apply(struct attest_run *run, int id, const char *value)
{
	switch (id) {
	case OPT_LISTEN:
		run->inside.listen = value;
		return true;
	case OPT_SHAPE:
		run->inside.nitriding = strcmp(value, "nitriding") == 0;
		if (run->inside.nitriding || strcmp(value, "odyn") == 0)
			return true;
		cli_complain(run->output.program, "--shape: odyn or nitriding, not '%s'", value);
		return false;
	case OPT_RATE:
		return apply_rate(run, value);
	case OPT_SIMULATE:
		run->inside.simulate = value;
		return true;
	default:
		run->inside.tls_cert = value;
		return true;
	}
}

/* Read anew for every document: certificates are renewed while servers run. */
static enum reason certificate(void *context, uint8_t ret[static DIGEST_SHA256_LEN],
			       int *reterr_errno)
{
	const struct attest_run *run = context;
	struct buf file = { 0 };

	enum reason reason = cli_read(run->inside.tls_cert, CERTIFICATES_MAX, &file, reterr_errno);
	if (reason == REASON_OK)
		reason = file.len > CERTIFICATES_MAX ? REASON_TEXT_ENCODING :
						       answer_certificate(buf_span(&file), ret);
	/* a key may stand in it, too */
	if (file.at != NULL)
		OPENSSL_cleanse(file.at, file.len);
	buf_done(&file);
	return reason;
}

static void tell(void *context, enum reason reason, int why)
{
	const struct attest_run *run = context;
	bool of_file = reason == REASON_TEXT_ENCODING || reason == REASON_FILE_UNREADABLE;

	if (reason == REASON_TEXT_ENCODING)
		cli_complain(run->output.program, "--tls-cert %s: no certificate in PEM",
			     run->inside.tls_cert);
	else
		attest_complain(run, of_file ? run->inside.tls_cert : "serve", why, reason);
}

/* The module answers, and the certificate can be read: better told now than by the first who asks. */
static int try_out(struct attest_run *run, const struct module *module)
{
	const struct nsm_request request = { .op = NSM_DESCRIBE_NSM };
	uint8_t digest[DIGEST_SHA256_LEN];
	struct nsm_answer answer;
	struct buf bytes = { 0 };
	int why = 0;

	enum reason reason = nsm_ask(&module->nsm, &request, &bytes, &answer, &why);
	buf_done(&bytes);
	if (reason != REASON_OK) {
		attest_complain(run, module->name, why, reason);
		return CLI_ERROR;
	}
	if (!run->inside.nitriding)
		return CLI_PASS;
	reason = certificate(run, digest, &why);
	if (reason == REASON_OK)
		return CLI_PASS;
	tell(run, reason, why);
	return reason == REASON_TEXT_ENCODING || reason == REASON_FILE_UNREADABLE ? CLI_USAGE :
										    CLI_ERROR;
}

/* One line that says where, for those who let the kernel choose the port. */
static bool announce(const struct attest_run *run, int fd)
{
	struct buf line = { 0 };

	buf_text(&line, "listening on ");
	listen_text(fd, &line);
	buf_text(&line, "\n");
	bool ok = !line.failed && (run->output.quiet || cli_write(&run->output, buf_span(&line)));
	buf_done(&line);
	return ok;
}

static int serve_on(struct attest_run *run, const struct module *module, bool outside, int fd,
		    const sigset_t *signals, int *ret_signal)
{
	struct answerer answerer = {
		.shape = run->inside.nitriding ? ANSWER_NITRIDING : ANSWER_ODYN,
		.nsm = module->nsm,
		.outside = outside,
		.certificate = certificate,
		.context = run,
	};
	const struct serve serve = { &answerer, run->world.ticks_ms, tell, run };
	int why = 0;

	throttle_start(&answerer.throttle, run->inside.rate, run->world.ticks_ms());
	enum reason reason = serve_run(&serve, fd, signals, ret_signal, &why);
	if (reason == REASON_OK)
		return CLI_PASS;
	attest_complain(run, run->inside.listen, why, reason);
	return CLI_ERROR;
}

static int listen_and_serve(struct attest_run *run, const struct module *module,
			    const struct listen_address *address, const sigset_t *signals,
			    int *ret_signal)
{
	int fd = -1;
	int why = 0;

	int status = try_out(run, module);
	if (status != CLI_PASS)
		return status;
	enum reason reason = listen_open(address, &fd, &why);
	if (reason != REASON_OK) {
		attest_complain(run, run->inside.listen, why, reason);
		return CLI_ERROR;
	}
	if (!address->loopback && !run->inside.nitriding)
		cli_complain(run->output.program,
			     "%s can be reached from outside: requests that choose public_key or "
			     "user_data are refused there",
			     run->inside.listen);
	if (!announce(run, fd))
		return CLI_ERROR;
	return serve_on(run, module, !address->loopback, fd, signals, ret_signal);
}

static const char *usage_error(const struct attest_run *run)
{
	if (run->n_operands > 0)
		return "serve: takes no operand";
	if (run->inside.listen == NULL)
		return "serve: --listen says where (127.0.0.1:PORT, vsock:PORT)";
	if (run->output.format != CLI_TEXT)
		return "serve: --format json has no use here";
	if (run->inside.nitriding && run->inside.tls_cert == NULL)
		return "serve: --shape nitriding needs --tls-cert, the certificate of the TLS server";
	if (!run->inside.nitriding && run->inside.tls_cert != NULL)
		return "serve: --tls-cert goes with --shape nitriding";
	return NULL;
}

static int run_serve(struct attest_run *run)
{
	struct listen_address address;
	struct module module;
	sigset_t deadly;
	sigset_t before;
	int signal_number = 0;
	const char *message = usage_error(run);

	if (message != NULL)
		return attest_usage(run, message);
	if (!listen_parse(run->inside.listen, &address))
		return attest_usage(run, "serve: --listen: HOST:PORT by number, or vsock:PORT");
	if (run->inside.rate == 0)
		run->inside.rate = RATE_DEFAULT;
	int status = module_open(run, &module);
	if (status != CLI_PASS)
		return status;
	serve_signals(&deadly);
	(void)sigprocmask(SIG_BLOCK, &deadly, &before);
	status = listen_and_serve(run, &module, &address, &deadly, &signal_number);
	module_close(&module);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	/* die by it, as whoever sent it expects; the first process of a system cannot, and ends */
	if (signal_number != 0)
		(void)raise(signal_number);
	return status;
}

const struct attest_verb attest_serve = {
	.name = "serve",
	.tables = { { options, sizeof(options) / sizeof(options[0]) } },
	.apply = apply,
	.run = run_serve,
};
