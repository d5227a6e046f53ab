/* credentials.yaml: written private and whole, read back, merged over config.yaml. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fs.h"
#include "config/secrets.h"

static char dir[64], file[128], main_file[128];

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/reticle-secrets-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof file, "%s/" SECRETS_FILE, dir);
	snprintf(main_file, sizeof main_file, "%s/config.yaml", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(file);
	unlink(main_file);
	return rmdir(dir);
}

static void put(const char *path, const char *text)
{
	struct errinfo ei;

	assert_int_equal(fs_write(path, text, strlen(text), &ei), ERR_OK);
}

static enum err load(struct config *c, struct errinfo *ei)
{
	*ei = (struct errinfo){0};
	config_init(c);
	return config_load(c, dir, ei);
}

static void what_is_saved_is_private_and_comes_back(void **state)
{
	struct credentials odd = {
	    .consumer_key = "k\"\\: #", .access_token = "t", .access_token_secret = "'s%"};
	struct credentials back;
	struct errinfo ei;
	struct stat st;

	(void)state;
	umask(0);
	assert_int_equal(secrets_save(dir, "w\"ork: \\", &odd, &ei), ERR_OK);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(secrets_get(dir, "w\"ork: \\", &back));
	assert_string_equal(back.consumer_key, odd.consumer_key);
	assert_string_equal(back.consumer_secret, "");
	assert_string_equal(back.access_token_secret, odd.access_token_secret);
	assert_false(secrets_get(dir, "other", &back));
	assert_int_equal(
	    secrets_save(dir, "other", &(struct credentials){.access_token = "o"}, &ei), ERR_OK);
	assert_true(secrets_get(dir, "w\"ork: \\", &back));
	assert_int_equal(secrets_save(dir, "w\"ork: \\", &(struct credentials){0}, &ei), ERR_OK);
	assert_false(secrets_get(dir, "w\"ork: \\", &back));
	assert_true(secrets_get(dir, "other", &back));
}

static void it_wins_over_the_configuration_value_by_value(void **state)
{
	const struct config_profile *p;
	struct credentials cred;
	struct errinfo ei;
	struct config c;

	(void)state;
	put(main_file, "default_profile: a\nprofiles:\n  a: {account: x}\n  b:\n    account: y\n"
		       "    consumer_key: mk\n    consumer_secret: ms\n    access_token: mt\n");
	cred = (struct credentials){.access_token = "ft", .access_token_secret = "fs"};
	assert_int_equal(secrets_save(dir, "b", &cred, &ei), ERR_OK);
	assert_int_equal(secrets_set_default(dir, "b", &ei), ERR_OK);
	assert_int_equal(load(&c, &ei), ERR_OK);
	p = config_profile(&c, NULL, &ei);
	assert_non_null(p);
	assert_string_equal(p->name, "b");
	assert_string_equal(p->account, "y");
	assert_string_equal(p->file_credentials->consumer_key, "mk");
	assert_string_equal(p->file_credentials->access_token, "ft");
	assert_string_equal(p->file_credentials->access_token_secret, "fs");
	assert_string_equal(p->secrets_file, file);
	config_done(&c);
}

static void alone_it_is_a_profile_with_default_settings(void **state)
{
	const struct config_profile *p;
	struct errinfo ei;
	struct config c;

	(void)state;
	assert_int_equal(
	    secrets_save(dir, "new", &(struct credentials){.access_token = "t"}, &ei), ERR_OK);
	assert_int_equal(load(&c, &ei), ERR_OK);
	p = config_profile(&c, NULL, &ei);
	assert_non_null(p);
	assert_string_equal(p->base_url, "https://ads-api.x.com");
	assert_string_equal(p->oauth_url, "https://api.x.com");
	config_done(&c);
}

static void a_file_that_others_read_or_with_settings_is_refused(void **state)
{
	struct errinfo ei;
	struct config c;

	(void)state;
	put(file, "profiles:\n  a:\n    access_token: CANARY\n");
	assert_int_equal(chmod(file, 0640), 0);
	assert_int_equal(load(&c, &ei), ERR_CONFIG);
	assert_non_null(strstr(ei.msg, "chmod 600"));
	assert_int_equal(c.n_profiles, 0);
	config_done(&c);
	assert_int_equal(
	    secrets_save(dir, "a", &(struct credentials){.access_token = "t"}, &ei), ERR_CONFIG);
	put(file, "profiles:\n  a:\n    access_token: CANARY\n    account: x\n");
	assert_int_equal(load(&c, &ei), ERR_CONFIG);
	assert_non_null(strstr(ei.msg, "account is a setting"));
	assert_null(strstr(ei.msg, "CANARY"));
	config_done(&c);
	put(file, "theme: dark\n");
	assert_int_equal(load(&c, &ei), ERR_CONFIG);
	config_done(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_saved_is_private_and_comes_back),
	    TEST(it_wins_over_the_configuration_value_by_value),
	    TEST(alone_it_is_a_profile_with_default_settings),
	    TEST(a_file_that_others_read_or_with_settings_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
