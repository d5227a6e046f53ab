/* ~/.twurlrc, the file of twurl: profiles by user name and consumer key (reference 9.5). Only read,
 * and only what import needs; aliases and bearer tokens are passed over. */
#ifndef RETICLE_CLI_TWURLRC_H
#define RETICLE_CLI_TWURLRC_H

#include <stddef.h>
#include "base/err.h"
#include "config/config.h"

#define TWURL_MOST 64

struct twurl_entry {
	char username[65];
	struct credentials cred;
};
struct twurl {
	struct twurl_entry *v;
	size_t n;
	char default_user[65], default_key[CREDENTIAL_MAX];
};

enum err twurl_parse(struct twurl *t, const char *text, size_t n, struct errinfo *ei);
void twurl_done(struct twurl *t); /* wipes */
/* The entry of that user (NULL or "": the default one, else the only one). ERR_USAGE says which
 * there are, or that the user has several consumer keys and which to make the default. */
const struct twurl_entry *twurl_choose(
    const struct twurl *t, const char *username, struct errinfo *ei);

#endif
