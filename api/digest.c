/* The primitives that libcrypto does for us, and base64. */
#include "api/oauth.h"

#include <string.h>
#include "api/dynlib.h"

enum err digest_hmac_sha1(const void *key, size_t key_len, const void *p, size_t n,
    unsigned char out[20], struct errinfo *ei)
{
	const struct crypto_lib *lib = crypto_lib_get(ei);
	unsigned len = 0;

	if (!lib)
		return ERR_CONFIG;
	if (!lib->hmac(lib->evp_sha1(), key, (int)key_len, p, n, out, &len) || len != 20)
		return err_set(ei, ERR_NOMEM, "libcrypto cannot compute HMAC-SHA1");
	return ERR_OK;
}

enum err digest_sha256(const void *p, size_t n, char hex[DIGEST_HEX_SIZE], struct errinfo *ei)
{
	static const char digits[] = "0123456789abcdef";
	const struct crypto_lib *lib = crypto_lib_get(ei);
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	hex[0] = '\0';
	if (!lib)
		return ERR_CONFIG;
	if (lib->evp_digest(p, n, md, &len, lib->evp_sha256(), NULL) != 1 || len != 32)
		return err_set(ei, ERR_NOMEM, "libcrypto cannot compute SHA-256");
	for (unsigned i = 0; i < len; i++) {
		hex[2 * i] = digits[md[i] >> 4];
		hex[2 * i + 1] = digits[md[i] & 15];
	}
	hex[2 * len] = '\0';
	return ERR_OK;
}

void digest_base64(const unsigned char *p, size_t n, char *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (; n; p += 3) {
		uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)(n > 1 ? p[1] : 0) << 8 |
			     (uint32_t)(n > 2 ? p[2] : 0);

		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		*out++ = n > 1 ? digits[v >> 6 & 63] : '=';
		*out++ = n > 2 ? digits[v & 63] : '=';
		n = n > 3 ? n - 3 : 0;
	}
	*out = '\0';
}
