/* reticle lint: what is wrong with the targeting of an account, for people, scripts and code
 * scanners. Exit status 3 when there is an error or a warning; notes alone are no finding. */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "cli/headless.h"
#include "cli/lookups.h"
#include "targeting/form.h"
#include "session/lint.h"

#define OUT_MAX (256u << 20)

struct report {
	struct session *session;
	const char **ids;
	size_t n_ids;
	size_t by_severity[RULE_ERROR + 1];
	size_t unknown[TYPE_COUNT]; /* criteria whose value no look-up read so far has */
	struct buf out;
	bool first; /* nothing was written into the list yet */
};

static void member(struct buf *out, const char *name, const char *text)
{
	form_json_string(out, name);
	buf_adds(out, ": ");
	form_json_string(out, text);
}

static const char *name_of(const struct report *r, const char *id)
{
	const struct line_item *li = session_line_item(r->session, id);

	return li && li->name ? li->name : "(no name)";
}

static void add_text(struct report *r, const char *id, const struct lint_row *p)
{
	const char *name = name_of(r, id);

	buf_addf(&r->out, "%-7s  ", rule_severity_name(p->severity));
	text_escape(&r->out, name, strlen(name));
	buf_addf(&r->out, " (%s): %s: ", id, rule_info(p->rule)->title);
	text_escape(&r->out, p->message, strlen(p->message));
	buf_addf(&r->out, " [%s]\n", rule_info(p->rule)->id);
}

static void add_json(struct report *r, const char *id, const struct lint_row *p)
{
	const struct rule_info *rule = rule_info(p->rule);

	buf_adds(&r->out, r->first ? "\n    {" : ",\n    {");
	member(&r->out, "rule", rule->id);
	buf_adds(&r->out, ", ");
	member(&r->out, "severity", rule_severity_name(p->severity));
	buf_adds(&r->out, ", ");
	member(&r->out, "line_item", id);
	buf_adds(&r->out, ", ");
	member(&r->out, "name", name_of(r, id));
	buf_adds(&r->out, ", ");
	member(&r->out, "title", rule->title);
	buf_adds(&r->out, ", ");
	member(&r->out, "message", p->message);
	buf_adds(&r->out, ", ");
	member(&r->out, "fix", rule_fix_name(p->fixable ? rule->fix : RULE_FIX_NONE));
	buf_addf(&r->out, ", \"fixable\": %s, \"staged\": %s}", p->fixable ? "true" : "false",
	    p->staged ? "true" : "false");
}

static void add_sarif(struct report *r, const char *id, const struct lint_row *p)
{
	buf_adds(&r->out, r->first ? "\n      {" : ",\n      {");
	member(&r->out, "ruleId", rule_info(p->rule)->id);
	buf_adds(&r->out, ", ");
	member(&r->out, "level", rule_severity_name(p->severity));
	buf_adds(&r->out, ", \"message\": {");
	member(&r->out, "text", p->message[0] ? p->message : rule_info(p->rule)->title);
	buf_adds(&r->out, "}, \"locations\": [{\"logicalLocations\": [{");
	member(&r->out, "name", name_of(r, id));
	buf_adds(&r->out, ", ");
	member(&r->out, "fullyQualifiedName", id);
	buf_adds(&r->out, ", ");
	member(&r->out, "kind", "resource");
	buf_adds(&r->out, "}]}]}");
}

typedef void add_fn(struct report *r, const char *id, const struct lint_row *p);

static void add_all(struct report *r, add_fn *add)
{
	r->first = true;
	for (size_t i = 0; i < r->n_ids; i++) {
		size_t n;
		const struct lint_row *rows = lint_rows(r->session, r->ids[i], &n);

		for (size_t k = 0; k < n; k++) {
			add(r, r->ids[i], &rows[k]);
			r->first = false;
			r->by_severity[rows[k].severity]++;
		}
	}
}

static void add_unknown_json(struct report *r)
{
	const char *sep = "";

	buf_adds(&r->out, "  \"not_looked_up\": {");
	for (int t = 0; t < TYPE_COUNT; t++)
		if (r->unknown[t]) {
			buf_addf(&r->out, "%s\"%s\": %zu", sep,
			    type_info((enum targeting_type)t)->name, r->unknown[t]);
			sep = ", ";
		}
	buf_adds(&r->out, "}\n}\n");
}

/* Silence is no pass: what could not be looked up is said. */
static void tell_unknown(const struct report *r)
{
	const char *sep = "not looked up, so judged in part:";

	for (int t = 0; t < TYPE_COUNT; t++)
		if (r->unknown[t]) {
			fprintf(stderr, "%s %zu x %s", sep, r->unknown[t],
			    type_info((enum targeting_type)t)->label);
			sep = ",";
		}
	if (*sep == ',')
		fputc('\n', stderr);
}

static void write_json(struct report *r)
{
	buf_adds(&r->out, "{\n  ");
	member(&r->out, "account", session_account_id(r->session));
	buf_addf(&r->out, ",\n  \"line_items\": %zu,\n  \"problems\": [", r->n_ids);
	add_all(r, add_json);
	buf_addf(&r->out,
	    "%s],\n  \"counts\": {\"error\": %zu, \"warning\": %zu, \"note\": %zu},\n",
	    r->first ? "" : "\n  ", r->by_severity[RULE_ERROR], r->by_severity[RULE_WARNING],
	    r->by_severity[RULE_NOTE]);
	add_unknown_json(r);
}

/* SARIF 2.1.0 (OASIS), the little of it that code scanners need. */
static void write_sarif(struct report *r)
{
	buf_adds(&r->out, "{\n  \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n"
			  "  \"version\": \"2.1.0\",\n  \"runs\": [{\n"
			  "    \"tool\": {\"driver\": {\"name\": \"reticle\", ");
	member(&r->out, "version", RETICLE_VERSION);
	buf_adds(&r->out, ", \"rules\": [");
	for (int i = 0; i < RULE_COUNT; i++) {
		const struct rule_info *rule = rule_info((enum rule_id)i);

		buf_adds(&r->out, i ? ",\n      {" : "\n      {");
		member(&r->out, "id", rule->id);
		buf_adds(&r->out, ", \"shortDescription\": {");
		member(&r->out, "text", rule->title);
		buf_adds(&r->out, "}, \"fullDescription\": {");
		member(&r->out, "text", rule->reason);
		buf_adds(&r->out, "}}");
	}
	buf_adds(&r->out, "]}},\n    \"results\": [");
	add_all(r, add_sarif);
	buf_adds(&r->out, "]\n  }]\n}\n");
}

static int write_report(struct report *r, const struct cli_options *o)
{
	struct errinfo ei;

	if (o->sarif)
		write_sarif(r);
	else if (o->json)
		write_json(r);
	else
		add_all(r, add_text);
	if (r->out.failed) {
		err_set(&ei, r->out.failed, "the report is too large");
		return cli_fail(&ei);
	}
	if (fwrite(r->out.p, 1, r->out.len, stdout) != r->out.len || fflush(stdout)) {
		err_set(&ei, ERR_IO, "the report could not be written");
		return cli_fail(&ei);
	}
	if (!o->sarif && !o->json)
		fprintf(stderr, "%zu error%s, %zu warning%s, %zu note%s in %zu line item%s\n",
		    r->by_severity[RULE_ERROR], r->by_severity[RULE_ERROR] == 1 ? "" : "s",
		    r->by_severity[RULE_WARNING], r->by_severity[RULE_WARNING] == 1 ? "" : "s",
		    r->by_severity[RULE_NOTE], r->by_severity[RULE_NOTE] == 1 ? "" : "s", r->n_ids,
		    r->n_ids == 1 ? "" : "s");
	if (!o->json)
		tell_unknown(r);
	return r->by_severity[RULE_ERROR] + r->by_severity[RULE_WARNING] ? 3 : 0;
}

static enum err collect(
    struct headless *h, const struct cli_options *o, struct report *r, struct errinfo *ei)
{
	enum err err = headless_line_items(h, o, &r->ids, &r->n_ids, ei);
	size_t n;

	if (!err && r->n_ids)
		err = headless_criteria(h, r->ids, r->n_ids, ei);
	mem_free(r->ids); /* the set may have moved while reading */
	r->ids = NULL;
	if (!err)
		err = headless_line_items(h, o, &r->ids, &n, ei);
	r->n_ids = err ? 0 : n;
	if (err)
		return err;
	lookups_read(h, r->ids, r->n_ids);
	mem_free(r->ids);
	r->ids = NULL;
	err = headless_line_items(h, o, &r->ids, &r->n_ids, ei);
	if (!err)
		err = lookups_unknown(h, r->ids, r->n_ids, r->unknown, ei);
	if (err)
		return err;
	lint_again(h->session);
	while (lint_busy(h->session))
		loop_turn(h->client.loop, 10);
	r->session = h->session;
	return ERR_OK;
}

int cmd_lint(const struct cli_options *o, int argc, char **argv)
{
	struct headless h = {0};
	struct report r = {0};
	struct errinfo ei = {0};
	int rc;

	(void)argc;
	(void)argv;
	if (o->json && o->sarif)
		return cli_usage("--json and --sarif exclude each other");
	buf_init(&r.out, OUT_MAX);
	if (headless_open(&h, o, &ei) || collect(&h, o, &r, &ei))
		rc = cli_fail(&ei);
	else
		rc = write_report(&r, o);
	mem_free(r.ids);
	buf_done(&r.out);
	headless_close(&h);
	return rc;
}
