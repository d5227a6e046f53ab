/* Pre-roll content: IAB categories, content categories, publishers, curated categories. */
#ifndef RETICLE_SANDBOX_CONTENT_H
#define RETICLE_SANDBOX_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

struct rule_line;

bool content_is_iab(const char *id);
/* Countries of a curated category as "US|GB"; NULL: no such category. */
const char *content_curated_countries(const char *id);
/* The rule_line callback: is some content category of `iab` wholly in the line? (rule R49) */
bool content_iab_is_covered(void *user, const struct rule_line *line, const char *iab);
const char *content_iab_name(const char *id); /* NULL: unknown */
const char *content_publisher_name(const char *user_id);

#endif
