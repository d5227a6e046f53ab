/* Which proxy the environment asks for: decided here and not by libcurl, so that the status line can
 * say what is true. Names and their order are those of libcurl's documents (CURLOPT_PROXY):
 * https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY, but for the hosts of no_proxy or NO_PROXY. */
#ifndef RETICLE_API_PROXY_H
#define RETICLE_API_PROXY_H

#include <stddef.h>

/* The variable's value for this URL, borrowed from the environment; NULL: none. This machine is never
 * reached through a proxy, and nothing else is reached without TLS. */
const char *proxy_for(const char *url);
/* Its host and port for people, without a user's name and password. */
void proxy_name(const char *proxy, char *out, size_t cap);

#endif
