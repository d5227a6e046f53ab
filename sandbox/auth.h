/* Who is calling: checks the OAuth signature of a call and answers as the gateway does.
 *
 * Gateway errors have numeric codes and no request echo (reference 1.7): 400/215 no or garbled
 * credentials, 401/32 bad signature or a nonce used twice, 401/89 unknown or revoked token,
 * 401/135 timestamp more than five minutes off. */
#ifndef RETICLE_SANDBOX_AUTH_H
#define RETICLE_SANDBOX_AUTH_H

#include <stdbool.h>
#include <stdint.h>
#include "sandbox/params.h"

#define AUTH_SKEW_S 300

struct call;

struct nonces {
	struct nonce **chains;
	int64_t pruned_s;
};

void nonces_init(struct nonces *n);
void nonces_done(struct nonces *n);
/* Remember token + nonce; false when that pair was seen within the last ten minutes. */
bool nonces_take(struct nonces *n, const char *token, const char *nonce, int64_t now_s);

/* Which token a request must be signed with. */
enum auth_token { TOKEN_ACCESS, TOKEN_REQUEST, TOKEN_NONE };

/* The same check for the steps of the sign-in; *oauth gets the oauth_* parameters. */
bool auth_check_with(struct call *c, enum auth_token kind, struct params *oauth);
/* Reads query and form parameters into c->params and checks the signature. True: c->user is known.
 * False: c->status and c->out are the gateway's answer. */
bool auth_check(struct call *c);
void auth_refuse(struct call *c, int http, int code, const char *message);

#endif
