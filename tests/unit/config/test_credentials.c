#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "config/config.h"

static const char *const names[] = {"RETICLE_CONSUMER_KEY", "RETICLE_CONSUMER_SECRET",
    "RETICLE_ACCESS_TOKEN", "RETICLE_ACCESS_TOKEN_SECRET"};

static struct credentials file = {"fk", "fs", "ft", "fts", ""};
static struct config_profile p;
static struct credentials got;
static struct errinfo ei;

static int setup(void **state)
{
	(void)state;
	memset(&p, 0, sizeof p);
	memset(&ei, 0, sizeof ei);
	p.name = "test";
	for (size_t i = 0; i < 4; i++)
		unsetenv(names[i]);
	return 0;
}

static enum err by_command(const char *script)
{
	const char *argv[] = {"sh", "-c", script, NULL};

	p.credentials_command = argv;
	return config_credentials(&p, &got, &ei);
}

static void none_says_what_to_do(void **state)
{
	(void)state;
	assert_int_equal(config_credentials(&p, &got, &ei), ERR_AUTH);
	assert_non_null(strstr(ei.msg, "RETICLE_CONSUMER_KEY"));
}

static void environment_beats_file_and_is_taken_away(void **state)
{
	(void)state;
	p.file_credentials = &file;
	for (size_t i = 0; i < 4; i++)
		setenv(names[i], "env", 1);
	assert_int_equal(config_credentials(&p, &got, &ei), ERR_OK);
	assert_string_equal(got.consumer_secret, "env");
	assert_string_equal(got.source, "environment");
	for (size_t i = 0; i < 4; i++)
		assert_null(getenv(names[i]));
	assert_int_equal(config_credentials(&p, &got, &ei), ERR_OK);
	assert_string_equal(got.source, "file");
	assert_string_equal(got.access_token, "ft");
}

static void environment_is_all_or_nothing(void **state)
{
	(void)state;
	p.file_credentials = &file;
	setenv(names[1], "x", 1);
	assert_int_equal(config_credentials(&p, &got, &ei), ERR_AUTH);
	assert_string_equal(ei.msg, "credentials from the environment lack consumer_key, "
				    "access_token, access_token_secret");
	assert_string_equal(got.consumer_secret, "");
}

static void command_beats_the_environment(void **state)
{
	(void)state;
	setenv(names[0], "env", 1);
	assert_int_equal(by_command("printf 'consumer_key: a\\nconsumer_secret=b\\n\\n"
				    "access_token:c\\r\\naccess_token_secret = d'"),
	    ERR_OK);
	assert_string_equal(got.consumer_key, "a");
	assert_string_equal(got.consumer_secret, "b");
	assert_string_equal(got.access_token, "c");
	assert_string_equal(got.access_token_secret, "d");
	assert_string_equal(got.source, "helper command");
}

static void command_failures_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(by_command("exit 3"), ERR_AUTH);
	assert_string_equal(ei.msg, "credentials_command failed (status 3)");
	assert_int_equal(by_command("kill -9 $$"), ERR_AUTH);
	assert_string_equal(ei.msg, "credentials_command failed (signal 9)");
	assert_int_equal(by_command("printf 'consumer_key: a'"), ERR_AUTH);
	assert_string_equal(ei.msg,
	    "credentials from the helper command lack consumer_secret, access_token, "
	    "access_token_secret");
	assert_int_equal(by_command("echo hunter2"), ERR_AUTH);
	assert_null(strstr(ei.msg, "hunter2"));
	assert_int_equal(by_command("printf 'consumer_key: a b'"), ERR_AUTH);
	assert_int_equal(by_command("head -c 4096 /dev/zero | tr '\\0' '\\n'"), ERR_AUTH);
	assert_non_null(strstr(ei.msg, "lack consumer_key"));
	assert_int_equal(by_command("head -c 4097 /dev/zero | tr '\\0' '\\n'"), ERR_AUTH);
	assert_string_equal(ei.msg, "credentials_command printed more than 4096 bytes");
}

static void missing_program_is_named(void **state)
{
	const char *argv[] = {"/nonexistent/helper", NULL};

	(void)state;
	p.credentials_command = argv;
	assert_int_equal(config_credentials(&p, &got, &ei), ERR_AUTH);
	assert_non_null(strstr(ei.msg, "/nonexistent/helper: No such file"));
}

static void command_sees_no_secret_and_no_descriptor(void **state)
{
	(void)state;
	setenv(names[0], "canary", 1);
	assert_int_equal(by_command("env | grep -c RETICLE >&2; test -z \"$RETICLE_CONSUMER_KEY\" "
				    "&& test \"$(ls /proc/self/fd | wc -l)\" = 4 && "
				    "printf 'consumer_key: a\\nconsumer_secret: b\\n"
				    "access_token: c\\naccess_token_secret: d\\n'"),
	    ERR_OK);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(none_says_what_to_do, setup),
	    cmocka_unit_test_setup(environment_beats_file_and_is_taken_away, setup),
	    cmocka_unit_test_setup(environment_is_all_or_nothing, setup),
	    cmocka_unit_test_setup(command_beats_the_environment, setup),
	    cmocka_unit_test_setup(command_failures_are_told_apart, setup),
	    cmocka_unit_test_setup(missing_program_is_named, setup),
	    cmocka_unit_test_setup(command_sees_no_secret_and_no_descriptor, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
