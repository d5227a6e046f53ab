#include "targeting/types.h"

#include <string.h>

#define ROWS(a) (sizeof(a) / sizeof(a)[0])

struct type_row {
	struct type_info info;
	size_t len; /* of the name: a different length settles most comparisons */
};

#define T(name_, label_, class_, value_, ops_, limit_, lookup_)                                    \
	[TYPE_##name_] = {                                                                         \
	    .info = {.name = #name_,                                                               \
		.label = label_,                                                                   \
		.class = CLASS_##class_,                                                           \
		.value = VALUE_##value_,                                                           \
		.ops = ops_,                                                                       \
		.limit = limit_,                                                                   \
		.lookup = lookup_},                                                                \
	    .len = sizeof #name_ - 1,                                                              \
	},
static const struct type_row types[TYPE_COUNT] = {
    [TYPE_UNKNOWN] = {.info = {.name = "UNKNOWN",
			  .label = "Unknown type",
			  .class = CLASS_OTHER,
			  .value = VALUE_OPAQUE,
			  .lookup = ""}},
#include "targeting/types.def"
};
#undef T

static const char *const ops[OP_COUNT] = {
    [OP_EQ] = "EQ", [OP_NE] = "NE", [OP_GTE] = "GTE", [OP_LT] = "LT", [OP_OTHER] = "?"};

const struct type_info *type_info(enum targeting_type t)
{
	return &types[(unsigned)t < TYPE_COUNT ? t : TYPE_UNKNOWN].info;
}

enum targeting_type type_by_name(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	for (size_t i = TYPE_UNKNOWN + 1; i < TYPE_COUNT; i++)
		if (types[i].len == len && !memcmp(types[i].info.name, name, len))
			return (enum targeting_type)i;
	return TYPE_UNKNOWN;
}

bool type_is_keyword(enum targeting_type t)
{
	return type_info(t)->value == VALUE_KEYWORD && type_info(t)->class == CLASS_PRIMARY;
}

bool type_allows(enum targeting_type t, enum operator_type op)
{
	return (unsigned)op < OP_OTHER && (type_info(t)->ops & (1u << op));
}

const char *op_name(enum operator_type op)
{
	return ops[(unsigned)op < OP_COUNT ? op : OP_OTHER];
}

enum operator_type op_by_name(const char *name)
{
	for (size_t i = 0; name && i < OP_OTHER; i++)
		if (!strcmp(ops[i], name))
			return (enum operator_type)i;
	return OP_OTHER;
}

/* Reference 2.7.1: 20 buckets, taken from the published SDK; there is no 18-24 and no 50-54. */
static const struct type_enum_value ages[] = {{"AGE_13_TO_24", "13-24"}, {"AGE_13_TO_34", "13-34"},
    {"AGE_13_TO_49", "13-49"}, {"AGE_13_TO_54", "13-54"}, {"AGE_OVER_13", "13+"},
    {"AGE_18_TO_34", "18-34"}, {"AGE_18_TO_49", "18-49"}, {"AGE_18_TO_54", "18-54"},
    {"AGE_OVER_18", "18+"}, {"AGE_21_TO_34", "21-34"}, {"AGE_21_TO_49", "21-49"},
    {"AGE_21_TO_54", "21-54"}, {"AGE_OVER_21", "21+"}, {"AGE_25_TO_49", "25-49"},
    {"AGE_25_TO_54", "25-54"}, {"AGE_OVER_25", "25+"}, {"AGE_35_TO_49", "35-49"},
    {"AGE_35_TO_54", "35-54"}, {"AGE_OVER_35", "35+"}, {"AGE_OVER_50", "50+"}};

static const struct type_enum_value genders[] = {{"1", "Male"}, {"2", "Female"}};

static const struct type_enum_value engagements[] = {{"IMPRESSION", "Saw the ad"},
    {"ENGAGEMENT", "Engaged"}, {"VIDEO_VIEW", "Viewed the video"},
    {"VIDEO_VIEW_PARTIAL", "Viewed at least half of the video"},
    {"VIDEO_VIEW_COMPLETE", "Viewed at least 95% of the video"}};

/* The value of the flag is not documented; 1 is unconfirmed (reference 2.7.1). */
static const struct type_enum_value wifi[] = {{"1", "Wi-Fi only"}};

const struct type_enum_value *type_enum_values(enum targeting_type t, size_t *n)
{
	switch (t) {
	case TYPE_AGE:
		*n = ROWS(ages);
		return ages;
	case TYPE_GENDER:
		*n = ROWS(genders);
		return genders;
	case TYPE_ENGAGEMENT_TYPE:
		*n = ROWS(engagements);
		return engagements;
	case TYPE_WIFI_ONLY:
		*n = ROWS(wifi);
		return wifi;
	default:
		*n = 0;
		return NULL;
	}
}
