#include "verify/reason.h"

#include <string.h>

#include "test/support.h"

START_TEST(test_names)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *name = reason_name((enum reason)i);
		ck_assert_msg(strlen(name) > 0, "reason %d has no name", i);
		ck_assert_msg(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name),
			      "\"%s\": only a-z, 0-9 and - are fit for a name", name);
		/* Check notes every assertion that holds: these would be some tens of thousands */
		for (int j = 0; j < i; j++) {
			if (strcmp(name, reason_name((enum reason)j)) == 0)
				ck_abort_msg("\"%s\" is the name of reasons %d and %d", name, j, i);
		}
	}
}
END_TEST

START_TEST(test_sentences)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *sentence = reason_sentence((enum reason)i);
		size_t len = strlen(sentence);
		ck_assert_msg(len > 0, "%s has no sentence", reason_name((enum reason)i));
		ck_assert_msg(sentence[len - 1] != '.' && sentence[len - 1] != ' ' &&
				      sentence[0] != ' ',
			      "\"%s\": no final stop, no blanks at the ends", sentence);
		ck_assert_msg(sentence[strcspn(sentence, "\t\r\n")] == '\0', "\"%s\": one line",
			      sentence);
	}
}
END_TEST

START_TEST(test_outside_the_table)
{
	ck_assert_str_eq(reason_name(REASON_COUNT), "unknown-reason");
	ck_assert_str_ne(reason_sentence(REASON_COUNT), "");
	ck_assert_str_eq(reason_name((enum reason)1000000), "unknown-reason");
	ck_assert_str_ne(reason_sentence((enum reason)1000000), "");
}
END_TEST

START_TEST(test_ok_is_zero)
{
	ck_assert_int_eq(REASON_OK, 0);
	ck_assert_str_eq(reason_name(REASON_OK), "ok");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reason");

	support_add(suite, "names", test_names);
	support_add(suite, "sentences", test_sentences);
	support_add(suite, "outside the table", test_outside_the_table);
	support_add(suite, "ok is zero", test_ok_is_zero);
	return support_main(suite);
}
