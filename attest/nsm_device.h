/* The Nitro Security Module as Linux shows it inside an enclave: /dev/nsm and one ioctl.
 *
 *   _IOWR(0x0A, 0, 32 bytes) = 0xC0200A00 on { u64 address, u64 length } of the request and the same
 *   of the room for the answer, whose length the driver writes back.
 *
 * Source: include/uapi/linux/nsm.h of Linux 6.8 and later; aws-nitro-enclaves-nsm-api, src/driver. */
#ifndef ATTEST_NSM_DEVICE_H
#define ATTEST_NSM_DEVICE_H

#include "attest/nsm.h"

#define NSM_DEVICE_PATH "/dev/nsm"

/* An open device. End with nsm_device_close. */
struct nsm_device {
	int fd;
};

/* Opens the device; *ret then asks it, as long as *device lives. REASON_NSM_ABSENT: there is none;
 * REASON_NSM_DEVICE: it cannot be opened. Both set *reterr_errno. */
enum reason nsm_device_open(const char *path, struct nsm_device *device, struct nsm *ret,
			    int *reterr_errno) MUST_CHECK;
void nsm_device_close(struct nsm_device *device);

#endif
