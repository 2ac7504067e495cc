#include "attest/nsm_device.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct raw {
	uint64_t request_address;
	uint64_t request_len;
	uint64_t answer_address;
	uint64_t answer_len;
};

#define NSM_IOCTL_RAW _IOWR(0x0a, 0, struct raw)

_Static_assert(sizeof(struct raw) == 32 && NSM_IOCTL_RAW == 0xC0200A00, "the driver's ioctl");

/* EMSGSIZE is how the driver says that a request is too long. */
static enum reason exchange(void *context, struct span request, struct buf *answer,
			    int *reterr_errno)
{
	const struct nsm_device *device = context;
	uint8_t room[NSM_ANSWER_MAX];
	struct raw raw = {
		.request_address = (uintptr_t)request.at,
		.request_len = request.len,
		.answer_address = (uintptr_t)room,
		.answer_len = sizeof(room),
	};

	if (ioctl(device->fd, NSM_IOCTL_RAW, &raw) != 0) {
		*reterr_errno = errno;
		return errno == EMSGSIZE ? REASON_NSM_INPUT_TOO_LARGE : REASON_NSM_DEVICE;
	}
	if (raw.answer_len > sizeof(room))
		return REASON_NSM_ANSWER;
	buf_add(answer, (struct span){ room, (size_t)raw.answer_len });
	return answer->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

enum reason nsm_device_open(const char *path, struct nsm_device *device, struct nsm *ret,
			    int *reterr_errno)
{
	device->fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (device->fd < 0) {
		*reterr_errno = errno;
		return errno == ENOENT || errno == ENXIO || errno == ENODEV ? REASON_NSM_ABSENT :
									      REASON_NSM_DEVICE;
	}
	*ret = (struct nsm){ exchange, device };
	return REASON_OK;
}

void nsm_device_close(struct nsm_device *device)
{
	if (device->fd >= 0)
		(void)close(device->fd);
	device->fd = -1;
}
