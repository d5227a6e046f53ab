/* Which proxy the environment asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "api/proxy.h"

static const char *const names[] = {
    "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};

static void forget(void)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
}

static void a28_the_first_name_counts(void **state)
{
	(void)state;
	forget();
	assert_null(proxy_for("https://ads-api.x.com"));
	for (int i = 3; i >= 0; i--) {
		setenv(names[i], names[i], 1);
		assert_string_equal(proxy_for("https://ads-api.x.com/12/accounts"), names[i]);
	}
	setenv(names[0], "", 1); /* empty is not set */
	assert_string_equal(proxy_for("https://ads-api.x.com"), names[1]);
	forget();
}

static void a28_some_hosts_are_excepted(void **state)
{
	static const char *const excepted[] = {
	    "*", "ads-api.x.com", "x.com", ".x.com", "example.org, X.COM", "com"};
	static const char *const others[] = {
	    "", "ads-api.x.co", "i.x.com", "y.com,z.com", "ads", ","};

	(void)state;
	forget();
	setenv("all_proxy", "http://p:3128", 1);
	for (size_t i = 0; i < sizeof excepted / sizeof *excepted; i++) {
		setenv("no_proxy", excepted[i], 1);
		if (proxy_for("https://ads-api.x.com:443/12"))
			fail_msg("\"%s\" does not except it", excepted[i]);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		setenv("no_proxy", others[i], 1);
		if (!proxy_for("https://ads-api.x.com:443/12"))
			fail_msg("\"%s\" excepts it", others[i]);
	}
	forget();
}

static void a28_this_machine_has_none(void **state)
{
	static const char *const urls[] = {"http://127.0.0.1:80", "https://127.0.0.1:443/x",
	    "https://localhost", "http://[::1]:8080"};

	(void)state;
	forget();
	setenv("ALL_PROXY", "http://p:3128", 1);
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		assert_null(proxy_for(urls[i]));
	forget();
}

static void a28_no_secret_is_shown(void **state)
{
	char out[40];

	(void)state;
	proxy_name("http://user:pass@word@proxy.example:3128/", out, sizeof out);
	assert_string_equal(out, "proxy.example:3128");
	proxy_name("proxy:1", out, sizeof out);
	assert_string_equal(out, "proxy:1");
	proxy_name("socks5h://[::1]:1080", out, sizeof out);
	assert_string_equal(out, "[::1]:1080");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a28_the_first_name_counts),
	    cmocka_unit_test(a28_some_hosts_are_excepted),
	    cmocka_unit_test(a28_this_machine_has_none),
	    cmocka_unit_test(a28_no_secret_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
