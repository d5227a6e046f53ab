#include "targeting/money.h"

#include <stdio.h>
#include <string.h>
#include "targeting/model.h"

#define MICROS 1000000
#define MICRO_DIGITS 6

/* Is it among the codes of a list, which stand four bytes apart? */
static bool is_one_of(const char *currency, const char *list)
{
	size_t len = strlen(list);

	for (size_t at = 0; currency && strlen(currency) == 3 && at < len; at += 4)
		if (!memcmp(list + at, currency, 3))
			return true;
	return false;
}

int money_decimals(const char *currency)
{
	if (is_one_of(currency, "VND KRW CLP JPY"))
		return 0;
	return is_one_of(currency, "KWD IQD BHD TND") ? 3 : 2;
}

/* What stands before the number: a symbol only where it means one currency to everybody here. */
static const char *symbol(const char *currency, char code[5])
{
	if (!currency || strlen(currency) != 3 ||
	    strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
		return "";
	if (!strcmp(currency, "USD"))
		return "$";
	if (!strcmp(currency, "JPY"))
		return "¥";
	memcpy(code, currency, 3);
	memcpy(code + 3, " ", 2);
	return code;
}

void money_format(int64_t micros, const char *currency, char out[MONEY_TEXT_BYTES])
{
	/* the magnitude of INT64_MIN does not fit an int64_t, but that is MONEY_NONE */
	uint64_t abs = micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros;
	char digits[24], grouped[32], fraction[MICRO_DIGITS + 1], code[5];
	int n, at = 0, shown = MICRO_DIGITS, least = money_decimals(currency);

	if (micros == MONEY_NONE) {
		out[0] = '\0';
		return;
	}
	n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)(abs / MICROS));
	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			grouped[at++] = ',';
		grouped[at++] = digits[i];
	}
	grouped[at] = '\0';
	snprintf(fraction, sizeof fraction, "%06u", (unsigned)(abs % MICROS));
	while (shown > least && fraction[shown - 1] == '0')
		shown--;
	fraction[shown] = '\0';
	snprintf(out, MONEY_TEXT_BYTES, "%s%s%s%s%s", micros < 0 ? "-" : "", symbol(currency, code),
	    grouped, shown ? "." : "", fraction);
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* Digits with optional commas between groups of three; false for 1,2,3 or an overflow. */
static bool parse_units(const char **s, uint64_t *units)
{
	const char *p = *s;
	size_t in_group = 0;
	bool grouped = false;

	*units = 0;
	for (; (*p >= '0' && *p <= '9') || *p == ','; p++) {
		if (*p == ',') {
			if (!in_group || in_group > 3 || (grouped && in_group != 3))
				return false;
			grouped = true;
			in_group = 0;
			continue;
		}
		if (*units > (uint64_t)INT64_MAX / 10)
			return false;
		*units = *units * 10 + (uint64_t)(*p - '0');
		in_group++;
	}
	if (!in_group || (grouped && in_group != 3))
		return false;
	*s = p;
	return true;
}

bool money_parse(const char *text, const char *currency, int64_t *micros)
{
	char code[5];
	const char *s = skip_blanks(text), *mark = symbol(currency, code);
	uint64_t units, value, part = 0;

	if (*mark && !strncmp(s, mark, strlen(mark)))
		s += strlen(mark);
	s = skip_blanks(s);
	if (!parse_units(&s, &units))
		return false;
	if (*s == '.') {
		uint64_t unit = MICROS / 10;

		for (s++; *s >= '0' && *s <= '9'; s++, unit /= 10) {
			if (!unit)
				return false;
			part += unit * (uint64_t)(*s - '0');
		}
		if (s[-1] == '.')
			return false;
	}
	if (*skip_blanks(s) || __builtin_mul_overflow(units, (uint64_t)MICROS, &value) ||
	    __builtin_add_overflow(value, part, &value) || value > (uint64_t)INT64_MAX)
		return false;
	*micros = (int64_t)value;
	return true;
}
