#include "targeting/cell.h"

#include <string.h>
#include <strings.h>

/* Legacy types by what they meant (reference 2.7.1, 4; inferred). */
static enum expr_role legacy_role(enum targeting_type t)
{
	switch (t) {
	case TYPE_TAILORED_AUDIENCES_EXCLUDED:
	case TYPE_NEGATIVE_BEHAVIOR:
	case TYPE_NEGATIVE_PHRASE_KEYWORD:
	case TYPE_NEGATIVE_UNORDERED_KEYWORD:
	case TYPE_NEGATIVE_EXACT_KEYWORD:
	case TYPE_EXCLUDE_APP_LIST:
		return EXPR_EXCLUDE;
	case TYPE_NETWORK_ACTIVATION_DURATION_LT:
	case TYPE_NETWORK_ACTIVATION_DURATION_GTE:
	case TYPE_NETWORK_ACTIVATION_DURATION_IN_SEC:
	case TYPE_TV_MARKET:
	case TYPE_RTB_APP_CATEGORY:
	case TYPE_CUSTOM_APP_LIST:
		return EXPR_OTHER;
	default:
		return EXPR_PRIMARY;
	}
}

enum expr_role expr_role(enum targeting_type t, enum operator_type op)
{
	if (op == OP_NE)
		return EXPR_EXCLUDE;
	switch (type_info(t)->class) {
	case CLASS_PRIMARY:
		return EXPR_PRIMARY;
	case CLASS_MODIFIER:
		return EXPR_MODIFIER;
	case CLASS_LEGACY:
		return legacy_role(t);
	default:
		return EXPR_OTHER;
	}
}

/* PLATFORM has five fixed values (reference 5.1), so its OS needs no look-up. */
static const char *platform_os(const char *value)
{
	static const char *const os[] = {"iOS", "Android", "BlackBerry", "Mobile web", "Desktop"};

	return value && value[0] >= '0' && value[0] <= '4' && !value[1] ? os[value[0] - '0'] : NULL;
}

static void find_os(struct cell *cell, const struct criterion *c, const struct expr_lookup *lookup)
{
	const char *platform = c->type == TYPE_PLATFORM ? platform_os(c->value) : NULL;

	if (lookup && lookup->os)
		lookup->os(lookup->user, c, cell->os);
	if (!cell->os[0] && platform)
		memcpy(cell->os, platform, strlen(platform) + 1);
}

static enum cell_kind primary_kind(enum targeting_type t)
{
	return t == TYPE_CAMPAIGN_ENGAGEMENT || t == TYPE_USER_ENGAGEMENT ? CELL_ENGAGED
									  : CELL_PRIMARY;
}

struct cell cell_of(const struct criterion *c, const struct expr_lookup *lookup)
{
	struct cell cell = {.name = ""};

	switch (expr_role(c->type, c->op)) {
	case EXPR_EXCLUDE:
		cell.kind = CELL_EXCLUDE;
		return cell;
	case EXPR_MODIFIER:
		cell.kind = CELL_HOW;
		return cell;
	case EXPR_PRIMARY:
		cell.kind = primary_kind(c->type);
		return cell;
	case EXPR_OTHER:
		break;
	}
	switch (c->type) {
	case TYPE_PLATFORM:
	case TYPE_DEVICE:
	case TYPE_PLATFORM_VERSION:
		cell.kind = c->type == TYPE_PLATFORM_VERSION ? CELL_VERSION : CELL_DEVICE;
		find_os(&cell, c, lookup);
		return cell;
	case TYPE_NETWORK_ACTIVATION_DURATION:
		cell.op = c->op;
		break;
	case TYPE_UNKNOWN:
		cell.name = c->type_name ? c->type_name : "";
		break;
	default:
		break;
	}
	cell.kind = CELL_OTHER;
	cell.type = c->type;
	return cell;
}

bool cell_equal(const struct cell *a, const struct cell *b)
{
	return a->kind == b->kind && a->type == b->type && a->op == b->op &&
	       !strcasecmp(a->os, b->os) && !strcmp(a->name, b->name);
}
