#include "api/dynlib.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The ABI versions of Debian 12 and of every Linux distribution since 2006 and 2021. */
#define CURL_SONAME "libcurl.so.4"
#define CRYPTO_SONAME "libcrypto.so.3"

struct symbol {
	const char *name;
	size_t offset;
};

/* ISO C has no cast from an object pointer to a function pointer; POSIX promises the bytes. */
static enum err load(
    const char *soname, const struct symbol *symbols, size_t n, char *table, struct errinfo *ei)
{
	void *lib = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!lib)
		return err_set(ei, ERR_CONFIG, "cannot load %s; install its package", soname);
	for (size_t i = 0; i < n; i++) {
		void *p = dlsym(lib, symbols[i].name);

		if (!p) {
			dlclose(lib);
			return err_set(
			    ei, ERR_CONFIG, "%s has no function %s", soname, symbols[i].name);
		}
		memcpy(table + symbols[i].offset, &p, sizeof p);
	}
	return ERR_OK;
}

const struct curl_lib *curl_lib_get(struct errinfo *ei)
{
	static const struct symbol symbols[] = {
#define X(member, symbol) {#symbol, offsetof(struct curl_lib, member)},
#include "api/curl.def"
#undef X
	};
	static struct curl_lib lib;
	static bool loaded;

	if (loaded)
		return &lib;
	if (load(CURL_SONAME, symbols, sizeof symbols / sizeof *symbols, (char *)&lib, ei))
		return NULL;
	/* libcurl would write the keys of every connection to a file that the environment names */
	unsetenv("SSLKEYLOGFILE");
	if (lib.global_init(CURL_GLOBAL_DEFAULT)) {
		err_set(ei, ERR_NOMEM, "libcurl cannot start");
		return NULL;
	}
	loaded = true;
	return &lib;
}

const struct crypto_lib *crypto_lib_get(struct errinfo *ei)
{
	static const struct symbol symbols[] = {
#define X(member, symbol) {#symbol, offsetof(struct crypto_lib, member)},
#include "api/crypto.def"
#undef X
	};
	static struct crypto_lib lib;
	static bool loaded;

	if (loaded)
		return &lib;
	if (load(CRYPTO_SONAME, symbols, sizeof symbols / sizeof *symbols, (char *)&lib, ei))
		return NULL;
	loaded = true;
	return &lib;
}
