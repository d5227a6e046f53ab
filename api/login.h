/* Signing in with a PIN (OAuth 1.0a out of band, reference 9.4): ask for a request token, let the
 * user open a page and type the PIN it shows, exchange both for the access token.
 *
 * One login at a time per struct login. The secrets live in the struct and are wiped by login_free;
 * what a callback gets must be copied before it returns. Callbacks run from the loop, never inside
 * the call, and never after login_free. */
#ifndef RETICLE_API_LOGIN_H
#define RETICLE_API_LOGIN_H

#include "base/err.h"

struct loop;
struct login;

struct login_config {
	const char *base_url; /* "https://api.x.com"; NULL is that; http for this machine only */
	const char *consumer_key, *consumer_secret;
	const char *ca_bundle; /* NULL: the system's */
};

struct login_result {
	enum err err;
	struct errinfo ei;
	const char *authorize_url; /* after login_start: what to open */
	/* after login_finish */
	const char *token, *token_secret, *user_id, *screen_name;
};
typedef void login_fn(struct login *lg, const struct login_result *res, void *user);

struct login *login_new(struct loop *l, const struct login_config *cfg, struct errinfo *ei);
void login_free(struct login *lg); /* not from its own callback */
/* ERR_NOMEM or the reason why nothing could be sent; else fn runs once. */
enum err login_start(struct login *lg, login_fn *fn, void *user, struct errinfo *ei);
/* After login_start came back well. pin: 4 to 16 digits. */
enum err login_finish(
    struct login *lg, const char *pin, login_fn *fn, void *user, struct errinfo *ei);

#endif
