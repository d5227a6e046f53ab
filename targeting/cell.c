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

static const char *os_of(const struct criterion *c, const struct expr_lookup *lookup)
{
	const char *os = lookup && lookup->os ? lookup->os(lookup->user, c) : NULL;

	if (!os && c->type == TYPE_PLATFORM)
		os = platform_os(c->value);
	return os ? os : "";
}

struct cell cell_of(const struct criterion *c, const struct expr_lookup *lookup)
{
	struct cell cell = {.kind = CELL_OTHER, .type = c->type, .text = ""};

	switch (expr_role(c->type, c->op)) {
	case EXPR_EXCLUDE:
		return (struct cell){.kind = CELL_EXCLUDE, .text = ""};
	case EXPR_MODIFIER:
		return (struct cell){.kind = CELL_HOW, .text = ""};
	case EXPR_PRIMARY:
		return (struct cell){
		    .kind = c->type == TYPE_CAMPAIGN_ENGAGEMENT || c->type == TYPE_USER_ENGAGEMENT
				? CELL_ENGAGED
				: CELL_PRIMARY,
		    .text = ""};
	case EXPR_OTHER:
		break;
	}
	switch (c->type) {
	case TYPE_PLATFORM:
	case TYPE_DEVICE:
		return (struct cell){.kind = CELL_DEVICE, .text = os_of(c, lookup)};
	case TYPE_PLATFORM_VERSION:
		return (struct cell){.kind = CELL_VERSION, .text = os_of(c, lookup)};
	case TYPE_NETWORK_ACTIVATION_DURATION:
		cell.op = c->op;
		return cell;
	case TYPE_UNKNOWN:
		cell.text = c->type_name ? c->type_name : "";
		return cell;
	default:
		return cell;
	}
}

bool cell_equal(const struct cell *a, const struct cell *b)
{
	return a->kind == b->kind && a->type == b->type && a->op == b->op &&
	       (a->text == b->text || !strcasecmp(a->text, b->text));
}
