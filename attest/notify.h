/* Words to the service manager that started this program, in systemd's protocol (sd_notify(3)): one datagram of
 * lines NAME=VALUE to a socket of AF_UNIX that the environment names. */
#ifndef ATTEST_NOTIFY_H
#define ATTEST_NOTIFY_H

#include <stdbool.h>

/* `socket_name` is that of NOTIFY_SOCKET: a path that begins with / or, in the abstract name space, @. NULL, or any
 * other: nothing is sent. Nobody is waited for, and that nobody listens is no trouble. False: not sent. */
bool notify_send(const char *socket_name, const char *lines);

#endif
