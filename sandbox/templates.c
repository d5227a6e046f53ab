#include "sandbox/templates.h"

const char template_account[] =
    "{\"name\":null,\"business_name\":null,\"timezone\":\"America/Los_Angeles\","
    "\"timezone_switch_at\":null,\"id\":null,\"created_at\":null,\"salt\":null,"
    "\"industry_type\":null,\"updated_at\":null,\"business_id\":null,"
    "\"approval_status\":\"ACCEPTED\",\"deleted\":false}";

const char template_campaign[] =
    "{\"name\":null,\"budget_optimization\":\"LINE_ITEM\",\"reasons_not_servable\":[],"
    "\"servable\":true,\"purchase_order_number\":null,\"effective_status\":\"RUNNING\","
    "\"daily_budget_amount_local_micro\":null,\"funding_instrument_id\":null,"
    "\"duration_in_days\":null,\"standard_delivery\":true,"
    "\"total_budget_amount_local_micro\":null,\"id\":null,\"entity_status\":\"ACTIVE\","
    "\"frequency_cap\":null,\"currency\":\"USD\",\"created_at\":null,\"updated_at\":null,"
    "\"deleted\":false}";

const char template_funding[] =
    "{\"start_time\":null,\"description\":\"(no payment method has been set up yet)\","
    "\"credit_limit_local_micro\":null,\"end_time\":null,\"id\":null,\"entity_status\":\"ACTIVE\","
    "\"account_id\":null,\"reasons_not_able_to_fund\":[],\"io_header\":null,\"currency\":\"USD\","
    "\"funded_amount_local_micro\":null,\"created_at\":null,\"type\":\"CREDIT_CARD\","
    "\"able_to_fund\":true,\"updated_at\":null,\"credit_remaining_local_micro\":null,"
    "\"deleted\":false}";

const char template_line_item[] =
    "{\"advertiser_user_id\":\"900000000000000001\",\"name\":null,\"placements\":[],"
    "\"start_time\":null,\"bid_amount_local_micro\":null,\"advertiser_domain\":null,"
    "\"target_cpa_local_micro\":null,\"primary_web_event_tag\":null,\"goal\":\"ENGAGEMENT\","
    "\"daily_budget_amount_local_micro\":null,\"product_type\":\"PROMOTED_TWEETS\","
    "\"end_time\":null,\"funding_instrument_id\":null,\"bid_strategy\":\"AUTO\","
    "\"duration_in_days\":null,\"standard_delivery\":true,\"total_budget_amount_local_micro\":null,"
    "\"objective\":\"ENGAGEMENTS\",\"id\":null,\"entity_status\":\"ACTIVE\","
    "\"automatic_tweet_promotion\":null,\"frequency_cap\":null,"
    "\"android_app_store_identifier\":null,\"categories\":[],\"currency\":\"USD\","
    "\"pay_by\":\"ENGAGEMENT\",\"created_at\":null,\"ios_app_store_identifier\":null,"
    "\"updated_at\":null,\"campaign_id\":null,\"creative_source\":\"MANUAL\","
    "\"audience_expansion\":null,\"deleted\":false}";

const char template_audience[] =
    "{\"targetable\":false,\"name\":null,\"targetable_types\":[\"CRM\",\"EXCLUDED_CRM\"],"
    "\"audience_type\":\"CRM\",\"description\":null,\"permission_level\":\"READ_WRITE\","
    "\"owner_account_id\":null,\"id\":null,\"reasons_not_targetable\":[\"PROCESSING\","
    "\"TOO_SMALL\"],\"created_at\":null,\"updated_at\":null,\"partner_source\":\"OTHER\","
    "\"deleted\":false,\"audience_size\":null}";
