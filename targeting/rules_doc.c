#include "targeting/rules.h"

static enum err write_rule(struct buf *out, const struct rule_info *r)
{
	buf_addf(out, "### %s\n\n%s. %s\n\n", r->id, r->title, r->reason);
	buf_addf(out, "- staged: %s; ", rule_severity_name(r->staged));
	buf_addf(out, "already in the account: %s\n", rule_severity_name(r->live));
	if (r->fix != RULE_FIX_NONE)
		buf_addf(out, "- fix: %s\n", rule_fix_name(r->fix));
	return buf_addf(out, "- source: %s\n\n", r->source);
}

static void write_unjudged(struct buf *out)
{
	size_t n;
	const struct rule_unjudged *list = rule_unjudged(&n);

	buf_adds(out, "## What is not judged\n\n"
		      "Of the rules R1 to R70 of the reference no rule above judges these:\n\n");
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "- %s: %s\n", list[i].id, list[i].why);
	buf_adds(out,
	    "\nOf idea F8 duplicates across line items are not a problem of one of them: `w` "
	    "shows where a value is used.\n");
}

enum err rules_document(struct buf *out)
{
	buf_adds(out,
	    "# Rules\n\n"
	    "What `reticle` checks in the targeting of a line item. An *error* is what X "
	    "refuses, a\n"
	    "*warning* wastes money or does not do what it seems to, a *note* is worth "
	    "knowing. What the\n"
	    "account has already is not refused again, so it is often judged milder than "
	    "a staged change.\n"
	    "Sources R.., G.. and section numbers are those of the API reference that "
	    "the project works\n"
	    "from; \"inferred\" says that no document settles it.\n\n"
	    "A *fix* is staged and reviewed like any other change: *drop* takes a row "
	    "out, *take back* takes\n"
	    "staged changes off the stage. None is offered where it would widen the reach, "
	    "or needs a decision.\n\n"
	    "This page is written from `targeting/rules.def`; a test fails when the two "
	    "differ, and writes\n"
	    "the page anew when it runs with `RETICLE_GEN=1`.\n\n");
	for (int i = 0; i < RULE_COUNT; i++)
		write_rule(out, rule_info((enum rule_id)i));
	write_unjudged(out);
	return out->failed;
}
