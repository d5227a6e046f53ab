#include "sandbox/money.h"

#include <string.h>

int64_t money_step(const char *currency)
{
	if (choice_has("VND|KRW|CLP|JPY", currency))
		return 1000000;
	return choice_has("KWD|IQD|BHD|TND", currency) ? 1000 : 10000;
}

bool money_is_whole(struct call *c, const char *currency)
{
	int64_t step = money_step(currency);

	for (size_t i = 0; i < c->args.n; i++) {
		const struct arg *arg = &c->args.v[i];

		if (!arg->given || arg->cleared || strcmp(arg->kind, "money") != 0 ||
		    arg->num % step == 0)
			continue;
		call_fail_at(c, "INVALID_DENOMINATION", arg->name, arg->text,
		    "%s must be a multiple of %lld in %s", arg->name, (long long)step, currency);
		return false;
	}
	return true;
}

bool money_fits(struct call *c, const struct json *small, const char *small_key,
    const struct json *big, const char *big_key)
{
	int64_t a = json_number(small, small_key, 0), b = json_number(big, big_key, INT64_MAX);

	if (a <= b)
		return true;
	call_fail_at(c, "SPEND_EXCEEDS_BUDGET", small_key, json_text(small, small_key),
	    "%s must not exceed %s", small_key, big_key);
	return false;
}
