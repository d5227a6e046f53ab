/* libcurl and libcrypto, loaded when first needed: linked, they would cost each start several
 * milliseconds before anything is painted. The tables curl.def and crypto.def become typed function
 * pointers; the types come from the real headers, so a wrong call does not compile.
 *
 * Loaded libraries stay until the process ends (libcurl cannot be unloaded safely while a resolver
 * thread may still run, see CURLOPT_QUICK_EXIT). Only the main thread may call this. */
#ifndef RETICLE_API_DYNLIB_H
#define RETICLE_API_DYNLIB_H

#ifndef CURL_DISABLE_TYPECHECK
#define CURL_DISABLE_TYPECHECK /* its macros would hide the function types */
#endif
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include "base/err.h"

struct curl_lib {
#define X(member, symbol) __typeof__(&symbol) member;
#include "api/curl.def"
#undef X
};

struct crypto_lib {
#define X(member, symbol) __typeof__(&symbol) member;
#include "api/crypto.def"
#undef X
};

/* NULL and ERR_CONFIG when the library or one of its functions is not there. curl_lib_get also runs
 * curl_global_init once. */
const struct curl_lib *curl_lib_get(struct errinfo *ei);
const struct crypto_lib *crypto_lib_get(struct errinfo *ei);

#endif
