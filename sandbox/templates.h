/* The full objects of the API with every optional field unset, for creating and for seeding. */
#ifndef RETICLE_SANDBOX_TEMPLATES_H
#define RETICLE_SANDBOX_TEMPLATES_H

extern const char template_account[], template_campaign[], template_funding[];
extern const char template_line_item[], template_audience[];

#endif
