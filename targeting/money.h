/* Money for people. The API counts in micros, 1,000,000 to the unit of every currency; currencies
 * show 2 decimals, VND KRW CLP JPY none, KWD IQD BHD TND three (reference 1.6). */
#ifndef RETICLE_TARGETING_MONEY_H
#define RETICLE_TARGETING_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#define MONEY_TEXT_BYTES 48 /* enough for any amount with its NUL */

int money_decimals(const char *currency); /* currency: ISO 4217 or NULL (then 2) */
/* "$0.32", "¥700", "EUR 1,234.50"; more decimals only when the amount has them. "" for MONEY_NONE.
 * A currency that is not three capitals is left out. */
void money_format(int64_t micros, const char *currency, char out[MONEY_TEXT_BYTES]);
/* Reads what money_format writes, and plain "1234.5"; spaces around are allowed, a foreign symbol
 * or code, a negative amount, more than 6 decimals and overflow are not. */
bool money_parse(const char *text, const char *currency, int64_t *micros);

#endif
