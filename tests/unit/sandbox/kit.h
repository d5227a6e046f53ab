/* Asking the sandbox's API directly, without sockets or signatures. */
#ifndef RETICLE_TESTS_SANDBOX_KIT_H
#define RETICLE_TESTS_SANDBOX_KIT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "sandbox/control.h"
#include "sandbox/dispatch.h"
#include "sandbox/sandbox.h"

#define A1 "/12/accounts/" DEMO_ACCOUNT
#define BATCH "/12/batch/accounts/" DEMO_ACCOUNT "/targeting_criteria"

static struct sandbox kit_sb;
static struct arena kit_arena; /* of the answers of one test */

static inline int kit_open(void **state)
{
	struct options opt = {.seed = 1, .no_rate_limit = true};
	struct errinfo ei;

	(void)state;
	arena_init(&kit_arena);
	return (int)sandbox_open(&kit_sb, &opt, &ei);
}

static inline int kit_close(void **state)
{
	(void)state;
	sandbox_close(&kit_sb);
	arena_done(&kit_arena);
	return 0;
}

struct answer {
	int status;
	bool committed;
	const struct json *body; /* NULL: not JSON */
	const char *text;
};

static inline struct answer ask_full(
    const char *method, const char *uri, const char *json, int64_t partial)
{
	struct answer out = {0};
	const char *why;
	struct call c;

	call_init(&c, &kit_sb, &kit_arena);
	c.method = method;
	c.uri = uri;
	c.partial = partial;
	if (json) {
		c.content_type = "application/json";
		c.body = json;
		c.body_len = strlen(json);
	}
	if (control_is(uri))
		control_answer(&c);
	else
		api_answer_as(&c, DEMO_USER);
	out.status = c.status;
	out.committed = c.committed;
	out.text = arena_strdup(&kit_arena, buf_str(&c.out));
	out.body = json_parse(&kit_arena, out.text, strlen(out.text), &why);
	call_done(&c);
	return out;
}

static inline struct answer ask(const char *method, const char *uri, const char *json)
{
	return ask_full(method, uri, json, -1);
}

static inline const struct json *data_of(struct answer a)
{
	return json_get(a.body, "data");
}

/* code of the first error, of an operation too; "" when there is none */
static inline const char *code_of(struct answer a)
{
	const struct json *list = json_get(a.body, "errors");
	const struct json *ops = json_get(a.body, "operation_errors");

	if (list && list->child)
		return json_text(list->child, "code");
	for (const struct json *op = ops ? ops->child : NULL; op; op = op->next)
		if (op->child)
			return json_text(op->child, "code");
	return "";
}

#endif
