/* credentials.yaml: what `reticle auth` keeps, beside config.yaml and with the same grammar, but with
 * nothing in it except secrets and which profile is the default one. The program writes this file
 * and never config.yaml, so a file that a person keeps in order (or under version control) is not
 * rewritten, and the only file that must be 0600 is one that nobody has to edit.
 *
 * What it says wins over config.yaml. A profile that is only here has the default settings. */
#ifndef RETICLE_CONFIG_SECRETS_H
#define RETICLE_CONFIG_SECRETS_H

#include "config/config.h"

#define SECRETS_FILE "credentials.yaml"

/* Read dir/credentials.yaml into c. A missing file is no error; one that others can read, that is a
 * link or that holds settings is ERR_CONFIG, with the remedy. */
enum err secrets_merge(struct config *c, const char *dir, struct errinfo *ei);

/* Write the secrets of one profile; empty ones are taken out, all empty takes the entry out. The new
 * file is 0600 and replaces the old one in one step. Makes dir when it is missing. */
enum err secrets_save(
    const char *dir, const char *profile, const struct credentials *cred, struct errinfo *ei);
/* What the file holds for the profile; false (out empty) when nothing. The caller wipes out. */
bool secrets_get(const char *dir, const char *profile, struct credentials *out);
/* Make it the profile that is used when none is named; the entry is made if needed. */
enum err secrets_set_default(const char *dir, const char *profile, struct errinfo *ei);

#endif
