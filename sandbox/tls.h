/* Throw-away certificates for a TLS listener: one that a client which trusts the CA must accept, and
 * those that it must refuse (reliability A9). Made anew at every start; nothing is kept. */
#ifndef RETICLE_SANDBOX_TLS_H
#define RETICLE_SANDBOX_TLS_H

#include <stdbool.h>
#include "base/err.h"

enum tls_mode {
	TLS_OFF,
	TLS_GOOD, /* for 127.0.0.1 and localhost, signed by the CA */
	TLS_EXPIRED, /* the same, but its time is over */
	TLS_WRONG_HOST, /* for another name */
	TLS_SELF_SIGNED, /* signed by nobody else */
	TLS_OLD /* good certificate, but TLS 1.1 is the newest version offered */
};

struct tls {
	char *key, *certificate, *ca; /* PEM */
	const char *priorities; /* of GnuTLS, NULL: its default */
};

bool tls_mode_by_name(const char *name, enum tls_mode *mode);
enum err tls_make(struct tls *t, enum tls_mode mode, struct errinfo *ei);
void tls_done(struct tls *t);

#endif
