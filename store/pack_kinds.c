/* Which fields of a record a blob has, and in which order. */
#include "store/pack.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define S(type, f)                                                                                 \
	{                                                                                          \
		PACK_STRING, offsetof(struct type, f)                                              \
	}
#define D(type, f)                                                                                 \
	{                                                                                          \
		PACK_SHARED, offsetof(struct type, f)                                              \
	}
#define M(type, f)                                                                                 \
	{                                                                                          \
		PACK_MONEY, offsetof(struct type, f)                                               \
	}
#define T(type, f)                                                                                 \
	{                                                                                          \
		PACK_TIME, offsetof(struct type, f)                                                \
	}
#define B(type, f)                                                                                 \
	{                                                                                          \
		PACK_FLAG, offsetof(struct type, f)                                                \
	}

static const struct pack_field account_fields[] = {S(account, id), S(account, name),
    D(account, timezone), D(account, approval_status), S(account, business_name),
    T(account, created_at), T(account, updated_at), B(account, deleted)};

static const struct pack_field campaign_fields[] = {S(campaign, id), S(campaign, name),
    D(campaign, entity_status), D(campaign, effective_status), D(campaign, currency),
    D(campaign, reasons_not_servable), M(campaign, daily_budget_micro),
    M(campaign, total_budget_micro), T(campaign, created_at), T(campaign, updated_at),
    B(campaign, deleted), B(campaign, servable)};

static const struct pack_field line_item_fields[] = {S(line_item, id), S(line_item, name),
    D(line_item, campaign_id), D(line_item, objective), D(line_item, product_type),
    D(line_item, entity_status), D(line_item, goal), D(line_item, bid_strategy),
    D(line_item, currency), D(line_item, placements), D(line_item, audience_expansion),
    M(line_item, bid_micro), M(line_item, daily_budget_micro), M(line_item, total_budget_micro),
    T(line_item, start_time), T(line_item, end_time), T(line_item, created_at),
    T(line_item, updated_at), B(line_item, deleted)};

static const struct pack_field promotable_user_fields[] = {S(promotable_user, id),
    S(promotable_user, user_id), D(promotable_user, promotable_user_type),
    B(promotable_user, deleted)};

static const struct pack_field audience_fields[] = {S(audience, id), S(audience, name),
    S(audience, description), D(audience, audience_type), D(audience, permission_level),
    D(audience, owner_account_id), D(audience, reasons_not_targetable),
    D(audience, targetable_types), S(audience, raw),
    {PACK_NUMBER, offsetof(struct audience, audience_size)}, T(audience, created_at),
    T(audience, updated_at), B(audience, targetable), B(audience, is_owner), B(audience, deleted)};

static const struct pack_field option_fields[] = {
    S(option, value), S(option, name), D(option, kind), D(option, country), S(option, extra)};

/* pack_match_criteria() relies on this order. `type` is found again from type_name, so that the
 * numbering of types.def may change. line_item_id is shared: it is one word in the blob. */
static const struct pack_field criterion_fields[] = {S(criterion, id), S(criterion, value),
    S(criterion, name), S(criterion, localized_name), D(criterion, type_name),
    D(criterion, location_type), D(criterion, line_item_id),
    {PACK_OP, offsetof(struct criterion, op)}, T(criterion, created_at), T(criterion, updated_at),
    B(criterion, deleted)};

#undef S
#undef D
#undef M
#undef T
#undef B
#define KIND(name, per_chunk)                                                                      \
	const struct pack_kind pack_##name = {                                                     \
	    name##_fields, COUNT(name##_fields), sizeof(struct name), per_chunk, false};
KIND(account, 128)
KIND(campaign, 128)
KIND(line_item, 128)
KIND(promotable_user, 128)
KIND(audience, 64)
KIND(option, 512)
KIND(criterion, SIZE_MAX)
#undef KIND
const struct pack_kind pack_near_criterion = {
    criterion_fields, COUNT(criterion_fields), sizeof(struct criterion), SIZE_MAX, true};
