/* The TLS listener: a client that verifies accepts the good certificate and no other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "sandbox/sandbox.h"
#include "sandbox/server.h"

static size_t ignore(char *p, size_t size, size_t n, void *user)
{
	(void)p;
	(void)user;
	return size * n;
}

struct visit {
	CURLcode result;
	long status;
};

static struct visit visit(enum tls_mode mode)
{
	char ca[] = "/tmp/sandbox-ca-XXXXXX", url[64];
	struct options opt = {.seed = 1, .tls = mode, .ca_file = ca};
	struct errinfo ei = {0};
	struct visit v = {0};
	struct sandbox sb;
	struct server *s;
	CURL *curl = curl_easy_init();

	close(mkstemp(ca));
	assert_int_equal(sandbox_open(&sb, &opt, &ei), ERR_OK);
	s = server_start(&sb, 0, &ei);
	assert_non_null(s);
	snprintf(url, sizeof url, "https://127.0.0.1:%u/12/accounts", server_port(s));
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	v.result = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &v.status);
	curl_easy_cleanup(curl);
	server_stop(s);
	sandbox_close(&sb);
	unlink(ca);
	return v;
}

static void good_certificate_is_accepted(void **state)
{
	struct visit v = visit(TLS_GOOD);

	(void)state;
	assert_int_equal(v.result, CURLE_OK);
	assert_int_equal(v.status, 400); /* the gateway: the request was not signed */
}

static void bad_certificates_are_refused(void **state)
{
	static const enum tls_mode bad[] = {TLS_EXPIRED, TLS_WRONG_HOST, TLS_SELF_SIGNED};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(visit(bad[i]).result, CURLE_PEER_FAILED_VERIFICATION);
}

static void old_versions_of_tls_are_refused(void **state)
{
	(void)state;
	assert_int_equal(visit(TLS_OLD).result, CURLE_SSL_CONNECT_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(good_certificate_is_accepted),
	    cmocka_unit_test(bad_certificates_are_refused),
	    cmocka_unit_test(old_versions_of_tls_are_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
