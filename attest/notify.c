#include "attest/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool notify_send(const char *socket_name, const char *lines)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = socket_name != NULL ? strlen(socket_name) : 0;

	if (len < 2 || len > sizeof(address.sun_path) - 1 ||
	    (socket_name[0] != '/' && socket_name[0] != '@'))
		return false;
	memcpy(address.sun_path, socket_name, len);
	/* the name ends with its length there, not with a NUL */
	if (socket_name[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	ssize_t sent = sendto(fd, lines, strlen(lines), MSG_NOSIGNAL,
			      (const struct sockaddr *)&address, size);
	(void)close(fd);
	return sent == (ssize_t)strlen(lines);
}
