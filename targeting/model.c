#include "targeting/model.h"

#include "targeting/record.h"

/* The text fields of each record; what is not text is copied with the struct. */
#define ACCOUNT(F) F(id) F(name) F(timezone) F(approval_status) F(business_name)
#define CAMPAIGN(F)                                                                                \
	F(id) F(name) F(entity_status) F(effective_status) F(currency) F(reasons_not_servable)
#define LINE_ITEM(F)                                                                               \
	F(id)                                                                                      \
	F(campaign_id)                                                                             \
	F(name)                                                                                    \
	F(objective)                                                                               \
	F(product_type)                                                                            \
	F(entity_status) F(goal) F(bid_strategy) F(currency) F(placements) F(audience_expansion)
#define PROMOTABLE_USER(F) F(id) F(user_id) F(promotable_user_type)
#define CRITERION(F)                                                                               \
	F(id) F(line_item_id) F(type_name) F(value) F(name) F(localized_name) F(location_type)
#define AUDIENCE(F)                                                                                \
	F(id)                                                                                      \
	F(name)                                                                                    \
	F(description)                                                                             \
	F(audience_type)                                                                           \
	F(permission_level) F(owner_account_id) F(reasons_not_targetable) F(targetable_types) F(raw)
#define OPTION(F) F(value) F(name) F(kind) F(country) F(extra)

RECORD_SET(account, ACCOUNT)
RECORD_SET(campaign, CAMPAIGN)
RECORD_SET(line_item, LINE_ITEM)
RECORD_SET(promotable_user, PROMOTABLE_USER)
RECORD_SET(criterion, CRITERION)
RECORD_SET(audience, AUDIENCE)
RECORD_SET(option, OPTION)
