#include "config/options.h"

#include <stddef.h>
#include <string.h>

const struct config_option_info *config_option_info(enum config_option o)
{
	static const struct config_option_info rows[CONFIG_OPT_COUNT] = {
#define O(scope, field, type, min, max, dflt, touches, help)                                       \
	[CONFIG_OPT_##scope##_##field] = {                                                         \
	    #field, dflt, help, min, max, CONFIG_##scope, CONFIG_##type, CONFIG_##touches},
#include "config/options.def"
#undef O
	};

	return &rows[o];
}

size_t option_offset(enum config_option o)
{
	/* KEYS and PROFILES have no single field of their own: theirs is the array */
	static const size_t rows[CONFIG_OPT_COUNT] = {
#define OWNER_TOP struct config
#define OWNER_PROFILE struct config_profile
#define OFFSET_TEXT(scope, field) offsetof(OWNER_##scope, field)
#define OFFSET_BOOL(scope, field) offsetof(OWNER_##scope, field)
#define OFFSET_INT(scope, field) offsetof(OWNER_##scope, field)
#define OFFSET_ARGV(scope, field) offsetof(OWNER_##scope, field)
#define OFFSET_KEYS(scope, field) offsetof(OWNER_##scope, field)
#define OFFSET_PROFILES(scope, field) offsetof(OWNER_##scope, field)
#define OFFSET_SECRET(scope, field) offsetof(struct credentials, field)
#define O(scope, field, type, min, max, dflt, touches, help)                                       \
	[CONFIG_OPT_##scope##_##field] = OFFSET_##type(scope, field),
#include "config/options.def"
#undef O
	};

	return rows[o];
}

bool option_find(enum config_scope scope, const char *name, enum config_option *out)
{
	for (unsigned o = 0; o < CONFIG_OPT_COUNT; o++) {
		const struct config_option_info *info = config_option_info(o);

		if (info->scope == scope && strcmp(info->name, name) == 0) {
			*out = o;
			return true;
		}
	}
	return false;
}

size_t option_names(enum config_scope scope, const char *out[CONFIG_OPT_COUNT])
{
	size_t n = 0;

	for (unsigned o = 0; o < CONFIG_OPT_COUNT; o++)
		if (config_option_info(o)->scope == scope)
			out[n++] = config_option_info(o)->name;
	return n;
}
