/* ~/.twurlrc as twurl writes it (reference 9.5), and as nobody should. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "cli/twurlrc.h"

#define USER(name, key)                                                                            \
	"  " name ":\n    " key ":\n      username: " name "\n      consumer_key: " key            \
	"\n      consumer_secret: cs-" key "\n      token: t-" key "\n      secret: s-" key "\n"
#define DEFAULT(name, key) "configuration:\n  default_profile:\n  - " name "\n  - " key "\n"

static const struct twurl_entry *choose(
    struct twurl *t, const char *text, const char *user, struct errinfo *ei)
{
	*ei = (struct errinfo){0};
	assert_int_equal(twurl_parse(t, text, strlen(text), ei), ERR_OK);
	return twurl_choose(t, user, ei);
}

static void the_only_user_is_taken_with_all_four_keys(void **state)
{
	struct errinfo ei;
	struct twurl t;
	const struct twurl_entry *e = choose(&t,
	    "---\nprofiles:\n" USER("furni", "CK1") "configuration: {}\naliases:\n  h: "
						    "\"/1.1/x.json\"\n"
						    "bearer_tokens:\n  CK1: \"zzz\"\n",
	    NULL, &ei);

	(void)state;
	assert_non_null(e);
	assert_string_equal(e->username, "furni");
	assert_string_equal(e->cred.consumer_key, "CK1");
	assert_string_equal(e->cred.consumer_secret, "cs-CK1");
	assert_string_equal(e->cred.access_token, "t-CK1");
	assert_string_equal(e->cred.access_token_secret, "s-CK1");
	twurl_done(&t);
}

static void the_default_profile_decides_between_users_and_keys(void **state)
{
	struct errinfo ei;
	struct twurl t;
	const struct twurl_entry *e = choose(&t,
	    "profiles:\n" USER("furni", "CK1") USER("other", "CK2") DEFAULT("other", "CK2"), NULL,
	    &ei);

	(void)state;
	assert_non_null(e);
	assert_string_equal(e->cred.consumer_key, "CK2");
	assert_non_null(twurl_choose(&t, "furni", &ei));
	twurl_done(&t);
	e = choose(&t,
	    "profiles:\n  furni:\n    A:\n      token: a\n    B:\n      consumer_key: B\n      "
	    "token: b\n" DEFAULT("furni", "B"),
	    "furni", &ei);
	assert_non_null(e);
	assert_string_equal(e->cred.access_token, "b");
	twurl_done(&t);
}

static void several_without_a_default_are_named_not_guessed(void **state)
{
	struct errinfo ei;
	struct twurl t;

	(void)state;
	assert_null(choose(&t, "profiles:\n" USER("furni", "CK1") USER("other", "CK2"), NULL, &ei));
	assert_int_equal(ei.code, ERR_USAGE);
	assert_non_null(strstr(ei.msg, "furni, other"));
	assert_null(twurl_choose(&t, "nobody", &ei));
	assert_non_null(strstr(ei.msg, "no user \"nobody\""));
	twurl_done(&t);
}

static void an_empty_file_has_nobody(void **state)
{
	static const char *const texts[] = {
	    "", "---\n", "profiles: {}\nconfiguration: {}\n", "profiles:\n", "[]", "x"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct errinfo ei;
		struct twurl t;

		assert_null(choose(&t, texts[i], NULL, &ei));
		assert_non_null(strstr(ei.msg, "none"));
		twurl_done(&t);
	}
}

static void hostile_files_are_refused_without_their_content(void **state)
{
	static const char *const texts[] = {"profiles: &a\n  x: *a\n", "profiles: [\n",
	    "[[[[[[[[[[[[]]]]]]]]]]]]", "profiles:\n  x:\n    y:\n      token: \"SEC RET\"\n",
	    "profiles:\n  x:\n    y:\n      secret: \"SECRET\\e[31m\"\n"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct errinfo ei = {0};
		struct twurl t;

		assert_int_equal(twurl_parse(&t, texts[i], strlen(texts[i]), &ei), ERR_CONFIG);
		assert_null(strstr(ei.msg, "SEC"));
		twurl_done(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_only_user_is_taken_with_all_four_keys),
	    cmocka_unit_test(the_default_profile_decides_between_users_and_keys),
	    cmocka_unit_test(several_without_a_default_are_named_not_guessed),
	    cmocka_unit_test(an_empty_file_has_nobody),
	    cmocka_unit_test(hostile_files_are_refused_without_their_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
