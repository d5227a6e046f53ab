#include "sandbox/tls.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include "base/mem.h"

#define DAY_S 86400

bool tls_mode_by_name(const char *name, enum tls_mode *mode)
{
	static const char *const names[] = {
	    "off", "good", "expired", "wronghost", "selfsigned", "old"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i], name) == 0) {
			*mode = (enum tls_mode)i;
			return true;
		}
	}
	return false;
}

static char *bio_text(BIO *b)
{
	char *p;
	long n = BIO_get_mem_data(b, &p);
	char *out = n > 0 ? mem_strndup(p, (size_t)n) : NULL;

	BIO_free(b);
	return out;
}

static char *pem_of_key(EVP_PKEY *key)
{
	BIO *b = BIO_new(BIO_s_mem());

	/* the traditional form: every GnuTLS reads it */
	PEM_write_bio_PrivateKey_traditional(b, key, NULL, NULL, 0, NULL, NULL);
	return bio_text(b);
}

static char *pem_of_certificate(X509 *x)
{
	BIO *b = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(b, x);
	return bio_text(b);
}

static void add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

struct wish {
	const char *name, *alternatives; /* alternatives NULL: it is the CA */
	long from_s, to_s; /* around now */
	long serial;
};

static X509 *make(const struct wish *w, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), w->serial);
	X509_gmtime_adj(X509_getm_notBefore(x), w->from_s);
	X509_gmtime_adj(X509_getm_notAfter(x), w->to_s);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)w->name, -1, -1, 0);
	X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : name);
	if (w->alternatives)
		add_extension(x, NID_subject_alt_name, w->alternatives);
	else
		add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	X509_sign(x, issuer_key, EVP_sha256());
	return x;
}

enum err tls_make(struct tls *t, enum tls_mode mode, struct errinfo *ei)
{
	static const struct wish authority = {
	    .name = "reticle sandbox CA", .from_s = -DAY_S, .to_s = 30 * DAY_S, .serial = 1};
	struct wish leaf = {.name = "127.0.0.1",
	    .alternatives = "IP:127.0.0.1,DNS:localhost",
	    .from_s = -DAY_S,
	    .to_s = 7 * DAY_S,
	    .serial = 2};
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = NULL, *x = NULL;

	*t = (struct tls){0};
	if (mode == TLS_EXPIRED) {
		leaf.from_s = -9 * DAY_S;
		leaf.to_s = -2 * DAY_S;
	} else if (mode == TLS_WRONG_HOST) {
		leaf.name = "ads-api.example";
		leaf.alternatives = "DNS:ads-api.example";
	} else if (mode == TLS_OLD) {
		t->priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:%COMPAT";
	}
	if (ca_key && key) {
		ca = make(&authority, ca_key, NULL, ca_key);
		x = mode == TLS_SELF_SIGNED ? make(&leaf, key, NULL, key)
					    : make(&leaf, key, ca, ca_key);
		t->key = pem_of_key(key);
		t->certificate = pem_of_certificate(x);
		t->ca = pem_of_certificate(ca);
	}
	X509_free(x);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	if (t->key && t->certificate && t->ca)
		return ERR_OK;
	tls_done(t);
	return err_set(ei, ERR_TLS, "cannot make a certificate");
}

void tls_done(struct tls *t)
{
	mem_free(t->key);
	mem_free(t->certificate);
	mem_free(t->ca);
	*t = (struct tls){0};
}
