#include "api/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/text.h"

#define FOREIGN_WORDS 120 /* bytes of a page that is no JSON that an error quotes */

const struct retry_rule *retry_rule(enum answer_case c)
{
	static const struct retry_rule rows[] = {
#define R(name, reads, read_wait, writes, write_wait, end)                                         \
	[ANSWER_##name] = {#name, reads, writes, WAIT_##read_wait, WAIT_##write_wait, END_##end},
#include "api/retry.def"
#undef R
	};
	return &rows[c];
}

void answer_init(struct answer *an)
{
	*an = (struct answer){.retry_after_ms = -1};
	json_init(&an->json);
}

void answer_done(struct answer *an)
{
	json_done(&an->json);
}

/* --- headers --- */

static bool two_digits(const char *s, int *out)
{
	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return false;
	*out = (s[0] - '0') * 10 + (s[1] - '0');
	return true;
}

bool answer_parse_date(const char *s, int64_t *wall_s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int day, hour, min, sec, century, year;
	const char *m;

	if (strlen(s) != 29 || strcmp(s + 25, " GMT") != 0 || s[3] != ',')
		return false;
	m = strstr(months, (const char[]){s[8], s[9], s[10], '\0'});
	if (!two_digits(s + 5, &day) || !m || (m - months) % 3 || !two_digits(s + 12, &century) ||
	    !two_digits(s + 14, &year) || !two_digits(s + 17, &hour) || !two_digits(s + 20, &min) ||
	    !two_digits(s + 23, &sec) || day < 1 || day > 31 || hour > 23 || min > 59 || sec > 60)
		return false;
	int64_t y = century * 100 + year, mon = (m - months) / 3 + 1;

	/* days from 1970-01-01 in the civil calendar, years counted from March */
	y -= mon <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
	int64_t doy = (153 * (mon + (mon > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t days = era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;

	*wall_s = days * 86400 + hour * 3600 + min * 60 + sec;
	return true;
}

/* A reset that can be waited for: an integer of at most 12 digits. */
static bool is_instant(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n >= 1 && n <= 12 && !s[n];
}

static void read_headers(struct answer *an, const struct transport_reply *r)
{
	const char *after = r->headers[HEADER_RETRY_AFTER];
	char *end;

	an->has_reset = is_instant(r->headers[HEADER_ACCOUNT_RESET]) ||
			is_instant(r->headers[HEADER_USER_RESET]) || is_instant(after);

	if (!answer_parse_date(r->headers[HEADER_DATE], &an->date_s))
		an->date_s = 0;
	if (*after >= '0' && *after <= '9') {
		long s = strtol(after, &end, 10);

		if (!*end)
			an->retry_after_ms = s > 960 ? 960000 : s * 1000;
	}
}

/* --- errors in the API's words --- */

static void copy_text(char *out, size_t cap, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (n >= cap) {
		n = cap - 1;
		while (n && ((unsigned char)s[n] & 0xc0) == 0x80) /* not within a character */
			n--;
	}
	if (n)
		memcpy(out, s, n);
	out[n] = '\0';
}

void answer_error(const struct json_node *error, int http, struct errinfo *ei)
{
	const char *message = json_text(json_get(error, "message"));
	const char *param = json_text(json_get(error, "parameter"));

	if (!param)
		param = json_text(json_get(error, "attribute"));
	if (!message)
		message = json_text(error); /* a bare string */
	ei->http = http;
	copy_text(ei->api_code, sizeof ei->api_code, json_text(json_get(error, "code")));
	copy_text(ei->param, sizeof ei->param, param);
	copy_text(ei->msg, sizeof ei->msg, message && *message ? message : ei->api_code);
}

static const struct json_node *first_error(const struct json_node *errors)
{
	if (!errors || json_is_null(errors))
		return NULL;
	return errors->type == JSON_ARRAY ? json_first(errors) : errors;
}

/* Does any operation of a batch carry an error? */
static const struct json_node *first_operation_error(const struct json_node *lists)
{
	for (const struct json_node *l = json_first(lists); l; l = json_after(lists, l)) {
		const struct json_node *e = first_error(l);

		if (e)
			return e;
	}
	return NULL;
}

static enum err err_of_status(int status, const char *api_code)
{
	if (status == 401 || strcmp(api_code, "215") == 0 || strcmp(api_code, "89") == 0 ||
	    strcmp(api_code, "32") == 0 || strcmp(api_code, "135") == 0)
		return ERR_AUTH;
	if (status == 403)
		return ERR_FORBIDDEN;
	if (status == 404)
		return ERR_NOTFOUND;
	if (status == 408)
		return ERR_TIMEOUT;
	if (status == 429)
		return ERR_RATE;
	if (status >= 500 || status == 423)
		return ERR_SERVER;
	if (status >= 400)
		return ERR_INVALID;
	return ERR_PROTOCOL;
}

/* The words of a page without its tags, single blanks between them: enough to recognise a captive
 * portal or a CDN by, and nothing that looks like markup. */
static void words_of_page(struct buf *out, const char *p, size_t n)
{
	bool tag = false, blank = true;

	for (size_t i = 0; i < n && out->len < FOREIGN_WORDS; i++) {
		bool space = p[i] == ' ' || p[i] == '\n' || p[i] == '\r' || p[i] == '\t';

		tag = p[i] == '<' || (tag && p[i] != '>');
		if ((tag || space || p[i] == '>') && !blank)
			buf_addc(out, ' ');
		else if (!tag && !space && p[i] != '>')
			buf_addc(out, p[i]);
		blank = tag || space || p[i] == '>';
	}
}

/* A body that is no JSON: what it says, made harmless. */
static void describe_foreign(struct answer *an, const struct transport_reply *r)
{
	struct buf words, b;

	buf_init(&words, FOREIGN_WORDS + 1);
	buf_init(&b, 1024);
	words_of_page(&words, buf_str(&r->body), r->body.len);
	text_escape(&b, buf_str(&words), words.len);
	err_set(&an->ei, err_of_status(r->status, ""), "HTTP %d %s%s", r->status,
	    r->body.len ? "with something that is no JSON; it says: " : "without content",
	    buf_str(&b));
	an->ei.http = r->status;
	buf_done(&words);
	buf_done(&b);
}

/* --- cases --- */

static enum answer_case case_of_error(
    const struct answer *an, const struct transport_reply *r, bool api_shaped)
{
	if (r->status >= 300 && r->status < 400)
		return ANSWER_REDIRECT;
	if (r->status == 429)
		return api_shaped && an->has_reset ? ANSWER_RATE : ANSWER_RATE_BARE;
	if (r->status == 404)
		return ANSWER_REFUSED;
	if (!api_shaped || r->status == 408 || r->status >= 500 || r->status < 400)
		return ANSWER_UNAVAILABLE;
	if (an->ei.code == ERR_AUTH)
		return ANSWER_AUTH;
	return r->status == 423 ? ANSWER_LOCKED : ANSWER_REFUSED;
}

static void read_failure(struct answer *an, const struct transport_reply *r)
{
	an->ei = r->ei;
	an->ei.code = r->err;
	an->ei.http = r->sent ? r->status : 0;
	if (r->certificate)
		an->kind = ANSWER_CERTIFICATE;
	else if (r->aborted)
		an->kind = ANSWER_ABORTED;
	else if (!r->sent)
		an->kind = ANSWER_UNSENT;
	else
		an->kind =
		    r->err == ERR_LIMIT || r->err == ERR_NOMEM ? ANSWER_OVERSIZED : ANSWER_BROKEN;
}

static void read_success(
    struct answer *an, const struct transport_reply *r, const struct json_node *root)
{
	const struct json_node *e = first_operation_error(json_get(root, "operation_errors"));

	if (r->status == 202 || r->status == 204) {
		describe_foreign(an, r);
		an->kind = ANSWER_UNAVAILABLE;
	} else if (!root) {
		an->ei.code = ERR_PROTOCOL;
		an->kind = ANSWER_BROKEN;
	} else if (e) {
		answer_error(e, r->status, &an->ei);
		an->ei.code = ERR_INVALID;
		an->kind = ANSWER_REFUSED;
	} else if (!json_get(root, "data")) {
		e = first_error(json_get(root, "errors"));
		err_set(&an->ei, ERR_PROTOCOL, "the answer has no data");
		if (e)
			answer_error(e, r->status, &an->ei);
		an->ei.code = ERR_PROTOCOL;
		an->ei.http = r->status;
		an->kind = ANSWER_BROKEN;
	} else {
		an->kind = ANSWER_OK;
	}
}

void answer_begin(struct answer *an, struct transport_reply *r)
{
	read_headers(an, r);
	if (r->err) {
		read_failure(an, r);
		return;
	}
	/* before the scan, which changes the body */
	describe_foreign(an, r);
	if (r->body.len)
		json_scan_begin(&an->scan, &an->json, r->body.p, r->body.len);
}

/* The body is scanned: which case is it? */
static void classify(struct answer *an, const struct transport_reply *r)
{
	struct errinfo foreign = an->ei;
	const struct json_node *root, *e;
	char first = r->body.len ? r->body.p[0] : '\0';

	if (r->body.len && !json_scan_end(&an->scan, &an->ei))
		an->has_json = true;
	else if (first == '{' || first == '[')
		an->ei.http = r->status; /* and where the scanner stopped */
	else
		an->ei = foreign;
	root =
	    an->has_json && json_root(&an->json)->type == JSON_OBJECT ? json_root(&an->json) : NULL;
	if (r->status >= 200 && r->status <= 299) {
		read_success(an, r, root);
		return;
	}
	e = first_error(json_get(root, "errors"));
	if (!e)
		e = first_operation_error(json_get(root, "operation_errors"));
	if (e)
		answer_error(e, r->status, &an->ei);
	an->ei.code = err_of_status(r->status, an->ei.api_code);
	an->kind = case_of_error(an, r, e != NULL);
}

bool answer_read_some(struct answer *an, struct transport_reply *r, size_t members)
{
	if (r->err)
		return true;
	if (r->body.len && !json_scan_some(&an->scan, members))
		return false;
	classify(an, r);
	return true;
}

void answer_read(struct answer *an, struct transport_reply *r)
{
	answer_begin(an, r);
	while (!answer_read_some(an, r, SIZE_MAX))
		continue;
}
