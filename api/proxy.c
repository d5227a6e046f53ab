#include "api/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "api/transport.h"

enum { HOST_SIZE = 256 };

static const char *first_of(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return v;
	}
	return NULL;
}

/* "https://host:port/..." */
static void host_of(const char *url, char *out, size_t cap)
{
	const char *p = strstr(url, "://");

	p = p ? p + 3 : url;
	snprintf(out, cap, "%.*s", (int)strcspn(p, ":/?"), p);
}

/* Is host the name, or below it? A leading dot of the name says nothing more. */
static bool is_below(const char *host, const char *name, size_t n)
{
	size_t len = strlen(host);

	if (n && *name == '.') {
		name++;
		n--;
	}
	return n && len >= n && strncasecmp(host + len - n, name, n) == 0 &&
	       (len == n || host[len - n - 1] == '.');
}

static bool is_excepted(const char *host)
{
	static const char *const names[] = {"no_proxy", "NO_PROXY"};
	const char *list = first_of(names, 2);

	while (list && *list) {
		list += strspn(list, ", ");
		size_t n = strcspn(list, ", ");

		if ((n == 1 && *list == '*') || is_below(host, list, n))
			return true;
		list += n;
	}
	return false;
}

const char *proxy_for(const char *url)
{
	static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
	char host[HOST_SIZE];

	host_of(url, host, sizeof host);
	if (net_is_loopback(url) || is_excepted(host))
		return NULL;
	return first_of(names, sizeof names / sizeof *names);
}

void proxy_name(const char *proxy, char *out, size_t cap)
{
	const char *p = strstr(proxy, "://"), *at;

	p = p ? p + 3 : proxy;
	at = strrchr(p, '@');
	if (at)
		p = at + 1;
	snprintf(out, cap, "%.*s", (int)strcspn(p, "/"), p);
}
