/* The table of targeting types (types.def) as data. Pure; no module may keep a second list. */
#ifndef RETICLE_TARGETING_TYPES_H
#define RETICLE_TARGETING_TYPES_H

#include <stdbool.h>
#include <stddef.h>

enum targeting_type {
	TYPE_UNKNOWN = 0, /* not in the table: shown by its raw name, kept, never offered */
#define T(name, label, class, value, ops, limit, lookup) TYPE_##name,
#include "targeting/types.def"
#undef T
	TYPE_COUNT
};

enum operator_type { OP_EQ, OP_NE, OP_GTE, OP_LT, OP_OTHER, OP_COUNT };

enum type_class { CLASS_PRIMARY, CLASS_OTHER, CLASS_MODIFIER, CLASS_LEGACY };

enum value_kind {
	VALUE_KEYWORD,
	VALUE_LOOKUP,
	VALUE_ENUM,
	VALUE_AUDIENCE,
	VALUE_CAMPAIGN,
	VALUE_PROMOTABLE,
	VALUE_USER_ID,
	VALUE_NUMBER,
	VALUE_OPAQUE,
};

enum type_ops {
	OPS_EQ = 1u << OP_EQ,
	OPS_NE = 1u << OP_NE,
	OPS_EQ_NE = (1u << OP_EQ) | (1u << OP_NE),
	OPS_EQ_GTE = (1u << OP_EQ) | (1u << OP_GTE),
	OPS_LT_GTE = (1u << OP_LT) | (1u << OP_GTE),
};

struct type_info {
	const char *name; /* as the API spells it */
	const char *label; /* for people */
	enum type_class class;
	enum value_kind value;
	unsigned ops; /* bits 1u << enum operator_type */
	unsigned limit; /* most criteria of this type on one line item; 0: none documented */
	const char *lookup; /* kind under /12/targeting_criteria/, or "" */
};

/* Never NULL; TYPE_UNKNOWN has its own row ("UNKNOWN", class OTHER). */
const struct type_info *type_info(enum targeting_type t);
enum targeting_type type_by_name(const char *name); /* TYPE_UNKNOWN when not in the table */
bool type_is_keyword(enum targeting_type t); /* one of the four current keyword kinds */
bool type_allows(enum targeting_type t, enum operator_type op);

const char *op_name(enum operator_type op); /* "EQ"; "?" for OP_OTHER */
enum operator_type op_by_name(const char *name); /* OP_OTHER when unknown */

/* Fixed values of an ENUM type (AGE, GENDER, ENGAGEMENT_TYPE, WIFI_ONLY): value and label. */
struct type_enum_value {
	const char *value, *label;
};
const struct type_enum_value *type_enum_values(
    enum targeting_type t, size_t *n); /* NULL, 0: none */

#endif
