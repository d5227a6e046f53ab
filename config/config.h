/* The user's configuration: config.yaml, read with libyaml's event interface under strict bounds
 * (64 KiB, depth 16, no anchors, aliases, tags, further documents, duplicate or unknown keys).
 *
 * Errors read `file:line:column: unknown key "x" (did you mean "y"?)`. Strings belong to the
 * config and live until config_done. Credentials are kept apart from everything else: they leave
 * only through config_credentials() and are wiped. */
#ifndef RETICLE_CONFIG_CONFIG_H
#define RETICLE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

enum config_origin { CONFIG_DEFAULT, CONFIG_FILE };
enum config_scope { CONFIG_TOP, CONFIG_PROFILE };
enum config_type {
	CONFIG_TEXT,
	CONFIG_BOOL,
	CONFIG_INT,
	CONFIG_ARGV,
	CONFIG_SECRET,
	CONFIG_KEYS,
	CONFIG_PROFILES,
};
enum config_touches { CONFIG_NOTHING, CONFIG_SCREEN, CONFIG_KEYMAP, CONFIG_SESSION };

enum config_option { /* CONFIG_OPT_TOP_theme, CONFIG_OPT_PROFILE_account, ... */
#define O(scope, field, type, min, max, dflt, touches, help) CONFIG_OPT_##scope##_##field,
#include "config/options.def"
#undef O
	CONFIG_OPT_COUNT
};

struct config_option_info {
	const char *name, *dflt, *help;
	int64_t min, max;
	enum config_scope scope;
	enum config_type type;
	enum config_touches touches;
};

#define CREDENTIAL_MAX 256

struct credentials {
	char consumer_key[CREDENTIAL_MAX], consumer_secret[CREDENTIAL_MAX];
	char access_token[CREDENTIAL_MAX], access_token_secret[CREDENTIAL_MAX];
	char source[64]; /* for people: "helper command", "environment", "file" */
};

struct config_key {
	const char *key; /* as written: "C-s", "g g" */
	const char *command; /* command line; NULL for "<none>": the default binding is removed */
	size_t line; /* in the file, for messages of the keymap */
};

struct config_profile {
	const char *name;
	const char *base_url, *api_version, *ca_bundle; /* ca_bundle "" : the system's */
	const char *oauth_url; /* where `reticle auth login` signs in */
	const char *account; /* "" when none */
	const char *const *credentials_command; /* NULL-terminated; NULL when none */
	bool read_only;
	bool has_file_credentials;
	struct credentials *file_credentials; /* NULL when none; wiped by config_done */
	const char *secrets_file; /* path of credentials.yaml if some come from there, else NULL */
	uint8_t origin[CONFIG_OPT_COUNT]; /* enum config_origin */
};

struct config {
	struct arena arena;
	char file[1024]; /* the file that was read; "" when there is none */
	const char *default_profile, *theme;
	const char *log; /* path, or a name in the state directory; "" when none */
	const char *log_level;
	struct config_profile *profiles;
	size_t n_profiles, cap_profiles;
	struct config_key *keys;
	size_t n_keys, cap_keys;
	int64_t cache_days, batch_size, timeout_seconds;
	bool mouse, ascii, post_without_lock;
	uint8_t origin[CONFIG_OPT_COUNT];
};

void config_init(struct config *c); /* the defaults */
void config_done(struct config *c);
/* Read dir/config.yaml, then dir/credentials.yaml (config/secrets.h), over the defaults. A missing
 * file is no error. On an error c still has the
 * defaults (so that the program can start and show the message). dir "" reads nothing. */
enum err config_load(struct config *c, const char *dir, struct errinfo *ei);
/* The same for text in memory; name appears in the messages. is_private: may hold credentials. */
enum err config_parse(struct config *c, const char *text, size_t n, const char *name,
    bool is_private, struct errinfo *ei);

/* The profile of that name; NULL or "": the default profile, else the only one. NULL when there is
 * none, and ei says what to do. */
const struct config_profile *config_profile(
    const struct config *c, const char *name, struct errinfo *ei);
/* A profile made by the program (the demo, an environment without a file); NULL without memory.
 * Pointers to other profiles become invalid. */
struct config_profile *config_add_profile(struct config *c, const char *name);

/* Find the credentials: helper command, else environment (RETICLE_CONSUMER_KEY,
 * RETICLE_CONSUMER_SECRET, RETICLE_ACCESS_TOKEN, RETICLE_ACCESS_TOKEN_SECRET: all or none; they are
 * overwritten and unset), else file. ERR_AUTH with what to do when there are none. The caller wipes
 * out with credentials_wipe(). */
enum err config_credentials(
    const struct config_profile *p, struct credentials *out, struct errinfo *ei);
/* Only the consumer key and secret, from the environment, else the file: what signing in needs.
 * ERR_AUTH when there is not both. */
enum err config_consumer(
    const struct config_profile *p, struct credentials *out, struct errinfo *ei);
void credentials_wipe(struct credentials *c);
/* For a process that needs none: those of the environment are overwritten and unset. */
void credentials_leave_environment(void);
/* Once they are where they are needed: those that were read from files are wiped. */
void config_forget_credentials(struct config *c);

/* Where the credentials would come from, without reading a secret or running the helper. */
struct credentials_place {
	char source[64]; /* as in struct credentials; "" when there are none */
	char place[1024]; /* the program, the variables or the path */
	char missing[128]; /* "access_token, ...": what is not there; "" when all is, or unknown */
};
void config_credentials_place(
    const struct config *c, const struct config_profile *p, struct credentials_place *out);

const struct config_option_info *config_option_info(enum config_option o);

#endif
