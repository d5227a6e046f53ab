#include "targeting/change.h"

#include "targeting/record.h"

#define CHANGE(F)                                                                                  \
	F(line_item_id) F(criterion_id) F(type_name) F(value) F(name) F(location_type) F(note)

RECORD_SET(change, CHANGE)

void change_from_criterion(struct change *c, enum change_kind kind, const struct criterion *cr)
{
	*c = (struct change){
	    .kind = kind,
	    .line_item_id = cr->line_item_id,
	    .criterion_id = kind == CHANGE_DELETE ? cr->id : NULL,
	    .type = cr->type,
	    .type_name = cr->type_name ? cr->type_name : type_info(cr->type)->name,
	    .op = cr->op,
	    .value = cr->value,
	    .name = cr->name,
	    .location_type = cr->location_type,
	};
}

void change_to_criterion(const struct change *c, struct criterion *cr)
{
	*cr = (struct criterion){
	    .id = c->criterion_id,
	    .line_item_id = c->line_item_id,
	    .type = c->type,
	    .type_name = c->type_name,
	    .op = c->op,
	    .value = c->value,
	    .name = c->name,
	    .location_type = c->location_type,
	};
}

const char *change_kind_name(enum change_kind kind)
{
	return kind == CHANGE_DELETE ? "Delete" : "Create";
}
