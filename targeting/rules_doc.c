#include "targeting/rules.h"

static enum err write_rule(struct buf *out, const struct rule_info *r)
{
	buf_addf(out, "### %s\n\n%s. %s\n\n", r->id, r->title, r->reason);
	buf_addf(out, "- staged: %s; ", rule_severity_name(r->staged));
	return buf_addf(out, "already in the account: %s\n- source: %s\n\n",
	    rule_severity_name(r->live), r->source);
}

enum err rules_document(struct buf *out)
{
	buf_adds(out, "# Rules\n\n"
		      "What `reticle` checks in the targeting of a line item. An *error* is what X "
		      "refuses, a\n"
		      "*warning* wastes money or does not do what it seems to, a *note* is worth "
		      "knowing. What the\n"
		      "account has already is not refused again, so it is often judged milder than "
		      "a staged change.\n"
		      "Sources R.., G.. and section numbers are those of the API reference that "
		      "the project works\n"
		      "from; \"inferred\" says that no document settles it.\n\n"
		      "This page is written from `targeting/rules.def`; a test fails when the two "
		      "differ, and writes\n"
		      "the page anew when it runs with `RETICLE_GEN=1`.\n\n");
	for (int i = 0; i < RULE_COUNT; i++)
		write_rule(out, rule_info((enum rule_id)i));
	return out->failed;
}
