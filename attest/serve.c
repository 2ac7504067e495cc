#include "attest/serve.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* A connection that is open. */
struct slot {
	bool used;
	bool cut;
	int fd;
	int64_t since_ms;
};

struct state {
	const struct serve *serve;
	struct slot slots[SERVE_CONNECTIONS_MAX];
	size_t open;
};

/* A request while its body arrives. */
struct incoming {
	struct buf body;
	bool too_long;
};

static enum MHD_Result put_header(struct MHD_Response *response, const char *name,
				  const char *value)
{
	return MHD_add_response_header(response, name, value);
}

/* Sends an answer and ends it. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, struct answer_reply *answer)
{
	struct buf seconds = { 0 };
	struct span body = buf_span(&answer->body);
	/* the library copies what it is not to free, and takes it as not const all the same */
	struct MHD_Response *response =
		MHD_create_response_from_buffer(body.len, answer->body.at, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result sent = MHD_NO;

	buf_printf(&seconds, "%u", answer->retry_after_s);
	char *retry = buf_take_text(&seconds);
	if (response != NULL && retry != NULL && !answer->body.failed &&
	    put_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type) == MHD_YES &&
	    put_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES &&
	    put_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES &&
	    (answer->allow == NULL ||
	     put_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow) == MHD_YES) &&
	    (answer->retry_after_s == 0 ||
	     put_header(response, MHD_HTTP_HEADER_RETRY_AFTER, retry) == MHD_YES))
		sent = MHD_queue_response(connection, answer->status, response);
	if (response != NULL)
		MHD_destroy_response(response);
	free(retry);
	answer_done(answer);
	return sent;
}

/* A length that the request announces, above what is read. */
static bool announces_too_much(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length != NULL && strtoull(length, NULL, 10) > ANSWER_BODY_MAX;
}

static enum MHD_Result too_long(struct MHD_Connection *connection)
{
	struct answer_reply answer = { .status = 0 };

	answer_say(&answer, 413, "the body is longer than 16384 bytes");
	return send_answer(connection, &answer);
}

/* The headers are there: what can be refused by them alone is refused before any body is read. */
static enum MHD_Result begin(const struct state *state, struct MHD_Connection *connection,
			     const char *method, const char *path, void **request)
{
	struct answer_reply answer = { .status = 0 };

	if (!answer_route(state->serve->answerer, method, path, &answer))
		return send_answer(connection, &answer);
	if (announces_too_much(connection))
		return too_long(connection);
	*request = calloc(1, sizeof(struct incoming));
	return *request == NULL ? MHD_NO : MHD_YES;
}

static enum MHD_Result finish(const struct state *state, struct MHD_Connection *connection,
			      const char *method, const char *path, const struct incoming *incoming)
{
	const struct serve *serve = state->serve;
	const struct answer_request request = {
		.method = method,
		.path = path,
		.nonce = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "nonce"),
		.body = buf_span(&incoming->body),
	};
	struct answer_reply answer;

	if (incoming->too_long)
		return too_long(connection);
	if (incoming->body.failed)
		return MHD_NO;
	answer_make(serve->answerer, &request, serve->ticks_ms(), &answer);
	if (answer.status == 500)
		serve->tell(serve->context, answer.trouble, answer.why);
	return send_answer(connection, &answer);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
				  const char *path, const char *method, const char *version,
				  const char *data, size_t *data_len, void **request)
{
	const struct state *state = context;

	(void)version;
	if (*request == NULL)
		return begin(state, connection, method, path, request);
	struct incoming *incoming = *request;
	if (*data_len == 0)
		return finish(state, connection, method, path, incoming);
	if (*data_len > ANSWER_BODY_MAX - incoming->body.len)
		incoming->too_long = true;
	else
		buf_add(&incoming->body, (struct span){ (const uint8_t *)data, *data_len });
	*data_len = 0;
	return MHD_YES;
}

static void on_done(void *context, struct MHD_Connection *connection, void **request,
		    enum MHD_RequestTerminationCode code)
{
	struct incoming *incoming = *request;

	(void)context;
	(void)connection;
	(void)code;
	if (incoming != NULL)
		buf_done(&incoming->body);
	free(incoming);
	*request = NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **slot_of,
			  enum MHD_ConnectionNotificationCode code)
{
	struct state *state = context;
	struct slot *slot = *slot_of;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (slot != NULL) {
			slot->used = false;
			state->open--;
		}
		*slot_of = NULL;
		return;
	}
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	for (size_t i = 0; info != NULL && i < SERVE_CONNECTIONS_MAX; i++) {
		if (state->slots[i].used)
			continue;
		state->slots[i] = (struct slot){ .used = true,
						 .fd = info->connect_fd,
						 .since_ms = state->serve->ticks_ms() };
		*slot_of = &state->slots[i];
		state->open++;
		return;
	}
}

/* The library's own limit is on silence: who sends a byte now and then would stay for ever. */
static void cut_slow_ones(struct state *state)
{
	int64_t now_ms = state->serve->ticks_ms();

	for (size_t i = 0; i < SERVE_CONNECTIONS_MAX; i++) {
		struct slot *slot = &state->slots[i];
		if (slot->used && !slot->cut && now_ms - slot->since_ms > SERVE_CONNECTION_MS) {
			(void)shutdown(slot->fd, SHUT_RDWR);
			slot->cut = true;
		}
	}
}

static int timeout_ms(const struct state *state, struct MHD_Daemon *daemon)
{
	MHD_UNSIGNED_LONG_LONG wanted_ms = 0;
	int most_ms = state->open > 0 ? 500 : -1;

	if (MHD_get_timeout(daemon, &wanted_ms) != MHD_YES)
		return most_ms;
	return most_ms < 0 || wanted_ms < (MHD_UNSIGNED_LONG_LONG)most_ms ?
		       (int)(wanted_ms > INT_MAX ? INT_MAX : wanted_ms) :
		       most_ms;
}

/* Runs until a signal arrives on `signals`, then (`signals` below 0) until everybody is answered. */
static enum reason turn(struct state *state, struct MHD_Daemon *daemon, int epoll, int signals,
			int *reterr_errno)
{
	int64_t begun_ms = state->serve->ticks_ms();

	for (;;) {
		struct pollfd fds[] = { { epoll, POLLIN, 0 }, { signals, POLLIN, 0 } };
		if (signals < 0 &&
		    (state->open == 0 || state->serve->ticks_ms() - begun_ms > SERVE_DRAIN_MS))
			return REASON_OK;
		if (poll(fds, 2, timeout_ms(state, daemon)) < 0 && errno != EINTR) {
			*reterr_errno = errno;
			return REASON_LISTEN;
		}
		if ((fds[1].revents & POLLIN) != 0)
			return REASON_OK;
		if (MHD_run(daemon) != MHD_YES) {
			*reterr_errno = errno;
			return REASON_LISTEN;
		}
		cut_slow_ones(state);
	}
}

static enum reason run_daemon(struct state *state, struct MHD_Daemon *daemon, int signals,
			      int *ret_signal, int *reterr_errno)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct signalfd_siginfo signal_info;

	*reterr_errno = 0;
	if (info == NULL)
		return REASON_LISTEN;
	int epoll = info->epoll_fd;
	enum reason reason = turn(state, daemon, epoll, signals, reterr_errno);
	if (reason != REASON_OK)
		return reason;
	if (read(signals, &signal_info, sizeof(signal_info)) != sizeof(signal_info)) {
		*reterr_errno = errno;
		return REASON_LISTEN;
	}
	*ret_signal = (int)signal_info.ssi_signo;
	/* nobody new; those who are being answered get their answer */
	MHD_socket listening = MHD_quiesce_daemon(daemon);
	if (listening != MHD_INVALID_SOCKET)
		(void)close(listening);
	return turn(state, daemon, epoll, -1, reterr_errno);
}

void serve_signals(sigset_t *ret)
{
	static const int deadly[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;

	(void)sigemptyset(ret);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		/* nohup, and shells for what runs in their background, have one ignored */
		if (sigaction(deadly[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(ret, deadly[i]);
	}
}

enum reason serve_run(const struct serve *serve, int listening, const sigset_t *signals,
		      int *ret_signal, int *reterr_errno)
{
	struct state state = { .serve = serve };
	int signal_fd = signalfd(-1, signals, SFD_CLOEXEC);
	struct MHD_Daemon *daemon = NULL;
	if (signal_fd >= 0)
		daemon = MHD_start_daemon(
			MHD_USE_EPOLL, 0, NULL, NULL, on_request, &state, MHD_OPTION_LISTEN_SOCKET,
			listening, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVE_CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, SERVE_HEADERS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(SERVE_CONNECTION_MS / 1000),
			MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_NOTIFY_CONNECTION,
			on_connection, &state, MHD_OPTION_END);
	if (daemon == NULL) {
		*reterr_errno = errno;
		(void)close(listening);
		if (signal_fd >= 0)
			(void)close(signal_fd);
		return REASON_LISTEN;
	}
	enum reason reason = run_daemon(&state, daemon, signal_fd, ret_signal, reterr_errno);
	MHD_stop_daemon(daemon);
	(void)close(signal_fd);
	return reason;
}
