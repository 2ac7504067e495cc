#include "attest/nsm_device.h"

#include <errno.h>

#include "test/support.h"

/* No test opens the device itself: what is not there, and what is no such device. */
START_TEST(test_open)
{
	const struct nsm_request request = { .op = NSM_DESCRIBE_NSM };
	struct nsm_device device;
	struct buf bytes = { 0 };
	struct nsm_answer answer;
	struct nsm nsm;
	int why = 0;

	EXPECT_REASON("absent", nsm_device_open("/nowhere/nsm", &device, &nsm, &why),
		      REASON_NSM_ABSENT);
	ck_assert_int_eq(why, ENOENT);
	nsm_device_close(&device);
	EXPECT_REASON("a folder", nsm_device_open("/", &device, &nsm, &why), REASON_NSM_DEVICE);
	ck_assert_int_eq(why, EISDIR);
	EXPECT_REASON("another device", nsm_device_open("/dev/null", &device, &nsm, &why),
		      REASON_OK);
	EXPECT_REASON("another device", nsm_ask(&nsm, &request, &bytes, &answer, &why),
		      REASON_NSM_DEVICE);
	ck_assert_int_eq(why, ENOTTY);
	nsm_device_close(&device);
	nsm_device_close(&device);
	buf_done(&bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nsm_device");

	support_add(suite, "opening", test_open);
	return support_main(suite);
}
