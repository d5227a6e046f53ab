/* config.yaml to struct config. For config/ only. */
#ifndef RETICLE_CONFIG_YAML_H
#define RETICLE_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include "config/config.h"

struct yaml_text {
	const char *p;
	size_t n;
	const char *name; /* of the file, for messages */
	const char *not_private; /* why it may not hold credentials; NULL: it may */
};

/* c has the defaults; on an error its content is of no use, but config_done works. */
enum err yaml_read(struct config *c, const struct yaml_text *text, struct errinfo *ei);

/* owner is what option_offset() counts from. Implemented in config.c. */
void value_default(void *owner, enum config_option o);
enum err value_set(
    struct config *c, void *owner, enum config_option o, const char *s, struct errinfo *ei);

#endif
